"""Starts the product as a person does, in a process of its own and with a var folder of its own."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parents[1]
# Nothing of the caller's set-up may reach the product under test.
OURS = (
    "DATABASE_URL",
    "DJANGO_",
    "ALLOWED_HOSTS",
    "HTTPS",
    "HOST",
    "PORT",
    "SECRET_KEY",
    "CREDENTIALS_KEYS",
    "REDIS_URL",
    "QUEUE_LISTENS",
)


class Up:
    """`manage.py up`, with a var folder and a port; `wait` is for the sign-in, `url` is where it serves."""

    def __init__(self, var: Path, **environment):
        self.var = var
        self.port = environment.setdefault("PORT", str(free_port()))
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=PROJECT,
            env=kept | {"ADS_VAR_DIR": str(var)} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.seen: set[psutil.Process] = set()

    def wait(self) -> "Up":
        """Return when it has said where it runs."""
        for line in self.process.stdout:
            if "Ctrl-C stops everything" in line:
                self.look()
                return self
        raise AssertionError(f"`up` ended with {self.process.wait()} before it had started.")

    def finish(self) -> tuple[int, str]:
        """Exit code and what has been said since."""
        said, _ = self.process.communicate(timeout=60)
        return self.process.returncode, said

    def look(self) -> list[psutil.Process]:
        """All its processes, which `survivors` remembers."""
        found = psutil.Process(self.process.pid).children(recursive=True)
        self.seen |= {*found}
        return found

    def named(self, word: str) -> psutil.Process:
        """The part whose command line has this word: the one that `up` itself started, or starts in a moment."""

        def find():
            for child in psutil.Process(self.process.pid).children():
                with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                    if any(word in argument for argument in child.cmdline()):
                        return child

        found = eventually(find)
        assert found, f"No part of the product is called {word}."
        return found

    def survivors(self, seconds: float = 5) -> list[psutil.Process]:
        """Which of its processes are still there after so many seconds."""
        return psutil.wait_procs(self.seen, timeout=seconds)[1]

    def demo(self) -> dict:
        return json.loads((self.var / "demo.json").read_text())

    def status(self) -> int:
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/Status", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def end(self) -> None:
        if self.process.poll() is None:
            self.look()
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
        for process in self.survivors(1):
            process.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(holds, seconds: float = 30):
    """The first truth that `holds()` gives, or its last answer."""
    deadline = time.monotonic() + seconds
    while not (answer := holds()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return answer
