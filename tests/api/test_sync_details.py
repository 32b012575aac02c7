"""What came of every line: inline when asked for, and page by page."""

import pytest

from syncs.api import entity_details
from tests.callers import Program
from tests.factories import SyncEntityResultFactory, SyncRequestFactory, SyncResultDetailFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def finished(enrollment):
    return SyncRequestFactory(app_enrollment=enrollment, succeeded=True)


def details(program, sync_request, include="include=details"):
    return program.get(f"Sync/{sync_request.pk}", query=include).json()["details"]


@pytest.mark.parametrize("include", ["include=details", "include=Details", "include=DETAILS,", "INCLUDE=details"])
def test_the_details_have_counts_and_problems_by_entity(program, finished, include):
    SyncEntityResultFactory(
        sync_request=finished,
        entity="Invoice",
        lines_read=15,
        inserted=5,
        updated=4,
        unchanged=1,
        deleted_by_match=1,
        skipped=2,
        rejected=2,
        deleted_as_missing=3,
    )
    SyncEntityResultFactory(sync_request=finished, entity="Company", lines_read=1, inserted=1)
    for erp_key, line, message in (("I1", 2, "Bad amount."), ("I1", 2, "Bad date."), ("", 3, "No key.")):
        SyncResultDetailFactory(sync_request=finished, erp_key=erp_key, line=line, message=message)
    SyncResultDetailFactory(sync_request=finished, kind="skip", erp_key="I7", line=9, message="Superseded.")
    SyncResultDetailFactory(sync_request=finished, kind="warning", message="An unknown column.")
    assert details(program, finished, include) == {
        "Invoice": {
            "insertCount": 5,
            "updateCount": 4,
            "deleteCount": 4,
            "skipCount": 3,
            "errorCount": 2,
            "errors": {
                "I1": ["invoices.csv, line 2: Bad amount.", "invoices.csv, line 2: Bad date."],
                "line 3": ["invoices.csv, line 3: No key."],
            },
            "skips": {"I7": ["invoices.csv, line 9: Superseded."]},
        },
        "Company": {
            "insertCount": 1,
            "updateCount": 0,
            "deleteCount": 0,
            "skipCount": 0,
            "errorCount": 0,
            "errors": {},
            "skips": {},
        },
    }


def test_a_problem_of_a_whole_file_is_under_its_name_and_counted(program, enrollment):
    failed = SyncRequestFactory(app_enrollment=enrollment, failed=True)
    SyncResultDetailFactory(
        sync_request=failed, entity="odd.csv", file="odd.csv", erp_key="", line=None, message="Unknown."
    )
    assert details(program, failed) == {
        "odd.csv": {
            "insertCount": 0,
            "updateCount": 0,
            "deleteCount": 0,
            "skipCount": 0,
            "errorCount": 1,
            "errors": {"odd.csv": ["odd.csv: Unknown."]},
            "skips": {},
        }
    }


def test_details_are_only_shown_when_asked_for_and_only_at_the_end(program, enrollment, finished):
    running = SyncRequestFactory(app_enrollment=enrollment, running=True)
    assert "details" not in program.get(f"Sync/{finished.pk}").json()
    assert "details" not in program.get(f"Sync/{running.pk}", query="include=details").json()
    assert details(program, finished) == {}


def test_a_page_of_syncs_with_details_takes_the_same_queries_as_one(program, enrollment, django_assert_num_queries):
    def sync():
        made = SyncRequestFactory(app_enrollment=enrollment, succeeded=True)
        SyncEntityResultFactory(sync_request=made, lines_read=2, rejected=2)
        SyncResultDetailFactory.create_batch(2, sync_request=made)

    sync()
    # The first call of a minute notes that the key is in use.
    program.get("Sync/query", query="include=details")
    # Key, membership, row-level security on, page, results, problems, count, row-level security off; and three for the
    # transaction with the time limit of reads.
    with django_assert_num_queries(11):
        program.get("Sync/query", query="include=details")
    for _ in range(20):
        sync()
    with django_assert_num_queries(11):
        records = program.get("Sync/query", query="include=details").json()["records"]
    assert [len(row["details"]["Invoice"]["errors"]) for row in records] == [2] * 21


def test_an_entity_shows_so_many_problems_and_counts_all(program, finished, monkeypatch):
    monkeypatch.setattr(entity_details, "LISTED_OF_AN_ENTITY", 3)
    SyncEntityResultFactory(sync_request=finished, lines_read=5, rejected=5)
    for number in range(5):
        SyncResultDetailFactory(sync_request=finished, erp_key=f"I{number}")
    SyncResultDetailFactory(sync_request=finished, entity="Company", erp_key="C1")
    body = details(program, finished)
    assert (body["Invoice"]["errorCount"], list(body["Invoice"]["errors"])) == (5, ["I0", "I1", "I2"])
    assert list(body["Company"]["errors"]) == ["C1"]


def test_the_syncs_of_a_page_share_what_a_page_may_show(program, enrollment, monkeypatch):
    monkeypatch.setattr(entity_details, "LISTED_OF_A_PAGE", 4)
    for _ in range(2):
        made = SyncRequestFactory(app_enrollment=enrollment, failed=True)
        SyncResultDetailFactory.create_batch(3, sync_request=made)
    records = program.get("Sync/query", query="include=details").json()["records"]
    assert [len(row["details"]["Invoice"]["errors"]) for row in records] == [2, 2]


def test_every_problem_can_be_paged_through(program, finished):
    made = [
        SyncResultDetailFactory(sync_request=finished, erp_key=f"I{number}", line=number + 2) for number in range(3)
    ]
    answer = program.get(f"Sync/{finished.pk}/details/query", query="pageSize=2").json()
    assert (answer["totalCount"], answer["pageSize"]) == (3, 2)
    assert [row["erpKey"] for row in answer["records"]] == ["I0", "I1"]
    assert answer["records"][0] == {
        "id": made[0].pk,
        "entity": "Invoice",
        "kind": "error",
        "erpKey": "I0",
        "file": "invoices.csv",
        "line": 2,
        "column": "totalAmount",
        "value": "twelve",
        "code": "bad_number",
        "message": ("totalAmount: “twelve” is not a number. Write it with digits and a point, like 1234.50."),
        "rawLine": "I1,twelve",
    }


@pytest.mark.parametrize(
    "condition",
    [
        "entity eq Company",
        "kind eq warning",
        "erpKey startswith C",
        "file eq 'companies.csv'",
        "line between 7 and 8",
        "column eq country",
        "value eq 'XX'",
        "code eq unknown_country",
        "message contains 'No country'",
        "rawLine contains ',XX'",
    ],
)
def test_problems_can_be_searched_by_every_field_while_the_sync_runs(program, enrollment, condition):
    running = SyncRequestFactory(app_enrollment=enrollment, running=True)
    SyncResultDetailFactory(sync_request=running, line=2)
    SyncResultDetailFactory(
        sync_request=running,
        entity="Company",
        kind="warning",
        erp_key="C1",
        file="companies.csv",
        line=7,
        column="country",
        value="XX",
        code="unknown_country",
        message="No country is called “XX”.",
        raw_line="C1,XX",
    )
    answer = program.get(
        f"Sync/{running.pk}/details/query", query=f"filter={condition.replace(' ', '+')}&order=line+desc"
    )
    assert [row["entity"] for row in answer.json()["records"]] == ["Company"]


def test_problems_of_another_sync_are_not_shown(program, enrollment, finished):
    SyncResultDetailFactory(sync_request__app_enrollment=enrollment)
    assert program.get(f"Sync/{finished.pk}/details/query").json()["records"] == []


def test_a_stranger_finds_no_problems(finished):
    SyncResultDetailFactory(sync_request=finished)
    assert Program().get(f"Sync/{finished.pk}/details/query").status_code == 404
