"""Ways to break the engine. Each must be found, or the chaos test proves nothing."""

from functools import wraps

MUTANTS = {}


def sound():
    """No mutant: the engine as it is, to see that those who look for mutants find nothing where nothing is."""


def mutant(function):
    """A function that breaks the engine of the process that calls it."""
    MUTANTS[function.__name__] = function
    return function


def replace(owner, name):
    """Put another function in the place of `owner.name`; it gets the old one first."""

    def put(new):
        old = getattr(owner, name)
        setattr(owner, name, wraps(old)(lambda *args, **named: new(old, *args, **named)))

    return put


def sessions_live_on():
    """Whose sync was lost or cancelled keeps its session of the database, as where it cannot be reached.

    Else the end of the session alone would keep it from committing, and one could not see what the fence is for.
    """
    from syncs.queue import sessions

    @replace(sessions, "_end_sessions")
    def _end_sessions(old, condition, value):
        pass


@mutant
def no_fence():
    """Whoever once had the lease may still end the sync."""
    from syncs.models import SyncRequest

    sessions_live_on()

    @replace(SyncRequest, "_held")
    def _held(old, self):
        return SyncRequest.objects.filter(pk=self.pk, status_code="In Progress")


@mutant
def status_unchecked():
    """A cancelled sync may still succeed."""
    from syncs.models import SyncRequest

    sessions_live_on()

    @replace(SyncRequest, "_held")
    def _held(old, self):
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
def ahead_stays():
    """What was inserted while the source was read stays when the sync fails."""
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
    """Leases run out under those who work."""
    from syncs.models import SyncRequest

    @replace(SyncRequest, "renew")
    def renew(old, self):
        return True


@mutant
def no_rescue():
    """What lost its worker is left alone."""
    from syncs.worker import reaper

    @replace(reaper, "rescue_expired")
    def recover_lost_syncs(old):
        return 0


@mutant
def hasty_rescue():
    """Every sync in progress is taken for lost."""
    from syncs.models import SyncRequest, SyncRequestQuerySet

    @replace(SyncRequestQuerySet, "expired")
    def expired(old, self):
        return SyncRequest.objects.running()


@mutant
def no_bells():
    """Bells that were lost stay lost."""
    from syncs.worker import reaper

    @replace(reaper, "tend_the_bells")
    def requeue_lost_wakeups(old):
        pass


@mutant
def crashes_uncounted():
    """What kills its worker is tried for ever."""
    from syncs.loading import pipeline

    @replace(pipeline, "give_up_crashed")
    def give_up_crashed(old, sync_request):
        sync_request.hand_back("Again.", "worker_stopped")


@mutant
def failures_uncounted():
    """What fails for a passing reason never fails for good, and what fails for good is taken for passing."""
    from syncs.loading import retry_policy

    @replace(retry_policy, "pause_before_next")
    def pause_before_next(old, sync_request, reason):
        return 0.1


@mutant
def nobody_kills():
    """A sync that was cancelled or lost goes on hanging about in its worker."""
    from syncs.worker import process

    @replace(process._Process, "kill")
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
    """Who hands a sync back does not look whether it has been decided meanwhile."""
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
    """Two workers may have the same sync, each with a number that the other does not know of."""
    from syncs.models import SyncRequest

    sessions_live_on()

    @replace(SyncRequest, "_held")
    def _held(old, self):
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
