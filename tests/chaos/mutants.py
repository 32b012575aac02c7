"""Ways to break the engine. Each must be found, or the chaos test proves nothing."""

import contextlib
from functools import wraps

MUTANTS = {}
# Those that break what reads sources; the others need what only the engine has.
OF_READERS = ("readers_live_on",)


def sound():
    """No mutant: the engine as it is, to see that nothing is found where nothing is broken."""


def mutant(function):
    """Register a function that breaks the engine of the process that calls it."""
    MUTANTS[function.__name__] = function
    return function


def replace(owner, name):
    """Replace `owner.name` by the decorated function, which gets the old one as its first argument."""

    def put(new):
        old = getattr(owner, name)
        setattr(owner, name, wraps(old)(lambda *args, **named: new(old, *args, **named)))

    return put


def sessions_live_on():
    """A worker whose sync was lost or cancelled keeps its database session, as if it could not be ended.

    Otherwise the end of the session alone would keep it from committing, and the fencing token would not be tested.
    """
    from syncs.queue import sessions

    @replace(sessions, "terminate")
    def terminate(old, condition, value):
        pass


@mutant
def no_fencing_token():
    """A worker whose claim is no longer the last one may still end the sync."""
    from syncs.models import SyncRequest

    sessions_live_on()

    @replace(SyncRequest, "under_own_claim")
    def under_own_claim(old, self):
        return SyncRequest.objects.filter(pk=self.pk, status_code="In Progress")


@mutant
def status_unchecked():
    """A cancelled sync may still succeed."""
    from syncs.models import SyncRequest

    sessions_live_on()

    @replace(SyncRequest, "under_own_claim")
    def under_own_claim(old, self):
        return SyncRequest.objects.filter(pk=self.pk, fencing_token=self.fencing_token)


@mutant
def split_commit():
    """Records are committed before the counts and the outcome."""
    from django.db import connection

    from syncs.loading.merge import results

    @replace(results, "write")
    def write(old, *args):
        connection.connection.commit()
        return old(*args)


@mutant
def success_first():
    """The outcome is committed before the records."""
    from django.db import connection

    from syncs.loading.merge import steps
    from syncs.models import SyncRequest

    keep_plans()

    @replace(steps, "apply_plan")
    def apply_plan(old, work):
        SyncRequest.objects.get(pk=work.sync_request.pk).succeed("Loaded.")
        connection.connection.commit()
        old(work)

    @replace(SyncRequest, "succeed")
    def succeed(old, self, message, **counts):
        if SyncRequest.objects.get(pk=self.pk).status_code != "Success":
            old(self, message, **counts)


@mutant
def direct_insert_stays():
    """Rows that were inserted while the source was read stay when the sync fails."""
    from syncs.loading.direct_insert import DirectInsert

    @replace(DirectInsert, "take_back")
    def take_back(old, self):
        pass


@mutant
def piecemeal():
    """One kind of record is committed before the other."""
    from django.db import connection

    from syncs.loading.merge import steps

    keep_plans()

    @replace(steps, "insert_new")
    def insert_new(old, work, staged):
        old(work, staged)
        connection.connection.commit()


def keep_plans():
    """Let the tables of a merge outlive its first commit."""
    from syncs.loading.context import MergeContext

    @replace(MergeContext, "run")
    def run(old, self, statement, *values, **parts):
        return old(self, statement.replace("ON COMMIT DROP", ""), *values, **parts)


@mutant
def no_renewal():
    """Workers do not renew their leases."""
    from syncs.models import SyncRequest

    @replace(SyncRequest, "renew")
    def renew(old, self):
        return True


@mutant
def no_recovery():
    """Syncs that lost their worker are not recovered."""
    from syncs.worker import reaper

    @replace(reaper, "recover_lost_syncs")
    def recover_lost_syncs(old):
        return 0


@mutant
def hasty_recovery():
    """Every sync in progress is taken for lost."""
    from syncs.models import SyncRequest, SyncRequestQuerySet

    @replace(SyncRequestQuerySet, "expired")
    def expired(old, self):
        return SyncRequest.objects.running()


@mutant
def no_wakeups():
    """Wake-ups that were lost are not replaced."""
    from syncs.worker import reaper

    @replace(reaper, "requeue_lost_wakeups")
    def requeue_lost_wakeups(old):
        pass


@mutant
def crashes_uncounted():
    """A sync that kills its process is tried for ever."""
    from syncs.loading import pipeline

    @replace(pipeline, "give_up_crashed")
    def give_up_crashed(old, sync_request):
        sync_request.hand_back("Again.", "worker_stopped")


@mutant
def failures_uncounted():
    """Every failure is taken for a passing one, and no number of tries is too many."""
    from syncs.loading import retry_policy

    @replace(retry_policy, "pause_before_next")
    def pause_before_next(old, sync_request, reason):
        return 0.1


@mutant
def nobody_kills():
    """The process of a sync that was cancelled or lost is not killed."""
    from syncs.worker import process

    @replace(process.ForkedProcess, "kill")
    def kill(old, self):
        pass


@mutant
def overlapping():
    """Two syncs of an enrollment may run at once, and write at once."""
    from django.db import connection

    from enrollments.models import AppEnrollment
    from syncs.models import SyncRequest, SyncRequestQuerySet

    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX IF EXISTS one_running_per_enrollment")
    connection.close()

    @replace(AppEnrollment, "lock_books")
    def lock_books(old, self):
        pass

    @replace(SyncRequestQuerySet, "may_run")
    def may_run(old, self):
        from django.db.models import Q
        from django.db.models.functions import Now

        return SyncRequest.objects.waiting().filter(Q(not_before=None) | Q(not_before__lte=Now()))


@mutant
def unguarded_return():
    """A sync is handed back although its outcome has been decided meanwhile."""
    from syncs.loading import pipeline
    from syncs.models import SyncRequest

    @replace(pipeline, "hand_back")
    def hand_back(old, sync_request, message, code):
        SyncRequest.objects.filter(pk=sync_request.pk).update(
            status_code="Connector", finished=None, lease_expires=None, lease_owner=""
        )

    @replace(pipeline, "give_up_crashed")
    def give_up_crashed(old, sync_request):
        pipeline.hand_back(sync_request, "", "")


@mutant
def doubled_claim():
    """Two workers may have the same sync, each under a claim of its own."""
    from syncs.models import SyncRequest

    sessions_live_on()

    @replace(SyncRequest, "under_own_claim")
    def under_own_claim(old, self):
        return SyncRequest.objects.filter(pk=self.pk)

    @replace(SyncRequest, "renew")
    def renew(old, self):
        return True


@mutant
def miscounted():
    """A sync that is started again counts its lines once more."""
    from syncs.loading.merge import steps
    from syncs.models import SyncRequest

    @replace(steps, "counts")
    def counts(old, work):
        found = old(work)
        if SyncRequest.objects.get(pk=work.sync_request.pk).fencing_token > 1:
            for numbers in found.values():
                numbers["lines_read"] += numbers["inserted"]
                numbers["inserted"] *= 2
        return found


@mutant
def rows_stay_for_the_next():
    """A warm process leaves the rows of one sync in its tables, so that the next one finds them."""
    from syncs.loading.staging.session_tables import SessionTables

    @replace(SessionTables, "end")
    def end(old, self, cursor, *, rows):
        if rows is None:
            old(self, cursor, rows=rows)


@mutant
def death_ends_the_sync():
    """The death of a warm process is taken for the end of its sync."""
    from syncs.worker.warm import WarmProcess

    @replace(WarmProcess, "ends_within")
    def ends_within(old, self, seconds):
        self.was_killed = has_ended = old(self, seconds)
        return has_ended


@mutant
def death_ends_the_file():
    """The death of what reads a source is taken for the end of the source."""
    from syncs.reading import client

    @replace(client, "_items")
    def items(old, *args):
        with contextlib.suppress(client.ReaderLost):
            yield from old(*args)


@mutant
def readers_live_on():
    """What reads a source goes on when its sync has lost its lease or was cancelled."""
    from syncs.reading import server

    @replace(server.Server, "_kill")
    def kill(old, self, pid):
        pass
