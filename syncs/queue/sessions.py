"""Who works on a sync, and for how long: claims, leases that run out by the database's clock, sessions to end.

A claim's holder renews its lease. When it no longer does, somebody else may have the sync, and the number of the claim
(`SyncRequest.fencing_token`) keeps what the old holder still does out of the books.
"""

from django.db import connection

from adsplatform.accounts import row_security


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
    with row_security.as_login_role():
        _end_sessions("starts_with(application_name, %s)", f"sync {sync_request.pk.hex} ")


def _end_sessions(condition: str, value: str):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "  # noqa: S608, the conditions are ours
            f"WHERE {condition} AND usename = current_user AND pid <> pg_backend_pid()",
            [value],
        )


def _name(sync_request) -> str:
    return f"sync {sync_request.pk.hex} {sync_request.fencing_token}"
