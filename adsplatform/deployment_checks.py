"""What `manage.py check --deploy` says about settings with which the product runs, but is not safe."""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Warning
from django.db import connection
from rest_framework.settings import api_settings

VERIFIED = ("verify-full", "verify-ca")


def check_deployment(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    """A warning for each setting that is to be changed before a deployment."""
    found = [*_of_proxy(), *_of_database(), *_of_redis(), *_of_mail(), *_of_https()]
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


def is_local(host: str) -> bool:
    """Whether a server is on this machine: a Unix socket, or an address of the loopback interface."""
    if not host or host.startswith("/") or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
