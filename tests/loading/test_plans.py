"""How PostgreSQL goes about a merge: by the keys, however many records of others stand beside."""

import pytest
from django.db import connection
from psycopg import sql

from syncs import ahead
from syncs.statements import Work
from tests.factories import AppEnrollmentFactory
from tests.loading.conftest import company, invoice

pytestmark = pytest.mark.django_db
OTHERS = 20_000


@pytest.fixture
def explained(monkeypatch):
    """The plan of every statement that a merge runs."""
    found, execute = [], Work.execute

    def explaining(work, statement):
        text = statement.as_string(work.cursor.connection)
        if text.split()[0] in ("SELECT", "CREATE", "UPDATE", "INSERT", "WITH") and "SELECT" in text:
            execute(work, sql.SQL("EXPLAIN ") + statement)
            found.append("\n".join(line for (line,) in work.cursor.fetchall()))
        execute(work, statement)

    monkeypatch.setattr(Work, "execute", explaining)
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


@pytest.mark.usefixtures("others")
@pytest.mark.parametrize("few, is_looked_up", [(100_000, False), (0, True)])
def test_many_records_that_are_referred_to_are_looked_up_one_by_one(sync, explained, monkeypatch, few, is_looked_up):
    sync({"companies": [company("C1")]})
    monkeypatch.setattr(ahead, "FEW", few)
    sync({"invoices": [invoice("I1", "C1")]}, ahead=True)
    (plan,) = [plan for plan in explained if "Insert on late_invoice" in plan]
    assert ("AND ((erp_key)::text = s_1.company_erp_key)" in plan) == is_looked_up
    assert "one_company_per_key" in plan
