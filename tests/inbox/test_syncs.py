"""One sync's live page, and the history of all."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from syncs.models import SyncRequest
from tests.factories import (
    AppEnrollmentFactory,
    SyncEntityResultFactory,
    SyncRequestFactory,
    SyncResultDetailFactory,
)

LIVE = {"HX-Request": "true"}


def page(inbox, sync):
    return inbox.get(f"/syncs/{sync.pk}/").text


def with_result(sync, entity="Invoice", **counts):
    others = ("deleted_as_missing", "warnings")
    lines = sum(number for name, number in counts.items() if name not in others)
    return SyncEntityResultFactory(sync_request=sync, entity=entity, lines_read=lines, **counts)


def test_a_waiting_sync_says_what_it_waits_for(inbox, make_sync):
    running = make_sync(running=True)
    text = page(inbox, make_sync(queued=True))
    assert "In the queue, waiting for its turn." in text
    assert f'It waits for <a href="/syncs/{running.pk}/">' in text


def test_a_running_sync_says_how_far_it_is(inbox, make_sync):
    assert "Loading: 12,480 lines read so far." in page(inbox, make_sync(running=True, lines_read=12480))


def test_success_is_described_in_numbers(inbox, make_sync):
    sync = make_sync(succeeded=True)
    with_result(sync, "Invoice", inserted=4000, updated=3, deleted_as_missing=5)
    with_result(sync, "InvoiceLine", inserted=818)
    text = page(inbox, sync)
    assert "<h2>Success</h2>" in text
    assert "4,821 lines read. 4,818 records added, 3 changed, 5 deleted." in text
    assert "Invoice line" in text
    assert "5 of the deleted records are no longer in the source." in text


def test_the_same_file_again_is_nothing_new(inbox, make_sync):
    sync = make_sync(succeeded=True)
    with_result(sync, unchanged=4821)
    text = page(inbox, sync)
    assert "<h2>Nothing new</h2>" in text
    assert "4,821 lines looked at, none had changed." in text


def test_a_sync_that_read_nothing_is_nothing_new(inbox, make_sync):
    assert "There was nothing to load." in page(inbox, make_sync(succeeded=True))


def test_rejected_lines_are_never_a_plain_success(inbox, make_sync):
    sync = make_sync(succeeded=True)
    with_result(sync, inserted=4818, rejected=3)
    SyncResultDetailFactory(sync_request=sync, line=417)
    text = page(inbox, sync)
    assert "<h2>Finished with problems</h2>" in text
    assert "tone-warn" in text
    assert "tone-good" not in text
    assert "4,818 of 4,821 lines loaded, 3 not loaded. 4,818 records added." in text
    assert f"/syncs/{sync.pk}/problems/?kind=error&amp;entity=Invoice" in text
    for part in ("invoices.csv", "line 417", "totalAmount", "twelve", "is not a number", "I1,twelve"):
        assert part in text


def test_an_unusable_file_is_a_problem_though_no_line_was_rejected(inbox, make_sync):
    sync = make_sync(succeeded=True)
    with_result(sync, inserted=10)
    SyncResultDetailFactory(sync_request=sync, entity="notes.txt", line=None, code="unknown_file")
    assert "<h2>Finished with problems</h2>" in page(inbox, sync)


def test_a_failed_sync_gives_its_reason_and_its_details(inbox, make_sync):
    sync = make_sync(failed=True, process_result_message="“photo.zip” is not a ZIP. Nothing was changed.")
    SyncResultDetailFactory(sync_request=sync, line=None, message="Not a ZIP. Make it again.")
    text = page(inbox, sync)
    assert "“photo.zip” is not a ZIP. Nothing was changed." in text
    assert "Not a ZIP. Make it again." in text


def test_lines_a_failed_sync_passed_over_are_explained_and_no_link(inbox, make_sync):
    sync = make_sync(failed=True)
    with_result(sync, skipped=4820, rejected=1)
    text = page(inbox, sync)
    assert "As the sync failed, the lines without a problem were skipped too." in text
    assert "kind=skip" not in text
    assert "kind=error&amp;entity=Invoice" in text


def test_an_unfinished_sync_asks_for_itself_again_with_and_without_scripts(inbox, make_sync):
    sync = make_sync(running=True)
    text = page(inbox, sync)
    assert f'hx-get="/syncs/{sync.pk}/?seen=In%20Progress-0"' in text
    assert '<noscript><meta http-equiv="refresh"' in text
    sync.succeed("Done.")
    text = page(inbox, sync)
    assert "hx-get" not in text
    assert "http-equiv" not in text


def test_the_live_part_comes_only_when_there_is_something_new(inbox, make_sync):
    sync = make_sync(queued=True)
    address = f"/syncs/{sync.pk}/?seen=Connector-0"
    assert inbox.get(address, headers=LIVE).status_code == 204
    sync.start()
    response = inbox.get(address, headers=LIVE)
    assert "<html" not in response.text
    assert 'id="sync-announcement" hx-swap-oob="innerHTML">In Progress.' in response.text


def test_cancelling_asks_first_and_then_stops(inbox, make_sync, membership):
    sync = make_sync(running=True, lines_read=12480)
    address = f"/syncs/{sync.pk}/cancel/"
    assert "has read 12,480 lines so far" in inbox.get(address).text
    assert inbox.post(address).url == f"/syncs/{sync.pk}/"
    sync.refresh_from_db()
    assert (sync.status_code, sync.modified_user) == ("Cancelled", membership.user)
    kept = "Cancelled after 12,480 lines had been read. Nothing of them was kept, and no record was changed."
    assert kept in page(inbox, sync)


def test_cancelling_what_has_finished_says_so_and_changes_nothing(inbox, make_sync):
    sync = make_sync(succeeded=True)
    response = inbox.post(f"/syncs/{sync.pk}/cancel/", follow=True)
    assert "This sync is Success; it can no longer become Cancelled." in response.text
    assert SyncRequest.objects.get().status_code == "Success"


def test_a_sync_without_an_enrollment_can_be_looked_at(inbox, account):
    sync = SyncRequestFactory(app_enrollment=None, group_key=account, failed=True, connector="json-batch")
    assert inbox.get(f"/syncs/{sync.pk}/").status_code == 200
    assert inbox.get(f"/syncs/{sync.pk}/problems/").status_code == 200
    assert inbox.get("/syncs/").status_code == 200


def listed(inbox, query=""):
    return [summary.sync for summary in inbox.get(f"/syncs/?{query}").context["summaries"]]


def test_history_is_newest_first_and_of_this_account_only(inbox, make_sync):
    SyncRequestFactory(succeeded=True)
    old = make_sync(succeeded=True, created=timezone.now() - timedelta(days=2))
    new = make_sync(failed=True)
    assert listed(inbox) == [new, old]


def test_history_is_narrowed(inbox, account, enrollment, make_sync):
    other = AppEnrollmentFactory(group_key=account)
    elsewhere = SyncRequestFactory(app_enrollment=other, failed=True)
    clean = make_sync(succeeded=True, created=timezone.now() - timedelta(days=9))
    with_result(clean, inserted=1)
    without_results = make_sync(succeeded=True)
    bad = make_sync(succeeded=True)
    with_result(bad, rejected=1)
    odd = make_sync(succeeded=True)
    SyncResultDetailFactory(sync_request=odd, line=None)
    assert listed(inbox, f"enrollment={other.pk}") == [elsewhere]
    assert listed(inbox, "status=Failed") == [elsewhere]
    assert listed(inbox, "problems=yes") == [odd, bad]
    assert listed(inbox, "problems=no&status=Success") == [without_results, clean]
    week_ago = (timezone.now() - timedelta(days=7)).date()
    assert listed(inbox, f"until={week_ago}") == [clean]
    assert clean not in listed(inbox, f"since={week_ago}")


@pytest.mark.parametrize("query", ["enrollment=nonsense", "status=Odd", "since=31/31/2026", "page=zero", "page=-1"])
def test_filters_that_make_no_sense_are_no_error(inbox, make_sync, query):
    make_sync(succeeded=True)
    assert inbox.get(f"/syncs/?{query}").status_code == 200


def test_history_is_paged_and_the_filters_stay(inbox, make_sync):
    syncs = [make_sync(succeeded=True) for _ in range(26)]
    first = inbox.get("/syncs/?status=Success")
    assert len(first.context["summaries"]) == 25
    assert "?status=Success&amp;page=2" in first.text
    assert listed(inbox, "status=Success&page=2") == [syncs[0]]


def test_a_sync_with_many_results_and_problems_needs_no_more_queries(inbox, make_sync):
    def queries(sync):
        with CaptureQueriesContext(connection) as captured:
            page(inbox, sync)
        return len(captured)

    small, large = make_sync(succeeded=True), make_sync(succeeded=True)
    for sync, size in ((small, 1), (large, 8)):
        for number in range(size):
            with_result(sync, f"Kind{number}", rejected=1)
            SyncResultDetailFactory(sync_request=sync)
    assert queries(small) == queries(large) <= 17
