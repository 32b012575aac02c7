"""What the sources, conditions and styles of a profile yield, from the uploaded file to the records."""

import csv
import io

import pytest

from syncs.import_profiles.documents import parse
from syncs.import_profiles.profile import ProfileError
from tests.connectors.reading import zipped
from tests.import_profiles.documents import document, invoice_fields
from tests.import_profiles.loading import ProfiledUploads, counts, problems

pytestmark = pytest.mark.django_db


@pytest.fixture
def uploads():
    found = ProfiledUploads()
    found.companies(("K1", "Holz AG"), ("K2", "Stein GmbH"))
    return found


def written(header, *rows, delimiter=";"):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def invoices(header, fields, *, customer="Debitor", **members):
    """A profile for invoices with a key, a customer, and these fields."""
    fixed = {
        "erpKey": "Nr",
        "companyErpKey": {"constant": "OWN"},
        "customerErpKey": customer,
        "currencyCode": {"constant": "EUR"},
    }
    return document(header, records=[{"kind": "Invoice", "fields": fixed | fields}], **members)


def errors(sync_request):
    """The errors of a sync: line, code, column and value."""
    return [found[1:] for found in problems(sync_request) if found[0] == "error"]


# Groups named in a line of their own.

REPORT = ["", "Datum", "Nr", "Betrag"]
NAMES_GROUPS = {
    "encoding": "utf-8",
    "delimiter": ";",
    "header": 1,
    "carry": [{"column": "#first", "whereEmpty": ["Datum", "Nr"], "as": "#kunde"}],
    "skip": [{"totals": "#first"}],
}


def report(**fields):
    customer = {"column": "#kunde", "by": "companyName"}
    return invoices(
        REPORT,
        {
            "invoiceDate": "Datum",
            "totalAmount": "Betrag",
            "specialTerms": "#kunde",
            "purchaseOrderCode": {"join": ["#line"]},
        }
        | fields,
        customer=customer,
        read=NAMES_GROUPS,
    )


LINES = [
    ["Holz AG", "", "", ""],
    ["", "31.12.2024", "R1", "1.000,50"],
    ["", "02.01.2025", "R2", "-7,00"],
    ["Summe Holz AG", "", "", "993,50"],
    ["Stein GmbH", "", "", ""],
    ["", "03.01.2025", "R3", "5"],
]


def test_lines_have_the_name_of_their_group(uploads):
    uploads.save(report())
    sync_request = uploads.load(written(REPORT, *LINES), "offene.csv")
    assert uploads.records("Invoice", "customerErpKey", "totalAmount", "purchaseOrderCode") == {
        "R1": ["K1", "1000.5", "3"],
        "R2": ["K1", "-7", "4"],
        "R3": ["K2", "5", "7"],
    }
    said = [problem.message for problem in sync_request.details.filter(code="lines_left_out").order_by("id")]
    assert said == [
        "Line 5 is a total: its amounts are the sums of the lines above it. It was not loaded.",
        "Lines 2 and 6 name the groups of the lines below them. They are no records of their own.",
    ]


def test_a_first_column_that_has_a_name_is_not_the_one_without(uploads):
    uploads.save(report())
    moved = [[row[1], row[2], row[3]] for row in LINES if row[2]]
    sync_request = uploads.load(written(REPORT[1:], *moved), "offene.csv")
    assert (sync_request.status_code, sync_request.failure_code) == ("Failed", "profile_contradicted")
    assert "its first column is called “Datum”" in sync_request.process_result_message
    assert uploads.records("Invoice") == {}


def test_a_line_is_not_corrected_without_the_name_of_its_group(uploads):
    from adsplatform.errors import PlatformError
    from syncs.services import corrections

    uploads.save(report())
    lines = [LINES[0], ["", "31.02.2025", "R1", "1"]]
    sync_request = uploads.load(written(REPORT, *lines), "offene.csv")
    with pytest.raises(PlatformError, match="belong together"):
        corrections.rejected_line(sync_request.details.get(code="impossible_date"))
    name, content = corrected(sync_request, "csv", "31.02.2025", "28.02.2025")
    assert uploads.load(content, name).failure_code == "lines_belong_together"
    assert uploads.records("Invoice") == {}


# Signs.

SIGNS = ["Nr", "Debitor", "Wert", "S/H", "Soll", "Haben"]


def test_signs_are_dropped_turned_and_taken_from_another_column(uploads):
    side = {"column": "S/H", "negative": ["H"], "positive": ["S"]}
    uploads.save(
        invoices(
            SIGNS,
            {
                "totalAmount": {"column": "Wert", "absolute": True},
                "netAmount": {"column": "Wert", "absolute": True, "sign": side},
                "salesTaxAmount": {"column": "Wert", "negate": True},
                "shippingAmount": {"debit": "Soll", "credit": "Haben"},
            },
        )
    )
    rows = [
        ["R1", "K1", "1.000,50", "S", "3", ""],
        ["R2", "K1", "-1.000,50", "H", "", "3"],
        ["R3", "K1", "(7)", "h", "0,00", "4"],
        ["R4", "K1", "7-", "S", "", "-4"],
        ["R5", "K1", "+0", "H", "", ""],
        ["R6", "K1", "5", "", "1", ""],
        ["R8", "K1", "5", "X", "1", ""],
        ["R7", "K1", "5", "S", "1", "1"],
    ]
    sync_request = uploads.load(written(SIGNS, *rows), "liste.csv")
    assert uploads.records("Invoice", "totalAmount", "netAmount", "salesTaxAmount", "shippingAmount") == {
        "R1": ["1000.5", "1000.5", "-1000.5", "3"],
        "R2": ["1000.5", "-1000.5", "1000.5", "-3"],
        "R3": ["7", "-7", "7", "-4"],
        "R4": ["7", "7", "7", "4"],
        "R5": ["0", "0", "0", None],
    }
    assert errors(sync_request) == [
        (7, "value_not_mapped", "S/H", ""),
        (8, "value_not_mapped", "S/H", "X"),
        (9, "debit_and_credit", "Soll", "1"),
    ]


def test_sides_currencies_and_percent_stand_beside_numbers(uploads):
    columns = ["Nr", "Debitor", "Betrag", "Saldo"]
    side = {"column": "Saldo", "negative": ["CR"], "positive": ["DR"]}
    uploads.save(
        invoices(
            columns,
            {
                "totalAmount": "Betrag",
                "currencyCode": {"column": "Betrag", "currency": True},
                "netAmount": {"column": "Saldo", "sign": side},
            },
            columns={"Betrag": {"currencyInCell": True}},
        )
    )
    rows = [
        ["R1", "K1", "1.000,50 EUR", "1.000,50 CR"],
        ["R2", "K1", "€ 7", "7dr"],
        ["R3", "K1", "-7 USD", "0"],
        ["R4", "K1", "$7", "7 DR"],
        ["R5", "K1", "7 EUR", "7"],
    ]
    sync_request = uploads.load(written(columns, *rows), "liste.csv")
    assert uploads.records("Invoice", "totalAmount", "currencyCode", "netAmount") == {
        "R1": ["1000.5", "EUR", "-1000.5"],
        "R2": ["7", "EUR", "7"],
        "R3": ["-7", "USD", "0"],
    }
    assert errors(sync_request) == [
        (5, "value_not_mapped", "Betrag", "$7"),
        (6, "value_not_mapped", "Saldo", "7"),
    ]
    lines = ["Nr", "Zeile", "Satz"]
    fields = {
        "invoiceErpKey": "Nr",
        "erpKey": "Zeile",
        "lineNumber": "Zeile",
        "taxRate": {"column": "Satz", "percent": True},
    }
    uploads.save(document(lines, records=[{"kind": "InvoiceLine", "fields": fields}]))
    uploads.load(written(lines, ["R1", "1", "19"], ["R1", "2", "7,7 %"], ["R1", "3", "0"], ["R1", "4", ""]), "l.csv")
    found = uploads.records("InvoiceLine", "taxRate")
    assert found == {"1": ["0.19"], "2": ["0.077"], "3": ["0"], "4": [None]}


def test_what_is_no_number_is_named_where_numbers_have_a_point_and_no_groups(uploads):
    columns = ["Nr", "Debitor", "Betrag"]
    style = {"decimal": ".", "dates": "YYYY-MM-DD"}
    uploads.save(invoices(columns, {"totalAmount": "Betrag"}, styles=style))
    sync_request = uploads.load(written(columns, ["R1", "K1", "(1.5)"], ["R2", "K1", "n/a"], ["R3", "K1", ""]), "a.csv")
    assert uploads.records("Invoice", "totalAmount") == {"R1": ["-1.5"], "R3": [None]}
    assert errors(sync_request) == [(3, "bad_number", "Betrag", "n/a")]


# True and false, days, and texts of several columns.


def test_inverted_flags_days_with_names_and_with_two_digits(uploads):
    columns = ["Nr", "Debitor", "Datum", "Fällig", "Gebucht", "Gesperrt"]
    uploads.save(
        invoices(
            columns,
            {
                "invoiceDate": "Datum",
                "paymentDueDate": "Fällig",
                "postedDate": "Gebucht",
                "onHold": {"column": "Gesperrt", "inverted": True},
                "isVoided": "Gesperrt",
                "referenceCode": {"join": ["Nr", "Gesperrt", "#line"], "with": "/"},
            },
            columns={
                "Datum": {"dates": "DD MMM YYYY"},
                "Fällig": {"dates": "DD.MM.YY", "century": 1950},
                "Gebucht": {"dates": "DD-MMM-YYYY"},
                "Gesperrt": {"true": ["x"], "false": [""]},
            },
        )
    )
    rows = [
        ["R1", "K1", "5. Januar 2025", "01.02.49", "05-Mär-2025", "X"],
        ["R2", "K1", "5 janv. 2025", "1.2.50", "5-mars-25", ""],
        ["R3", "K1", "28 de diciembre de 2024", "31.12.99", "1-mrt-2025", "x"],
        ["R4", "K1", "30 Feb 2025", "", "", ""],
        ["R5", "K1", "1 Brumaire 2025", "", "", ""],
    ]
    sync_request = uploads.load(written(columns, *rows), "liste.csv")
    wanted = ("invoiceDate", "paymentDueDate", "postedDate", "onHold", "isVoided", "referenceCode")
    assert uploads.records("Invoice", *wanted) == {
        "R1": ["2025-01-05", "2049-02-01", "2025-03-05", False, True, "R1/X/2"],
        "R2": ["2025-01-05", "1950-02-01", "2025-03-05", True, False, "R2/3"],
        "R3": ["2024-12-28", "1999-12-31", "2025-03-01", False, True, "R3/x/4"],
    }
    assert errors(sync_request) == [
        (5, "impossible_date", "Datum", "30 Feb 2025"),
        (6, "bad_date", "Datum", "1 Brumaire 2025"),
    ]


# Companies, each with a person, in a workbook.


def test_a_workbook_of_companies_and_people_loads_once_and_then_changes_nothing(uploads):
    from tests.samples.sheets import sheet, workbook

    header = ["*ContactName", "AccountNumber", "EmailAddress", "FirstName", "LastName", "POCity", "POPostalCode"]
    key = {"first": ["AccountNumber", "*ContactName"]}
    company = {
        "erpKey": key,
        "companyName": "*ContactName",
        "companyType": {"constant": "Customer"},
        "isActive": {"constant": True},
        "city": "POCity",
        "postalCode": "POPostalCode",
    }
    contact = {
        "erpKey": {"join": ["*ContactName", "LastName"], "with": "|"},
        "companyErpKey": key,
        "contactName": {"join": ["FirstName", "LastName"], "with": " "},
        "isActive": {"constant": True},
        "emailAddress": "EmailAddress",
    }
    records = [
        {"kind": "Company", "fields": company},
        {"kind": "Contact", "when": {"column": "LastName", "filled": True}, "fields": contact},
    ]
    uploads.save(document(header, read={"sheet": "Contacts", "header": 1}, records=records))
    rows = [
        ["Oak & Co", "C-1", "a@oak.test", "Ann", "Oak", "Bristol", "BS1 4DJ"],
        ["Pine Ltd", None, None, None, None, "York", "01234"],
        ["Elm Ltd", "C-3", "e@elm.test", None, "Elm", None, None],
    ]
    content = workbook(sheet(header, *rows), names=["Contacts"])
    first, again = uploads.load(content, "contacts.xlsx"), uploads.load(content, "contacts.xlsx")
    found = uploads.records("Company", "companyName", "city", "postalCode")
    assert {key: found[key] for key in ("C-1", "Pine Ltd", "C-3")} == {
        "C-1": ["Oak & Co", "Bristol", "BS1 4DJ"],
        "Pine Ltd": ["Pine Ltd", "York", "01234"],
        "C-3": ["Elm Ltd", None, None],
    }
    assert uploads.records("Contact", "companyErpKey", "contactName") == {
        "Oak & Co|Oak": ["C-1", "Ann Oak"],
        "Elm Ltd|Elm": ["C-3", "Elm"],
    }
    assert (counts(first, "Company"), counts(first, "Contact")) == ((3, 3, 0, 0, 0), (2, 2, 0, 0, 0))
    assert (counts(again, "Company"), counts(again, "Contact")) == ((3, 0, 0, 3, 0), (2, 0, 0, 2, 0))


# Files of the same columns.


def test_the_name_of_the_file_decides_between_profiles_of_the_same_columns(uploads):
    columns = ["Nr", "Debitor", "Betrag"]

    def for_files(pattern, kind):
        one = invoices(columns, {"totalAmount": "Betrag", "invoiceTypeCode": {"constant": kind}}, name=kind)
        one["match"]["file"] = pattern
        return one

    uploads.save(for_files("re*.csv", "AR Invoice"))
    uploads.save(for_files("gu*.csv", "AR Credit Memo"))
    files = {
        "2025/RE-01.csv": written(columns, ["R1", "K1", "1"]),
        "gutschriften.csv": written(columns, ["G1", "K1", "2"]),
    }
    uploads.load(zipped(files), "januar.zip")
    assert uploads.records("Invoice", "invoiceTypeCode") == {"G1": ["AR Credit Memo"], "R1": ["AR Invoice"]}
    other = uploads.load(written(columns, ["X1", "K1", "1"]), "andere.csv")
    assert (other.status_code, other.failure_code) == ("Failed", "profile_needed")
    assert "“AR Credit Memo” and “AR Invoice”" in other.process_result_message


# Rejected rows, downloaded, corrected and sent again.


def corrected(sync_request, format, old, new):
    """The name and content of the download of rejected rows in which a person has replaced something."""
    import openpyxl

    from syncs.rejected_rows.download import download_of

    download = download_of(sync_request, sync_request.details.all(), format)
    content = b"".join(download.chunks)
    if format == "csv":
        assert old.encode() in content
        return download.name, content.replace(old.encode(), new.encode())
    book = openpyxl.load_workbook(io.BytesIO(content))
    for row in book.active.iter_rows():
        for cell in row:
            if cell.value and old in str(cell.value):
                cell.value = cell.value.replace(old, new)
    saved = io.BytesIO()
    book.save(saved)
    return download.name, saved.getvalue()


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_rejected_rows_of_a_list_are_corrected_in_a_download(uploads, format):
    uploads.save(
        document(records=[{"kind": "Invoice", "fields": invoice_fields(referenceCode={"join": ["Belegnr.", "#line"]})}])
    )
    header = document()["match"]["columns"]
    content = written(
        header,
        ["R1", "31.12.2024", "K1", "RE", "1", "0", "1", "ja"],
        ["-R2", "31.02.2025", "K1", "RE", "-1.234,50", "0", "-1.234,50", "ja"],
        ["R3", "31.12.2024", "K9", "RE", "1.234", "0", "1.234", "ja"],
    )
    sync_request = uploads.load(content, "liste.csv")
    assert counts(sync_request, "Invoice") == (3, 1, 0, 0, 2)
    name, content = corrected(sync_request, format, "31.02.2025", "28.02.2025")
    again = uploads.load(content, name)
    assert uploads.records("Invoice", "invoiceDate", "netAmount", "referenceCode") == {
        "R1": ["2024-12-31", "1", "R12"],
        "-R2": ["2025-02-28", "-1234.5", "-R23"],
    }
    assert errors(again) == [(3, "reference_not_found", "Debitor", "K9")]


@pytest.mark.parametrize("format", ["csv", "xlsx", "correction"])
def test_rejected_rows_of_a_sheet_are_corrected_in_their_own_style(uploads, format):
    from syncs.services import corrections
    from tests.samples.sheets import DATE, number, sheet, workbook

    columns = ["Nr", "Debitor", "Datum", "Betrag", "Steuer"]
    uploads.save(
        invoices(
            columns,
            {"invoiceDate": "Datum", "totalAmount": "Betrag", "netAmount": "Steuer"},
            read={"sheet": "Liste", "header": 1},
        )
    )
    rows = [columns, ["R1", "K9", number("45657", DATE), number("1.234"), "1.234,50"]]
    sync_request = uploads.load(workbook(sheet(*rows), names=["Liste"]), "liste.xlsx")
    assert counts(sync_request, "Invoice") == (1, 0, 0, 0, 1)
    if format == "correction":
        detail = sync_request.details.get(code="reference_not_found")
        assert corrections.save_correction(detail, None, {"Debitor": "K2"}).problems == []
        uploads.run(corrections.load_again(sync_request, None))
    else:
        name, content = corrected(sync_request, format, "K9", "K2")
        uploads.load(content, name)
    assert uploads.records("Invoice", "customerErpKey", "invoiceDate", "totalAmount", "netAmount") == {
        "R1": ["K2", "2024-12-31", "1.234", "1234.5"]
    }


def test_a_group_needs_a_name_that_no_other_column_has():
    wrong = report()
    wrong["read"]["carry"][0]["as"] = "#line"
    with pytest.raises(ProfileError, match="“#line” has a meaning already"):
        parse(wrong)
