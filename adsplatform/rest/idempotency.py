"""A request that is sent twice with one Idempotency-Key is carried out once, and gets the same answer twice."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol, TypedDict, runtime_checkable

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework.response import Response

from adsplatform import locks
from adsplatform.accounts.models import Account, User
from adsplatform.errors import Conflict, PlatformError
from adsplatform.rest.models import KeptAnswer
from adsplatform.rest.renderers import to_wire
from adsplatform.rest.requests import WireRequest

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
KEY_LENGTH = 255
# How long a second request waits for the first one's answer.
WAIT_SECONDS = 5
# Each new answer deletes more expired ones of its account than itself; retention deletes those of accounts that make no
# more requests.
PRUNED_AT_ONCE = 100


class BeingWorkedOn(Conflict):
    title = "The same request is being worked on."


@runtime_checkable
class _File(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def seek(self, position: int, /) -> int: ...


class _RequestKey(TypedDict):
    """The columns of `KeptAnswer` that identify a request."""

    group_key: Account
    user: User
    endpoint: str
    key: str


def once(
    request: WireRequest, body: object, do: Callable[[], Response], *, omit_on_replay: tuple[str, ...] = ()
) -> HttpResponse | Response:
    """The answer of `do()`; or the stored answer, if there is one to this request under its Idempotency-Key.

    `body` is what was sent: JSON values, which may contain files. What `do` changes in the database and the
    stored answer commit together or not at all, so a sender that got no answer may safely send the request again. If
    `do` raises, nothing is stored. Members in `omit_on_replay` are secrets, which the stored answer leaves out.
    """
    key = request.headers.get(HEADER, "").strip()
    if not key:
        return do()
    if len(key) > KEY_LENGTH or not key.isprintable():
        raise PlatformError(f"{HEADER} must be at most {KEY_LENGTH} printable characters.", field=HEADER)
    caller = request.caller
    request_key = _RequestKey(
        group_key=caller.account, user=caller.user, endpoint=f"{request.method} {request.path}", key=key
    )
    asked = _digest(request, body)
    with transaction.atomic():
        _lock(request_key)
        stored = KeptAnswer.objects.filter(**request_key).first()
        if stored and stored.created > _oldest():
            return _replay(stored, asked)
        answer = do()
        _prune(caller.account)
        KeptAnswer.objects.update_or_create(
            **request_key,
            defaults={
                "asked": asked,
                "status": answer.status_code,
                "body": to_wire(_without(answer.data, omit_on_replay)).decode(),
                "created": timezone.now(),
            },
        )
        return answer


def _digest(request: WireRequest, body: object) -> str:
    asked = json.dumps([dict(request.parameters), body], sort_keys=True, default=_as_text)
    return salted_hmac(HEADER, asked, algorithm="sha256").hexdigest()


def _as_text(value: object) -> str:
    return _sha256(value) if isinstance(value, _File) else str(value)


def _sha256(file: _File) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while chunk := file.read(1024**2):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _lock(request_key: _RequestKey) -> None:
    """Block other requests with this key until the transaction ends; raises BeingWorkedOn after a while."""
    account, user = request_key["group_key"], request_key["user"]
    name = f"{HEADER} {account.pk} {user.pk} {request_key['endpoint']} {request_key['key']}"
    try:
        locks.acquire(locks.HashedKey(name), timeout_seconds=WAIT_SECONDS)
    except locks.LockTimeout:
        raise BeingWorkedOn(
            f"A request with the {HEADER} “{request_key['key']}” is being worked on. "
            "Ask again for its answer in a moment.",
            field=HEADER,
        ) from None


def _replay(stored: KeptAnswer, asked: str) -> HttpResponse:
    if stored.asked != asked:
        raise Conflict(
            f"The {HEADER} “{stored.key}” was used for a different request on "
            f"{stored.created:%Y-%m-%d at %H:%M:%S} UTC. "
            "Send the very same request, or give this one a key of its own.",
            field=HEADER,
        )
    return HttpResponse(
        stored.body, status=stored.status, content_type="application/json; charset=utf-8", headers={REPLAYED: "true"}
    )


def _without(data: object, members: tuple[str, ...]) -> object:
    if not isinstance(data, dict):
        return data
    return {name: value for name, value in data.items() if name not in members}


def _oldest() -> datetime:
    return timezone.now() - timedelta(hours=settings.IDEMPOTENCY_HOURS)


def _prune(account: Account) -> None:
    """Delete some of the account's expired answers, except those that another request is about to delete."""
    expired = KeptAnswer.objects.of(account).filter(created__lt=_oldest()).order_by("created")
    found = list(expired.select_for_update(skip_locked=True).values_list("pk", flat=True)[:PRUNED_AT_ONCE])
    KeptAnswer.objects.filter(pk__in=found).delete()
