"""Row-level security of requests: once a request's account is known, the database returns only that account's rows.

Every query of the API and the Inbox is already narrowed by `.of(account)`. This is the second check, for a query that
forgets to: the connection takes a role whose rows are limited by policies (see `row_security_policies`) and returns to
its login role when the request is answered. Workers, migrations, the admin, and requests whose caller is not yet known
use the login role, which sees all rows.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from django.conf import settings
from django.core.signals import request_finished
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from psycopg.pq import TransactionStatus

from adsplatform import ROW_SECURITY_ROLE
from adsplatform.accounts import row_security_policies

logger = logging.getLogger(__name__)

SET_ROLE = (
    "SELECT set_config('role', %s, false), set_config('ads.account', %s, false), set_config('ads.person', %s, false)"
)
RESET_ROLE = "RESET ROLE; RESET ads.account; RESET ads.person"


@dataclass(frozen=True)
class _Restriction:
    """Whose rows the connection sees.

    If it was set `in_transaction`, a rollback undoes it.
    """

    account: UUID
    person: UUID
    in_transaction: bool


# Belongs to the thread, as the connection does.
_restriction: ContextVar[_Restriction | None] = ContextVar("restriction", default=None)


def restrict_to(account: UUID, person: UUID) -> None:
    """Let the rest of this request see only rows of the account."""
    current = _restriction.get()
    if current and (current.account, current.person) == (account, person):
        return
    if is_active():
        restriction = _Restriction(account, person, connection.in_atomic_block)
        # Set before the query, so that the restriction is removed even if the query fails half-way.
        _restriction.set(restriction)
        _apply(connection, restriction)


def restricted_account() -> UUID | None:
    """The account whose rows alone the rest of this request sees; None before it is known, and for staff."""
    restriction = _restriction.get()
    return restriction.account if restriction else None


def lift_restriction(**kwargs: object) -> None:
    """Return the connection to its login role; a connection that cannot be returned is closed."""
    restriction = _restriction.get()
    if restriction is None:
        return
    _restriction.set(None)
    if connection.connection is None:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute(RESET_ROLE)
        is_clean = restriction.in_transaction or _transaction_status() == TransactionStatus.IDLE
    except Exception:
        # The rollback of the failed transaction undoes what was set in it.
        is_clean = restriction.in_transaction
    if not is_clean:
        logger.warning("A connection to the database could not be reset after a request, and was closed.")
        connection.close()


@contextmanager
def as_login_role() -> Iterator[None]:
    """Use the login role inside the block, for what the restricted role may not do; blocks may be nested."""
    restriction = _restriction.get()
    if restriction is None:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    _restriction.set(None)
    try:
        yield
    finally:
        _restriction.set(restriction)
        # A rollback restores the role, and so does opening a lost connection again.
        if _transaction_status() in (TransactionStatus.IDLE, TransactionStatus.INTRANS):
            _apply(connection, restriction)


@cache
def is_active() -> bool:
    """Whether row-level security is switched on and set up; each process looks once."""
    if not settings.SECOND_FENCE:
        return False
    with connection.cursor() as cursor:
        if reason := row_security_policies.why_inactive(cursor):
            logger.warning(reason)
    return not reason


class RowSecurityMiddleware:
    """Ensures that no request begins or ends with a restricted connection; must wrap everything that queries.

    A streaming response queries while it is sent, so its restriction is lifted when it is closed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        lift_restriction()
        is_streaming = False
        try:
            response = self.get_response(request)
            is_streaming = response.streaming
            return response
        finally:
            if not is_streaming:
                lift_restriction()


def _apply(connection: BaseDatabaseWrapper, restriction: _Restriction) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SET_ROLE, [ROW_SECURITY_ROLE, str(restriction.account), str(restriction.person)])


def _restrict_new_connection(connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    """Restrict a connection that replaces one that was lost during the request."""
    if restriction := _restriction.get():
        _apply(connection, restriction)


def _transaction_status() -> TransactionStatus:
    if connection.connection is None:
        return TransactionStatus.UNKNOWN
    return connection.connection.info.transaction_status


# Sent when the response is closed, by which time all of it has been sent.
request_finished.connect(lift_restriction, dispatch_uid="accounts.row_security")
connection_created.connect(_restrict_new_connection, dispatch_uid="accounts.row_security")
