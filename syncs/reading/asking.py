"""Has a source asked by a reading process, of a reading server that is started for it and ends with the answer.

A web process has no server of its own: it would take memory all the time for what is asked now and then.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer

from django.conf import settings

from adsplatform.rest.threads import occupied_thread
from syncs.connectors.protocol import ConnectorError, SourceItem, Vocabulary
from syncs.reading import messages
from syncs.reading.client import WITHOUT_CONTENT, request_process
from syncs.reading.framing import receive, send
from syncs.reading.launcher import environment
from syncs.reading.questions import Question, answers_to, needs_no_source
from syncs.reading.signals import Begun, Ended, Failure, Offered, Refused, Renew, Renewed, Said, Take
from syncs.reading.task import encode_task

# How long a person waits at most; how long the server may then take to end; how much the answers may hold.
MOST_SECONDS, END_SECONDS = 60.0, 30.0
MOST_BYTES = 32 * 1024**2


def ask(question: Question, vocabulary: Vocabulary) -> list[Said | Offered | SourceItem]:
    """The answers of the source; raises ConnectorError, and QuotaExceeded while others occupy the web process."""
    if not settings.SYNC_OWN_PROCESS or needs_no_source(question):
        return list(answers_to(question, vocabulary))
    with occupied_thread():
        return list(_asked(question))


def _asked(question: Question) -> Iterator[Said | Offered | SourceItem]:
    with _server() as requests:
        process = request_process(requests)
        # The server ends the process when this end of its socket is closed.
        deadline = Timer(MOST_SECONDS, process.alive.shutdown, [socket.SHUT_RDWR])
        with process.data, process.alive:
            deadline.start()
            try:
                yield from _answers(process.data, question)
            finally:
                deadline.cancel()


def _answers(data: socket.socket, question: Question) -> Iterator[Said | Offered | SourceItem]:
    with suppress(ConnectionError):
        data.sendall(WITHOUT_CONTENT)
        send(data, encode_task(question))
    left = MOST_BYTES
    while received := receive(data, left):
        left -= len(received)
        try:
            found = list(messages.decode(received, ()))
        except messages.MessageError:
            break
        for message in found:
            match message:
                case Begun():
                    pass
                case Ended():
                    return
                case Refused():
                    raise message.error()
                case Failure():
                    raise ConnectorError(
                        "The connector failed while it was tried; the server’s log says why. Nothing was stored."
                    )
                case Take() | Renew() | Renewed():
                    raise ConnectorError("The connector asked for what there is only in a sync. Nothing was stored.")
                case _:
                    yield message
    raise ConnectorError(
        f"The source had no answer within {MOST_SECONDS:.0f} seconds, or what tried it has ended. Nothing was stored. "
        "Try again later.",
        transient=True,
    )


@contextmanager
def _server() -> Iterator[socket.socket]:
    """The socket of a new reading server, which ends with the block."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "syncs.reading", str(theirs.fileno())],
                env=dict(environment(os.environ)),
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
        try:
            yield ours
        finally:
            ours.close()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
