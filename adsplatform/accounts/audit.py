"""Who changed what, and when: a trail that the database keeps with each change.

Triggers write it (`accounts.audit_triggers`), so that nothing gets past it, whatever door a change came through; the
doors only say who is there, to the session of the database. Where a pooler gives that session to others between two
statements, they say nothing: no name is better than a wrong one.
"""

import json
from contextvars import ContextVar

from django.conf import settings
from django.db import Error, connection
from django.db.backends.signals import connection_created
from rest_framework.throttling import BaseThrottle

from adsplatform.accounts.audit_triggers import ACTOR
from adsplatform.accounts.models import AuditEntry, User
from adsplatform.observability.request_ids import request_id_of

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
TELL = f"SELECT set_config('{ACTOR}', %s, false)"

# Who is there in this thread, as the connection is the thread's.
_actor: ContextVar[dict | None] = ContextVar("actor", default=None)


class ActorMiddleware:
    """Tells the database who is there while a request may change something."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.method in SAFE_METHODS:
            return self.get_response(request)
        try:
            acting(request, request.user)
            return self.get_response(request)
        finally:
            _nobody_is_there()


def acting(request, user, api_key=None):
    """Have what this request changes put down to a person; to the address alone where nobody has signed in."""
    if request.method in SAFE_METHODS or settings.POOLED_BY_TRANSACTION:
        return
    known = isinstance(user, User)
    _actor.set(
        {
            "user_id": str(user.pk) if known else None,
            "user_email": user.email if known else "",
            "key_prefix": api_key.key_prefix if api_key else "",
            "door": _door_of(request.path_info),
            "address": (BaseThrottle().get_ident(request) or "")[:255],
            "request_id": request_id_of(request),
        }
    )
    _tell(connection)


def _door_of(path: str) -> str:
    first = path.lstrip("/").partition("/")[0]
    return {"api": AuditEntry.Door.API, "admin": AuditEntry.Door.ADMIN}.get(first, AuditEntry.Door.INBOX)


def _tell(connection):
    actor = _actor.get()
    with connection.cursor() as cursor:
        cursor.execute(TELL, [json.dumps(actor) if actor else ""])


def _nobody_is_there():
    if _actor.get() is None:
        return
    _actor.set(None)
    if connection.connection is None or (connection.in_atomic_block and connection.needs_rollback):
        return  # The session is gone, or forgets by itself.
    try:
        _tell(connection)
    except Error:
        # Whoever comes next must not be taken for this one.
        connection.close()


def _again(connection, **kwargs):
    """A request whose connection was lost is told of to the next one too."""
    if _actor.get():
        _tell(connection)


connection_created.connect(_again, dispatch_uid="accounts.audit")
