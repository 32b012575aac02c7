"""What a list may read of a table with a hundred thousand rows, measured in the database."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from adsplatform.admin_lists.bounded import NEWEST_ROWS
from tests.factories import SyncRequestFactory

LINES = 100_000
SYNCS = 20
# A list's newest rows, with one page of another list on top.
ALLOWED = NEWEST_ROWS + 200


@pytest.fixture
def many_lines(db):
    """100,000 lines left out, in 20 syncs of as many accounts; returns the syncs, oldest first."""
    syncs = [SyncRequestFactory(succeeded=True) for _ in range(SYNCS)]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO syncs_syncresultdetail (sync_request_id, group_key, entity, kind, erp_key, file, line,
                                                "column", value, code, message, raw_line)
            SELECT s.sync_request_id, s.group_key, 'Invoice',
                   CASE WHEN n %% 1000 = 0 THEN 'warning' ELSE 'error' END,
                   'I' || n, 'invoices.csv', n, 'totalAmount', 'twelve', 'bad_number',
                   'totalAmount: “twelve” is not a number.', 'I' || n || ',twelve'
              FROM unnest(%s::uuid[]) WITH ORDINALITY AS chosen (id, place)
              JOIN syncs_syncrequest s ON s.sync_request_id = chosen.id
             CROSS JOIN generate_series((place - 1) * %s, place * %s - 1) AS n
             ORDER BY n
            """,
            [[sync.pk for sync in syncs], LINES // SYNCS, LINES // SYNCS],
        )
        cursor.execute("ANALYZE")
    # Here and not at the test's end, when the time limit of the admin's last query still holds in its transaction.
    connection.check_constraints()
    return syncs


def rows_read(plan: dict, table: str) -> int:
    """The rows that a finished plan fetched from a table, those it threw away included."""
    own = 0
    if plan.get("Relation Name") == table:
        looked_at = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
        own = looked_at * plan["Actual Loops"]
    return own + sum(rows_read(part, table) for part in plan.get("Plans", []))


def most_rows_read(captured, table: str = "syncs_syncresultdetail") -> int:
    """Run the captured queries again under EXPLAIN ANALYZE; the most rows that any of them fetched."""
    most = 0
    with connection.cursor() as cursor:
        for query in captured.captured_queries:
            if table in query["sql"] and query["sql"].startswith("SELECT"):
                cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + query["sql"])
                (found,) = cursor.fetchone()
                plan = json.loads(found) if isinstance(found, str) else found
                most = max(most, rows_read(plan[0]["Plan"], table))
    return most


def test_no_list_reads_more_than_its_newest_rows_or_counts_without_a_limit(browser, many_lines):
    newest, address = many_lines[-1], "/admin/syncs/syncresultdetail/"
    for asked in (
        {},
        {"p": 100},
        {"o": "10"},
        {"q": "nowhere in any line"},
        {"q": "twelve"},
        {"kind": "skip"},
        {"kind": "warning", "file": "invoices"},
        {"code": "never_seen"},
        {"key": "I7"},
        {"since": "2026-01-01"},
        {"sync": newest.pk},
        {"sync": newest.pk, "q": "I99"},
        {"sync": newest.pk, "kind": "warning"},
        {"account": newest.group_key_id, "q": "twelve"},
        {"account": newest.group_key.name, "code": "bad_number"},
    ):
        with CaptureQueriesContext(connection) as captured:
            page = browser.get(address, asked)
        assert page.status_code == 200, asked
        counts = [query["sql"] for query in captured.captured_queries if "COUNT(" in query["sql"]]
        assert all("LIMIT 10001" in count for count in counts), asked
        assert most_rows_read(captured) <= ALLOWED, asked


def test_a_list_says_what_it_has_not_counted_and_not_looked_through(browser, many_lines):
    page = browser.get("/admin/syncs/syncresultdetail/")
    assert "More than 10,000" in page.text
    assert page.context["cl"].paginator.num_pages == 100
    page = browser.get("/admin/syncs/syncresultdetail/", {"q": "I99"})
    assert page.context["cl"].result_count == 1000
    assert "found among the newest 50,000" in page.text
    # The oldest line is out of its reach, until the list is narrowed to its sync.
    assert browser.get("/admin/syncs/syncresultdetail/", {"key": "I7"}).context["cl"].result_count == 0
    narrowed = browser.get("/admin/syncs/syncresultdetail/", {"key": "I7", "sync": many_lines[0].pk})
    assert narrowed.context["cl"].result_count == 1
    assert "found among the newest" not in narrowed.text


def test_a_query_that_takes_too_long_is_stopped_with_a_sentence(browser, many_lines, monkeypatch):
    monkeypatch.setattr("adsplatform.admin_lists.bounded.TIME_LIMIT_SECONDS", 0.001)
    page = browser.get("/admin/syncs/syncresultdetail/", {"q": "nowhere"})
    assert page.status_code == 302
    assert page.url == "/admin/syncs/syncresultdetail/"
    assert "took longer than 0.001 seconds and was stopped" in next(
        str(message) for message in page.wsgi_request._messages
    )


def test_a_page_of_groups_of_many_lines_opens(browser, many_lines):
    page = browser.get("/admin/syncs/syncresultdetail/groups/")
    assert [group.lines for group in page.context["groups"]] == [4_995] * SYNCS
