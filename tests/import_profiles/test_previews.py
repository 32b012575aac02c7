"""What a profile would make of a file: records, sums and rejected lines are those of the sync that follows."""

import io
import zipfile
from decimal import Decimal

import pytest

from adsplatform.records.models import Invoice
from syncs.import_profiles.documents import parse
from syncs.import_profiles.header_names import fingerprint
from syncs.import_profiles.inspected import Preview
from syncs.services.import_profiles import save_profile
from syncs.services.profile_previews import READ_BYTES, read_samples
from syncs.services.uploads import store_upload
from tests.loading.uploading import Uploads

pytestmark = pytest.mark.django_db
COLUMNS = ["Nr.", "Datum", "Kunde", "Brutto", "WKZ"]
COMPANIES = (
    "erpKey,companyName,companyType,isActive\nOWN,Own,Company,true\nK1,Bäckerei Krüger,Customer,true\n"
    "K2,Doppelt,Customer,true\nK3,Doppelt,Customer,true\n"
)


def document(customer="Kunde", **fields):
    return {
        "format": "import-profile/1",
        "name": "Rechnungen",
        "match": {"columns": COLUMNS, "fingerprint": fingerprint(COLUMNS)},
        "read": {"encoding": "utf-8", "delimiter": ";", "header": 1},
        "styles": {"decimal": ",", "thousands": ["."], "dates": "DD.MM.YYYY"},
        "records": [
            {
                "kind": "Invoice",
                "fields": {
                    "erpKey": "Nr.",
                    "companyErpKey": {"constant": "OWN"},
                    "customerErpKey": customer,
                    "invoiceDate": "Datum",
                    "totalAmount": "Brutto",
                    "currencyCode": "WKZ",
                    **fields,
                },
            }
        ],
    }


def written(*rows):
    return "".join(f"{row}\n" for row in (";".join(COLUMNS), *rows)).encode()


@pytest.fixture
def uploads():
    uploads = Uploads()
    uploads.load(COMPANIES, "companies.csv")
    return uploads


@pytest.fixture
def look(uploads):
    """The preview of a file by a profile; it is the same as what a sync by this profile then does."""

    def look(content, wanted, name="rechnungen.csv"):
        upload = store_upload(uploads.account, None, io.BytesIO(content), file_name=name)
        return read_samples(upload, uploads.enrollment, {"0": parse(wanted)})["0"]

    return look


def test_records_sums_and_rejected_lines_are_those_of_the_sync(look, uploads):
    content = written(
        "R1;31.12.2024;K1;1.235,51;EUR",
        "R2;02.01.2025;K1;100,00;EUR",
        "R3;03.01.2025;K9;7,00;EUR",
        "R4;04.01.2025;K1;-20,50;USD",
        ";05.01.2025;K1;1,00;EUR",
    )
    sample = look(content, document())
    preview = sample.preview(Preview())
    assert [(one.line, one.values["erpKey"]) for one in preview.records[:4]] == [
        (2, "R1"), (3, "R2"), (4, "R3"), (5, "R4"),
    ]  # fmt: skip
    assert preview.records[0].values["invoiceDate"] == "2024-12-31"
    assert (preview.lines, preview.rejected) == (5, 2)
    assert preview.totals == {"Invoice.totalAmount": {"EUR": "1335.51", "USD": "-20.50"}}
    assert any("no company has the key “K9”" in sentence for sentence in sample.first_problems())
    save_profile(uploads.enrollment, None, document())
    result = uploads.load(content, "rechnungen.csv").results.get(entity="Invoice")
    assert (result.lines_read, result.rejected, result.inserted) == (preview.lines, preview.rejected, 3)
    loaded = Invoice.objects.filter(app_enrollment=uploads.enrollment, currency_code="EUR")
    assert sum(loaded.values_list("total_amount", flat=True)) == Decimal("1335.51")


EMPTY = {"Nr.": 0, "Kunde": 2, "Datum": 1, "Brutto": 3, "WKZ": 4}


@pytest.mark.parametrize(("column", "rejected"), [("Nr.", 1), ("Kunde", 1), ("Datum", 0), ("Brutto", 0), ("WKZ", 0)])
def test_a_line_whose_required_field_is_empty_is_counted_as_the_sync_counts_it(look, uploads, column, rejected):
    cells = ["R2", "02.01.2025", "K1", "100,00", "EUR"]
    cells[EMPTY[column]] = ""
    content = written("R1;31.12.2024;K1;1.235,51;EUR", ";".join(cells))
    sample = look(content, document())
    preview = sample.preview(Preview())
    assert (preview.lines, preview.rejected) == (2, rejected)
    assert len(sample.first_problems()) == rejected
    assert all(" is empty, but every invoice needs it" in sentence for sentence in sample.first_problems())
    save_profile(uploads.enrollment, None, document())
    result = uploads.load(content, "rechnungen.csv").results.get(entity="Invoice")
    assert (result.lines_read, result.rejected) == (2, rejected)


def test_a_balance_whose_account_is_named_in_no_way_is_counted(look, uploads):
    columns = ["Jahr", "Periode", "Von", "Bis", "Saldo", "Konto", "Schlüssel"]
    balances = {
        **document(),
        "name": "Salden",
        "match": {"columns": columns, "fingerprint": fingerprint(columns)},
        "records": [
            {
                "kind": "FinancialAccountBalanceHistory",
                "fields": {
                    "financialYear": "Jahr",
                    "periodNumber": "Periode",
                    "periodStartDate": "Von",
                    "periodEndDate": "Bis",
                    "balance": "Saldo",
                    "financialAccountCode": "Konto",
                    "financialAccountErpKey": "Schlüssel",
                    "status": {"constant": "Open"},
                },
            }
        ],
    }
    uploads.load("erpKey,code,name,status,cashflowType,description,classification\n"
                 "A1,1000,Kasse,Active,None,Kasse,Asset\n", "financialAccounts.csv")  # fmt: skip
    rows = ["2025;1;01.01.2025;31.01.2025;5,00;1000;", "2025;2;01.02.2025;28.02.2025;6,00;;"]
    content = "".join(f"{row}\n" for row in (";".join(columns), *rows)).encode()
    preview = look(content, balances, "salden.csv").preview(Preview())
    assert (preview.lines, preview.rejected) == (2, 1)
    save_profile(uploads.enrollment, None, balances)
    result = uploads.load(content, "salden.csv").results.get(entity="FinancialAccountBalanceHistory")
    assert (result.lines_read, result.rejected) == (2, 1)


def test_a_customer_by_name_is_found_or_named_as_unknown_or_ambiguous(look, uploads):
    content = written("R1;31.12.2024;bäckerei krüger;1,00;EUR", "R2;31.12.2024;Niemand;1,00;EUR",
                      "R3;31.12.2024;Doppelt;1,00;EUR")  # fmt: skip
    sample = look(content, document(customer={"column": "Kunde", "by": "companyName"}))
    preview = sample.preview(Preview())
    assert [one.values["customerErpKey"] for one in preview.records] == ["K1"]
    assert (preview.lines, preview.rejected) == (3, 2)
    said = " ".join(sample.first_problems())
    assert "“Niemand”" in said
    assert "“Doppelt”" in said


def test_a_cell_that_contradicts_the_style_stops_the_preview_with_the_reason(look):
    sample = look(written("R1;31.12.2024;K1;1.00;EUR", "R2;12/31/2024;K1;1,00;EUR"), document())
    assert "12/31/2024" in sample.stopped or "1.00" in sample.stopped


def test_of_a_long_file_only_the_beginning_is_read(look):
    rows = [f"R{number};31.12.2024;K1;1,00;EUR" for number in range(30_000)]
    content = written(*rows)
    assert len(content) > READ_BYTES
    sample = look(content, document())
    preview = sample.preview(Preview())
    assert not sample.is_whole
    assert 0 < preview.lines < 30_000
    assert preview.rejected == 0


def test_every_file_of_a_zip_is_read_by_its_own_profile(uploads):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("rechnungen.csv", written("R1;31.12.2024;K1;1,00;EUR"))
        archive.writestr("kunden.csv", "Nummer;Firma\nK7;Neu & Co\n")
    companies = {
        **document(),
        "match": {"columns": ["Nummer", "Firma"], "fingerprint": fingerprint(["Nummer", "Firma"])},
        "records": [
            {
                "kind": "Company",
                "fields": {
                    "erpKey": "Nummer",
                    "companyName": "Firma",
                    "companyType": {"constant": "Customer"},
                    "isActive": {"constant": True},
                },
            }
        ],
    }
    upload = store_upload(uploads.account, None, io.BytesIO(packed.getvalue()), file_name="books.zip")
    samples = read_samples(upload, uploads.enrollment, {"0": parse(document()), "1": parse(companies)})
    assert [one.values["erpKey"] for one in samples["0"].preview(Preview()).records] == ["R1"]
    assert [one.values["companyName"] for one in samples["1"].preview(Preview()).records] == ["Neu & Co"]
    assert samples["1"].preview(Preview()).rejected == 0
