"""Runs the parts of the product as one job: starts them, restarts those that crash, and ends all of them."""

import contextlib
import math
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping
from types import FrameType

from adsplatform.local.embedded_postgres import Server
from adsplatform.local.processes import end_child_with_us

# A part that crashes CRASHES times within CRASH_SECONDS is not started again.
CRASHES, CRASH_SECONDS = 5, 60
READY_SECONDS = 120
POLL_SECONDS = 0.1


class CannotRun(Exception):
    """Why the parts cannot go on running, as a sentence."""


class SupervisedProcess:
    """A process and everything that it starts, in a session of its own, so that Ctrl-C reaches only the supervisor."""

    def __init__(self, name: str, command: list[str], environment: Mapping[str, str]):
        self.name = name
        self.command = command
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None
        self.crashes: deque[float] = deque(maxlen=CRASHES)
        self.restart_at: float | None = None

    def __str__(self) -> str:
        return self.name

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=end_child_with_us(),
        )

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended; processes that it started may still run."""
        if self.process is None or self.process.returncode is not None:
            return True
        # WNOWAIT leaves it a zombie: until it is reaped, no other process can get its number.
        return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def ask_to_end(self) -> None:
        """Ask the process to end; it has to stop its own workers, or wait for them."""
        if self.process is not None and not self.has_ended:
            self.process.send_signal(signal.SIGTERM)

    def end(self) -> None:
        """End the process and everything it started, at once."""
        if self.process is None or self.process.returncode is not None:
            return
        # macOS raises PermissionError for a group in which all processes are dead.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class SupervisedDatabase(SupervisedProcess):
    """The embedded database. The other parts need it until they end, so it starts first and ends last."""

    def __init__(self, server: Server):
        super().__init__("database", [], {})
        self.server = server

    def start(self) -> None:
        self.process = self.server.start()

    @property
    def has_ended(self) -> bool:
        return not self.server.is_running

    def ask_to_end(self) -> None:
        """Does nothing: the database goes on until the other parts have ended."""

    def end(self) -> None:
        self.server.stop()


class Supervisor:
    """Keeps parts running until a signal arrives, or until one of them crashes too often."""

    def __init__(self, parts: list[SupervisedProcess], *, stop_seconds: float):
        self.parts = parts
        self.stop_seconds = stop_seconds
        self.stopping_since: float | None = None
        self.stop_at_once = False

    def run(self, *, is_ready: Callable[[], bool], announce: Callable[[], None]) -> None:
        """Start the parts, announce that they are ready, and return after a signal to stop; raises CannotRun."""
        for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
            signal.signal(number, self._take_signal)
        try:
            for part in self.parts:
                if part.process is None:
                    part.start()
            self._watch(until=is_ready, seconds=READY_SECONDS)
            if self.stopping_since is None:
                announce()
            self._watch(until=lambda: False, seconds=math.inf)
        finally:
            self._stop()

    def _take_signal(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.stopping_since is None:
            self.stopping_since = now
        # `make` passes on the signal that the terminal has sent to us too, so a second signal within a second does not
        # count.
        elif now - self.stopping_since > 1:
            self.stop_at_once = True

    def _watch(self, *, until: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.stopping_since is None and not until():
            for part in self.parts:
                if part.has_ended:
                    self._revive(part)
            if time.monotonic() > deadline:
                raise CannotRun(f"ADS Platform did not answer within {seconds} seconds, so it was stopped.")
            time.sleep(POLL_SECONDS)

    def _revive(self, part: SupervisedProcess) -> None:
        now = time.monotonic()
        if part.restart_at is None:
            part.end()
            part.crashes.append(now)
            if len(part.crashes) == CRASHES and now - part.crashes[0] < CRASH_SECONDS:
                raise CannotRun(
                    f"The {part} ended {CRASHES} times within {CRASH_SECONDS} seconds, so everything was "
                    "stopped. The messages above say why."
                )
            recent = sum(now - crash < CRASH_SECONDS for crash in part.crashes)
            part.restart_at = now + 0.25 * 2**recent
            say(f"The {part} ended unexpectedly and is being started again.")
        elif now >= part.restart_at:
            part.restart_at = None
            part.start()

    def _stop(self) -> None:
        """Let the parts finish, within the time allowed, and leave no process behind."""
        if self.stopping_since is None:
            self.stopping_since = time.monotonic()
        say("Stopping, when the syncs that are running have ended. Ctrl-C again stops at once.")
        for part in self.parts:
            part.ask_to_end()
        deadline = time.monotonic() + self.stop_seconds
        others = [part for part in self.parts if not isinstance(part, SupervisedDatabase)]
        while not all(part.has_ended for part in others):
            if self.stop_at_once or time.monotonic() > deadline:
                say("What was still running has been cut off.")
                break
            time.sleep(POLL_SECONDS)
        for part in reversed(self.parts):
            part.end()
        say("Stopped.")


def say(sentence: str) -> None:
    """Print a sentence on the terminal."""
    with contextlib.suppress(OSError):
        # The terminal may be gone already; that must not prevent an orderly stop.
        print(sentence, flush=True)
