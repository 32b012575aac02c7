"""A problem that many lines of a file share is described once; each line is still rejected and can be corrected."""

import json

import pytest

from syncs.api.entity_details import details_of
from syncs.models import Correction, SyncResultDetail
from syncs.presentation.problem_list import first_problems, overview_of
from syncs.rejected_rows.download import download_of
from syncs.services import corrections
from tests.loading.conftest import GivenFiles, company, invoice
from tests.loading.uploading import Uploads

COMPANIES = "erpKey,companyName,companyType,isActive\nC1,Acme,Customer,true\n"
HEADER = "erpKey,companyErpKey,customerErpKey,currencyRate,totalAmount,invoiceDate\n"


def invoices(*cells, header=HEADER):
    """A ZIP with a company and an invoice for each (totalAmount, invoiceDate)."""
    lines = "".join(f'I{number},C1,C1,1,"{total}",{day}\n' for number, (total, day) in enumerate(cells, 2))
    return GivenFiles({"companies.csv": COMPANIES, "invoices.csv": header + lines})


def listed(result):
    """The errors that lists show: their line, or how many lines they describe."""
    errors = result.details.summarised().filter(kind="error").exclude(code="nothing_loaded").order_by("id")
    return [(detail.line, detail.line_count, detail.column, detail.code) for detail in errors]


def test_dates_of_one_style_are_one_problem(sync, counts):
    result = sync(invoices(*[("5", f"{day}/01/2024") for day in range(13, 19)], ("6", "2024-01-02")))
    assert listed(result) == [(None, 6, "invoiceDate", "bad_date")]
    assert result.details.get(line_count=6).message == (
        "6 of 7 lines have this problem (2, 3, 4, 5, 6 …), with 6 different values. For example, line 2: invoiceDate: "
        "“13/01/2024” is not a date. Write it as YYYY-MM-DD, like 2024-02-29. If the file always writes it so, an "
        "import profile can say what it means."
    )
    assert result.details.get(line_count=6).value == ""
    assert counts(result)["Invoice"] == {"lines_read": 7, "inserted": 1, "rejected": 6}


def test_a_value_that_all_lines_have_is_named_as_theirs(sync):
    result = sync(invoices(*[("twelve", "2024-01-02")] * 6))
    cause = result.details.get(line_count=6)
    assert cause.value == "twelve"
    assert cause.message.startswith("All 6 lines have this problem (2, 3, 4, 5, 6 …). Line 2: totalAmount: “twelve”")


def test_decimal_commas_and_what_they_make_ambiguous_are_one_problem(sync):
    result = sync(invoices(*[(total, "2024-01-02") for total in ("1,50", "1.000", "2.250,00", "3,000", "4,10")]))
    assert listed(result) == [(None, 5, "totalAmount", "bad_number")]
    assert {detail.code for detail in result.details.filter(cause__line_count=5)} == {"bad_number", "ambiguous_number"}


def test_a_missing_column_is_one_problem(sync):
    result = sync({"companies": [company()], "invoices": [
        {name: value for name, value in invoice(f"I{n}").items() if name != "customerErpKey"} for n in range(2, 9)
    ]})  # fmt: skip
    assert listed(result) == [(None, 7, "customerErpKey", "reference_missing")]
    assert result.details.get(line_count=7).message.startswith(
        "All 7 lines have this problem (2, 3, 4, 5, 6 …). Line 2: "
    )


def test_lines_that_refer_to_a_file_that_was_forgotten_are_one_problem(sync):
    result = sync({"contacts": [
        {"erpKey": f"K{n}", "companyErpKey": f"C{n}", "isActive": "true"} for n in range(5)
    ]})  # fmt: skip
    assert listed(result) == [(None, 5, "companyErpKey", "reference_not_found")]


def test_lines_that_cannot_be_read_are_one_problem(sync):
    result = sync(
        GivenFiles({"companies.jsonl": json.dumps(company()) + "\nC2;Bolt\nC3;Core\nC4;Drum\nC5;East\nC6;Fast\n"})
    )
    assert listed(result) == [(None, 5, "", "bad_json")]


@pytest.mark.parametrize("bad", [4, 6])
def test_few_lines_or_a_small_share_are_told_one_by_one(sync, bad):
    good = 0 if bad == 4 else 19
    result = sync(invoices(*[("x", "")] * bad, *[("1", "")] * good))
    assert listed(result) == [(line, None, "totalAmount", "bad_number") for line in range(2, 2 + bad)]


def test_each_file_and_column_has_a_cause_of_its_own(sync):
    texts = {"companies.csv": COMPANIES}
    for name in ("invoices.csv", "Invoice.csv"):
        texts[name] = HEADER + "".join(f"{name[0]}{n},C1,C1,1,x,13/01/2024\n" for n in range(5))
    result = sync(GivenFiles(texts))
    assert sorted(listed(result)) == sorted(
        [(None, 5, "totalAmount", "bad_number"), (None, 5, "invoiceDate", "bad_date")] * 2
    )


def test_a_line_keeps_its_other_problems_in_the_list(sync):
    result = sync(invoices(*[("5", "13/01/2024")] * 5, ("twelve", "13/01/2024")))
    assert listed(result) == [(None, 6, "invoiceDate", "bad_date"), (7, None, "totalAmount", "bad_number")]


def test_warnings_and_skipped_lines_are_no_causes(sync):
    result = sync({"companies": [company("C1")] * 9})
    assert not result.details.exclude(line_count=None).exists()
    assert result.details.filter(kind="skip").count() == 8


def test_the_description_says_where_its_lines_are_and_they_can_be_corrected(sync):
    result = sync(invoices(*[("1", f"{day}/01/2024") for day in range(13, 19)]))
    cause = result.details.get(line_count=6)
    assert [line.line for line in cause.described_lines.order_by("id")] == [2, 3, 4, 5, 6, 7]
    assert all(line.raw_line for line in cause.described_lines.all())
    everything = b"".join(download_of(result, SyncResultDetail.objects.filter(sync_request=result), "csv").chunks)
    assert everything.count(b"/01/2024,invoices.csv,") == 6
    assert (
        corrections.save_correction(cause.described_lines.first(), None, {"invoiceDate": "2024-01-13"}).problems == []
    )


def test_corrected_lines_of_a_file_with_a_cause_are_cured(sync):
    result = sync(invoices(*[("1", f"{day}/01/2024") for day in range(13, 19)], ("2", "")))
    cause = result.details.get(line_count=6)
    for line in cause.described_lines.all():
        # One of them gets a value that is accepted only until the books are looked at.
        values = {"invoiceDate": "2024-01-13"} | ({"customerErpKey": "C9"} if line.line == 2 else {})
        corrections.save_correction(line, None, values)
    replay = Uploads.run(None, corrections.load_again(result, None))
    assert listed(replay) == [(2, None, "customerErpKey", "reference_not_found")]
    states = Correction.objects.filter(sync_request=result).order_by("line").values_list("state", flat=True)
    assert list(states) == ["open", *["cured"] * 5]


def test_corrected_lines_that_share_a_new_cause_stay_open_and_the_others_are_cured(sync):
    result = sync(invoices(*[("1", f"{day}/01/2024") for day in range(13, 20)]))
    for line in result.details.get(line_count=7).described_lines.all():
        values = {"invoiceDate": "2024-01-13"} | ({"customerErpKey": "C9"} if line.line < 7 else {})
        corrections.save_correction(line, None, values)
    replay = Uploads.run(None, corrections.load_again(result, None))
    assert listed(replay) == [(None, 5, "customerErpKey", "reference_not_found")]
    states = Correction.objects.filter(sync_request=result).order_by("line").values_list("state", flat=True)
    assert list(states) == [*["open"] * 5, "cured", "cured"]


def test_the_api_and_the_lists_show_the_cause_once(sync):
    result = sync(invoices(*[("1", f"{day}/01/2024") for day in range(13, 23)], ("2", ""), ("x", "")))
    errors = details_of([result])[result.pk]["Invoice"]
    assert errors["errorCount"] == 11
    assert list(errors["errors"]) == ["invoices.csv", "I13"]
    assert [len(sentences) for sentences in errors["errors"].values()] == [1, 1]
    assert [problem.detail.line for problem in first_problems(result, 5).rows] == [None, 13]
    assert overview_of(result).errors == 2


def test_a_preview_and_a_failed_sync_describe_causes_too(sync):
    failed = sync({"companies": [company(f"C{n}", isActive="perhaps") for n in range(6)]})
    assert failed.status_code == "Failed"
    assert listed(failed) == [(None, 6, "isActive", "bad_boolean")]
    preview = sync(invoices(*[("x", "")] * 6, ("1", "")), dry_run=True)
    assert listed(preview) == [(None, 6, "totalAmount", "bad_number")]
