"""What the sources, conditions and styles of a profile yield, from the uploaded file to the records."""

import pytest

from tests.connectors.reading import zipped
from tests.import_profiles.documents import document, list_of_invoices
from tests.import_profiles.loading import counts, errors, written
from tests.samples.sheets import sheet, workbook

pytestmark = pytest.mark.django_db

# Signs.

SIGNS = ["Nr", "Debitor", "Wert", "S/H", "Soll", "Haben"]


def test_signs_are_dropped_turned_and_taken_from_another_column(uploads):
    side = {"column": "S/H", "negative": ["H"], "positive": ["S"]}
    uploads.save(
        list_of_invoices(
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
        list_of_invoices(
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
    uploads.save(list_of_invoices(columns, {"totalAmount": "Betrag"}, styles=style))
    sync_request = uploads.load(written(columns, ["R1", "K1", "(1.5)"], ["R2", "K1", "n/a"], ["R3", "K1", ""]), "a.csv")
    assert uploads.records("Invoice", "totalAmount") == {"R1": ["-1.5"], "R3": [None]}
    assert errors(sync_request) == [(3, "bad_number", "Betrag", "n/a")]


# True and false, days, and texts of several columns.


def test_inverted_flags_days_with_names_and_with_two_digits(uploads):
    columns = ["Nr", "Debitor", "Datum", "Fällig", "Gebucht", "Gesperrt"]
    uploads.save(
        list_of_invoices(
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
        one = list_of_invoices(columns, {"totalAmount": "Betrag", "invoiceTypeCode": {"constant": kind}}, name=kind)
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
