"""What may be loaded, read off the models, is what is published."""

import pytest

from adsplatform.records.specification import entities, entity_named
from tests.records.published import BATCH_KEYS, FORMER, PUBLISHED

TYPES = {
    "string": {"text"},
    "decimal": {"amount"},
    "double": {"double"},
    "boolean": {"boolean"},
    "int32": {"integer"},
    "enum": {"integer"},
    "uuid": {"uuid"},
    "object": {"json"},
    "date-time": {"date", "stamp"},
}
# Ours are stricter where the publication is silent: a plain date, and lengths that keep keys indexable.
STRICTER = {
    ("Invoice", "plannedPaymentDate"): ("date", None),
    ("CustomField", "erpKey"): ("text", 255),
    ("BaseCurrency", "baseCurrencyCode"): ("text", 3),
}


def test_all_15_kinds_of_record_are_there():
    assert set(entities()) == set(PUBLISHED)
    assert len(PUBLISHED) == 15
    assert {name: entity.model.BATCH_KEY for name, entity in entities().items()} == BATCH_KEYS


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_fields_of_an_entity_are_the_published_ones(name):
    columns = {column.wire: column for column in entities()[name].columns.values()}
    assert set(columns) == {wire for wire, *_ in PUBLISHED[name]}
    for wire, published_type, required, max_length in PUBLISHED[name]:
        column = columns[wire]
        if (name, wire) in STRICTER:
            assert (column.type, column.max_length) == STRICTER[name, wire]
        else:
            assert column.type in TYPES[published_type], wire
            assert column.max_length == max_length, wire
        assert column.required == required, wire


def test_former_columns_are_known():
    for name, former in FORMER.items():
        entity = entities()[name]
        assert {wire.lower() for wire in former} == entity.legacy_columns | {
            old.lower() for old in entity.model.RENAMED_COLUMNS
        }


@pytest.mark.parametrize(
    ("name", "entity"),
    [
        ("invoices", "Invoice"),
        ("Invoice", "Invoice"),
        ("INVOICE", "Invoice"),
        ("invoice_lines", "InvoiceLine"),
        ("Invoice Lines", "InvoiceLine"),
        ("creditmemoapplied", "CreditMemoApplied"),
        ("creditMemosApplied", "CreditMemoApplied"),
        ("creditMemoApplications", "CreditMemoApplied"),
        ("paymentapplied", "PaymentApplied"),
        ("payments-applied", "PaymentApplied"),
        ("CompanySyncModel", "Company"),
        ("companies", "Company"),
        ("journal-entry-lines", "JournalEntryLine"),
        ("financialAccountBalanceHistories", "FinancialAccountBalanceHistory"),
        ("baseCurrencies", "BaseCurrency"),
    ],
)
def test_a_file_is_matched_to_its_entity(name, entity):
    assert entity_named(name).name == entity


@pytest.mark.parametrize("name", ["", "invoicez", "notes", "companies acme"])
def test_other_names_match_nothing(name):
    assert entity_named(name) is None


def test_every_record_has_its_group_and_a_unique_key_in_its_enrollment():
    for entity in entities().values():
        names = {field.column for field in entity.model._meta.fields}
        assert {"id", "group_key", "app_enrollment_id"} <= names
        unique = [constraint.fields or () for constraint in entity.model._meta.constraints]
        expressions = [
            tuple(expression.name for expression in constraint.expressions)
            for constraint in entity.model._meta.constraints
        ]
        assert [
            fields
            for fields in (*unique, *expressions)
            if fields == ("app_enrollment", *(key.removesuffix("_id") for key in entity.key))
        ]
