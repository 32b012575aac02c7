"""Starts the reading server of a cluster, without the product's secrets, and again whenever it has ended."""

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping

from cryptography.fernet import Fernet
from django.conf import settings

from adsplatform.local.processes import end_child_with_us
from syncs.reading.client import server

logger = logging.getLogger(__name__)

# Named one by one, so that a new secret is not among them. Proxies may be needed to reach an accounting system.
VARIABLES = {
    "ADS_VAR_DIR", "CONNECTOR_ALLOWED_ADDRESSES", "SINGER_TAPS",
    "LOG_FORMAT", "LOG_LEVEL", "UNPACKED_MAX_BYTES", "PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR",
    "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DJANGO_SETTINGS_MODULE",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
}  # fmt: skip
PREFIXES = ("SYNC_", "LC_", "PYTHON", "POLARS_")
PAUSE_SECONDS = 1.0
# The names of the temporary folders begin so; the number of the process follows that made them.
FOLDERS = "ads-reading-"


class ReadingServer:
    """The server's process; its socket outlives it, so that no request is lost when it is started again."""

    def __init__(self) -> None:
        self._requests, self._taken = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0

    def start(self) -> None:
        """Start it; the processes that are forked from now on send it their requests."""
        server.requests = self._requests
        self._launch()

    def keep_running(self) -> None:
        """Start it again if it has ended, at most once a second."""
        if self._process and self._process.poll() is not None and time.monotonic() - self._started > PAUSE_SECONDS:
            logger.error("The reading server ended (%s) and is started again.", self._process.returncode)
            self._launch()

    def stop(self) -> None:
        """End it and the processes that it has started."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def _launch(self) -> None:
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "syncs.reading", str(self._taken.fileno())],
            env=dict(environment(os.environ)),
            stdin=subprocess.DEVNULL,
            pass_fds=(self._taken.fileno(),),
            preexec_fn=end_child_with_us(),
        )


def environment(of: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The variables that the server and its processes get: settings of syncs and the log, and what programs need."""
    wanted = {*VARIABLES, *settings.SYNC_READER_ENVIRONMENT}
    for name, value in of.items():
        if name in wanted or name.upper() in VARIABLES or name.startswith(PREFIXES):
            yield name, value
    yield "PYTHONPATH", os.pathsep.join(path for path in sys.path if path)
    # The settings require these. None of the values opens anything.
    yield "SECRET_KEY", Fernet.generate_key().decode()
    yield "CREDENTIALS_KEYS", Fernet.generate_key().decode()
    yield "DATABASE_URL", "postgresql://none@127.0.0.1:1/none"
