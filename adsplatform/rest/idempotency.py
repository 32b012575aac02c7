"""The same request, sent twice with one Idempotency-Key, is carried out once and answered twice."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rest_framework.response import Response

from adsplatform import locks
from adsplatform.errors import Conflict, PlatformError
from adsplatform.rest.models import KeptAnswer
from adsplatform.rest.renderers import to_wire

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
KEY_LENGTH = 255
# How long a second request waits for the first one's answer.
WAIT_SECONDS = 5
# Each new answer clears away more old ones of its account than itself; of an account that asks no more, retention does.
PRUNED_AT_ONCE = 100


class BeingWorkedOn(Conflict):
    title = "The same request is being worked on."


def once(request, body, do: Callable[[], Response], *, omit_on_replay: tuple[str, ...] = ()) -> HttpResponse | Response:
    """`do()`'s answer; for a request that has been answered under its Idempotency-Key, that answer again.

    `body` is what was sent: what JSON is made of, with any files in it. What `do` changes in the database commits
    together with its answer or not at all, so a sender that heard nothing may safely ask again. What `do` refuses
    by raising is not kept. Members in `told_once` are secrets, which a second answer leaves out.
    """
    key = request.headers.get(HEADER, "").strip()
    if not key:
        return do()
    if len(key) > KEY_LENGTH or not key.isprintable():
        raise PlatformError(f"{HEADER} must be at most {KEY_LENGTH} printable characters.", field=HEADER)
    mine = {
        "group_key": request.auth.account,
        "user": request.user,
        "endpoint": f"{request.method} {request.path}",
        "key": key,
    }
    asked = _digest(request, body)
    with transaction.atomic():
        _take_turn(mine)
        kept = KeptAnswer.objects.filter(**mine).first()
        if kept and kept.created > _oldest():
            return _again(kept, asked)
        answer = do()
        _prune(request.auth.account)
        KeptAnswer.objects.update_or_create(
            **mine,
            defaults={
                "asked": asked,
                "status": answer.status_code,
                "body": to_wire(_without(answer.data, omit_on_replay)).decode(),
                "created": timezone.now(),
            },
        )
        return answer


def _digest(request, body) -> str:
    told = json.dumps([dict(request.parameters), body], sort_keys=True, default=_told)
    return salted_hmac(HEADER, told, algorithm="sha256").hexdigest()


def _told(value) -> str:
    return _sha256(value) if hasattr(value, "read") else str(value)


def _sha256(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while chunk := file.read(1024**2):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _take_turn(mine: dict):
    """Until the transaction ends, let no other request with this key go on; raises BeingWorkedOn after a while."""
    name = f"{HEADER} {mine['group_key'].pk} {mine['user'].pk} {mine['endpoint']} {mine['key']}"
    try:
        locks.acquire(locks.HashedKey(name), timeout_seconds=WAIT_SECONDS)
    except locks.LockTimeout:
        raise BeingWorkedOn(
            f"A request with the {HEADER} “{mine['key']}” is being worked on. Ask again for its answer in a moment.",
            field=HEADER,
        ) from None


def _again(kept: KeptAnswer, asked: str) -> HttpResponse:
    if kept.asked != asked:
        raise Conflict(
            f"The {HEADER} “{kept.key}” was used for a different request on {kept.created:%Y-%m-%d at %H:%M:%S} UTC. "
            "Send the very same request, or give this one a key of its own.",
            field=HEADER,
        )
    return HttpResponse(
        kept.body, status=kept.status, content_type="application/json; charset=utf-8", headers={REPLAYED: "true"}
    )


def _without(data, members: tuple[str, ...]):
    return {name: value for name, value in data.items() if name not in members} if members else data


def _oldest():
    return timezone.now() - timedelta(hours=settings.IDEMPOTENCY_HOURS)


def _prune(account):
    """Forget some of the account's answers that are too old; another request may be at others of them."""
    old = KeptAnswer.objects.of(account).filter(created__lt=_oldest()).order_by("created")
    found = list(old.select_for_update(skip_locked=True).values_list("pk", flat=True)[:PRUNED_AT_ONCE])
    KeptAnswer.objects.filter(pk__in=found).delete()
