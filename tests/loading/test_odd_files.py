"""Files that are not quite as they should be, loaded the whole way: what comes of the sync, and what it deletes."""

import pytest

from adsplatform.records.models import Company, Invoice
from tests.connectors.reading import zipped
from tests.loading.bad_inputs import COMPANY, INVOICE

COMPANIES = f"{COMPANY}\nC1,Acme,Customer,true\nC2,Bolt,Customer,true\n"


def details(result):
    return [(detail.kind, detail.code, detail.line) for detail in result.details.order_by("id")]


def test_a_title_above_the_header_costs_nothing(uploads, counts):
    result = uploads.load(f"Companies of ACME\n\n{COMPANIES}", "companies.csv", full=True)
    assert counts(result) == {"Company": {"lines_read": 2, "inserted": 2}}
    assert details(result) == [("warning", "lines_above_header", 1)]


@pytest.mark.parametrize("text", ["C3,Core,Customer,true\n", "C3,Core,Customer,yes", "Nr;Name\n"])
def test_one_line_without_a_header_fails(uploads, text):
    result = uploads.load(text, "companies.csv")
    assert result.status_code == "Failed"
    assert {code for _, code, _ in details(result)} == {"header_missing", "nothing_loaded"}


def test_a_file_without_a_header_is_told_once_and_every_line_is_rejected(uploads, counts):
    rows = "".join(f"I{number},C1,C1,{number}.50,{number}.50\n" for number in range(500))
    result = uploads.load(zipped({"companies.csv": COMPANIES, "invoices.csv": rows}), "books.zip")
    assert result.status_code == "Success"
    assert counts(result)["Invoice"] == {"lines_read": 500, "rejected": 500}
    assert details(result) == [("error", "header_missing", None)]


@pytest.mark.parametrize("text", ['[{"erpKey": "I1"}]', "<?xml version='1.0'?><a/>", "Nr,Betrag\n", "%PDF-1.4"])
def test_a_file_that_cannot_be_read_is_an_error_and_nothing_of_its_kind_is_deleted(uploads, text):
    uploads.load(zipped({"companies.csv": COMPANIES, "invoices.csv": f"{INVOICE}\nI1,C1,C1,1\n"}), "books.zip")
    result = uploads.load(zipped({"companies.csv": COMPANIES, "invoices.csv": text}), "books.zip", full=True)
    assert result.status_code == "Success"
    assert [kind for kind, _, _ in details(result)] == ["error"]
    assert Invoice.objects.count() == 1


def test_a_file_of_an_unknown_kind_is_an_error_even_without_rows(uploads):
    result = uploads.load(zipped({"companies.csv": COMPANIES, "planets.csv": "erpKey,name\n"}), "books.zip")
    assert ("error", "unknown_file", None) in details(result)


def test_the_end_mark_of_dos_leaves_a_kind_complete(uploads):
    uploads.load(COMPANIES + "C3,Core,Customer,true\n", "companies.csv")
    result = uploads.load(COMPANIES + "\x1a", "companies.csv", full=True)
    assert details(result) == []
    assert sorted(Company.objects.values_list("erp_key", flat=True)) == ["C1", "C2"]
