"""Templates of files: every one of them loads as it is, through the real path."""

import csv
import io
import zipfile
from decimal import Decimal

import pytest
from django.test import Client

from adsplatform.records.column_texts import column_texts, required_kinds, written_texts
from adsplatform.records.specification import entities
from syncs.presentation.file_templates import sample_zip, template_named
from tests.loading.uploading import Uploads
from tests.samples.sheets import number, sheet, workbook

pytestmark = pytest.mark.django_db
KINDS = list(entities())


@pytest.fixture
def uploads():
    return Uploads()


def content_of(file):
    return b"".join(template_named(file).chunks)


def problems_of(sync):
    return [str(detail) for detail in sync.details.all()]


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_has_a_meaning_and_nothing_else_has(kind):
    texts = column_texts(kind)
    assert {text.name for text in texts} == {column.wire for column in entities()[kind].columns.values()}
    assert all(text.meaning and text.type and text.required for text in texts)


def test_no_text_is_left_over():
    written = [(row["kind"], row["column"]) for row in written_texts()]
    assert sorted(written) == sorted((kind, text.name) for kind in KINDS for text in column_texts(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_every_template_loads_after_what_its_example_refers_to_and_holds_the_same_record(uploads, kind):
    def load(content, file):
        sync = uploads.load(content, file)
        assert (sync.status_code, problems_of(sync)) == ("Success", []), file
        return sync.results.filter(entity=kind).values_list("lines_read", "inserted", "unchanged")

    if before := required_kinds(kind):
        load(b"".join(sample_zip(before).chunks), "sample.zip")
    name = entities()[kind].model.BATCH_KEY
    assert list(load(content_of(f"{name}.csv"), f"{name}.csv")) == [(1, 1, 0)]
    assert list(load(content_of(f"{name}.xlsx"), f"{name}.xlsx")) == [(1, 0, 1)]
    # The sample begins with the same record.
    ((lines, inserted, unchanged),) = load(b"".join(sample_zip([kind]).chunks), "sample.zip")
    assert (inserted, unchanged) == (lines - 1, 1)


def test_the_sample_zip_loads_every_kind_without_a_problem_and_again_changes_nothing(uploads):
    sync = uploads.load(content_of("sample.zip"), "sample.zip", full=True)
    assert (sync.status_code, problems_of(sync)) == ("Success", [])
    assert {result.entity for result in sync.results.all()} == set(KINDS)
    assert all(result.inserted == result.lines_read > 0 for result in sync.results.all())
    again = uploads.load(content_of("sample.zip"), "sample.zip", full=True)
    assert (again.status_code, problems_of(again)) == ("Success", [])
    assert all(result.unchanged == result.lines_read for result in again.results.all())


def test_the_credit_memo_and_the_booking_of_the_sample_add_up():
    rows = {}
    for kind in ("Invoice", "InvoiceLine", "JournalEntryLine", "PaymentApplied", "CreditMemoApplied"):
        with zipfile.ZipFile(io.BytesIO(b"".join(sample_zip([kind]).chunks))) as archive:
            (name,) = archive.namelist()
            rows[kind] = list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8-sig"))))
    for row in (*rows["Invoice"], *rows["InvoiceLine"]):
        assert Decimal(row["netAmount"]) + Decimal(row["salesTaxAmount"]) == Decimal(row["totalAmount"])
    debit, credit = (sum(Decimal(row[side]) for row in rows["JournalEntryLine"]) for side in ("debit", "credit"))
    assert debit == credit == 1000
    paid = Decimal(rows["PaymentApplied"][0]["paymentAppliedAmount"])
    credited = Decimal(rows["CreditMemoApplied"][0]["creditMemoAppliedAmount"])
    invoice = rows["Invoice"][0]
    assert Decimal(invoice["totalAmount"]) - paid - credited == Decimal(invoice["outstandingBalanceAmount"])


def test_a_program_gets_them_without_a_key_by_any_name_of_the_kind():
    for name in ("invoices.csv", "Invoice.csv", "invoice_sync_model.CSV"):
        answer = Client().get(f"/api/v1/Definitions/templates/{name}")
        assert answer.status_code == 200, name
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="invoices.csv"'
        header = answer.getvalue().decode("utf-8-sig").splitlines()[0]
        assert header.startswith("erpKey,companyErpKey,")
    assert Client().get("/api/v1/Definitions/templates/sample.zip").headers["Content-Type"] == "application/zip"


@pytest.mark.parametrize("name", ["invoice.pdf", "nobody.csv", "csv", ".csv", "sample.csv", "invoices", "invoices.zip"])
def test_an_unknown_template_is_a_404_that_lists_those_there_are(name):
    answer = Client().get(f"/api/v1/Definitions/templates/{name}")
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith(f"There is no template called “{name}”. Ask for KIND.csv")
    assert "invoiceLines" in answer.json()["detail"]


def test_a_sheet_that_only_resembles_the_explanation_is_still_told(uploads):
    header, own = ("erpKey", "companyName", "companyType", "isActive"), ("C1", "Acme", "Customer", "true")
    explained = ("Column", "Type", "Length", "Required", "Meaning")
    for name, first in (("More", explained), ("Columns", (*explained, "Unit")), ("columns ", explained)):
        other = sheet(first, ("total", "text", number("100"), "no", "All"))
        sync = uploads.load(workbook(sheet(header, own), other, names=["companies", name]), "companies.xlsx")
        assert any(name.strip() in problem for problem in problems_of(sync)), (name, first)
    other = sheet(explained, ("total", "text", number("100"), "no", "All"))
    content = workbook(sheet(header, own), other, names=["companies", "Columns"])
    assert problems_of(uploads.load(content, "companies.xlsx")) == []
