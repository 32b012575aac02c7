"""Renews an enrollment's credentials, by one process at a time, and stores the new ones at once.

Many sources take a refresh token once. So no other process may have it meanwhile, and what the source answers must last
whatever becomes of the work that needed it: the renewal has a database session and a transaction of its own.
"""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg

from adsplatform import locks
from enrollments.models import AppEnrollment
from syncs.connectors.protocol import CONNECTION_ENDS, ConnectorError, Renewal

# What the credentials of an enrollment may consist of.
MOST_CREDENTIALS, LONGEST_CREDENTIAL = 50, 100_000


def renew(session: psycopg.Connection, enrollment: AppEnrollment, renewal: Renewal) -> dict[str, str]:
    """Replace the enrollment's credentials by what `renewal` makes of the present ones; stored when this returns.

    `session` commits each statement by itself. Raises what `renewal` raises, and ConnectorError.
    """
    with _not_terminated(), session.transaction(), session.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", locks.credentials_key(enrollment.pk))
        cursor.execute(
            "SELECT encrypted_credentials FROM enrollments_appenrollment "
            "WHERE app_enrollment_id = %s AND NOT is_deleted",
            [enrollment.pk],
        )
        if not (row := cursor.fetchone()):
            raise ConnectorError("The enrollment was deleted. Nothing was changed.")
        (enrollment.encrypted_credentials,) = row
        present = enrollment.credentials
        new = dict(renewal(present))
        longest = max(map(len, new.values()), default=0)
        if len(new) > MOST_CREDENTIALS or longest > LONGEST_CREDENTIAL:
            raise ConnectorError("The connector’s new credentials are too long to be stored.")
        if new == present:
            return new
        enrollment.credentials = new
        enrollment.connection_ends = connection_end(new)
        cursor.execute(
            "UPDATE enrollments_appenrollment SET encrypted_credentials = %s, connection_ends = %s "
            "WHERE app_enrollment_id = %s",
            [enrollment.encrypted_credentials, enrollment.connection_ends, enrollment.pk],
        )
    return new


def connection_end(credentials: Mapping[str, str]) -> datetime | None:
    """When the access ends that the credentials give, if they say so."""
    try:
        ends = datetime.fromisoformat(credentials.get(CONNECTION_ENDS, ""))
    except ValueError:
        return None
    return ends if ends.tzinfo else ends.replace(tzinfo=UTC)


@contextmanager
def _not_terminated() -> Iterator[None]:
    """Let a request to end wait: between the source's answer and the commit, the only valid token would be lost."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
