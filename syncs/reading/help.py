"""How a reading process has the process of the sync do what needs the database (`protocol.Helper`)."""

import socket
from collections.abc import Callable, Mapping
from threading import Lock

import msgspec

from adsplatform.observability.redaction import remember_secrets
from enrollments.models import secrets_in
from syncs.connectors.protocol import ConnectorError, Helper, Renewal
from syncs.reading import messages
from syncs.reading.framing import receive, send
from syncs.reading.signals import Answer, Granted, Present, Refused, Renew, Renewed, Signal, Take

_answers = msgspec.msgpack.Decoder(Answer)


class RemoteHelper:
    """The helper of a source in the reading process; it asks through the socket by which the messages go."""

    def __init__(self, data: socket.socket) -> None:
        self._data = data
        # A connector may read by several threads.
        self._lock = Lock()

    def take(self, name: str, amount: int = 1) -> None:
        with self._lock:
            self._ask(Take(name, amount))

    def renew_credentials(self, renewal: Renewal) -> Mapping[str, str]:
        with self._lock:
            answer = self._ask(Renew())
            present = answer.credentials if isinstance(answer, Present) else {}
            try:
                new = dict(renewal(present))
                # So that the log masks them too.
                remember_secrets(secrets_in(new))
            except BaseException:
                self._ask(Renewed(None))
                raise
            self._ask(Renewed(new))
            return new

    def _ask(self, question: Signal) -> Answer:
        send(self._data, messages.encode([question]))
        received = receive(self._data)
        if received is None:
            raise BrokenPipeError("The sync has ended.")
        answer = _answers.decode(received)
        if isinstance(answer, Refused):
            raise answer.error()
        return answer


class _NotRenewed(Exception):
    """The connector could not renew the credentials; it knows why."""


def help_reader(
    question: Take | Renew, helper: Helper, answer: Callable[[Answer], None], next_signal: Callable[[], Signal]
) -> None:
    """In the sync's process: do what the reading process asks for, and answer it."""
    try:
        match question:
            case Take(name, amount):
                helper.take(name, amount)
            case Renew():
                helper.renew_credentials(lambda present: _renewed_by_reader(present, answer, next_signal))
    except _NotRenewed:
        pass
    except ConnectorError as error:
        answer(Refused.of(error))
        return
    answer(Granted())


def _renewed_by_reader(
    present: Mapping[str, str], answer: Callable[[Answer], None], next_signal: Callable[[], Signal]
) -> Mapping[str, str]:
    answer(Present(dict(present)))
    match next_signal():
        case Renewed(dict(credentials)):
            return credentials
    raise _NotRenewed


def encode_answer(answer: Answer) -> bytes:
    return msgspec.msgpack.encode(answer)
