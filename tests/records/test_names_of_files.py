"""Which kind of record a file's name names."""

import pytest

from adsplatform.records.specification import entity_in, entity_named


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Invoices_2024-01", "Invoice"),
        ("2024-01-31 invoices", "Invoice"),
        ("INVOICES 2024 Q1", "Invoice"),
        ("invoices20240131", "Invoice"),
        ("invoices-export (2)", "Invoice"),
        ("Companies_Jan_2024", "Company"),
        ("export-companies-final-v2", "Company"),
        ("InvoiceLines_2024", "InvoiceLine"),
        ("invoice lines as of 31.12.2024", "InvoiceLine"),
        ("payments_from_2024-01-01_to_2024-01-31", "Payment"),
        ("credit_memo_applications_2024", "CreditMemoApplied"),
        ("März 2024 Invoices", "Invoice"),
    ],
)
def test_a_date_and_plain_words_do_not_hide_the_kind(name, kind):
    found = entity_named(name)
    assert found is entity_in(name)
    assert found.name == kind


@pytest.mark.parametrize(
    ("name", "suggested"),
    [
        ("Invoices ACME", "Invoice"),
        ("payment_terms_2024", "Payment"),
        ("invoices not paid", "Invoice"),
        ("Company Info", "Company"),
        ("old_contacts_backup", "Contact"),
    ],
)
def test_a_name_with_other_words_is_only_suggested(name, suggested):
    assert entity_named(name) is None
    found = entity_in(name)
    assert found.name == suggested


@pytest.mark.parametrize(
    "name", ["invoices and payments", "companies_contacts_2024", "2024-01", "", "export", "planets", "invoicesx", "_"]
)
def test_two_kinds_or_none_are_no_kind(name):
    assert entity_named(name) is None
    assert entity_in(name) is None


def test_the_longest_name_counts():
    for name in ("invoice lines", "Invoice_Lines", "InvoiceLines", "2024 invoice lines"):
        assert entity_named(name).name == "InvoiceLine"
