"""Runs the parts of the product as one job: starts them, restarts what crashes, ends all of them."""

import contextlib
import math
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable

from adsplatform.local.embedded_postgres import Server
from adsplatform.local.processes import bound_to_us

# A part that has crashed this often within this time will not get better by itself.
CRASHES, CRASH_SECONDS = 5, 60
READY_SECONDS = 120
TICK = 0.1


class Stopped(Exception):
    """Why the parts cannot go on running, as a sentence."""


class Part:
    """A process and all that it starts, in a session of their own so that Ctrl-C reaches only us."""

    def __init__(self, name: str, command: list[str], environment: dict):
        self.name = name
        self.command = command
        self.environment = environment
        self.process: subprocess.Popen | None = None
        self.crashes: deque[float] = deque(maxlen=CRASHES)
        self.restart_at: float | None = None

    def __str__(self):
        return self.name

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=bound_to_us(),
        )

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone; what it started may not be."""
        if self.process is None or self.process.returncode is not None:
            return True
        # Not reaped yet: until it is, its number cannot become another process's.
        return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def ask_to_end(self) -> None:
        """Tell the process alone: it is for it to tell its workers, or to wait for them."""
        if not self.has_ended:
            self.process.send_signal(signal.SIGTERM)

    def end(self) -> None:
        """End the process and everything it started, at once."""
        if self.process is None or self.process.returncode is not None:
            return
        # macOS says “not permitted” of a group in which all are dead.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class DatabasePart(Part):
    """The embedded database. The others need it until their end, so it starts first and ends last."""

    def __init__(self, server: Server):
        super().__init__("database", [], {})
        self.server = server

    def start(self):
        self.process = self.server.start()

    @property
    def has_ended(self):
        return not self.server.is_running

    def ask_to_end(self):
        """Not before the others have ended."""

    def end(self):
        self.server.stop()


class Supervisor:
    """Keeps parts running until a signal, or until one of them cannot be kept running."""

    def __init__(self, parts: list[Part], *, stop_seconds: float):
        self.parts = parts
        self.stop_seconds = stop_seconds
        self.stopping_since: float | None = None
        self.in_haste = False

    def run(self, *, is_ready: Callable[[], bool], announce: Callable[[], None]) -> None:
        """Start the parts, announce when they are ready, and return when asked to stop and stopped."""
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

    def _take_signal(self, number, frame) -> None:
        now = time.monotonic()
        if self.stopping_since is None:
            self.stopping_since = now
        # `make` passes on what the terminal has told us already: that is no second wish.
        elif now - self.stopping_since > 1:
            self.in_haste = True

    def _watch(self, *, until: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self.stopping_since is None and not until():
            for part in self.parts:
                if part.has_ended:
                    self._revive(part)
            if time.monotonic() > deadline:
                raise Stopped(f"ADS Platform did not answer within {seconds} seconds, so it was stopped.")
            time.sleep(TICK)

    def _revive(self, part: Part) -> None:
        now = time.monotonic()
        if part.restart_at is None:
            part.end()
            part.crashes.append(now)
            if len(part.crashes) == CRASHES and now - part.crashes[0] < CRASH_SECONDS:
                raise Stopped(
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
        """Let the parts finish what they are doing, within limits, and leave no process behind."""
        if self.stopping_since is None:
            self.stopping_since = time.monotonic()
        say("Stopping, when the syncs that are running have ended. Ctrl-C again stops at once.")
        for part in self.parts:
            part.ask_to_end()
        deadline = time.monotonic() + self.stop_seconds
        others = [part for part in self.parts if not isinstance(part, DatabasePart)]
        while not all(part.has_ended for part in others):
            if self.in_haste or time.monotonic() > deadline:
                say("What was still running has been cut off.")
                break
            time.sleep(TICK)
        for part in reversed(self.parts):
            part.end()
        say("Stopped.")


def say(sentence: str) -> None:
    """Tell whoever watches the terminal."""
    with contextlib.suppress(OSError):
        # The terminal may be gone already; that must not keep us from ending in good order.
        print(sentence, flush=True)
