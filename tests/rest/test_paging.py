"""FetchResults: a page of what matches."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from adsplatform.accounts.models import ApiKey
from enrollments.models import Application
from tests.callers import Program
from tests.factories import AppEnrollmentFactory, SyncRequestFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    made = Program()
    enrollment = AppEnrollmentFactory(group_key=made.account)
    for number in range(5):
        SyncRequestFactory(app_enrollment=enrollment, failure_count=number)
    return made


def counts(answer):
    return [row["failureCount"] for row in answer.json()["records"]]


def test_the_newest_come_first_250_to_a_page(program):
    answer = program.get("Sync/query")
    assert counts(answer) == [4, 3, 2, 1, 0]
    assert {name: answer.json()[name] for name in ("totalCount", "pageSize")} == {
        "totalCount": 5,
        "pageSize": 250,
    }
    assert "pageNumber" not in answer.json()


@pytest.mark.parametrize(
    ("query", "records"),
    [
        ("pageSize=2", [4, 3]),
        ("pageSize=2&pageNumber=1", [2, 1]),
        ("pageSize=2&pageNumber=2", [0]),
        ("pageSize=2&pageNumber=3", []),
        ("pageSize=2&pageNumber=2147483647", []),
        ("order=failureCount&pageSize=3", [0, 1, 2]),
        ("order=failureCount+desc&filter=failureCount+%3E+1", [4, 3, 2]),
        ("filter=failureCount+in+(1,3)", [3, 1]),
        ("filter=failureCount+eq+9", []),
        # What the SDKs send for parameters that are not given.
        ("filter=None&include=None&order=None&pageSize=None&pageNumber=None", [4, 3, 2, 1, 0]),
        ("filter&include&order&pageSize&pageNumber", [4, 3, 2, 1, 0]),
        ("filter=&include=&order=&pageSize=&pageNumber=", [4, 3, 2, 1, 0]),
        ("params=%7B%7D", [4, 3, 2, 1, 0]),
        ("params=%7B%22filter%22:%22failureCount+lt+3%22,%22pageSize%22:2%7D", [2, 1]),
        ("appEnrollmentId=abc&whatever=1", [4, 3, 2, 1, 0]),
    ],
)
def test_filter_order_and_page_choose_the_records(program, query, records):
    assert counts(program.get("Sync/query", query=query)) == records


def test_the_total_counts_all_pages_and_a_given_page_number_is_repeated(program):
    answer = program.get("Sync/query", query="pageSize=2&pageNumber=0&filter=failureCount+gt+0").json()
    assert (answer["totalCount"], answer["pageSize"], answer["pageNumber"]) == (4, 2, 0)


def test_records_are_there_even_when_there_are_none(program):
    answer = program.get("Sync/query", query="filter=statusCode+eq+'Failed'")
    assert answer.content == b'{"records":[],"totalCount":0,"pageSize":250}'


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("pageSize=501", "pageSize"),
        ("pageSize=0", "pageSize"),
        ("pageSize=-1", "pageSize"),
        ("pageSize=ten", "pageSize"),
        ("pageNumber=-1", "pageNumber"),
        ("filter=nothing+eq+1", "filter"),
        ("filter=failureCount+eq", "filter"),
        ("filter=created+%3E+never", "filter"),
        ("order=nothing", "order"),
        ("include=Invoices", "include"),
        ("params=nonsense", "params"),
    ],
)
def test_an_invalid_parameter_is_a_400_that_names_it(program, query, field):
    answer = program.get("Sync/query", query=query)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


@pytest.mark.parametrize(
    "path",
    [
        "Sync/query",
        "AppEnrollments/query",
        "Applications/query",
        "ApiKeys/query",
    ],
)
def test_no_page_needs_more_queries_for_more_rows(program, path):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            answer = program.get(path, query=query)
        return len(captured), len(answer.json()["records"])

    query = "include=Enrollments" if path == "Applications/query" else ""
    # The first call of a minute notes that the key is in use.
    queries()
    few, rows = queries()
    for number in range(3):
        Application.objects.create(name=f"App {number}", app_type="Connector", created_user=program.user)
        enrollment = AppEnrollmentFactory(group_key=program.account, created_user=program.user)
        SyncRequestFactory(app_enrollment=enrollment, modified_user=program.user, parent_sync_request=None)
        ApiKey.make(account=program.account, user=program.user, name="more")[0].revoke(program.user)
    assert queries() == (few, rows + 3)
