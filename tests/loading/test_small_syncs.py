"""A sync of one record executes few statements, however many records there are."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from adsplatform.records.models import Company
from syncs.loading import pipeline
from syncs.models import SyncRequest, Upload
from tests.loading.conftest import company, invoice

pytestmark = pytest.mark.django_db

DEFINES = ("CREATE", "DROP", "ALTER", "TRUNCATE", "ANALYZE")


@pytest.fixture
def statements(uploads):
    """Run the sync of a batch; the statements that it executed."""

    def run(tables=None, **records):
        asked = uploads.ask(json.dumps(records), "batch.json", format=Upload.Format.BATCH)
        sync_request = SyncRequest.objects.select_related("app_enrollment", "upload").get(pk=asked.pk)
        sync_request.start()
        with CaptureQueriesContext(
            connection,
        ) as captured:
            pipeline.run(sync_request)
        sync_request.refresh_from_db()
        assert sync_request.status_code == "Success", sync_request.process_result_message
        queries = (query["sql"] for query in captured.captured_queries)
        return [(query if isinstance(query, str) else query.as_string(None)).strip() for query in queries]

    return run


def beginning(statement):
    """Savepoints have names of their own."""
    return statement.partition('"s')[0][:60]


def test_a_sync_of_one_record_executes_few_statements(statements):
    for changed, most in ({}, 25), ({}, 23), ({"city": "Bonn"}, 25):
        executed = statements(companies=[company(**changed)])
        assert len(executed) <= most, "\n".join(executed)
    assert Company.objects.get().city == "Bonn"
    executed = statements(companies=[], invoices=[invoice(totalAmount="5")])
    assert len(executed) <= 45, "\n".join(executed)


def test_its_statements_are_the_same_beside_many_records(statements):
    few = statements(companies=[company("C1")])
    Company.objects.bulk_create(
        Company(
            app_enrollment_id=Company.objects.get().app_enrollment_id,
            group_key=Company.objects.get().group_key,
            erp_key=f"K{number}",
            company_name="Many",
            company_type="Customer",
            is_active=True,
        )
        for number in range(500)
    )
    many = statements(companies=[company("C2")])
    assert list(map(beginning, few)) == list(map(beginning, many))
