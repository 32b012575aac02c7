"""The reading server: a small program that forks a confined process for each source that is to be read.

It is started without the product's secrets (see `environment`), so its processes have none in their memory; and before
they look at the source, they give up what else they do not need (see `adsplatform.local.confinement`). The server
itself looks at nothing: it passes on sockets and files, ends processes whose sync has ended, and removes what they
leave.
"""

import contextlib
import gc
import logging
import os
import selectors
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, NoReturn

import psutil
from django.conf import settings

from adsplatform.cluster.resource_limits import keep_freed_memory, limit_resources
from adsplatform.local import confinement
from adsplatform.local.processes import adopt_orphans, end_with_parent
from adsplatform.observability import logs
from adsplatform.observability.redaction import remember_secrets
from adsplatform.records.specification import entities
from enrollments.models import secrets_in
from syncs.connectors import connector_named, registered
from syncs.connectors.blocks import combine_blocks
from syncs.connectors.protocol import (
    Columns,
    ConnectorError,
    FileLayout,
    Programs,
    Rows,
    Source,
    SourceItem,
    SyncEnd,
)
from syncs.loading.staging.vocabulary import RecordNames
from syncs.reading import client, messages
from syncs.reading.framing import receive, send
from syncs.reading.help import RemoteHelper
from syncs.reading.launcher import FOLDERS
from syncs.reading.questions import Question, answers_to
from syncs.reading.signals import Begun, Ended, Signal, signal_of
from syncs.reading.task import Task, decode_task

logger = logging.getLogger(__name__)

# How many remarks about lines are sent at once, so that a file with a million bad lines costs few messages.
TOGETHER = 500


class _Reading(NamedTuple):
    """A process that reads: the folder that it may write to, and the socket whose other end its sync holds."""

    folder: Path
    watched: socket.socket


class Server:
    """Serves until the process that started it ends, or closes its socket."""

    def __init__(self, requests: socket.socket) -> None:
        self.requests = requests
        self.confinement = confinement.prepare(settings.SYNC_READER_UID)
        self._readings: dict[int, _Reading] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(requests, selectors.EVENT_READ)
        self._woken, waking = socket.socketpair()
        for end in (self._woken, waking):
            end.setblocking(False)
        self._waking = waking
        self._selector.register(self._woken, selectors.EVENT_READ)

    def serve(self) -> None:
        """Start a process for each request; returns when there can be no more."""
        # Whoever stops the workers decides when their readers end.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waking.fileno(), warn_on_full_buffer=False)
        adopt_orphans()
        _remove_leftovers()
        level = logging.INFO if self.confinement.holds else logging.WARNING
        logger.log(level, "What reads the sources of syncs is confined: %s.", self.confinement.description)
        # Cached here for all later processes; what is there now will stay, so it need not be examined repeatedly.
        registered()
        entities()
        keep_freed_memory()
        gc.freeze()
        while self._turn():
            pass
        self._end_all()

    def _turn(self) -> bool:
        for key, _ in self._selector.select():
            if key.fileobj is self.requests:
                if not self._take():
                    return False
            elif key.fileobj is self._woken:
                self._drain()
            else:
                # The sync has ended, or no longer wants to know.
                self._kill(key.data)
                self._selector.unregister(key.fileobj)
        self._reap()
        return True

    def _kill(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._woken.recv(1000):
                pass

    def _take(self) -> bool:
        """Take a request; False if there will be no more."""
        request, descriptors, _, _ = socket.recv_fds(self.requests, len(client.REQUEST), 2)
        if not request:
            return False
        data, watched = (socket.socket(fileno=descriptor) for descriptor in descriptors)
        folder = Path(tempfile.mkdtemp(prefix=f"{FOLDERS}{os.getpid()}-"))
        if self.confinement.uid is not None:
            os.chown(folder, self.confinement.uid, self.confinement.uid)
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become_reader(data, watched, folder, parent)
        self._readings[pid] = _Reading(folder, watched)
        self._selector.register(watched, selectors.EVENT_READ, pid)
        data.close()
        return True

    def _reap(self) -> None:
        """Bury the processes that have ended, and end what those that read have started."""
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if reading := self._readings.pop(pid, None):
                with contextlib.suppress(KeyError):
                    self._selector.unregister(reading.watched)
                reading.watched.close()
                shutil.rmtree(reading.folder, ignore_errors=True)
            for child in _children():
                if child not in self._readings:
                    self._kill(child)

    def _end_all(self) -> None:
        """End what still reads, and what that has started."""
        while children := _children():
            for child in children:
                self._kill(child)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, 0)
        for reading in self._readings.values():
            shutil.rmtree(reading.folder, ignore_errors=True)

    def _become_reader(self, data: socket.socket, watched: socket.socket, folder: Path, parent: int) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._selector.close()
            for other in (self.requests, watched, self._woken, self._waking):
                other.close()
            for reading in self._readings.values():
                reading.watched.close()
            # If memory runs short, the kernel is to kill this process before others.
            with contextlib.suppress(OSError):
                Path("/proc/self/oom_score_adj").write_text("600")
            _, content, _, _ = socket.recv_fds(data, 1, 1)
            received = receive(data)
            if received is not None:
                self._read(received, data, folder, content, parent)
            code = 0
        except BrokenPipeError:
            # The sync has ended.
            code = 0
        except BaseException:
            logger.exception("A process that reads the source of a sync ended with an error.")
        finally:
            logging.shutdown()
            os._exit(code)

    def _read(self, received: bytes, data: socket.socket, folder: Path, content: list[int], parent: int) -> None:
        task = decode_task(received)
        more = map(Path, settings.SYNC_READER_FOLDERS)
        programs = _programs_of(task)
        self.confinement.apply(
            folder,
            *more,
            has_network=isinstance(task, Question) or task.fetches_data,
            executable=programs.executable,
            readable=programs.readable,
        )
        # After the change of user, which would undo it.
        end_with_parent()
        if os.getppid() != parent:
            return
        tempfile.tempdir = str(folder)
        send(data, messages.encode([Begun()]))
        # So that the log, too, masks them.
        remember_secrets(secrets_in(task.credentials))
        if isinstance(task, Question):
            # Those of a worker have its limits.
            limit_resources()
            _send_all(data, ([found] for found in answers_to(task, RecordNames())))
            return
        source = replace(task.source(), vocabulary=RecordNames(), helper=RemoteHelper(data))
        with contextlib.ExitStack() as opened, logs.about(sync_id=task.sync_id):
            if content:
                source = replace(source, content=opened.enter_context(os.fdopen(content[0], "rb")))
            if task.end:
                _send_all(data, _put_away(task.connector, source, task.end))
                return
            found = combine_blocks(connector_named(task.connector).rows(source))
            _send_all(data, _together(found), source.layouts)


def _programs_of(task: Task | Question) -> Programs:
    """What the connector may start; nothing where its settings are wrong, which it will say when it reads."""
    try:
        return connector_named(task.connector).programs(task.settings)
    except ConnectorError:
        return Programs()


def _send_all(
    data: socket.socket, found: Iterator[Sequence[SourceItem | Signal]], layouts: Sequence[FileLayout] = ()
) -> None:
    """Send what is found, and at the end that this was all, or why it is not."""
    try:
        for portion in found:
            send(data, messages.encode(portion, layouts))
        last: Signal = Ended()
    except BrokenPipeError:
        raise
    except Exception as error:
        last = signal_of(error)
    send(data, messages.encode([last]))


def _put_away(connector: str, source: Source, end: SyncEnd) -> Iterator[list[SourceItem]]:
    """Have the connector put the files away; there is nothing to send but the end."""
    connector_named(connector).put_away(source, end)
    yield []


def _together(items: Iterator[SourceItem]) -> Iterator[list[SourceItem]]:
    """The items in portions: a block of rows ends one, because the process of the sync can begin to load it."""
    portion: list[SourceItem] = []
    try:
        for item in items:
            portion.append(item)
            if isinstance(item, Rows | Columns) or len(portion) >= TOGETHER:
                yield portion
                portion = []
    except Exception:
        if portion:
            yield portion
        raise
    if portion:
        yield portion


def _remove_leftovers() -> None:
    """Remove the folders of servers that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDERS}*-*"):
        number = folder.name.removeprefix(FOLDERS).partition("-")[0]
        if number.isdecimal() and not psutil.pid_exists(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _children() -> list[int]:
    """The processes that this one has to bury, whoever started them."""
    with contextlib.suppress(OSError):
        return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    return []
