"""Runs a tap: a process in its own environment and process group, whose lines are read within limits."""

import contextlib
import ctypes
import logging
import os
import re
import resource
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from syncs.connectors.protocol import ConnectorError
from syncs.connectors.singer.taps import Tap

logger = logging.getLogger(__name__)

LINUX = sys.platform == "linux"
READ_BYTES = 1024**2
# What is kept of the tap's own words, and how much of them is shown.
LINES_KEPT, LINE_KEPT, SHOWN_LINES, SHOWN_CHARACTERS = 50, 2_000, 2, 1_000
# How long a tap may take to end once it has closed its output, or was asked to.
END_SECONDS, TERM_SECONDS = 30.0, 1.0
# What the tap gets of our own environment: how to reach the internet.
VARIABLES = (
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    "http_proxy", "https_proxy", "all_proxy", "no_proxy",
)  # fmt: skip
# Words by which taps say that the source refuses what they sign in with, or that it is away and may come back.
_FINAL = re.compile(
    r"authenticat|unauthori[sz]ed|forbidden|access denied|permission denied|invalid.{0,20}(credential|token|key|pass)"
    r"|\b40[13]\b",
    re.IGNORECASE,
)
_PASSING = re.compile(
    r"refused|tim(ed|e)[ -]?out|temporar|unreachable|reset by peer|broken pipe|too many (requests|connections)"
    r"|(name or service|host) not known|name resolution|can't connect|could not connect"
    r"|connection (was )?(aborted|closed|lost|terminated)|server closed the connection|lost connection"
    r"|(http|status|code|error)\W{0,10}(429|5\d\d)\b|\b(429|50[234]) (client|server) error",
    re.IGNORECASE,
)
# Loaded here, because nothing may be imported between fork and exec.
_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
# Lines of a traceback, of which the last one says enough, and others that say nothing of the failure.
_ASIDE = re.compile(r"\s|Traceback \(|\W*$|(INFO|DEBUG)\b|.{0,40}\b(INFO|DEBUG) |\(Background on this error")


def _end_with_parent() -> None:
    """In the tap's process: have the kernel end it when the one that reads it dies, on Linux."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class TapProcess:
    """One run of a tap; `lines` are those of its output. It ends with the block that it is used in."""

    def __init__(
        self, tap: Tap, arguments: list[str], folder: Path, line_bytes: int, masked: Callable[[str], str] = str
    ) -> None:
        """It is started in a private `folder`; a line may have at most `line_bytes`. `masked` takes secrets out."""
        self.tap, self.line_bytes, self._masked = tap, line_bytes, masked
        self._said: deque[str] = deque(maxlen=LINES_KEPT)
        self._unfinished_word = b""
        self._began = time.monotonic()
        try:
            # DEVNULL would be opened for writing too, which a confined process may not.
            with open(os.devnull, "rb") as nothing:
                self._process = subprocess.Popen(
                    [*tap.arguments, *arguments],
                    stdin=nothing,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    cwd=folder,
                    env=environment_of(tap, folder, os.environ),
                    bufsize=0,
                    pipesize=READ_BYTES,
                    # A group of its own, which can be ended as a whole.
                    start_new_session=True,
                    preexec_fn=_end_with_parent if LINUX else None,
                )
        except OSError as error:
            raise ConnectorError(
                f"The tap “{tap.name}” cannot be started: {error.strerror or error}. Ask whoever runs the platform.",
                code="bad_setting",
            ) from None
        if LINUX:
            self._limit_memory()

    def __enter__(self) -> "TapProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _limit_memory(self) -> None:
        """Limit its address space, as far as ours is not limited further."""
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        limit = self.tap.memory_bytes if most == resource.RLIM_INFINITY else min(self.tap.memory_bytes, most)
        # It may have ended already.
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(self._process.pid, resource.RLIMIT_AS, (limit, limit))

    def lines(self) -> Iterator[list[bytes]]:
        """The lines of its output as they come, several at once; raises ConnectorError if it fails.

        It has not failed if it ends with 0 once it has said everything.
        """
        out, err = self._process.stdout, self._process.stderr
        if out is None or err is None:
            raise RuntimeError("The tap was started without pipes.")
        rest = b""
        with selectors.DefaultSelector() as selector:
            for pipe in (out, err):
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, selectors.EVENT_READ)
            while selector.get_map():
                ready = selector.select(self._patience())
                if not ready:
                    raise self._too_slow()
                for key, _ in ready:
                    data = os.read(key.fd, READ_BYTES)
                    if not data:
                        selector.unregister(key.fileobj)
                    if key.fileobj is err:
                        self._note(data)
                        continue
                    *lines, rest = (rest + data).split(b"\n")
                    if len(rest) > self.line_bytes or any(len(line) > self.line_bytes for line in lines):
                        raise self._too_long()
                    if lines:
                        yield lines
        if rest:
            yield [rest]
        self._check_end()

    def _patience(self) -> float:
        """How long to wait for the next word; raises ConnectorError when all time is used up."""
        left = self.tap.seconds - (time.monotonic() - self._began)
        if left <= 0:
            raise self._too_slow()
        return min(left, self.tap.silent_seconds)

    def _note(self, data: bytes) -> None:
        """Keep the end of what it says in its log."""
        *lines, rest = (self._unfinished_word + data).split(b"\n")
        self._unfinished_word = rest[-LINE_KEPT:]
        if not data and rest:
            lines.append(rest)
        for line in lines:
            text = line[:LINE_KEPT].decode("utf-8", "replace").rstrip()
            # Measurements come by the hundred.
            if text and "METRIC" not in text:
                self._said.append(text)

    def _check_end(self) -> None:
        try:
            code = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            raise ConnectorError(
                f"The tap “{self.tap.name}” closed its output and did not end within {END_SECONDS:.0f} seconds.",
                transient=True,
            ) from None
        if code:
            raise self._failed(code)

    def _failed(self, code: int) -> ConnectorError:
        words = self._masked("\n".join(self._said))
        logger.warning("The tap “%s” ended with %s; its last words:\n%s", self.tap.name, code, words)
        is_passing = bool(_PASSING.search(words)) and not _FINAL.search(words)
        how = f"ended with exit code {code}" if code > 0 else f"was ended by {_signal_name(-code)}"
        why = ""
        if code == -signal.SIGKILL or "MemoryError" in words:
            why = f" It may have needed more memory than the {self.tap.memory_bytes // 1024**2:,} MB that it may use."
        shown = [line for line in words.split("\n") if not _ASIDE.match(line)][-SHOWN_LINES:]
        last = " ".join(shown)[-SHOWN_CHARACTERS:].strip()
        said = f" It said last: “{last}”." if last else " It did not say why."
        return ConnectorError(f"The tap “{self.tap.name}” {how}.{why}{said}", transient=is_passing)

    def _too_slow(self) -> ConnectorError:
        if time.monotonic() - self._began >= self.tap.seconds:
            return ConnectorError(
                f"The tap “{self.tap.name}” was ended, because it ran for longer than {self.tap.seconds:,} seconds. "
                "Let it read fewer streams, or ask whoever runs the platform for more time."
            )
        return ConnectorError(
            f"The tap “{self.tap.name}” was ended, because it said nothing for {self.tap.silent_seconds:,} seconds.",
            transient=True,
        )

    def _too_long(self) -> ConnectorError:
        return ConnectorError(
            f"The tap “{self.tap.name}” wrote a line of more than {self.line_bytes:,} bytes, the most that a line may "
            "have (LINE_MAX_BYTES)."
        )

    def end(self) -> None:
        """End it with all that it has started, if it runs still."""
        # The group may outlive the process that made it.
        for number, seconds in ((signal.SIGTERM, TERM_SECONDS), (signal.SIGKILL, END_SECONDS)):
            if self._process.poll() is not None and number == signal.SIGTERM:
                continue
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()


def environment_of(tap: Tap, folder: Path, ours: Mapping[str, str]) -> dict[str, str]:
    """The variables of a tap: nothing of ours but how to reach the internet."""
    return {name: ours[name] for name in VARIABLES if name in ours} | {
        "PATH": str(tap.command.parent),
        "VIRTUAL_ENV": str(tap.environment),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
    }


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
