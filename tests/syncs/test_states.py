"""The states of a sync: which moves are allowed, of two processes one wins, and what constraints guarantee."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from syncs.models import SyncEntityResult, SyncRequest, WrongStatus
from syncs.queue.claims import claim_next
from tests.factories import AppEnrollmentFactory, SyncEntityResultFactory, SyncRequestFactory

pytestmark = pytest.mark.django_db
Status = SyncRequest.Status


def test_a_sync_goes_from_ready_to_success():
    sync_request = SyncRequestFactory()
    sync_request.queue()
    sync_request.start()
    assert sync_request.started
    sync_request.succeed("2 lines loaded.")
    sync_request.refresh_from_db()
    assert (sync_request.status_code, sync_request.process_result_message) == ("Success", "2 lines loaded.")
    assert sync_request.finished
    assert sync_request.is_finished


@pytest.mark.parametrize("status", ["Success", "Failed", "Cancelled"])
def test_a_finished_sync_never_changes_its_status(status):
    sync_request = SyncRequestFactory(status_code=status, finished=timezone.now())
    for verb in (sync_request.queue, sync_request.start):
        with pytest.raises(WrongStatus, match=f"This sync is {status}; it can no longer become "):
            verb()
    with pytest.raises(WrongStatus, match=f"This sync is {status}; it can no longer become Cancelled."):
        sync_request.cancel("Too late.")


def test_a_ready_sync_cannot_start_before_it_is_queued():
    with pytest.raises(WrongStatus):
        SyncRequestFactory().start()


def test_a_stale_object_does_not_undo_what_another_process_did():
    ours = SyncRequestFactory(running=True)
    SyncRequest.objects.get(pk=ours.pk).cancel("Cancelled by somebody.")
    with pytest.raises(WrongStatus, match="This sync is Cancelled; it can no longer become Success."):
        ours.succeed("Done.")


def test_failing_is_counted_as_a_failure():
    sync_request = SyncRequestFactory(running=True)
    sync_request.fail("The source did not answer." + "x" * 300)
    assert sync_request.failure_count == 1
    assert len(sync_request.process_result_message) == 200


def test_a_long_message_is_cut_between_words():
    sync_request = SyncRequestFactory(running=True)
    sync_request.fail("words " * 60)
    assert sync_request.process_result_message == "words " * 32 + "words…"


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"status_code": "Lost"}, "sync_finished_iff_final"),
        ({"operation_type": 2}, "sync_operation_known"),
        ({"status_code": "Success"}, "sync_finished_iff_final"),
        ({"finished": timezone.now()}, "sync_finished_iff_final"),
        ({"current_batch": 3, "total_batches": 2}, "sync_part_in_range"),
        ({"current_batch": 0}, "sync_part_in_range"),
    ],
)
def test_the_database_refuses_impossible_requests(values, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        SyncRequestFactory(**values)


def test_one_sync_of_an_enrollment_runs_at_a_time():
    first = SyncRequestFactory(running=True)
    with pytest.raises(IntegrityError, match="one_running_per_enrollment"), transaction.atomic():
        SyncRequestFactory(running=True, app_enrollment=first.app_enrollment)


def test_the_database_proves_that_every_line_is_accounted_for():
    SyncEntityResultFactory(lines_read=6, inserted=1, updated=1, unchanged=1, deleted_by_match=1, skipped=1, rejected=1)
    with pytest.raises(IntegrityError, match="every_line_accounted_for"), transaction.atomic():
        SyncEntityResultFactory(lines_read=2, inserted=1)
    with pytest.raises(IntegrityError, match="every_line_accounted_for"), transaction.atomic():
        SyncEntityResult.objects.update(inserted=2)


def test_the_oldest_waiting_sync_is_claimed_first_and_once():
    older, newer = SyncRequestFactory(queued=True), SyncRequestFactory(queued=True)
    SyncRequestFactory()
    assert claim_next() == older
    assert claim_next() == newer
    assert claim_next() is None
    older.refresh_from_db()
    assert older.status_code == Status.IN_PROGRESS


def test_a_sync_waits_while_another_of_its_enrollment_runs():
    running = SyncRequestFactory(running=True)
    waiting = SyncRequestFactory(queued=True, app_enrollment=running.app_enrollment)
    assert claim_next() is None
    running.succeed("Done.")
    assert claim_next() == waiting


def test_parts_run_in_their_order():
    enrollment = AppEnrollmentFactory()
    first = SyncRequestFactory(app_enrollment=enrollment, queued=True, total_batches=3)
    part = {"app_enrollment": enrollment, "queued": True, "total_batches": 3, "parent_sync_request": first}
    third = SyncRequestFactory(current_batch=3, **part)
    assert claim_next() == first
    first.refresh_from_db()
    first.succeed("Done.")
    # Part 2 has not come yet.
    assert claim_next() is None
    second = SyncRequestFactory(current_batch=2, **part)
    assert claim_next() == second
    second.refresh_from_db()
    second.fail("No.")
    assert claim_next() == third


@pytest.mark.django_db(transaction=True)
def test_many_claimers_never_share_a_sync():
    enrollments = AppEnrollmentFactory.create_batch(3)
    for _ in range(4):
        for enrollment in enrollments:
            SyncRequestFactory(queued=True, app_enrollment=enrollment)

    def claim_and_finish(_):
        claimed = []
        while sync_request := claim_next():
            claimed.append(sync_request.pk)
            sync_request.succeed("Done.")
        connection.close()
        return claimed

    with ThreadPoolExecutor(4) as claimers:
        claimed = [pk for pks in claimers.map(claim_and_finish, range(4)) for pk in pks]
    assert len(claimed) == len(set(claimed))
    assert set(claimed) == set(SyncRequest.objects.filter(status_code="Success").values_list("pk", flat=True))
