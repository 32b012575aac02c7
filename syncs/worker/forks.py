"""A fork of this process that makes one call: it may be killed, and its death is noticed at once."""

import logging
import os
import select
import signal
from collections.abc import Callable
from typing import NoReturn

logger = logging.getLogger(__name__)


class ForkedProcess:
    """A fork of this process that makes one call and exits."""

    def __init__(self, call: Callable[[], None]) -> None:
        self.was_killed = False
        # As of `os.waitstatus_to_exitcode`: negative after a signal; None while it runs.
        self.exit_code: int | None = None
        # Nothing is ever written to the pipe: when its other end closes, the process has ended.
        self._alive, child_end = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._alive)
            _exit_after(call)
        os.close(child_end)

    def ends_within(self, seconds: float) -> bool:
        """Wait for its end, at most this many seconds; returns whether it has ended."""
        if self.exit_code is not None:
            return True
        if select.select([self._alive], [], [], seconds)[0]:
            self._reap(0)
        else:
            self._reap(os.WNOHANG)
        return self.exit_code is not None

    def terminate(self) -> None:
        """Ask it to end."""
        if self.exit_code is None:
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it, and wait until it has ended."""
        if self.exit_code is None:
            self.was_killed = True
            os.kill(self.pid, signal.SIGKILL)
            self._reap(0)

    def _reap(self, options: int) -> None:
        pid, status = os.waitpid(self.pid, options)
        if pid:
            self.exit_code = os.waitstatus_to_exitcode(status)
            os.close(self._alive)

    @property
    def was_terminated(self) -> bool:
        """Whether SIGTERM ended it; a service manager may send it to all processes of a service."""
        return self.exit_code == -signal.SIGTERM

    @property
    def has_crashed(self) -> bool:
        return self.exit_code not in (0, None) and not self.was_killed

    @property
    def ending(self) -> str:
        """How it ended, for the log."""
        code = self.exit_code or 0
        return signal.strsignal(-code) or "by a signal" if code < 0 else f"exit code {code}"


def _exit_after(call: Callable[[], None]) -> NoReturn:
    """In the forked process: make the call and exit, without the worker's own exit handlers."""
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        call()
        code = 0
    except BaseException:
        logger.exception("The process of a sync ended with an error.")
    finally:
        logging.shutdown()
        os._exit(code)
