"""Limits on reads: how many an account makes, and how long each may keep the database busy."""

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from adsplatform.records.models import Company
from adsplatform.rest.throttling import ReadThrottle
from syncs.models import SyncRequest, SyncResultDetail
from tests.callers import Program, anonymous
from tests.factories import AppEnrollmentFactory, SyncRequestFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    return Program()


@pytest.fixture
def sync_request(program):
    """A sync with 20,000 problems, in whose messages a search takes a while."""
    sync_request = SyncRequestFactory(app_enrollment=AppEnrollmentFactory(group_key=program.account))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {SyncResultDetail._meta.db_table} (sync_request_id, group_key, entity, kind, erp_key, file, "
            'line, "column", value, code, message, raw_line) '
            "SELECT %s, %s, 'Invoice', 'error', '', 'i.csv', n, '', '', 'bad_date', repeat('a date of ' || n, 40), 'x' "
            "FROM generate_series(1, 20000) n",
            [sync_request.pk, program.account.pk],
        )
    return sync_request


# Lists that the product knows without the database.
IN_MEMORY = [
    "/api/v1/CodeDefinitions/query",
    *(f"/api/v1/Definitions/{name}" for name in ("countries", "currencies", "problem-codes", "states")),
    "/api/v1/UserRoles/query",
]


def contains(count):
    return " or ".join(f"message contains 'x{number}'" for number in range(count))


@pytest.mark.parametrize(
    ("filter", "sentence"),
    [
        (contains(11), "The filter searches within texts more than 10 times (CONTAINS, STARTSWITH, ENDSWITH). "),
        (" or ".join(["line = 1"] * 101), "The filter has more than 100 conditions. "),
    ],
)
def test_a_query_has_a_limited_number_of_conditions(program, sync_request, filter, sentence):
    for path in ("details/query", "rejected-lines"):
        answer = program.get(f"Sync/{sync_request.pk}/{path}", f"filter={filter}")
        assert (answer.status_code, answer.json()["detail"].startswith(sentence)) == (400, True)


@pytest.mark.parametrize("path", ["details/query", "rejected-lines"])
def test_a_query_that_takes_too_long_is_stopped_and_says_so(program, sync_request, settings, path):
    settings.READ_SECONDS = 0.002
    answer = program.get(f"Sync/{sync_request.pk}/{path}", f"filter={contains(10)}")
    assert (answer.status_code, answer.json()["title"]) == (400, "The query took too long.")
    assert answer.json()["detail"].startswith("The query took longer than 0.002 seconds and was stopped. Narrow it: ")
    # The connection goes on.
    assert SyncRequest.objects.filter(pk=sync_request.pk).exists()


def test_what_is_included_with_a_record_has_a_time_limit(program, settings):
    own = {"group_key": program.account.pk, "app_enrollment": AppEnrollmentFactory(group_key=program.account)}
    company = Company.objects.create(**own, erp_key="C1", company_name="C", company_type="Customer", is_active=True)
    settings.READ_SECONDS = 0.2
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        other.execute("LOCK TABLE records_contact")
        answer = program.get(f"Companies/{company.pk}", "include=Contacts")
        assert (answer.status_code, answer.json()["title"]) == (400, "The query took too long.")
        assert program.get(f"Companies/{company.pk}").status_code == 200


def test_an_account_has_a_limited_number_of_reads_in_a_minute(program, settings, monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1_800_000_015.0)
    ReadThrottle._reads.clear()
    settings.READS_PER_MINUTE = 3
    answers = [program.get("Sync/query") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert (answers[-1].json()["status"], answers[-1]["Retry-After"]) == (429, "45")
    # Other accounts, writes and open pages go on.
    assert Program().get("Sync/query").status_code == 200
    assert program.post("ApiKeys", {"name": "mine"}).status_code == 201
    assert anonymous().get("/api/v1/Status").status_code == 200
    monkeypatch.setattr("time.time", lambda: 1_800_000_060.0)
    assert program.get("Sync/query").status_code == 200


def test_every_page_of_a_list_has_a_time_limit(program):
    paths = anonymous().get("/api/v1/openapi.json").json()["paths"]
    lists = [
        path
        for path, item in paths.items()
        if "{" not in path and any(each.get("name") == "pageSize" for each in item.get("get", {}).get("parameters", ()))
    ]
    assert len(lists) > 20
    unlimited = []
    for path in sorted(lists):
        with CaptureQueriesContext(connection) as captured:
            assert program.get(path).status_code == 200, path
        if not any("statement_timeout" in query["sql"] for query in captured):
            unlimited.append(path)
    assert unlimited == IN_MEMORY
