"""What `manage.py check --deploy` says about settings with which the product runs, but is not safe."""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.core.checks import CheckMessage, Warning
from django.db import connection
from rest_framework.settings import api_settings

from adsplatform import database
from adsplatform.local import confinement

VERIFIED = ("verify-full", "verify-ca")


def check_deployment(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    """A warning for each setting that is to be changed before a deployment."""
    found = [
        *_of_proxy(), *_of_database(), *_of_redis(), *_of_mail(), *_of_https(), *_of_database_user(), *_of_reading()
    ]  # fmt: skip
    return [Warning(sentence, hint=hint, id=f"adsplatform.{number}") for number, sentence, hint in found]


def _of_proxy() -> Iterator[tuple[str, str, str]]:
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None) and not api_settings.NUM_PROXIES:
        yield (
            "W001",
            "HTTPS_PROXY_HEADER says that requests come through a proxy, but NUM_PROXIES is 0. All callers then have "
            "the proxy's address: attempts to sign in cannot be limited by address, and the audit trail names the "
            "proxy.",
            "Set NUM_PROXIES to the number of your proxies that write X-Forwarded-For.",
        )


def _of_database() -> Iterator[tuple[str, str, str]]:
    of = connection.settings_dict
    host = str(of["HOST"] or "")
    if not is_local(host) and of["OPTIONS"].get("sslmode") not in VERIFIED:
        yield (
            "W002",
            f"The connection to the database on “{host}” does not check who answers, and may not be encrypted.",
            "Add ?sslmode=verify-full&sslrootcert=/path/to/ca.pem to DATABASE_URL.",
        )


def _of_redis() -> Iterator[tuple[str, str, str]]:
    url = urlsplit(settings.REDIS_URL)
    if url.scheme == "redis" and not is_local(url.hostname or ""):
        yield (
            "W003",
            f"The connection to Redis on “{url.hostname}” is not encrypted.",
            "Write rediss:// in REDIS_URL.",
        )


def _of_mail() -> Iterator[tuple[str, str, str]]:
    host = settings.EMAIL_HOST
    if settings.EMAIL_URL and not (is_local(host) or settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL):
        yield (
            "W004",
            f"E-mails and the mail server's password go to “{host}” without encryption.",
            "Write smtp+tls:// or smtp+ssl:// in EMAIL_URL.",
        )


def _of_https() -> Iterator[tuple[str, str, str]]:
    if not settings.HTTPS:
        yield (
            "W005",
            "HTTPS is false, which is for trying the product out on one machine: passwords, keys and sessions cross "
            "the network as they are.",
            "Remove HTTPS from the environment, and put a proxy with TLS in front.",
        )


def _of_database_user() -> Iterator[tuple[str, str, str]]:
    try:
        with database.connected() as connected:
            found = connected.execute("SELECT current_user FROM pg_roles WHERE rolname = current_user AND rolsuper")
            superuser = found.fetchone()
    except psycopg.OperationalError:
        # Other checks report a database that cannot be reached.
        return
    if superuser:
        yield (
            "W006",
            f"The product signs in to the database as “{superuser[0]}”, who is a superuser and may run programs there.",
            "Make a user who owns the database and is no superuser, and name it in DATABASE_URL.",
        )


def _of_reading() -> Iterator[tuple[str, str, str]]:
    confined = confinement.prepare(settings.SYNC_READER_UID)
    if not confined.holds:
        yield (
            "W007",
            f"What reads the sources of syncs can be confined only in part: {confined.description}.",
            "Run the workers on Linux 5.13 or newer with Landlock (“landlock” in /sys/kernel/security/lsm) and "
            "seccomp, on x86-64 or 64-bit ARM, and let every user reach the folders of Python and of the program.",
        )


def is_local(host: str) -> bool:
    """Whether a server is on this machine: a Unix socket, or an address of the loopback interface."""
    if not host or host.startswith("/") or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
