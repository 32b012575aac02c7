"""Starts the product as a person does: `manage.py up` in a process and with a var folder of its own."""

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
from playwright.sync_api import Page, expect

PROJECT = Path(__file__).resolve().parents[1]
# Environment variables of the caller that must not reach the product under test.
OWN_SETTINGS = (
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
    """A running `manage.py up` with its own var folder and port; it serves at `url` once `wait` has returned."""

    def __init__(self, var: Path, **environment):
        self.var = var
        self.port = environment.setdefault("PORT", str(free_port()))
        self.url = f"http://127.0.0.1:{self.port}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(OWN_SETTINGS)}
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=PROJECT,
            env=inherited | {"ADS_VAR_DIR": str(var)} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.seen: set[psutil.Process] = set()

    def wait(self) -> "Up":
        """Return once it has printed where it runs."""
        for line in self.process.stdout:
            if "Ctrl-C stops everything" in line:
                self.look()
                return self
        raise AssertionError(f"`up` ended with {self.process.wait()} before it had started.")

    def finish(self) -> tuple[int, str]:
        """Wait for its end; the exit code, and what it has printed since."""
        printed, _ = self.process.communicate(timeout=60)
        return self.process.returncode, printed

    def look(self) -> list[psutil.Process]:
        """All its processes now, which `survivors` remembers."""
        found = psutil.Process(self.process.pid).children(recursive=True)
        self.seen |= {*found}
        return found

    def named(self, word: str) -> psutil.Process:
        """The process that `up` itself has started, or is about to start, with this word in its command line."""

        def find() -> psutil.Process | None:
            for child in psutil.Process(self.process.pid).children():
                with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                    if any(word in argument for argument in child.cmdline()):
                        return child
            return None

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
    """Call `holds()` until it is true or the time is over; its last answer."""
    deadline = time.monotonic() + seconds
    while not (answer := holds()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return answer


def sign_in(page: Page, product: Up) -> None:
    """Sign in as the demo user, in a browser."""
    demo = product.demo()
    page.goto("/")
    page.get_by_label("E-mail").fill(demo["email"])
    page.get_by_label("Password").fill(demo["password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Enrollments")).to_be_visible()
