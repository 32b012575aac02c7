"""Claims and leases, fair turns, caps, and what a worker that lost its claim may no longer do."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from adsplatform.records.models import Company
from syncs.loading import pipeline
from syncs.loading.merge import steps
from syncs.models import SyncRequest, WrongStatus
from syncs.queue.claims import claim_next
from tests.factories import AccountFactory, AppEnrollmentFactory, SyncRequestFactory
from tests.loading.conftest import company, enrollment, given, sync  # noqa: F401, fixtures

pytestmark = pytest.mark.django_db


def expire(sync_request):
    SyncRequest.objects.filter(pk=sync_request.pk).update(lease_expires=timezone.now() - timedelta(seconds=1))


def test_a_claim_has_an_owner_and_expires_by_the_databases_clock(settings):
    settings.SYNC_LEASE_SECONDS = 20
    SyncRequestFactory(queued=True)
    claimed = claim_next("machine 1, process 7")
    assert (claimed.status_code, claimed.lease_owner, claimed.fencing_token) == (
        "In Progress",
        "machine 1, process 7",
        1,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM lease_expires - statement_timestamp()) FROM syncs_syncrequest")
        assert 15 < cursor.fetchone()[0] <= 20


def test_no_sync_is_in_progress_without_a_lease():
    with pytest.raises(IntegrityError, match="sync_leased_iff_running"), transaction.atomic():
        SyncRequestFactory(status_code="In Progress")
    with pytest.raises(IntegrityError, match="sync_leased_iff_running"), transaction.atomic():
        SyncRequestFactory(queued=True, lease_expires=timezone.now())


def test_a_finished_sync_has_no_lease():
    SyncRequestFactory(queued=True)
    claimed = claim_next("machine 1")
    claimed.succeed("Done.")
    claimed.refresh_from_db()
    assert (claimed.lease_owner, claimed.lease_expires) == ("", None)


def test_only_the_last_claim_may_renew_report_and_finish():
    SyncRequestFactory(queued=True)
    first = claim_next("machine 1")
    assert first.renew()
    SyncRequest.objects.get(pk=first.pk).retry_later("Lost.", "worker_lost", seconds=-1)
    second = claim_next("machine 2")
    assert (second.pk, second.fencing_token) == (first.pk, 2)
    assert not first.renew()
    for verb in (
        lambda: first.report(10),
        lambda: first.succeed("Done."),
        lambda: first.fail("No.", "our_fault"),
        lambda: first.retry_later("Again.", "our_fault", seconds=1),
        lambda: first.hand_back("Again.", "our_fault"),
    ):
        with pytest.raises(WrongStatus):
            verb()
    assert second.renew()
    second.succeed("Done.")


def test_a_worker_that_lost_its_lease_cannot_commit(sync, monkeypatch):  # noqa: F811
    """A zombie: stopped at the end of its merge while another worker claims the sync."""
    apply_plan = steps.apply_plan

    def lost_meanwhile(context):
        apply_plan(context)
        SyncRequest.objects.get().retry_later("Lost.", "worker_lost", seconds=-1)
        assert claim_next("another").fencing_token == 1

    monkeypatch.setattr(steps, "apply_plan", lost_meanwhile)
    result = sync({"companies": [company()]})
    assert (result.status_code, result.results.count()) == ("In Progress", 0)
    assert not Company.objects.exists()


def test_a_worker_that_lost_its_lease_stops_reading(sync, monkeypatch):  # noqa: F811
    monkeypatch.setattr(pipeline, "REPORT_SECONDS", 0)

    class Losing(list):
        def __iter__(self):
            SyncRequest.objects.get().retry_later("Lost.", "worker_lost", seconds=60)
            return super().__iter__()

    result = sync({"companies": Losing([company()])})
    assert (result.status_code, result.process_result_message) == ("Connector", "Lost.")


def test_a_sync_is_not_claimed_before_its_next_try():
    waiting = SyncRequestFactory(queued=True, not_before=timezone.now() + timedelta(minutes=1))
    assert claim_next() is None
    SyncRequest.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    assert claim_next() == waiting


def test_an_account_with_many_syncs_does_not_delay_the_others():
    greedy, modest = AccountFactory(), AccountFactory()
    many = [ask(greedy) for _ in range(5)]
    one = ask(modest)
    turns = []
    while claimed := claim_next():
        turns.append(claimed)
        claimed.succeed("Done.")
    assert turns == [many[0], one, *many[1:]]


def ask(account):
    sync_request = SyncRequestFactory(app_enrollment=AppEnrollmentFactory(group_key=account))
    sync_request.queue()
    return sync_request


def test_running_syncs_of_an_account_and_of_a_connector_are_capped(settings):
    settings.SYNC_RUNNING_PER_ACCOUNT = 2
    settings.SYNC_RUNNING_PER_CONNECTOR = {"slow-erp": 1}
    account = AccountFactory()
    first, second, third = (ask(account) for _ in range(3))
    assert [claim_next() for _ in range(3)] == [first, second, None]
    slow = [SyncRequestFactory(queued=True, connector="slow-erp") for _ in range(2)]
    assert [claim_next() for _ in range(2)] == [slow[0], None]
    SyncRequest.objects.get(pk=first.pk).cancel("Stopped.")
    assert claim_next() == third


def test_an_account_never_has_all_workers_of_a_machine(settings):
    settings.SYNC_WORKERS = 3
    greedy, modest = AccountFactory(), AccountFactory()
    many = [ask(greedy) for _ in range(5)]
    assert [claim_next("alpha, process 1") for _ in range(3)] == [*many[:2], None]
    one = ask(modest)
    assert claim_next("alpha, process 3") == one
    # Another machine has workers of its own, and a single worker is for everybody.
    assert claim_next("beta, process 1") == many[2]
    settings.SYNC_WORKERS = 1
    assert claim_next("gamma, process 1") == many[3]


def test_a_sync_put_in_progress_by_hand_returns_to_the_queue():
    sync_request = SyncRequestFactory(queued=True)
    sync_request.amend("In Progress", None, None)
    assert (sync_request.lease_owner, sync_request.fencing_token) == ("", 1)
    assert sync_request.lease_expires > timezone.now()
    expire(sync_request)
    assert list(SyncRequest.objects.expired()) == [sync_request]
