"""Workbooks with several sheets, titles and odd cells through the real path: nothing unread is ever deleted."""

import pytest

from adsplatform.records.models import Company, Invoice
from tests.connectors.reading import zipped
from tests.loading.bad_inputs import COMPANY, INVOICE
from tests.samples.sheets import DATE, number, sheet, workbook

HEADER = COMPANY.split(",")


def companies(*keys):
    return [[key, f"Name of {key}", "Customer", "true"] for key in keys]


def styled_rows(count):
    """Rows of cells that have a style and nothing else."""
    return "".join(f'<row r="{at}"><c r="A{at}" s="1"/></row>' for at in range(1, count))


def keys(kind=Company):
    return sorted(kind.objects.values_list("erp_key", flat=True))


def codes(result):
    return sorted(result.details.values_list("code", flat=True))


@pytest.fixture
def ten_companies(uploads):
    uploads.load(f"{COMPANY}\n" + "".join(f"C{at},Old,Customer,true\n" for at in range(10)), "companies.csv")


def test_a_full_sync_reads_every_sheet_of_the_kind(uploads, ten_companies):
    book = workbook(
        sheet(HEADER, *companies("C0", "C1", "C2", "C3", "C4")),
        sheet(HEADER, *companies("C5", "C6", "C7", "C9")),
        sheet(HEADER),
    )
    result = uploads.load(book, "companies.xlsx", full=True)
    assert result.status_code == "Success"
    assert keys() == ["C0", "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C9"]
    assert codes(result) == ["file_without_rows"]


@pytest.mark.parametrize(
    ("second", "state"),
    [
        (sheet(["A list"], ["C5", "and"]), "visible"),
        (sheet(HEADER, *companies("C5")), "hidden"),
        (sheet(HEADER, *companies("C5")), "veryHidden"),
        (sheet([number("5")]), "visible"),
        ("<worksheet><row", "visible"),
        # Something stands in the sheet after many empty cells, so that no look at its first bytes finds it.
        (
            f'<worksheet>{styled_rows(20_000)}<row r="30000"><c t="inlineStr"><is><t>C5</t></is></c></row></worksheet>',
            "visible",
        ),
    ],
)
def test_a_sheet_that_is_not_read_leaves_the_kind_incomplete(uploads, ten_companies, second, state):
    book = workbook(sheet(HEADER, *companies("C0")), second, states=["visible", state])
    result = uploads.load(book, "companies.xlsx", full=True)
    assert result.status_code == "Success"
    assert len(keys()) == 10
    assert set(codes(result)) & {"sheets_not_read", "workbook_damaged"}


def test_an_empty_sheet_with_styles_is_no_reason_to_keep_records(uploads, ten_companies):
    empty = f"<worksheet>{styled_rows(2_000)}</worksheet>"
    uploads.enrollment.delete_limit_percent = 100
    uploads.enrollment.save()
    result = uploads.load(workbook(sheet(HEADER, *companies("C0")), empty), "companies.xlsx", full=True)
    assert (keys(), codes(result)) == (["C0"], [])


def test_sheets_of_several_kinds_are_read_by_their_names(uploads):
    book = workbook(
        sheet(["Export"], ["of January"]),
        sheet(INVOICE.split(","), ["I1", "C1", "C1", "1"], ["I2", "C1", "C9", "1"]),
        sheet(HEADER, *companies("C1"), ["C2", "Bolt", "Customer", "perhaps"]),
        names=["Cover", "Invoices", "Company"],
    )
    result = uploads.load(book, "export.xlsx")
    assert (keys(), keys(Invoice)) == (["C1"], ["I1"])
    places = [(d.entity, d.file, d.line, d.code) for d in result.details.filter(kind="error").order_by("entity")]
    assert places == [
        ("Company", "export.xlsx, sheet “Company”", 3, "bad_boolean"),
        ("Invoice", "export.xlsx, sheet “Invoices”", 3, "reference_not_found"),
    ]


def test_a_cover_sheet_alone_is_an_error(uploads):
    result = uploads.load(workbook(sheet(["Exported by Acme"]), names=["Cover"]), "invoices.xlsx")
    assert result.status_code == "Failed"
    assert result.details.get(code="header_missing").message.startswith(
        "The sheet “Cover” has one row, which names no known column, so nothing was loaded from it."
    )


def test_rows_below_titles_are_loaded_and_the_titles_told(uploads):
    book = workbook(sheet(["Companies"], ["as of", "2024-01-31"], [], HEADER, *companies("C1", "C2")))
    result = uploads.load(book, "companies.xlsx")
    assert (keys(), codes(result)) == (["C1", "C2"], ["lines_above_header"])


@pytest.mark.parametrize("days", ["0", "0.5", "60", "60.25", "-1", "-44562", "2958466"])
def test_a_number_that_is_no_day_is_a_problem_at_its_cell(uploads, days):
    header = [*INVOICE.split(","), "invoiceDate"]
    book = workbook(
        sheet(header, ["I1", "C1", "C1", "1", number("45351", DATE)], ["I2", "C1", "C1", "1", number(days, DATE)])
    )
    result = uploads.load(
        zipped({"companies.csv": f"{COMPANY}\nC1,Acme,Customer,true\n", "invoices.xlsx": book}), "books.zip"
    )
    assert keys(Invoice) == ["I1"]
    [problem] = result.details.filter(kind="error")
    assert (problem.file, problem.line, problem.column) == ("invoices.xlsx", 3, "invoiceDate")
    assert problem.message.startswith("Cell E3, invoiceDate: ")


@pytest.mark.parametrize(("days", "day"), [("0", "1904-01-01"), ("60", "1904-03-01")])
def test_days_since_1904_begin_with_0(uploads, days, day):
    header = [*INVOICE.split(","), "invoiceDate"]
    book = workbook(sheet(header, ["I1", "C1", "C1", "1", number(days, DATE)]), since_1904=True)
    uploads.load(zipped({"companies.csv": f"{COMPANY}\nC1,Acme,Customer,true\n", "invoices.xlsx": book}), "books.zip")
    assert str(Invoice.objects.get().invoice_date) == day


def test_the_csv_file_of_a_sheet_with_formats_changes_nothing(uploads):
    header = [*HEADER, "postalCode"]
    book = workbook(
        sheet(
            header,
            [number("12", 6), "Acme", "Customer", "true", number("123456789", 7)],
            [number("13", 6), "Bolt", "Customer", "true", number("1234", 8)],
        ),
        formats=['"C-"0000', "00000-0000", "00000;-00000"],
    )
    assert uploads.load(book, "companies.xlsx").process_result_message == "2 companies loaded: 2 added."
    again = uploads.load(
        f"{','.join(header)}\nC-0012,Acme,Customer,true,12345-6789\nC-0013,Bolt,Customer,true,01234\n", "companies.csv"
    )
    assert again.process_result_message == "Nothing new: 2 lines looked at, none had changed."
