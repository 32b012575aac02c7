"""Number and date styles are judged over whole columns: what can be read two ways is never loaded."""

import json
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adsplatform.records.models import Invoice
from syncs.connectors import blocks
from syncs.connectors.protocol import Rows
from syncs.loading.staging import column_styles
from syncs.rejected_rows.download import download_of
from tests.loading.conftest import GivenFiles, company, invoice
from tests.samples import sheets
from tests.samples.sheets import sheet, workbook

COMPANIES = "erpKey,companyName,companyType,isActive\nC1,Acme,Customer,true\n"
HEADER = "erpKey;companyErpKey;customerErpKey;currencyRate;totalAmount;salesTaxAmount;invoiceDate\n"


def invoices(*lines):
    """A ZIP with a company and an invoice for each (totalAmount, salesTaxAmount, invoiceDate, currencyRate)."""
    text = HEADER
    for number, line in enumerate(lines, 1):
        total, tax, day, rate = (*line, *("", "", "")[len(line) - 1 :])
        text += f"I{number};C1;C1;{rate or 1};{total};{tax};{day or '2024-01-15'}\n"
    return GivenFiles({"companies.csv": COMPANIES, "invoices.csv": text})


def totals():
    return {key: str(total.normalize()) for key, total in Invoice.objects.values_list("erp_key", "total_amount")}


def problems(result):
    return [(detail.line, detail.column, detail.code) for detail in result.details.filter(kind="error").order_by("id")]


def test_thousands_with_points_are_not_loaded_as_decimals(sync):
    result = sync(invoices(["2.345,60"], ["3.000"], ["7,00"], ["48.000"], ["5.678.901"], ["300"], ["12.5"]))
    assert totals() == {"I6": "3E+2", "I7": "12.5"}
    assert result.details.get(line=3).message == (
        "totalAmount: “3.000” can be read two ways, as 3000 or as 3, because line 2 has “2.345,60”. Write 3000 or 3, "
        "whichever is meant; or, if the whole file writes numbers like “2.345,60”, say so in an import profile."
    )
    assert result.details.get(line=5).code == "ambiguous_number"


@pytest.mark.parametrize("shown", ["9,5", "1.234.567", "1'234", "1 234", "€ 7,00", "7,00-", "12,-", "25,000"])
def test_every_cell_in_another_style_makes_thousands_possible(sync, shown):
    result = sync(invoices(["1.000"], [shown], ["1000.000"], ["0.125"]))
    assert set(totals()) == {"I3", "I4"}
    assert ("totalAmount", "ambiguous_number") in {(column, code) for line, column, code in problems(result)}


@pytest.mark.parametrize("shown", ["1,234.50", "3,000,000", "twelve", "1.2E+05", "0.123456789"])
def test_other_faults_leave_a_decimal_point_what_it_is(sync, shown):
    sync(invoices(["1.000"], [shown]))
    assert totals() == {"I1": "1"}


def test_a_comma_before_three_digits_is_explained_with_both_readings(sync):
    result = sync(invoices(["40,000"], ["5,000,000"]))
    assert [detail.message for detail in result.details.filter(kind="error", line__gt=1).order_by("line")] == [
        "totalAmount: “40,000” can be read two ways, as 40000 or as 40. Write 40000 or 40, whichever is meant; or say "
        "in an import profile what a comma means in this file.",
        "totalAmount: “5,000,000” is not a number. Leave out the thousands separators, like 1234.50.",
    ]


def test_another_column_is_judged_by_itself_unless_the_file_writes_that_style(sync):
    sync(invoices(["100", "1.250"], ["12,50", "1"], *[["7", "1"]] * 30))
    assert "I1" in totals()


def test_a_style_that_many_lines_show_is_that_of_the_whole_file(sync):
    result = sync(invoices(["100", "1.250"], ["12,50", "1"], ["1.012,50", "1"], ["8", "2", "", "1.095"]))
    assert totals() == {}
    assert problems(result)[0] == (2, "salesTaxAmount", "ambiguous_number")
    assert "because line 3 has “12,50” as totalAmount." in result.details.get(line=2).message


def test_another_file_has_a_style_of_its_own(sync):
    text = HEADER + "J1;C1;C1;1;1.000;;2024-01-15\n"
    sync(GivenFiles({"companies.csv": COMPANIES, "invoices.csv": text, "Invoice.csv": HEADER + "I1;C1;C1;1;12,00;;\n"}))
    assert totals() == {"J1": "1"}


def test_dates_beside_days_before_months_are_not_loaded(sync):
    result = sync(invoices(["1", "", "2024-05-03"], ["2", "", "2024-31-12"], ["3", "", "2024-05-05"],
                           ["4", "", "2024-05-13"], ["5", "", "2024-02-30"]))  # fmt: skip
    assert set(totals()) == {"I3", "I4"}
    assert result.details.get(line=2).message == (
        "invoiceDate: “2024-05-03” can be read two ways, because line 3 has “2024-31-12”, with the day before the "
        "month. Write all dates as YYYY-MM-DD, like 2024-02-29."
    )


@pytest.mark.parametrize("other", ["13/01/2024", "01.02.2024", "20240113", "13 Jan 2024", "24-01-13"])
def test_a_date_in_the_strict_form_can_be_read_in_one_way_whatever_stands_beside_it(sync, other):
    sync(invoices(["1", "", "2024-05-03"], ["2", "", other]))
    assert totals() == {"I1": "1"}


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 2)


def given_invoices(*totals):
    return {"companies": [company()], "invoices": [invoice(f"I{n}", totalAmount=text) for n, text in enumerate(totals)]}


def in_blocks(*totals):
    """Two invoices a block."""
    rows = given_invoices(*totals)["invoices"]
    found = {"companies": [company()]}
    for at in range(0, len(rows), 2):
        part = rows[at : at + 2]
        cells, raw = [list(row.values()) for row in part], [";".join(row.values()) for row in part]
        lines = list(range(at + 2, at + 2 + len(part)))
        found[f"block {at}"] = Rows("invoices", "invoices.csv", list(part[0]), cells, lines, raw)
    return found


@pytest.mark.parametrize("directly", [False, True])
def test_rows_read_before_the_style_was_found_are_rejected_too(sync, small_blocks, counts, directly):
    result = sync(in_blocks("1.000", "5", "6", "7", "12,00", "8"), directly=directly)
    assert set(totals()) == {"I1", "I2", "I3", "I5"}
    assert problems(result) == [(2, "totalAmount", "ambiguous_number"), (6, "totalAmount", "bad_number")]
    assert counts(result)["Invoice"] == {"lines_read": 6, "inserted": 4, "rejected": 2}


@pytest.mark.parametrize("directly", [False, True])
def test_rows_that_the_books_hold_already_are_judged_again(sync, small_blocks, counts, directly):
    sync(in_blocks("1.000", "5", "6", "2.000"))
    result = sync(in_blocks("1.000", "5", "6", "2.000", "12,00", "8"), directly=directly)
    assert problems(result) == [(2, "totalAmount", "ambiguous_number"), (5, "totalAmount", "ambiguous_number"),
                                (6, "totalAmount", "bad_number")]  # fmt: skip
    assert counts(result)["Invoice"] == {"lines_read": 6, "inserted": 1, "unchanged": 2, "rejected": 3}


def test_unchanged_rows_of_the_same_block_are_judged_again(sync, counts):
    sync(invoices(["1.000"], ["5"]))
    result = sync(invoices(["1.000"], ["5"], ["12,00"]))
    assert counts(result)["Invoice"] == {"lines_read": 3, "unchanged": 1, "rejected": 2}


def test_a_full_sync_keeps_the_records_of_ambiguous_lines(sync):
    sync(invoices(["1.000"], ["5"]))
    sync(invoices(["1.000"], ["12,00"]), run_full_sync=True)
    assert set(totals()) == {"I1", "I2"}


def test_the_source_is_not_read_again_where_nothing_was_accepted_before(sync, monkeypatch):
    readings = []
    monkeypatch.setattr(column_styles.ColumnStyles, "begin", lambda self: readings.append(self))
    sync(invoices(["1.000"], ["12,00"]))
    assert len(readings) == 1


def test_numbers_of_json_are_exact_and_its_texts_are_judged(uploads):
    uploads.load(COMPANIES, "companies.csv")
    line = '{"erpKey": "I%d", "companyErpKey": "C1", "customerErpKey": "C1", "currencyRate": 1, "TotalAmount": %s}\n'
    amounts = ["1.250", '"1.250"', '"12,00"', "3.000", '" 4.000"', "5"]
    result = uploads.load("".join(line % one for one in enumerate(amounts)), "invoices.jsonl")
    assert totals() == {"I0": "1.25", "I3": "3", "I5": "5"}
    assert [line for line, *_ in problems(result)] == [2, 3, 5]


def test_texts_of_a_batch_are_judged_as_those_of_a_file(uploads):
    uploads.load(COMPANIES, "companies.csv")
    records = [
        invoice("I1", totalAmount="1.000"),
        invoice("I2", totalAmount="1.234,50"),
        invoice("I3", totalAmount=2.125),
    ]
    uploads.load(json.dumps({"invoices": records}), "batch.json", format="batch")
    assert totals() == {"I3": "2.125"}


def test_a_corrected_line_must_say_what_an_ambiguous_number_means(sync):
    from syncs.services import corrections

    result = sync(invoices(["1.000"], ["12,00"]))
    problem = result.details.get(code="ambiguous_number")
    unchanged = corrections.save_correction(problem, None, {"erpKey": "I9"})
    assert [found["code"] for found in unchanged.problems] == ["ambiguous_number"]
    assert corrections.save_correction(problem, None, {"totalAmount": "1000"}).problems == []


CELLS = st.one_of(
    st.sampled_from(["1.000", "25.000", "-3.125", "12.5", "7", "1,000", "12,00", "1.234,50", "1'000", "0.125", ""]),
    st.builds("{}.{:03}".format, st.integers(1, 999), st.integers(0, 999)),
    st.builds("{},{:02}".format, st.integers(0, 9999), st.integers(0, 99)),
    st.builds("{}.{:02}".format, st.integers(0, 99999), st.integers(0, 99)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(column=st.lists(CELLS, min_size=1, max_size=9), directly=st.booleans())
def test_nothing_ambiguous_is_ever_in_the_books(sync, small_blocks, column, directly):
    """What is loaded equals its text as a plain decimal; beside a comma, it has no three decimals."""
    Invoice.objects.all().delete()
    result = sync(in_blocks(*column), directly=directly)
    has_comma = any("," in text or "'" in text for text in column)
    loaded = dict(Invoice.objects.values_list("erp_key", "total_amount"))
    for number, text in enumerate(column):
        is_plain = all(mark not in text for mark in ",'")
        whole, _, decimals = text.lstrip("-").partition(".")
        is_ambiguous = has_comma and len(decimals) == 3 and 1 <= len(whole) <= 3 and whole[0] != "0"
        if not is_plain or is_ambiguous:
            assert f"I{number}" not in loaded, (column, result.process_result_message)
        else:
            assert loaded.get(f"I{number}", "missing") == (Decimal(text) if text else None)


def test_numbers_of_a_sheet_are_exact_and_its_texts_are_judged(uploads):
    uploads.load(COMPANIES, "companies.csv")
    header = ["erpKey", "companyErpKey", "customerErpKey", "currencyRate", "totalAmount"]
    amounts = [sheets.number("2.125"), "2.125", "12,00", sheets.number("1000"), sheets.number("0.5")]
    rows = [[f"I{at}", "C1", "C1", "1", amount] for at, amount in enumerate(amounts)]
    result = uploads.load(workbook(sheet(header, *rows)), "invoices.xlsx")
    assert totals() == {"I0": "2.125", "I3": "1E+3", "I4": "0.5"}
    assert [(line, code) for line, _, code in problems(result)] == [(3, "ambiguous_number"), (4, "bad_number")]
    assert result.details.get(line=3).message.startswith("Cell E3, totalAmount: “2.125” can be read two ways")


def test_numbers_of_a_sheet_whose_rows_are_out_of_order_are_exact_too(uploads):
    uploads.load(COMPANIES, "companies.csv")
    header = ["erpKey", "companyErpKey", "customerErpKey", "currencyRate", "totalAmount"]
    rows = sheet(header, ["I2", "C1", "C1", "1", sheets.number("3.125")], ["I3", "C1", "C1", "1", "12,00"])
    second, third = (rows[rows.index(f'<row r="{at}"') :].partition("</row>")[0] + "</row>" for at in (2, 3))
    assert second + third in rows
    uploads.load(workbook(rows.replace(second + third, third + second)), "invoices.xlsx")
    assert totals() == {"I2": "3.125"}


def test_a_download_that_leaves_an_ambiguous_number_as_it_is_does_not_load_it(uploads):
    uploads.load(COMPANIES, "companies.csv")
    lines = "".join(f"I{at};C1;C1;1;{total};;\n" for at, total in enumerate(["1.000", "25.000", "12,00", "30.000"]))
    result = uploads.load(HEADER + lines, "invoices.csv")
    assert totals() == {}
    download = b"".join(download_of(result, result.details.all(), "csv").chunks).decode()
    for before, after in ((";25.000;", ";25000;"), (";12,00;", ";12.00;"), (";30.000;", ";30;")):
        assert before in download
        download = download.replace(before, after, 1)
    again = uploads.load(download, "Invoice.csv")
    assert totals() == {"I1": "2.5E+4", "I2": "12", "I3": "3E+1"}
    assert problems(again) == [(2, "totalAmount", "ambiguous_number")]
    assert again.details.get(code="ambiguous_number").message == (
        "totalAmount: “1.000” can be read two ways, as 1000 or as 1, as it could before this line was downloaded. "
        "Write 1000 or 1, whichever is meant."
    )
