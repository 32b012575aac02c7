"""How PostgreSQL goes about a merge: by the keys, however many records of others stand beside."""

import pytest
from django.db import connection
from psycopg import sql

from adsplatform.records.models import Invoice
from syncs.loading import direct_insert
from syncs.loading.context import MergeContext
from tests.factories import AppEnrollmentFactory
from tests.loading.conftest import company, invoice

pytestmark = pytest.mark.django_db
OTHERS = 20_000


@pytest.fixture
def explained(monkeypatch):
    """The plan of every statement that a merge runs."""
    found, execute = [], MergeContext.execute

    def explaining(work, statement, given=None):
        text = statement.as_string(work.cursor.connection)
        if text.split()[0] in ("SELECT", "CREATE", "UPDATE", "INSERT", "WITH") and "SELECT" in text:
            execute(work, sql.SQL("EXPLAIN ") + statement, given)
            found.append("\n".join(line for (line,) in work.cursor.fetchall()))
        execute(work, statement, given)

    monkeypatch.setattr(MergeContext, "execute", explaining)
    return found


@pytest.fixture
def others():
    """Companies of another enrollment, so many that to read the table is dear."""
    other = AppEnrollmentFactory()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO records_company (id, group_key, app_enrollment_id, created, modified, erp_key, company_name,
                                         company_type, is_active)
            SELECT gen_random_uuid(), gen_random_uuid(), %s, now(), now(), 'C' || n, 'Acme', 'Customer', true
            FROM generate_series(1, %s) n
            """,
            [other.pk, OTHERS],
        )
        cursor.execute("ANALYZE records_company")


@pytest.mark.usefixtures("others")
def test_a_small_sync_reads_no_table_of_records_whole(sync, explained):
    sync({"companies": [company("C1"), company("C2")]})
    sync({"companies": [company("C1", city="Bonn"), company("C3", parentCompanyErpKey="C1")]})
    touching = [plan for plan in explained if "records_company" in plan]
    assert any("one_company_per_key" in plan for plan in touching)
    assert not [plan for plan in touching if "Seq Scan on records_company" in plan]


def test_rows_in_another_form_are_matched_by_a_hash_join(sync, counts, explained):
    lines = [company(f"C{number}") for number in range(2_000)]
    sync({"companies": lines})
    explained.clear()
    again = sync({"companies": [line | {"city": ""} for line in lines]})
    assert counts(again) == {"Company": {"lines_read": 2_000, "unchanged": 2_000}}
    (looking,) = [plan for plan in explained if "existing_hash IS NULL" in plan]
    assert "Hash Join" in looking
    assert "Nested Loop" not in looking


@pytest.mark.usefixtures("others")
def test_direct_insert_looks_keys_up_by_index_where_there_are_many(sync, explained, monkeypatch):
    sync({"companies": [company("C1")]})
    monkeypatch.setattr(direct_insert, "MOST_KEYS", 0)
    sync({"invoices": [invoice("I1", "C1")]}, directly=True)
    looking_up = [plan for plan in explained if "erp_key)::text = ANY" in plan]
    assert looking_up
    assert all("Index Scan using one_company_per_key" in plan for plan in looking_up)
    assert Invoice.objects.get().company.erp_key == "C1"


@pytest.mark.usefixtures("others")
def test_references_of_rejected_rows_are_looked_up_by_index(sync, explained):
    sync({"companies": [company("C1")]})
    explained.clear()
    sync({"invoices": [invoice(f"I{number}", "C1", totalAmount="ten") for number in range(200)]})
    looking_up = [plan for plan in explained if "rejected_reference" in plan]
    assert len(looking_up) == 2
    assert all("Index Only Scan using one_company_per_key" in plan for plan in looking_up)
    assert not [plan for plan in looking_up if "Nested Loop" in plan]
