"""The second fence: once a request's account is known, the database itself shows it nothing of others'.

The first fence is `.of(account)`, with which every query behind a door begins. This one is for the day when somebody
forgets it: the connection takes a role that row-level security narrows to the account (`accounts.fence_building`), and
gives it up when the request has been answered. Workers, migrations, the administration and whoever has not yet said who
they are use the database as its login, which is not narrowed.
"""

import logging
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from django.conf import settings
from django.core.signals import request_finished
from django.db import connection
from django.db.backends.signals import connection_created
from psycopg.pq import TransactionStatus

from adsplatform import ROW_SECURITY_ROLE
from adsplatform.accounts import row_security_policies

logger = logging.getLogger(__name__)

RAISE = (
    "SELECT set_config('role', %s, false), set_config('ads.account', %s, false), set_config('ads.person', %s, false)"
)
LOWER = "RESET ROLE; RESET ads.account; RESET ads.person"


@dataclass(frozen=True)
class _Kept:
    """To whose rows the connection is kept; and whether that was said in a transaction, whose end may take it back."""

    account: UUID
    person: UUID
    in_transaction: bool


# Of this thread, as the connection is.
_kept: ContextVar[_Kept | None] = ContextVar("kept", default=None)


def keep_to(account: UUID, person: UUID):
    """From now on, show this request nothing but the account's rows."""
    before = _kept.get()
    if before and (before.account, before.person) == (account, person):
        return
    if is_up():
        kept = _Kept(account, person, connection.in_atomic_block)
        # First, so that whatever comes of it is cleared away.
        _kept.set(kept)
        _raise(connection, kept)


def let_go(**kwargs):
    """Give the connection back as it was; one that cannot be is closed."""
    kept = _kept.get()
    if kept is None:
        return
    _kept.set(None)
    if connection.connection is None:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute(LOWER)
        is_clean = kept.in_transaction or _status() == TransactionStatus.IDLE
    except Exception:
        # Of a transaction that has failed, the end takes back what was said in it.
        is_clean = kept.in_transaction
    if not is_clean:
        logger.warning("A connection to the database could not be cleared after a request, and was closed.")
        connection.close()


@contextmanager
def beyond():
    """Use the database as its login for a moment, for what no account may do."""
    kept = _kept.get()
    if kept is None:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    try:
        yield
    finally:
        # The end of a transaction that has failed takes back what was said in it; a lost connection is opened anew.
        if _status() in (TransactionStatus.IDLE, TransactionStatus.INTRANS):
            _raise(connection, kept)


@cache
def is_up() -> bool:
    """Whether there is a second fence; looked at once by each process."""
    if not settings.SECOND_FENCE:
        return False
    with connection.cursor() as cursor:
        if reason := row_security_policies.reason(cursor):
            logger.warning(reason)
    return not reason


class RowSecurityMiddleware:
    """Outside of all that queries: no request finds, or leaves, a connection that is kept to an account.

    An answer that is sent while it is being made goes on asking the database; it is let go when it has been sent.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        let_go()
        is_being_made = False
        try:
            response = self.get_response(request)
            is_being_made = response.streaming
            return response
        finally:
            if not is_being_made:
                let_go()


def _raise(connection, kept: _Kept):
    with connection.cursor() as cursor:
        cursor.execute(RAISE, [ROW_SECURITY_ROLE, str(kept.account), str(kept.person)])


def _again(connection, **kwargs):
    """A request whose connection was lost goes on with one that is kept to its account too."""
    if kept := _kept.get():
        _raise(connection, kept)


def _status() -> TransactionStatus:
    if connection.connection is None:
        return TransactionStatus.UNKNOWN
    return connection.connection.info.transaction_status


# Sent when an answer is closed, by which time all of it has been sent.
request_finished.connect(let_go, dispatch_uid="accounts.fence")
connection_created.connect(_again, dispatch_uid="accounts.fence")
