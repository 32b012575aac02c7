"""Has a source read by a process of the reading server, and passes on what comes."""

import contextlib
import io
import shutil
import socket
import tempfile
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import IO, NamedTuple

from syncs.connectors import connector_named
from syncs.connectors.protocol import ConnectorError, Source, SourceItem, SourceItems, SyncEnd
from syncs.reading import messages
from syncs.reading.framing import receive, send
from syncs.reading.help import encode_answer, help_reader
from syncs.reading.signals import Answer, Begun, Ended, Failure, Offered, Refused, Renew, Renewed, Said, Signal, Take
from syncs.reading.task import Task, encode_task, task_of

# How long a reading process may take to begin; the server itself may have to be started again first.
BEGIN_SECONDS = 60
# What a request consists of besides the sockets that come with it, and what precedes a task that has no upload or has
# one, which comes with it.
REQUEST, WITHOUT_CONTENT, WITH_CONTENT = b"read", b"-", b"+"


class ReaderLost(BaseException):
    """The reading process died or sent what none of ours sends, so the process of the sync ends too, as crashed.

    Not an Exception, so that it counts as a crash and not as an error of the source.
    """


class Process(NamedTuple):
    """The sockets of a reading process: for messages, and one that the server watches to see that we are there."""

    data: socket.socket
    alive: socket.socket


class _Server:
    """Where requests for reading processes go; no socket outside of a cluster.

    `prepared` is a process that has been requested before there is something to read.
    """

    requests: socket.socket | None = None
    prepared: Process | None = None


server = _Server()


def prepare() -> None:
    """Have a process started for the next `items_of`, while this one has other things to do."""
    if server.requests is not None:
        server.prepared = request_process(server.requests)


def items_of(source: Source, opened: ExitStack, *, connector: str, sync_id: str, fetches_data: bool) -> SourceItems:
    """What the connector finds in the source; raises its errors, and ReaderLost.

    In a cluster it runs in a process of its own, which ends with `opened`; elsewhere, as in tests, it runs here.
    """
    found = connector_named(connector)
    if server.requests is None:
        return found.rows(source)
    task = task_of(source, connector=connector, sync_id=sync_id, fetches_data=fetches_data)
    data = opened.enter_context(_start(server.requests, task, source.content))
    return opened.enter_context(contextlib.closing(_items(data, source)))


def put_away(source: Source, end: SyncEnd, *, connector: str, sync_id: str) -> None:
    """Have the connector put away the files of a sync that has ended, in a process like that of `items_of`.

    Raises its errors, and ReaderLost.
    """
    if server.requests is None:
        connector_named(connector).put_away(source, end)
        return
    task = task_of(source, connector=connector, sync_id=sync_id, fetches_data=True, end=end)
    with _start(server.requests, task, None) as data, contextlib.closing(_items(data, source)) as items:
        for _ in items:
            pass


@contextlib.contextmanager
def _start(requests: socket.socket, task: Task, content: IO[bytes] | None) -> Iterator[socket.socket]:
    """The connection to a new reading process, which is killed when the block is left, or this process ends."""
    process, server.prepared = server.prepared or request_process(requests), None
    with process.data, process.alive:
        # If it is lost already, this is noticed when its first message is missing.
        with ExitStack() as until_sent, contextlib.suppress(ConnectionError):
            if content is None:
                process.data.sendall(WITHOUT_CONTENT)
            else:
                socket.send_fds(process.data, [WITH_CONTENT], [_descriptor(content, until_sent)])
            send(process.data, encode_task(task))
        yield process.data


def request_process(requests: socket.socket) -> Process:
    """Have the server fork a process, which waits for what it is to do."""
    data, theirs = socket.socketpair()
    # The server notices when our end is closed.
    alive, watched = socket.socketpair()
    with theirs, watched:
        socket.send_fds(requests, [REQUEST], [theirs.fileno(), watched.fileno()])
    return Process(data, alive)


def _descriptor(content: IO[bytes], opened: ExitStack) -> int:
    """A file descriptor of the content; that of a storage without files is copied first."""
    try:
        return content.fileno()
    except (AttributeError, io.UnsupportedOperation):
        copy = opened.enter_context(tempfile.TemporaryFile())  # noqa: SIM115, closed with `opened`
        shutil.copyfileobj(content, copy)
        copy.seek(0)
        return copy.fileno()


def _items(data: socket.socket, source: Source) -> Generator[SourceItem]:
    data.settimeout(BEGIN_SECONDS)
    try:
        # It says no more than that the process is there; if it is not, the next message is missing too.
        receive(data)
    except TimeoutError:
        raise ConnectorError(
            "The process that was to read the data could not be started. Nothing was changed.",
            code="worker_stopped",
            transient=True,
        ) from None
    data.settimeout(None)
    with ThreadPoolExecutor(1, thread_name_prefix="receive") as receiving:
        try:
            yield from _Conversation(data, source, receiving).items()
        finally:
            with contextlib.suppress(OSError):
                data.shutdown(socket.SHUT_RDWR)


class _Conversation:
    """The messages of a reading process; while one is being dealt with, the next one comes."""

    def __init__(self, data: socket.socket, source: Source, receiving: ThreadPoolExecutor) -> None:
        self._data, self._source, self._receiving = data, source, receiving
        self._coming: Future[bytes | None] = receiving.submit(receive, data)

    def items(self) -> Generator[SourceItem]:
        """What is found in the source; what the process asks for meanwhile is done."""
        while True:
            for message in self._next():
                match message:
                    case Ended():
                        return
                    case Refused() | Failure():
                        raise message.error()
                    case Take() | Renew():
                        help_reader(message, self._source.helper, self._answer, self._next_signal)
                    case Begun() | Renewed() | Said() | Offered():
                        raise ReaderLost("The reading process said something out of turn.")
                    case _:
                        yield message

    def _next(self) -> Iterator[SourceItem | Signal]:
        received = self._coming.result()
        if not received:
            raise ReaderLost("The process that read the source ended in the middle of it.")
        self._coming = self._receiving.submit(receive, self._data)
        return _decoded(received, self._source)

    def _next_signal(self) -> Signal:
        """The reading process's next word, where it is waited for before anything else."""
        for message in self._next():
            if isinstance(message, Renewed):
                return message
        raise ReaderLost("The reading process said something out of turn.")

    def _answer(self, answer: Answer) -> None:
        # If it is lost, this is noticed when its next message is missing.
        with contextlib.suppress(ConnectionError):
            send(self._data, encode_answer(answer))


def _decoded(received: bytes, source: Source) -> Iterator[SourceItem | Signal]:
    try:
        yield from messages.decode(received, source.layouts)
    except messages.MessageError as error:
        raise ReaderLost(f"The process that read the source sent {error}.") from error
