"""Blanks around a text are no part of it, in every row and every way in."""

import pytest

from adsplatform.records.models import Company, Invoice
from tests.connectors.reading import zipped
from tests.loading.bad_inputs import COMPANY, INVOICE


@pytest.mark.parametrize("blank", [" ", "   ", "\u00a0", "\v"])
def test_texts_are_read_without_the_blanks_around_delimiters(uploads, blank):
    header = ",".join(f"{blank}{name}" for name in f"{INVOICE},purchaseOrderCode".split(","))
    rows = "".join(f"I{n},{blank}C1,{blank}C1,{blank}1,{blank}PO {n}{blank}\n" for n in range(3))
    companies = f"{COMPANY},city\nC1,{blank}Acme Ltd,Customer,true{blank},{blank}\n"
    uploads.load(zipped({"companies.csv": companies, "invoices.csv": f"{header}\n{rows}"}), "books.zip")
    assert Company.objects.values_list("company_name", "city").get() == ("Acme Ltd", None)
    assert sorted(Invoice.objects.values_list("purchase_order_code", flat=True)) == ["PO 0", "PO 1", "PO 2"]


@pytest.mark.parametrize(("text", "name"), [
    (f'{COMPANY}\nC1, Acme ,Customer,true\nC2,Bolt,Customer, true\nC3,"Nut ",Customer,true\n', "companies.csv"),
    ('{"erpKey": "C1", "companyName": "\\tAcme", "companyType": "Customer", "isActive": true}\n'
     '{"erpKey": "C2", "companyName": "Bolt", "companyType": "Customer", "isActive": true}\n'
     '{"erpKey": "C3", "companyName": "Nut\\n", "companyType": "Customer", "isActive": true}\n', "companies.jsonl"),
])  # fmt: skip
def test_one_rule_holds_for_every_row(uploads, text, name):
    uploads.load(text, name)
    assert sorted(Company.objects.values_list("company_name", flat=True)) == ["Acme", "Bolt", "Nut"]


def test_a_text_of_blanks_is_an_empty_cell(uploads):
    sync = uploads.load(f"{COMPANY},city\nC1,Acme,Customer,true,  \nC2,\u3000,Customer,true,\n", "companies.csv")
    assert list(Company.objects.values_list("company_name", "city")) == [("Acme", None)]
    assert [problem.code for problem in sync.details.filter(kind="error")] == ["required_empty"]


def test_rows_with_and_without_blanks_are_the_same_records(uploads, counts):
    uploads.load(f"{COMPANY}\nC1, Acme, Customer, true\n", "companies.csv")
    result = uploads.load(f"{COMPANY}\nC1,Acme,Customer,true\n", "companies.csv")
    assert counts(result) == {"Company": {"lines_read": 1, "unchanged": 1}}
