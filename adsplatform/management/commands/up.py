"""Starts everything on this machine as one job in the foreground: database, web server, workers."""

import fcntl
import http.client
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management import BaseCommand, call_command
from django.db import DatabaseError, connections

from adsplatform import database
from adsplatform.local import embedded_postgres
from adsplatform.local.listen_address import Address, BadAddress
from adsplatform.local.supervisor import CannotRun, SupervisedDatabase, SupervisedProcess, Supervisor, say

FORESEEN = (BadAddress, CannotRun, database.DatabaseUnusable, embedded_postgres.EmbeddedDatabaseError)


class Command(BaseCommand):
    """Prepare the database and the demo account, start the parts, and stay until Ctrl-C."""

    help = "Starts database, web server and workers; Ctrl-C ends them."
    requires_system_checks = []

    def handle(self, **options: object) -> None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        signal.signal(signal.SIGHUP, signal.default_int_handler)
        try:
            address = Address.from_environment()
            with only_one(address):
                address.check_free()
                with database_parts() as parts:
                    run(address, parts)
        except FORESEEN as reason:
            sys.exit(str(reason))
        except OSError as error:
            sys.exit(f"{error.filename or settings.VAR_DIR} cannot be used: {error.strerror}.")
        except KeyboardInterrupt:
            sys.exit("Stopped before everything had started.")


@contextmanager
def only_one(address: Address) -> Iterator[None]:
    """Make sure that only one `up` at a time runs from one var folder."""
    path = settings.VAR_DIR / "up.lock"
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotRun(f"ADS Platform runs from this folder already: {lock.read()}. Stop it first.") from None
        lock.truncate()
        lock.write(f"{address.url}, process {os.getpid()}")
        lock.flush()
        yield


@contextmanager
def database_parts() -> Iterator[list[SupervisedProcess]]:
    """Provide a database that answers; the embedded one is a part to supervise, and ends with this process."""
    if settings.DATABASE_URL:
        database.check()
        yield []
        return
    part = SupervisedDatabase(embedded_postgres.Server(settings.VAR_DIR))
    say(f"Starting the database in {settings.VAR_DIR} …")
    try:
        part.start()
        # This process read its settings before the start, which chose the port and the password.
        settings.DATABASES["default"].update(embedded_postgres.database_settings(settings.VAR_DIR))
        yield [part]
    finally:
        part.end()


def run(address: Address, parts: list[SupervisedProcess]) -> None:
    """Prepare the database, then run web server and workers until asked to stop."""
    say("Bringing the tables of the database up to date …")
    try:
        demo = prepare(address)
    except DatabaseError as error:
        words = " ".join(str(error).split())
        raise CannotRun(f"The database could not be prepared: {words}. `manage.py migrate` tells more.") from error
    finally:
        connections.close_all()
    environment = environment_of_parts(address)
    web = [sys.executable, "-m", "gunicorn", "--config", "python:adsplatform.serving", "adsplatform.wsgi"]
    worker = [sys.executable, "-m", "django", "qcluster"]
    parts = [
        *parts,
        SupervisedProcess("web server", web, environment),
        SupervisedProcess("worker", worker, environment),
    ]
    # The workers stop within STOP_SECONDS by themselves.
    say(f"Starting the web server, which will listen at {address.url}, and the workers …")
    supervisor = Supervisor(parts, stop_seconds=settings.STOP_SECONDS + 5)
    supervisor.run(is_ready=lambda: answers(address), announce=lambda: announce(address, demo))


def prepare(address: Address) -> dict[str, str]:
    """Bring tables, static files and the demo account up to date; returns what `demo.json` says. Safe to repeat."""
    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)
    call_command("demo_account", verbosity=0, url=address.url)
    return json.loads((settings.VAR_DIR / "demo.json").read_text())


def environment_of_parts(address: Address) -> dict[str, str]:
    """The environment of web server and workers; variables that are set already take precedence."""
    return {
        # Plain http, because nobody has a certificate for a trial on one machine.
        "HTTPS": "false",
        "PYTHONUNBUFFERED": "1",
        **os.environ,
        "HOST": address.host,
        "PORT": str(address.port),
        "ALLOWED_HOSTS": ",".join(sorted({*settings.ALLOWED_HOSTS, *address.names()})),
    }


def answers(address: Address) -> bool:
    """Whether the web server and the database behind it answer."""
    connection = http.client.HTTPConnection(address.local_host, address.port, timeout=5)
    try:
        connection.request("GET", "/api/v1/Status")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    # With HTTPS set, plain http is redirected.
    return status in (200, 301)


def announce(address: Address, demo: dict[str, str]) -> None:
    """Say where the product is and how to sign in."""
    say(
        f"""
ADS Platform runs at {demo["url"]}

    e-mail    {demo["email"]}
    password  {demo["password"]}
    API key   {demo["apiKey"]}

The demo user owns “Demo Company” and, as platform staff, may use {demo["url"]}/admin/ too.
All this is kept in {settings.VAR_DIR / "demo.json"}. Ctrl-C stops everything.
"""
    )
    if not address.is_local:
        say(
            "Others on the network can reach this address, and plain http hides nothing from them: "
            "docs/deployment.md says how to run this in production."
        )
