"""How PostgreSQL goes about a merge: by the keys, however many records of others stand beside."""

import pytest
from django.db import connection
from psycopg import sql

from syncs.statements import Work
from tests.factories import AppEnrollmentFactory
from tests.loading.conftest import company

pytestmark = pytest.mark.django_db
OTHERS = 20_000


@pytest.fixture
def explained(monkeypatch):
    """The plan of every statement that a merge runs."""
    found, execute = [], Work.execute

    def explaining(work, statement):
        text = statement.as_string(work.cursor.connection)
        if text.split()[0] in ("SELECT", "CREATE", "UPDATE", "INSERT") and "SELECT" in text:
            execute(work, sql.SQL("EXPLAIN ") + statement)
            found.append("\n".join(line for (line,) in work.cursor.fetchall()))
        execute(work, statement)

    monkeypatch.setattr(Work, "execute", explaining)
    return found


def test_a_small_sync_reads_no_table_of_records_whole(sync, explained):
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
    sync({"companies": [company("C1"), company("C2")]})
    sync({"companies": [company("C1", city="Bonn"), company("C3", parentCompanyErpKey="C1")]})
    touching = [plan for plan in explained if "records_company" in plan]
    assert any("one_company_per_key" in plan for plan in touching)
    assert not [plan for plan in touching if "Seq Scan on records_company" in plan]
