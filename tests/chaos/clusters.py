"""The attacked clusters, each a real process tree, and their database; both are started again when they end."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

from adsplatform.local.embedded_postgres import Server
from adsplatform.local.processes import end_child_with_us

PROJECT = Path(__file__).resolve().parents[2]


class Cluster:
    """`manage.py qcluster`: main process, guard, workers, and the processes in which syncs run."""

    def __init__(self, environment: dict, log: Path):
        self.environment, self.log = environment, log
        self.process: subprocess.Popen | None = None
        self.starts = 0

    def __str__(self):
        with contextlib.suppress(psutil.Error):
            states = ", ".join(f"{worker.pid} {worker.status()}" for worker in self.workers())
            since = f"started {self.starts} times, last {self.age:.0f} s ago"
            return f"{self.log.name}: {since}, workers {states or 'none'}"
        return f"{self.log.name}: just ended"

    def keep_running(self):
        """Start it again if it has ended, as a service manager would."""
        if self.process is None or self.process.poll() is not None:
            self.starts += 1
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    [sys.executable, "manage.py", "qcluster"],
                    cwd=PROJECT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True, preexec_fn=end_child_with_us(),
                )  # fmt: skip

    @property
    def age(self) -> float:
        """How many seconds it has been running."""
        with contextlib.suppress(psutil.Error):
            return time.time() - self.main.create_time()
        return 0

    def workers(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            return [worker for guard in self.guards() for worker in self._children(guard)]
        return []

    def guards(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            return [child for child in self._children(self.main) if "syncs.reading" not in child.cmdline()]
        return []

    def reading_servers(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            return [child for child in self._children(self.main) if "syncs.reading" in child.cmdline()]
        return []

    def readers(self) -> list[psutil.Process]:
        """The processes that read the sources of syncs."""
        return [reader for server in self.reading_servers() for reader in self._children(server)]

    def syncs(self) -> list[psutil.Process]:
        """The processes in which syncs run."""
        return [sync for worker in self.workers() for sync in self._children(worker)]

    def superfluous(self) -> list[psutil.Process]:
        """Processes of syncs that there are besides one of each worker, which may wait for another sync."""
        return [sync for worker in self.workers() for sync in self._children(worker)[1:]]

    def busy_workers(self) -> list[psutil.Process]:
        return [worker for worker in self.workers() if self._children(worker)]

    def idle(self) -> list[psutil.Process]:
        """Workers without a sync, and the processes that pass on wake-ups and record results."""
        return [worker for worker in self.workers() if not self._children(worker)]

    @property
    def main(self) -> psutil.Process:
        return psutil.Process(self.process.pid)

    def kill(self):
        """The whole cluster at once; its descendants end with it."""
        with contextlib.suppress(psutil.Error):
            self.main.kill()

    def end(self):
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, 9)
            self.process.wait()

    @staticmethod
    def _children(process: psutil.Process) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            return process.children()
        return []


class Database:
    """The embedded server, which is killed and started again. As its parent, only one thread may do so."""

    def __init__(self, folder: Path):
        # Durable, as in production: what was committed must outlive a kill.
        self.server = Server(folder)
        self.server.start()

    def kill(self):
        """Kill the postmaster, as when a machine runs out of memory, and start it again."""
        self.server.process.kill()
        self.server.process.wait()
        self.server.stop()
        self.server.start()

    def restart(self):
        self.server.stop()
        self.server.start()
