"""A connector that has been taken over by what it reads: it tries to get at everything else, and reports how that went.

Each attempt is a company whose name is what came of it.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from uuid import UUID

from django.apps import AppConfig

from syncs.connectors.protocol import ApplicationEntry, Connector, Field, Rows

APPLICATION = ApplicationEntry(
    app_id=UUID("00000000-0000-4000-8000-0000000000c5"),
    connector="hostile",
    name="Hostile",
    description="For tests.",
    app_type="Test",
    credentials=(Field("password", "Password", "password", is_secret=True),),
)


class HostileSource(AppConfig):
    name = "tests.security"
    label = "hostile"

    def ready(self):
        from syncs.connectors import register

        register(Hostile)


class Hostile(Connector):
    application = APPLICATION

    def check(self, settings, credentials):
        time.sleep(float(os.environ.get("HOSTILE_WAITS", "0")))
        attempts = {name: tried(attempt)[:90] for name, attempt in ATTEMPTS.items()}
        return json.dumps(attempts | {"its own credentials": credentials["password"] == "own password"})

    def rows(self, source):
        # As long as others can still be looked at.
        attempts = {name: tried(attempt) for name, attempt in ATTEMPTS.items()}
        attempts["its own credentials"] = source.credentials["password"]
        cells = [(name, outcome[:90], "Customer", "TRUE") for name, outcome in attempts.items()]
        yield Rows(
            "Company",
            "attempts",
            ("erpKey", "companyName", "companyType", "isActive"),
            cells,
            list(range(1, len(cells) + 1)),
            [""] * len(cells),
        )


def tried(attempt) -> str:
    try:
        return f"done: {attempt()}"
    except BaseException as error:
        return f"refused: {type(error).__name__}"


def others_credentials():
    from enrollments.models import AppEnrollment

    return [enrollment.credentials for enrollment in AppEnrollment.objects.exclude(encrypted_credentials="")]


def others_rows():
    from adsplatform.accounts.models import Account

    return [account.name for account in Account.objects.all()]


def leave_the_role():
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("SELECT count(*) FROM accounts_user")
        return cursor.fetchone()


def secrets_in_settings():
    from django.conf import settings

    found = [settings.SECRET_KEY, *settings.CREDENTIALS_KEYS, settings.DATABASES["default"]["PASSWORD"]]
    return _known(" ".join(found))


def secrets_in_environment():
    return _known(" ".join(os.environ.values()))


def environment_of_parents():
    texts = [Path(f"/proc/{pid}/environ").read_text() for pid in (os.getppid(), os.getpid())]
    return _known(" ".join(texts))


def memory_of_parent():
    return Path(f"/proc/{os.getppid()}/mem").open("rb").seek(0)


def attach_to_parent():
    return _checked(ctypes.CDLL(None, use_errno=True).ptrace(16, os.getppid(), 0, 0))


def signal_parent():
    return os.kill(os.getppid(), 0)


def list_processes():
    return os.listdir("/proc")


def read_uploads():
    return os.listdir(os.environ["HOSTILE_UPLOADS"])


def read_secret_file():
    return Path(os.environ["HOSTILE_SECRET_FILE"]).read_text()


def write_elsewhere():
    return Path(os.environ["HOSTILE_ELSEWHERE"], "planted").write_text("x")


def write_into_code():
    path = Path(__file__).with_name("planted.py")
    path.write_text("x")
    path.unlink()


def write_to_the_own_folder():
    with tempfile.TemporaryFile() as file:
        return file.write(b"x")


def run_a_setuid_program():
    return subprocess.run(["/usr/bin/su", "-c", "id"], capture_output=True, timeout=5, check=True).stdout


def become_root():
    os.setuid(0)
    return Path("/etc/shadow").read_text()[:5]


def may_gain_privileges():
    if not ctypes.CDLL(None).prctl(39, 0, 0, 0, 0):
        return "yes"
    raise PermissionError


def user():
    return os.getuid()


def listen():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()


def make_a_unix_socket():
    return socket.socket(socket.AF_UNIX).fileno()


def make_a_user_namespace():
    return _checked(ctypes.CDLL(None).unshare(0x10000000))


def share_memory():
    return _checked(ctypes.CDLL(None).shmget(0x1616, 4096, 0o1666) < 0)


def leave_a_process_behind():
    pid = os.fork()
    if not pid:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
        os._exit(0)
    return pid


def _known(text: str) -> str:
    """Which of the product's secrets are in a text; the test looks for their beginnings."""
    return " ".join(word[:12] for word in text.replace("\0", " ").replace("=", " ").split())[:80]


def _checked(result: int) -> int:
    if result:
        raise PermissionError
    return result


ATTEMPTS = {
    name.replace("_", " "): attempt
    for name, attempt in list(globals().items())
    if callable(attempt) and getattr(attempt, "__module__", "") == __name__ and name.islower()
    if name not in ("tried", "_known", "_checked")
}
