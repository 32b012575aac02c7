"""Who works on a sync, and for how long: claims, leases that run out by the database's clock, sessions to end.

A claim's holder renews its lease. When it no longer does, somebody else may have the sync, and the number of the claim
(`SyncRequest.fence`) keeps what the old holder still does out of the books.
"""

from collections import Counter
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, connection, models, transaction
from django.db.models.functions import Now

from adsplatform.accounts import row_security
from syncs.crash_points import passing

# Any number will do, if all agree.
CLAIMING = 7_301_226
# A claimer takes milliseconds; one that is stopped in the middle must not keep the others out.
CLAIM_SECONDS = 5


def lease_time():
    """When a lease that is taken or renewed now runs out."""
    return Now() + timedelta(seconds=settings.SYNC_LEASE_SECONDS)


class LeaseQuerySet(models.QuerySet):
    def running(self):
        return self.filter(status_code=self.model.Status.IN_PROGRESS)

    def expired(self):
        """Those in progress whose holder gives no sign of life."""
        return self.running().filter(lease_expires__lt=Now())

    def claim_next(self, owner: str = ""):
        """Start the sync whose turn it is and return it, or None; of two claimers each gets another."""
        for _ in range(5):
            try:
                with transaction.atomic():
                    _wait_for_other_claimers()
                    found = (
                        self.may_run()
                        .within_caps()
                        .order_by("turn", "created", "sync_request_id")
                        .select_for_update(skip_locked=True, of=("self",))
                        .first()
                    )
                    if found:
                        found.start(owner)
                        passing("claiming")
                    return found
            except IntegrityError:
                # Staff have just put a sync of the same enrollment in progress by hand; look again.
                continue
        return None

    def within_caps(self):
        """Leave out accounts and connectors of which as many run as may."""
        running = self.model.objects.running().values_list("group_key", "connector")
        of_account, of_connector = Counter(), Counter()
        for account, connector in running:
            of_account[account] += 1
            of_connector[connector] += 1
        caps, cap = settings.SYNC_RUNNING_PER_CONNECTOR, settings.SYNC_RUNNING_PER_ACCOUNT
        return self.exclude(group_key__in=[account for account, count in of_account.items() if count >= cap]).exclude(
            connector__in=[name for name, count in of_connector.items() if count >= caps.get(name, count + 1)]
        )


def _wait_for_other_claimers():
    """One at a time, or two could count the same running syncs and together pass a cap."""
    with connection.cursor() as cursor:
        # In a transaction that somebody else began, it is theirs how long to idle.
        if not connection.savepoint_ids:
            cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{CLAIM_SECONDS}s'")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CLAIMING])


def name_session(sync_request):
    """Let this session of the database be known as the one that works on the sync."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('application_name', %s, false)", [_name(sync_request)])


def end_session(sync_request):
    """End the session that works on the sync by the claim that this object knows, whatever it is doing.

    So locks are let go of at once that a holder who is stopped, cut off or dead would keep.
    """
    _end_sessions("application_name = %s", _name(sync_request))


def end_all_sessions(sync_request):
    """End every session that works on the sync; they are the workers', so no account may."""
    with row_security.beyond():
        _end_sessions("starts_with(application_name, %s)", f"sync {sync_request.pk.hex} ")


def _end_sessions(condition: str, value: str):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "  # noqa: S608, the conditions are ours
            f"WHERE {condition} AND usename = current_user AND pid <> pg_backend_pid()",
            [value],
        )


def _name(sync_request) -> str:
    return f"sync {sync_request.pk.hex} {sync_request.fence}"
