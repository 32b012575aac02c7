"""What the cluster sends itself: messages of the queue, and the state that a running cluster reports.

django-q2 sends pickles. Loading a pickle can run any function, so whoever could write a message could run code in a
worker. Here everything is signed JSON, and a message can only name one of the tasks in settings.QUEUE_TASKS.
"""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core import signing
from django.core.serializers.json import DjangoJSONEncoder
from django.core.signing import BadSignature
from django.utils import timezone
from django_q.signing import SignedPackage
from django_q.status import Stat

# The key of these signatures is derived from SECRET_KEY and this text, so no other signature of ours fits.
SALT = "adsplatform.cluster.messages"


class _Serializer(signing.JSONSerializer):
    def dumps(self, obj: object) -> bytes:
        return DjangoJSONEncoder(separators=(",", ":")).encode(obj).encode()


def replace_packages() -> None:
    """Make django-q2 send these messages in place of its own."""
    SignedPackage.dumps, SignedPackage.loads = dumps, loads


def dumps(item: Any, compressed: bool = False) -> str:
    """The message that asks for a task, or the state of a cluster, as signed text."""
    if isinstance(item, Stat):
        message = {name: value for name, value in vars(item).items() if name != "broker"}
    else:
        message = {"func": item["func"], "args": list(item["args"])}
        _check(message)
    return signing.dumps(message, salt=SALT, serializer=_Serializer)


def loads(text: str | bytes) -> Any:
    """The task or the state in a message; raises BadSignature for what we have not signed or do not run."""
    message = signing.loads(text if isinstance(text, str) else text.decode("latin-1"), salt=SALT)
    if "func" not in message:
        return _state(message)
    _check(message)
    return {
        "id": uuid4().hex,
        "name": message["func"],
        "func": message["func"],
        "args": message["args"],
        "kwargs": {},
        "started": timezone.now(),
        # A task that succeeded leaves nothing in the database; one that failed is not repeated.
        "save": False,
        "ack_failure": True,
    }


def _check(message: dict[str, Any]) -> None:
    if message["func"] not in settings.QUEUE_TASKS:
        raise BadSignature(f"The queue runs no task “{message['func']}”. Name it in QUEUE_TASKS.")
    if not all(isinstance(argument, str) for argument in message["args"]):
        raise BadSignature(f"A message for “{message['func']}” can carry texts only.")


def _state(message: dict[str, Any]) -> Stat:
    state = Stat.__new__(Stat)
    moments = {name: datetime.fromisoformat(message[name]) for name in ("tob", "timestamp")}
    vars(state).update(message | moments)
    return state
