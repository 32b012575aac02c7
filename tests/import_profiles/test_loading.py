"""Files as bookkeepers write them, loaded by a profile: the records that result, and what is said."""

import io

import pytest
import xlsxwriter

from syncs.models import SyncFile
from syncs.services import corrections
from tests.connectors.reading import zipped
from tests.import_profiles.documents import COLUMNS, document, invoice_fields
from tests.import_profiles.loading import counts, problems

pytestmark = pytest.mark.django_db

AMOUNTS = ("customerErpKey", "invoiceDate", "netAmount", "salesTaxAmount", "totalAmount", "invoiceTypeCode")


def text(*lines, header=COLUMNS, delimiter=";"):
    return "\n".join([delimiter.join(header), *lines, ""])


def workbook(sheets):
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return content.getvalue()


def test_a_german_list_loads_and_loads_again_unchanged(uploads):
    uploads.save(
        document(
            read={"encoding": "utf-8", "delimiter": ";", "header": 1, "skip": [{"totals": "Debitor"}]},
            records=[
                {"kind": "Invoice", "when": {"column": "Art", "in": ["RE"]}, "fields": invoice_fields()},
                {
                    "kind": "Invoice",
                    "when": {"column": "Art", "in": ["GS"]},
                    "fields": invoice_fields(
                        invoiceTypeCode={"constant": "AR Credit Memo"},
                        **{
                            field: {"column": column, "negate": True}
                            for field, column in (
                                ("netAmount", "Netto"),
                                ("salesTaxAmount", "Steuer"),
                                ("totalAmount", "Brutto"),
                            )
                        },
                    ),
                },
            ],
        )
    )
    content = text(
        "R1;31.12.2024;K1;RE;1.000,50;190,10;1.190,60;ja",
        "G1;07.01.2025;K2;GS;-200,00;-38,00;-238,00;nein",
        "R2;8.1.2025;K2;RE;12.500,00;2.375,00;14.875,00;nein",
        ";;Summe;;13.300,50;2.527,10;15.827,60;",
    )
    first, again = uploads.load(content, "liste.csv"), uploads.load("\ufeff" + content, "januar.csv")
    assert uploads.records("Invoice", *AMOUNTS) == {
        "G1": ["K2", "2025-01-07", "200", "38", "238", "AR Credit Memo"],
        "R1": ["K1", "2024-12-31", "1000.5", "190.1", "1190.6", "AR Invoice"],
        "R2": ["K2", "2025-01-08", "12500", "2375", "14875", "AR Invoice"],
    }
    assert counts(first, "Invoice") == (3, 3, 0, 0, 0)
    assert counts(again, "Invoice") == (3, 0, 0, 3, 0)


def test_the_word_of_a_total_may_stand_in_place_of_the_key(uploads):
    read = {"encoding": "utf-8", "delimiter": ";", "header": 1, "skip": [{"totals": "Belegnr."}]}
    uploads.save(document(read=read))
    lines = ("R1;31.12.2024;K1;RE;1;0;1;ja", "R2;31.12.2024;K2;RE;2;0;2;ja", "Summe;;;;3;0;3;")
    sync_request = uploads.load(text(*lines), "liste.csv")
    assert uploads.records("Invoice", "totalAmount").keys() == {"R1", "R2"}
    assert counts(sync_request, "Invoice") == (2, 2, 0, 0, 0)
    assert "lines_left_out" in {code for _, _, code, *_ in problems(sync_request)}


def test_a_record_whose_key_begins_with_the_word_of_a_total_is_none(uploads):
    read = {"encoding": "utf-8", "delimiter": ";", "header": 1, "skip": [{"totals": "Belegnr."}]}
    uploads.save(document(read=read))
    lines = ("R1;31.12.2024;K1;RE;1;0;1;ja", "Total 2;31.12.2024;K2;RE;1;0;1;ja")
    sync_request = uploads.load(text(*lines), "liste.csv")
    assert uploads.records("Invoice", "totalAmount").keys() == {"R1", "Total 2"}
    assert counts(sync_request, "Invoice") == (2, 2, 0, 0, 0)


def test_a_total_that_is_no_sum_is_no_total(uploads):
    read = {"encoding": "utf-8", "delimiter": ";", "header": 1, "skip": [{"totals": "Debitor"}]}
    uploads.save(document(read=read))
    sync_request = uploads.load(text("R1;31.12.2024;K1;RE;1;0;1;ja", ";;Summe;;2;0;2;"), "liste.csv")
    assert counts(sync_request, "Invoice") == (2, 1, 0, 0, 1)
    assert ("error", 3, "required_empty", "Belegnr.", "") in problems(sync_request)


def test_customers_and_vendors_in_windows_1252_below_a_line_of_their_own(uploads):
    columns = ["Konto", "Firma", "Vorname", "Nachname", "Land", "USt-Id", "Ort"]
    fields = {
        "erpKey": "Konto",
        "companyName": {"first": ["Firma", {"join": ["Vorname", "Nachname"], "with": " "}]},
        "taxId": {"join": ["Land", "USt-Id"]},
        "city": "Ort",
        "isActive": {"constant": True},
    }
    uploads.save(
        document(
            columns,
            read={"encoding": "cp1252", "delimiter": ";", "header": 2},
            records=[
                {
                    "kind": "Company",
                    "when": {"column": "Konto", "from": low, "to": high},
                    "fields": fields | {"companyType": {"constant": kind}},
                }
                for low, high, kind in ((10000, 69999, "Customer"), (70000, 99999, "Vendor"))
            ],
        )
    )
    content = text(
        '10001;"Möbel & Söhne";;;DE;123;Köln', "10002;;Jörg;Weiß;;;Zürich", "70001;Eis;;;AT;U9;Wien", header=columns
    )
    sync_request = uploads.load(f"EXTF;Stammdaten\n{content}".encode("cp1252"), "stamm.csv")
    found = uploads.records("Company", "companyName", "companyType", "taxId", "city")
    assert {key: found[key] for key in ("10001", "10002", "70001")} == {
        "10001": ["Möbel & Söhne", "Customer", "DE123", "Köln"],
        "10002": ["Jörg Weiß", "Customer", None, "Zürich"],
        "70001": ["Eis", "Vendor", "ATU9", "Wien"],
    }
    assert "Line 1 stands above the header" in sync_request.details.get(code="lines_left_out").message


def test_lines_of_invoices_become_invoices_and_lines_and_customers_are_found_by_name(uploads):
    columns = ["InvoiceNo", "Customer", "Date", "Item", "Qty", "Amount", "Tax"]
    uploads.save(
        document(
            columns,
            read={"encoding": "utf-8", "delimiter": ",", "header": 1},
            styles={"decimal": ".", "thousands": [","], "dates": "MM/DD/YYYY"},
            records=[
                {
                    "kind": "Invoice",
                    "group": ["InvoiceNo"],
                    "fields": {
                        "erpKey": "InvoiceNo",
                        "companyErpKey": {"constant": "OWN"},
                        "customerErpKey": {"column": "Customer", "by": "companyName"},
                        "invoiceDate": "Date",
                        "currencyCode": {"constant": "USD"},
                        "netAmount": {"sum": ["Amount"]},
                        "totalAmount": {"sum": ["Amount", "Tax"]},
                    },
                },
                {
                    "kind": "InvoiceLine",
                    "lineOf": ["InvoiceNo"],
                    "fields": {
                        "erpKey": {"join": ["InvoiceNo", "#n"], "with": "-"},
                        "invoiceErpKey": "InvoiceNo",
                        "lineNumber": {"join": ["#n"]},
                        "productCode": "Item",
                        "quantity": "Qty",
                        "netAmount": "Amount",
                    },
                },
            ],
        )
    )
    content = text(
        '7,HOLZ AG ,01/15/2025,A,3,"3,451.50",0.10', '7,,,B,1,80.40,', '8,Stein GmbH,01/16/2025,C,2,-25.00,0',
        '9,Nobody,01/16/2025,C,2,1,0', header=columns, delimiter=",",
    )  # fmt: skip
    sync_request = uploads.load(content, "invoices_export.csv")
    assert uploads.records("Invoice", "customerErpKey", "invoiceDate", "netAmount", "totalAmount") == {
        "7": ["K1", "2025-01-15", "3531.9", "3532"],
        "8": ["K2", "2025-01-16", "-25", "-25"],
    }
    assert uploads.records("InvoiceLine", "lineNumber", "productCode", "quantity", "netAmount") == {
        "7-1": ["1", "A", "3", "3451.5"],
        "7-2": ["2", "B", "1", "80.4"],
        "8-1": ["1", "C", "2", "-25"],
    }
    assert ("error", 5, "reference_not_found", "Customer", "Nobody") in problems(sync_request)
    assert counts(sync_request, "Invoice") == (3, 2, 0, 0, 1)
    assert counts(uploads.load(content, "again.csv"), "InvoiceLine") == (4, 0, 0, 3, 1)


def test_a_company_of_the_same_archive_is_found_by_name_wherever_it_stands(uploads):
    fields = invoice_fields(customerErpKey={"column": "Debitor", "by": "companyName"})
    uploads.save(document(records=[{"kind": "Invoice", "fields": fields}]))
    files = {
        "a.csv": text("R1;31.12.2024;Neu KG;RE;1;0;1;ja", "R2;31.12.2024;Stein GmbH;RE;1;0;1;ja"),
        # K3 is new, and K4 makes the name of K2 one of two.
        "companies.csv": "erpKey,companyName,companyType,isActive\nK3,Neu KG,Customer,true\n"
        "K4,STEIN GMBH,Customer,true\n",
    }
    sync_request = uploads.load(zipped(files), "all.zip")
    assert uploads.records("Invoice", "customerErpKey") == {"R1": ["K3"]}
    assert ("error", 3, "reference_ambiguous", "Debitor", "Stein GmbH") in problems(sync_request)


def test_a_workbook_with_two_rows_of_header_and_days_as_numbers(uploads):
    columns = ["Beleg Nr.", "Beleg Datum", "Beleg Fällig", "Kunde Nr.", "Betrag Netto", "Betrag Brutto"]
    uploads.save(
        document(
            columns,
            read={"sheet": "Liste", "header": [1, 2]},
            styles={"decimal": ".", "dates": "DD.MM.YYYY"},
            columns={"Beleg Fällig": {"dates": "excel"}},
            records=[
                {
                    "kind": "Invoice",
                    "fields": {
                        "erpKey": "Beleg Nr.",
                        "companyErpKey": {"constant": "OWN"},
                        "customerErpKey": "Kunde Nr.",
                        "invoiceDate": "Beleg Datum",
                        "paymentDueDate": "Beleg Fällig",
                        "netAmount": "Betrag Netto",
                        "totalAmount": "Betrag Brutto",
                    },
                }
            ],
        )
    )
    rows = [
        ["Beleg", "", "", "Kunde", "Betrag", ""],
        ["Nr.", "Datum", "Fällig", "Nr.", "Netto", "Brutto"],
        ["A1", "31.01.2025", 45716, "K1", 200, 238.5],
        ["A2", "03.02.2025", 45719, "K9", 1, 1],
    ]
    sync_request = uploads.load(workbook({"Liste": rows, "Notizen": [["Hallo"]]}), "liste.xlsx")
    assert uploads.records("Invoice", "invoiceDate", "paymentDueDate", "totalAmount") == {
        "A1": ["2025-01-31", "2025-02-28", "238.5"]
    }
    problem = sync_request.details.get(code="reference_not_found")
    assert problem.column == "Kunde Nr."
    assert problem.message.startswith("Cell D4, Kunde Nr.: no company has the key “K9”")
    assert "The sheet “Notizen” was not read" in sync_request.details.get(code="sheets_not_read").message


def test_numbers_of_a_sheet_are_what_they_are_beside_texts_with_a_decimal_comma(uploads):
    uploads.save(document(read={"header": 1}))
    rows = [
        COLUMNS,
        ["R1", "31.12.2024", "K1", "RE", 1.234, 0.5, "1.234,50", "ja"],
        ["R2", "31.12.2024", "K1", "RE", 1234.5, 2, "7", "ja"],
    ]
    uploads.load(workbook({"Rechnungen": rows}), "liste.xlsx")
    assert uploads.records("Invoice", "netAmount", "salesTaxAmount", "totalAmount") == {
        "R1": ["1.234", "0.5", "1234.5"],
        "R2": ["1234.5", "2", "7"],
    }


# The life of a profile.


def test_another_order_and_a_new_column_load_and_the_new_one_is_told(uploads):
    uploads.save(document())
    order = [7, 3, 0, 6, 5, 4, 2, 1]
    cells = ["R1", "31.12.2024", "K1", "RE", "1,5", "0", "1,5", "ja"]
    header = [*(COLUMNS[place] for place in order), "Notiz"]
    sync_request = uploads.load(text(";".join([*(cells[place] for place in order), "x"]), header=header), "a.csv")
    assert uploads.records("Invoice", "customerErpKey", "totalAmount") == {"R1": ["K1", "1.5"]}
    assert ("warning", None, "unknown_column", "Notiz", "") in problems(sync_request)


GOOD = "R1;31.12.2024;K1;RE;1,50;0;1,50;ja"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (text(GOOD, "R2;13/31/2024;K1;RE;1;0;1;ja"), None),
        (text(GOOD, "R2;12/31/2024;K1;RE;1;0;1;ja"), "in line 3, Belegdatum: “12/31/2024” is a date, but"),
        (text(GOOD, "R2;2024-12-31;K1;RE;1;0;1;ja"), "in line 3, Belegdatum: “2024-12-31” is a date, but"),
        (text(GOOD, "R2;31.12.2024;K1;RE;1.5;0;1;ja"), "in line 3, Netto: “1.5” is a number, but it is not written"),
        (text(GOOD, "R2;31.12.2024;K1;RE;1,234.50;0;1;ja"), "in line 3, Netto: “1,234.50” is a number, but"),
        (text(GOOD).replace(";", ","), "its cells are separated by a comma, and the profile says by a semicolon."),
        ("Titel\n" + text(GOOD), "its header is in line 2, and the profile says in line 1."),
        (text(GOOD).replace("Brutto", "Endbetrag"), "the column “Brutto”, which the profile uses, cannot be found."),
        (text(GOOD.replace("ja", "ä")).encode("cp1252"), "from line 2 on, its text is not utf-8"),
        (text(GOOD).encode("utf-16"), "it is written in utf-16, and the profile says utf-8."),
    ],
)
def test_a_file_that_does_not_fit_is_refused_before_anything_is_written(uploads, content, reason):
    uploads.save(document())
    sync_request = uploads.load(content, "liste.csv")
    if reason is None:
        # No day in any order: a slip in one line.
        assert ("error", 3, "bad_date", "Belegdatum", "13/31/2024") in problems(sync_request)
        return
    assert (sync_request.status_code, sync_request.failure_code) == ("Failed", "profile_contradicted")
    assert reason in sync_request.details.get(code="profile_contradicted").message
    assert uploads.records("Invoice") == {}


def test_a_file_of_another_kind_is_not_taken_for_one_of_the_profile(uploads):
    uploads.save(document())
    header = [*COLUMNS, *(f"Spalte {number}" for number in range(9))]
    sync_request = uploads.load(text(GOOD + ";" * 9, header=header), "andere.csv")
    assert sync_request.status_code == "Failed"
    assert uploads.records("Invoice") == {}


def test_our_own_names_are_read_strictly_beside_a_profile(uploads):
    uploads.save(document())
    sync_request = uploads.load(
        "erpKey,companyErpKey,customerErpKey,invoiceDate,totalAmount\nR1,OWN,K1,2024-12-31,1.5\n", "invoices.csv"
    )
    assert uploads.records("Invoice", "totalAmount") == {"R1": ["1.5"]}
    assert sync_request.status_code == "Success"


@pytest.mark.parametrize("customer", ["Debitor", {"column": "Debitor", "by": "companyName"}])
@pytest.mark.parametrize(("order", "total"), [(("a.csv", "invoices.csv"), "7"), (("invoices.csv", "a.csv"), "1")])
def test_of_one_key_the_later_file_counts_with_or_without_a_profile(uploads, order, total, customer):
    """Rows that name a company wait for the end of the input, but their place is that of their file."""
    uploads.save(document(records=[{"kind": "Invoice", "fields": invoice_fields(customerErpKey=customer)}]))
    name = "K1" if customer == "Debitor" else "Stein GmbH"
    files = {
        "a.csv": text(f"R1;31.12.2024;{name};RE;1,00;0,00;1,00;ja"),
        "invoices.csv": "erpKey,companyErpKey,customerErpKey,invoiceDate,totalAmount\nR1,OWN,K1,2024-12-31,7\n",
    }
    uploads.load(zipped({name: files[name] for name in order}), "all.zip")
    assert uploads.records("Invoice", "totalAmount") == {"R1": [total]}


def test_a_line_of_no_known_kind_keeps_a_full_sync_from_deleting(uploads):
    records = [
        {"kind": "Company", "when": {"column": "Art", "in": ["K"]},
         "fields": {"erpKey": "Belegnr.", "companyName": "Debitor", "companyType": {"constant": "Customer"},
                    "isActive": {"constant": True}}},
        {"kind": "Invoice", "when": {"column": "Art", "in": ["RE"]}, "fields": invoice_fields()},
    ]  # fmt: skip
    uploads.save(document(records=records))
    uploads.load(text(GOOD, "R2;31.12.2024;K1;RE;1;0;1;ja"), "a.csv")
    uploads.load(text(GOOD, "R2;31.12.2024;K1;XX;1;0;1;ja"), "b.csv", full=True)
    assert set(uploads.records("Invoice")) == {"R1", "R2"}


def test_cells_that_every_line_lacks_leave_records_as_they_are(uploads):
    uploads.save(document(records=[{"kind": "Invoice", "fields": invoice_fields(isVoided="Bezahlt")}]))
    uploads.load(text(GOOD, "R2;31.12.2024;K1;RE;5;1;6;nein"), "a.csv")
    result = uploads.load(text("R1;31.12.2024;K1;RE;7,50", "R2;31.12.2024;K1;RE;8"), "b.csv")
    assert result.status_code == "Success"
    assert uploads.records("Invoice", "netAmount", "salesTaxAmount", "totalAmount", "isVoided") == {
        "R1": ["7.5", "0", "1.5", True],
        "R2": ["8", "1", "6", False],
    }


# Corrections.


def test_a_rejected_line_is_corrected_in_its_own_words_and_loaded_by_the_version_that_was_used(uploads):
    used = uploads.save(document())
    bad = "R2;31.02.2025;K1;RE;2,50;0;2,50;ja"
    sync_request = uploads.load(text(GOOD, bad), "liste.csv")
    uploads.save(document(name="Neu", styles={"decimal": ".", "dates": "MM/DD/YYYY"}))
    detail = sync_request.details.get(kind="error")
    assert (detail.column, detail.value, detail.raw_line) == ("Belegdatum", "31.02.2025", bad)
    assert SyncFile.objects.get(sync_request=sync_request).import_profile == used
    correction = corrections.save_correction(detail, None, {"Belegdatum": "30.02.2025"})
    assert [problem["code"] for problem in correction.problems] == ["impossible_date"]
    correction = corrections.save_correction(detail, None, {"Belegdatum": "28.02.2025"})
    assert correction.problems == []
    replay = uploads.run(corrections.load_again(sync_request, None))
    assert replay.status_code == "Success"
    assert uploads.records("Invoice", "invoiceDate", "totalAmount")["R2"] == ["2025-02-28", "2.5"]


def test_a_line_that_belongs_to_a_group_cannot_be_corrected_alone(uploads):
    from adsplatform.errors import PlatformError

    uploads.save(document(records=[{"kind": "Invoice", "group": ["Belegnr."], "fields": invoice_fields()}]))
    sync_request = uploads.load(text(GOOD, "R2;31.02.2025;K1;RE;2;0;2;ja"), "liste.csv")
    with pytest.raises(PlatformError, match="belong together in records"):
        corrections.rejected_line(sync_request.details.get(kind="error"))
