"""The database sessions of running syncs, each named after the sync and its claim, so that they can be ended.

The holder of a claim renews its lease. When it no longer does, another worker may claim the sync; then the fencing
token (`SyncRequest.fencing_token`) keeps the old holder from committing, and the end of its session releases its locks.
"""

from django.db import connection

from adsplatform.accounts import row_security
from syncs.models.requests import SyncRequest


def name_session(sync_request: SyncRequest) -> None:
    """Name this database session after the sync that it works on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('application_name', %s, false)", [_name(sync_request)])


def name_idle() -> None:
    """Name this database session as one that works on no sync."""
    with connection.cursor() as cursor:
        cursor.execute("SET application_name = 'no sync'")


def end_session(sync_request: SyncRequest) -> None:
    """End the session that works on the sync under the claim that this object knows, whatever it is doing.

    This releases the locks of a holder that is stopped, cut off or dead.
    """
    terminate("application_name = %s", _name(sync_request))


def end_all_sessions(sync_request: SyncRequest) -> None:
    """End every session that works on the sync.

    The role that row-level security gives to requests of an account may not end the workers' sessions.
    """
    with row_security.as_login_role():
        terminate("starts_with(application_name, %s)", f"sync {sync_request.pk.hex} ")


def terminate(condition: str, value: str) -> None:
    """End the sessions of this database user that meet an SQL condition with one parameter, but not this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "  # noqa: S608, the conditions are ours
            f"WHERE {condition} AND usename = current_user AND pid <> pg_backend_pid()",
            [value],
        )


def _name(sync_request: SyncRequest) -> str:
    return f"sync {sync_request.pk.hex} {sync_request.fencing_token}"
