"""The audit trail: who changed what, and when.

Database triggers write it with each change (`accounts.audit_triggers`), so that no change can bypass it. The interfaces
only store in the database session who made the request, signed (`accounts.audit_signatures`). Behind a pooler that
shares sessions between transactions they store nothing, because no name is better than a wrong one.

What changes no row has no trigger: refused sign-ins, and staff who look at an account's data. The interfaces write
those entries themselves.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import Error, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models import Model
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from adsplatform.accounts import row_security
from adsplatform.accounts.audit_entries import AuditEntry
from adsplatform.accounts.audit_signatures import Actor, proofs, sign
from adsplatform.accounts.audit_triggers import ACTOR
from adsplatform.accounts.models import Account, ApiKey, User
from adsplatform.observability.request_ids import request_id_of

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
# What stands for a value that an entry does not have, and how much of a value of a filter it has.
NOT_STORED, SHOWN = "(not kept here)", 100
SET_ACTOR = f"SELECT set_config('{ACTOR}', %s, false)"

# Belongs to the thread, as the connection does.
_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)


class ActorMiddleware:
    """Stores who makes a request that may change something in the database session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method in SAFE_METHODS:
            return self.get_response(request)
        try:
            record_actor(request, request.user)
            return self.get_response(request)
        finally:
            _clear_actor()


def record_actor(request: HttpRequest | Request, user: User | AnonymousUser, api_key: ApiKey | None = None) -> None:
    """Attribute the changes of this request to a person, or to the address alone if nobody has signed in."""
    if request.method in SAFE_METHODS or settings.POOLED_BY_TRANSACTION:
        return
    _actor.set(_actor_of(request, user, api_key))
    _send_actor(connection)


@contextmanager
def acting(request: HttpRequest) -> Iterator[None]:
    """Attribute the changes that a GET makes to the person: when a person comes back from another site, it is one."""
    if settings.POOLED_BY_TRANSACTION:
        yield
        return
    _actor.set(_actor_of(request, request.user, None))
    _send_actor(connection)
    try:
        yield
    finally:
        _clear_actor()


def record_event(
    request: HttpRequest | Request,
    action: AuditEntry.Action,
    *,
    subject: str,
    subject_id: str = "",
    subject_name: str = "",
    account: UUID | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """Store an entry about something that changes no row: a refused sign-in, or staff who look at an account's data."""
    user = getattr(request, "user", None) if action == AuditEntry.Action.SEEN else None
    with row_security.as_login_role():
        AuditEntry.objects.create(
            at=timezone.now(),
            group_key=account,
            action=action,
            subject=subject[:40],
            subject_id=subject_id[:40],
            subject_name=subject_name[:255],
            before={},
            after=after or {},
            **_signed(_actor_of(request, user, None)),
        )


def signed_now(person: User | None) -> dict[str, Any]:
    """The fields of an entry about what a person asks for in this request, or outside of any."""
    actor = _actor.get()
    return _signed(actor) if actor else signed_by(person)


def signed_by(person: User | None) -> dict[str, Any]:
    """The fields of an entry that the platform writes about what a person asked for earlier."""
    actor: Actor = {
        "user_id": str(person.pk) if person else None,
        "user_email": person.email if person else "",
        "key_prefix": "",
        "door": "",
        "address": "",
        "request_id": "",
    }
    return _signed(actor)


def _signed(actor: Actor) -> dict[str, Any]:
    return {**actor, **proofs(sign(actor, timezone.now()))}


def record_seen(request: HttpRequest, seen: Model) -> None:
    """Store an entry about staff who look at an object, if it belongs to an account."""
    if account := _account_of(seen):
        record_event(
            request,
            AuditEntry.Action.SEEN,
            account=account,
            subject=str(seen._meta.verbose_name),
            subject_id=str(seen.pk),
            subject_name=str(seen),
        )


def record_list_seen(request: HttpRequest, rows: Sequence[Model], title: str) -> None:
    """Store one entry about staff who look at a page of a list: with what it was narrowed by, and whose rows it showed.

    It belongs to the account whose rows they are, or to none if those of several are on the page.
    """
    accounts = {account for row in rows if (account := _account_of(row))}
    _record_seen_of(request, f"list of {title}", accounts, rows=len(rows))


def record_export(request: HttpRequest, accounts: Collection[UUID], title: str, rows: int) -> None:
    """Store one entry about staff who download a list, of at most so many rows, as `record_list_seen` does."""
    _record_seen_of(request, f"export of {title}", accounts, rows=rows)


def _record_seen_of(request: HttpRequest, subject: str, accounts: Collection[UUID], *, rows: int) -> None:
    given = {name: value[:SHOWN] for name, value in request.GET.items() if value}
    # What is searched for may be a person's name or address.
    narrowed_by: dict[str, object] = {name: NOT_STORED if name == "q" else value for name, value in given.items()}
    several = {"accounts": ", ".join(sorted(map(str, accounts)))} if len(accounts) > 1 else {}
    record_event(
        request,
        AuditEntry.Action.SEEN,
        subject=subject,
        account=next(iter(accounts)) if len(accounts) == 1 else None,
        after=narrowed_by | {"rows": rows} | several,
    )


def _account_of(row: Model | None) -> UUID | None:
    if row is None or isinstance(row, AuditEntry):
        return None
    if isinstance(row, Account):
        return row.pk
    if parent := getattr(row, "row_security_parent", None):
        return _account_of(getattr(row, parent))
    return getattr(row, "group_key_id", getattr(row, "group_key", None))


def _actor_of(request: HttpRequest | Request, user: User | AnonymousUser | None, api_key: ApiKey | None) -> Actor:
    wrapped = request if isinstance(request, Request) else Request(request)
    person = user if isinstance(user, User) else None
    return {
        "user_id": str(person.pk) if person else None,
        "user_email": person.email if person else "",
        "key_prefix": api_key.key_prefix if api_key else "",
        "door": _interface_of(request.path_info),
        "address": (BaseThrottle().get_ident(wrapped) or "")[:255],
        "request_id": request_id_of(request),
    }


def _interface_of(path: str) -> str:
    first = path.lstrip("/").partition("/")[0]
    return {"api": AuditEntry.Interface.API, "admin": AuditEntry.Interface.ADMIN}.get(first, AuditEntry.Interface.INBOX)


def _send_actor(connection: BaseDatabaseWrapper) -> None:
    actor = _actor.get()
    with connection.cursor() as cursor:
        cursor.execute(SET_ACTOR, [json.dumps({**actor, **sign(actor, timezone.now())}) if actor else ""])


def _clear_actor() -> None:
    if _actor.get() is None:
        return
    _actor.set(None)
    if connection.connection is None or (connection.in_atomic_block and connection.needs_rollback):
        return  # The session has ended, or the rollback clears the parameter.
    try:
        _send_actor(connection)
    except Error:
        # The next request on this connection must not be attributed to this actor.
        connection.close()


def _send_actor_to_new_connection(connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    """Set the actor on a connection that replaces one that was lost during the request."""
    if _actor.get():
        _send_actor(connection)


connection_created.connect(_send_actor_to_new_connection, dispatch_uid="accounts.audit")
