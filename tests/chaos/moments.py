"""Moments in which the engine could do harm, each brought about on purpose in every run.

Random faults meet them by chance only. Here the source waits at a gate, processes are stopped and continued, and each
next step is taken when the one before is seen to have happened; no moment depends on how fast the machine is.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import NamedTuple, TypeVar
from uuid import UUID

import psutil
import psycopg
from django.db import connection, transaction
from django.db.models.functions import Now
from django_q.models import OrmQ

from syncs.models import SyncRequest
from tests.chaos import gates
from tests.chaos.environment import LEASE, LIMITS, patient
from tests.chaos.installation import Installation
from tests.chaos.observer import differences
from tests.chaos.source import Plan

Found = TypeVar("Found")
# For what must happen, in seconds; some of it takes a lease and a pause.
PATIENCE = 30.0
# How many starts more than expected are put down to a busy machine.
SLACK = 4


class Wrong(Exception):
    """What had to happen did not, or what must not happen did."""


def bring_about(site: Installation) -> list[str]:
    """Bring about each moment once; returns what was wrong with the first that went wrong."""
    # The pauses between its attempts last as long as the moments before its end.
    deadly = Sync(site, site.new_enrollment(), "deadly")

    def every_process_of_a_sync_dies(_: Installation) -> None:
        deadly.ends(SyncRequest.Status.FAILED, starts=LIMITS["crashes"])

    try:
        for moment in (*MOMENTS, every_process_of_a_sync_dies, *LAST_MOMENTS):
            try:
                moment(site)
            except (Wrong, psutil.NoSuchProcess) as error:
                return [f"When {moment.__name__.replace('_', ' ')}: {error}"]
    finally:
        gates.open_all()
    return []


# The moments.


def a_reader_looks_between_the_records_and_the_outcome(site: Installation) -> None:
    sync = Sync(site, _enrollment_with_books(site))
    sync.arrival()
    with psycopg.connect(**site.address) as elsewhere:
        # Readers may go on; a sync cannot write its counts, which come after its records.
        elsewhere.execute("LOCK TABLE syncs_syncentityresult IN SHARE MODE")
        sync.go_on()
        _wait(site, sync.waits_for_a_lock, "the sync does not come to write its counts.")
        _check_books(site, sync.enrollment)
    sync.ends(SyncRequest.Status.SUCCESS)


def a_source_refuses_after_rows_went_into_empty_books(site: Installation) -> None:
    sync = Sync(site, site.new_enrollment(), "refusing")
    sync.ends(SyncRequest.Status.FAILED, starts=1)


def a_wakeup_is_lost(site: Installation) -> None:
    enrollment = site.new_enrollment()
    with transaction.atomic():
        sync = Sync(site, enrollment, "good")
        OrmQ.objects.all().delete()
    sync.ends(SyncRequest.Status.SUCCESS)


def another_sync_of_a_busy_enrollment_is_due(site: Installation) -> None:
    first = Sync(site, site.new_enrollment())
    first.arrival()
    second = Sync(site, first.enrollment)
    # It was requested last, so when it has run, the second one has had its turn.
    Sync(site, site.new_enrollment(), "good").ends(SyncRequest.Status.SUCCESS)
    if second.status() != SyncRequest.Status.CONNECTOR:
        raise Wrong("two syncs of an enrollment run at once.")
    for sync in (first, second):
        sync.go_on()
        sync.ends(SyncRequest.Status.SUCCESS)


def a_cancelled_sync_has_read_everything(site: Installation) -> None:
    sync = Sync(site, _enrollment_with_books(site))
    process = sync.arrival().process
    # It does not kill its process, which therefore comes to its end.
    with _stopped(process.parent()):
        site.cancel(sync.request)
        sync.go_on()
        _wait(site, lambda: _has_ended(process), "its process does not end.")
    sync.ends(SyncRequest.Status.CANCELLED)


def a_stopped_worker_comes_back_while_another_has_its_sync(site: Installation) -> None:
    undisturbed = Sync(site, site.new_enrollment())
    undisturbed.arrival()
    sync = Sync(site, _enrollment_with_books(site))
    claim, process, reader = sync.arrival()
    with _stopped(process.parent()):
        with _stopped(process):
            sync.arrival(after_claim=claim)
            undisturbed.outlives_a_lease()
            sync.go_on(claim)
        _wait(site, lambda: _has_ended(process), "its process does not end.")
        _wait(site, lambda: _has_ended(reader), "what reads for it does not end.")
        if sync.is_finished():
            raise Wrong("it ends the sync that the other one is working on.")
    for each in (sync, undisturbed):
        each.go_on()
        each.ends(SyncRequest.Status.SUCCESS)


def the_process_of_a_cancelled_sync_dies(site: Installation) -> None:
    sync = Sync(site, site.new_enrollment())
    process = sync.arrival().process
    # Just after a renewal, the worker does nothing but watch its process, so it sees the death before the cancel.
    sync.wait_for_renewal()
    with _stopped(process.parent()):
        site.cancel(sync.request)
        process.kill()
    # A worker acknowledges its wake-up when it has dealt with the death.
    _wait(
        site,
        lambda: sync.status() != SyncRequest.Status.CANCELLED or not OrmQ.objects.exists(),
        "the worker does not end its task.",
    )
    if sync.status() != SyncRequest.Status.CANCELLED:
        raise Wrong("the sync is in the queue again.")


def a_cancelled_sync_still_reads(site: Installation) -> None:
    sync = Sync(site, site.new_enrollment())
    process = sync.arrival().process
    site.cancel(sync.request)
    _wait(site, lambda: _has_ended(process), "its process goes on.")


def a_reader_dies_halfway_and_then_its_server(site: Installation) -> None:
    sync = Sync(site, _enrollment_with_books(site))
    first = sync.arrival()
    first.reader.kill()
    second = sync.arrival(after_claim=first.claim)
    second.reader.parent().kill()
    sync.arrival(after_claim=second.claim)
    for reader in (first.reader, second.reader):
        _wait(site, lambda reader=reader: _has_ended(reader), "what reads for it outlives its server.")
    sync.go_on()
    sync.ends(SyncRequest.Status.SUCCESS)


def a_reader_is_stopped_for_longer_than_a_lease(site: Installation) -> None:
    sync = Sync(site, _enrollment_with_books(site))
    arrival = sync.arrival()
    with _stopped(arrival.reader):
        sync.go_on()
        sync.outlives_a_lease()
    sync.ends(SyncRequest.Status.SUCCESS)


def a_sync_is_cancelled_whose_reader_hangs(site: Installation) -> None:
    sync = Sync(site, site.new_enrollment())
    arrival = sync.arrival()
    with _stopped(arrival.reader):
        site.cancel(sync.request)
        for process in (arrival.process, arrival.reader):
            _wait(site, lambda process=process: _has_ended(process), "a process of it goes on.")


MOMENTS = (
    a_reader_looks_between_the_records_and_the_outcome,
    a_source_refuses_after_rows_went_into_empty_books,
    a_wakeup_is_lost,
    another_sync_of_a_busy_enrollment_is_due,
    a_cancelled_sync_has_read_everything,
    a_stopped_worker_comes_back_while_another_has_its_sync,
    a_reader_dies_halfway_and_then_its_server,
    a_reader_is_stopped_for_longer_than_a_lease,
    a_sync_is_cancelled_whose_reader_hangs,
)
# Nothing else runs meanwhile.
LAST_MOMENTS = (the_process_of_a_cancelled_sync_dies, a_cancelled_sync_still_reads)


# What they are made of.


class Arrival(NamedTuple):
    """A process that has come to the gate of its sync, the claim under which it runs, and the process that reads."""

    claim: int
    process: psutil.Process
    reader: psutil.Process


class Sync:
    """A requested sync, which waits at its gate unless it is to behave otherwise."""

    def __init__(self, site: Installation, enrollment: UUID, behaviour: str = "held"):
        self.site, self.enrollment = site, enrollment
        self.plan: Plan = site.next_plan(behaviour)
        self.request = site.request(self.plan, enrollment)

    def arrival(self, *, after_claim: int = 0) -> Arrival:
        """Wait for a process that comes to the gate under a later claim."""

        def last() -> tuple[int, tuple[int, int]] | None:
            return max(
                (found for found in gates.arrivals(self.plan.number).items() if found[0] > after_claim), default=None
            )

        claim, pids = _wait(self.site, last, "no worker takes it up.")
        return Arrival(claim, *map(psutil.Process, pids))

    def go_on(self, claim: int | None = None) -> None:
        """Open the gate for one claim or for all of them."""
        if claim is None:
            gates.open_for_all(self.plan.number)
        else:
            gates.open_for(self.plan.number, claim)

    def ends(self, wanted: str, *, starts: int = LIMITS["starts"]) -> None:
        """Wait for its end, which must be this one, after about so many starts; the books must agree with it."""

        def is_over() -> bool:
            return self.is_finished() or self._now().fencing_token > starts + SLACK

        _wait(self.site, is_over, f"the sync does not end, and should be {wanted}.")
        if not self.is_finished():
            raise Wrong(f"the sync is started again and again, and should be {wanted}.")
        if self.status() != wanted:
            raise Wrong(f"the sync is {self.status()}, and should be {wanted}.")
        _check_books(self.site, self.enrollment)

    def outlives_a_lease(self) -> None:
        """Wait until a claim is older than a lease and has not expired; only a worker that renews it achieves that."""
        renewed = SyncRequest.objects.running().filter(
            pk=self.request.pk, started__lt=Now() - timedelta(seconds=LEASE), lease_expires__gt=Now()
        )
        _wait(
            self.site,
            lambda: renewed.exists() or self._now().fencing_token > SLACK,
            "an undisturbed sync does not run as long as a lease.",
        )
        if not renewed.exists():
            raise Wrong("an undisturbed sync is started again and again.")

    def wait_for_renewal(self) -> None:
        """Wait until its lease has just been renewed; without renewals, for a lease."""
        before, deadline = self._now().lease_expires, time.monotonic() + LEASE
        while self._now().lease_expires == before and time.monotonic() < deadline:
            time.sleep(0.01)

    def waits_for_a_lock(self) -> bool:
        """Whether the database session of its process waits for a lock."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE starts_with(application_name, %s) AND wait_event_type = 'Lock'",
                [f"sync {self.request.pk.hex} "],
            )
            return bool(cursor.fetchone()[0])

    def status(self) -> str:
        return self._now().status_code

    def is_finished(self) -> bool:
        return self._now().is_finished

    def _now(self) -> SyncRequest:
        return SyncRequest.objects.get(pk=self.request.pk)


def _enrollment_with_books(site: Installation) -> UUID:
    enrollment = site.new_enrollment()
    Sync(site, enrollment, "good").ends(SyncRequest.Status.SUCCESS)
    return enrollment


def _check_books(site: Installation, enrollment: UUID) -> None:
    with psycopg.connect(**site.address) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        if found := differences(reader, enrollment):
            raise Wrong(" ".join(found))


def _wait(site: Installation, condition: Callable[[], Found], otherwise: str) -> Found:
    """Wait until the condition returns something true, and return it; raises Wrong if it does not."""
    began = time.monotonic()
    while not (found := condition()):
        if time.monotonic() - began > patient(PATIENCE):
            raise Wrong(otherwise)
        site.keep_running()
        time.sleep(0.02)
    return found


@contextlib.contextmanager
def _stopped(process: psutil.Process) -> Iterator[None]:
    process.suspend()
    try:
        yield
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.resume()


def _has_ended(process: psutil.Process) -> bool:
    """Whether it has ended, even if its parent, which may be stopped, has not been told."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
