"""How PostgreSQL finds records: by an index, whatever the other accounts have."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from adsplatform.records import models as records
from tests.books import Books

OF_OTHERS = 5_000
# What is different in each of the many records: those columns are no texts.
RANDOM = {"id", "group_key", "app_enrollment_id", "invoice_id", "payment_id", "company_id", "customer_id", "record_key"}
COMMON = {
    "one": ("Invoices/{invoice}", ""),
    "the first page": ("Invoices/query", "pageSize=1"),
    "the second page": ("Invoices/query", "pageSize=1&pageNumber=1"),
    "lines": ("Invoices/query", "include=Lines"),
    "what settles": ("Invoices/{invoice}", "include=Payments,CreditMemos,Company,Customer,CustomFields"),
    "large ones": ("Invoices/query", "filter=totalAmount+gt+100&order=totalAmount+desc"),
    "by key": ("Invoices/query", "filter=erpKey+%3D+'I1'"),
    "companies": ("Companies/query", "filter=companyName+startswith+'M'&include=Contacts"),
    "payments": ("Payments/query", "include=Applications"),
    "lines of an invoice": ("invoice-lines/query", "filter=invoiceId+%3D+'{invoice}'"),
}


@pytest.fixture
def crowded(program, stranger):
    """The books of an account among thousands of records of another."""
    books = Books(program.account)
    Books(stranger.account)
    with connection.cursor() as cursor:
        for model in (
            records.Invoice,
            records.InvoiceLine,
            records.Payment,
            records.PaymentApplied,
            records.CreditMemoApplied,
            records.Company,
            records.Contact,
            records.CustomField,
        ):
            table = model._meta.db_table
            names = [field.column for field in model._meta.concrete_fields]
            chosen = [_different(name) if name in RANDOM | {"erp_key"} else f'"{name}"' for name in names]
            quoted = ", ".join(f'"{name}"' for name in names)
            cursor.execute(
                f"INSERT INTO {table} ({quoted}) SELECT {', '.join(chosen)} "
                f"FROM (SELECT * FROM {table} WHERE group_key = %s LIMIT 1) one, generate_series(1, {OF_OTHERS}) g",
                [stranger.account.pk],
            )
            cursor.execute(f"ANALYZE {table}")
    return books


def _different(name):
    if name == "erp_key":
        return "g::text"
    return f'"{name}"' if name in ("group_key", "app_enrollment_id") else "gen_random_uuid()"


def plans_of(program, path, parameters):
    """The plans of the statements about records that a call makes."""
    with CaptureQueriesContext(connection) as captured:
        assert program.get(path, parameters).status_code == 200
    for statement in [each["sql"] for each in captured if "FROM " in each["sql"] and "records_" in each["sql"]]:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (FORMAT json) {statement.replace('%', '%%')}")
            yield statement, cursor.fetchone()[0]


def nodes_of(plan):
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes_of(inner)


@pytest.mark.parametrize("name", COMMON)
def test_the_common_queries_read_no_table_of_records_as_a_whole(program, crowded, name):
    path, parameters = (text.format(invoice=crowded.invoice.pk) for text in COMMON[name])
    found = list(plans_of(program, path, parameters))
    assert found
    for statement, plan in found:
        plan = json.loads(plan) if isinstance(plan, str) else plan
        # That of a small table of syncs may be filtered by a record's column, and counts are a few rows of an account.
        scans = [
            node
            for node in nodes_of(plan[0]["Plan"])
            if node["Node Type"] == "Seq Scan"
            and node["Relation Name"].startswith("records_")
            and node["Relation Name"] != "records_recordcount"
        ]
        assert scans == [], statement
