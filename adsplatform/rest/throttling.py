"""Limits on how often a caller may call. But for reads, the counts are in the shared cache of all web processes."""

import functools
import hashlib
import logging
import math
import time
from collections import Counter
from ipaddress import ip_address
from threading import Lock
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle
from rest_framework.views import APIView

from adsplatform.accounts import audit
from adsplatform.accounts.models import AuditEntry
from adsplatform.accounts.services import Caller
from adsplatform.errors import TooMany
from adsplatform.rest.authentication import authenticated

logger = logging.getLogger(__name__)

# No count and no time, in seconds since 1970, is larger.
MOST = 1e12

# What proxies add to the requests that they pass on.
PROXY_HEADERS = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_FORWARDED_PROTO")


class _Numbers:
    """The shared cache, in which only lists of numbers count: SQL of a request may have written anything there."""

    def get(self, key: str, default: Any = None) -> Any:
        found = cache.get(key)
        return found if isinstance(found, list) and all(_is_number(value) for value in found) else default

    def set(self, key: str, value: object, timeout: float) -> None:
        cache.set(key, value, timeout)


def _is_number(value: object) -> bool:
    """Whether it can be a count or a time; neither a NaN nor too large to calculate with."""
    return isinstance(value, int | float) and 0 <= value <= MOST


class _Throttle(SimpleRateThrottle):
    scope: str
    cache: Any = _Numbers()

    def get_rate(self) -> str | None:
        rate = api_settings.DEFAULT_THROTTLE_RATES[self.scope]
        return None if rate is None else str(rate)

    def key_of(self, who: str) -> str:
        # Hashed, because a caller's text may not be a valid cache key.
        return f"throttle-{self.scope}-{hashlib.sha256(who.encode('utf-8', 'replace')).hexdigest()}"


class ReadThrottle(BaseThrottle):
    """A limit on the reads of an account in each minute; each web process counts its own, in memory."""

    _lock = Lock()
    _minute = 0
    _reads: ClassVar[Counter[UUID]] = Counter()

    def allow_request(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, Caller):
            return True
        account, minute = request.auth.account.pk, int(time.time() // 60)
        with self._lock:
            if minute != ReadThrottle._minute:
                ReadThrottle._minute = minute
                self._reads.clear()
            self._reads[account] += 1
            return self._reads[account] <= settings.READS_PER_MINUTE

    def wait(self) -> float:
        return 60 - time.time() % 60


class CreateSyncThrottle(_Throttle):
    """A limit for each API key, and for each person with a token."""

    scope = "create-sync"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        caller = authenticated(request)
        return self.key_of(str(caller.api_key.pk if caller.api_key else caller.user.pk))


class CreateSyncOfAccountThrottle(_Throttle):
    """One limit for all keys and people of an account together."""

    scope = "create-sync-account"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return self.key_of(str(authenticated(request).account.pk))


class MakeKeyThrottle(_Throttle):
    """A limit for each person, whatever key or token the person uses."""

    scope = "make-key"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return self.key_of(str(request.user.pk))


class _SignInThrottle(_Throttle):
    is_per_address = True

    def __init__(self, email: str = ""):
        super().__init__()
        self.email = email.strip().lower()

    def get_cache_key(self, request: Request, view: APIView | None) -> str | None:
        """The key of the counter; None, which limits nothing, for a limit per address where that is hidden."""
        if self.is_per_address and _hides_address(request):
            return None
        return self.key_of(self.who(self.get_ident(request)))

    def who(self, address: str) -> str:
        """The key under which attempts are counted together; `address` is where this one comes from."""
        raise NotImplementedError


class AddressThrottle(_SignInThrottle):
    """Slows down attempts at many people's passwords from one address."""

    scope = "sign-in-many"

    def who(self, address: str) -> str:
        return f"address {address}"


class GuessThrottle(_SignInThrottle):
    """Slows down attempts at one person's password from one address."""

    scope = "sign-in"

    def who(self, address: str) -> str:
        return f"person {self.email} at {address}"


class PersonThrottle(_SignInThrottle):
    """Slows down attempts at one person's password from many addresses.

    The limit is far above that of one address; otherwise anyone could lock a person out.
    """

    scope = "sign-in-many"
    is_per_address = False

    def who(self, address: str) -> str:
        return f"person {self.email}"


class _FailureThrottle(_SignInThrottle):
    """Counts failed attempts only, in a window that begins with the first one.

    The window is long, and a program may sign in often; so it stores a number and not the time of each attempt.
    """

    until = 0.0
    # As in the rate of the settings; REST framework's stubs lack them.
    num_requests: int | None
    duration: int | None

    def allow_request(self, request: Request, view: APIView) -> bool:
        count, self.until = self._state(request)
        return self.num_requests is None or count < self.num_requests

    def wait(self) -> float:
        return self.until - self.timer()

    def count(self, request: Request) -> None:
        """Count an attempt that has failed."""
        key = self.get_cache_key(request, None)
        if key and self.duration:
            count, until = self._state(request)
            until = until if count else self.timer() + self.duration
            self.cache.set(key, [count + 1, until], until - self.timer())

    def _state(self, request: Request) -> tuple[int, float]:
        key = self.get_cache_key(request, None)
        found = self.cache.get(key) if key else None
        count, until = found if found and len(found) == 2 else (0, 0.0)
        return (count, until) if until > self.timer() else (0, 0.0)


class GuessesOfDayThrottle(_FailureThrottle):
    """Stops patient attempts at one person's password from one address."""

    scope = "sign-in-day"

    def who(self, address: str) -> str:
        return f"person {self.email} at {address}"


class PersonOfDayThrottle(_FailureThrottle):
    """Stops patient attempts at one person's password from many addresses."""

    scope = "sign-in-day-many"
    is_per_address = False

    def who(self, address: str) -> str:
        return f"person {self.email}"


OF_DAY = (GuessesOfDayThrottle, PersonOfDayThrottle)


def count_sign_in(request: HttpRequest | Request, email: str) -> None:
    """Count an attempt to sign in with a form; raises Throttled after too many of them."""
    _count(request, AddressThrottle())
    count_guess(request, email)


def count_guess(request: HttpRequest | Request, email: str) -> None:
    """Count an attempt at one person's password, where the attempts from its address have been counted already."""
    _count(request, *(kind(email) for kind in (*OF_DAY, GuessThrottle, PersonThrottle)))


def _count(request: HttpRequest | Request, *throttles: _SignInThrottle) -> None:
    # None of these throttles looks at the view.
    attempt, view = _as_request(request), APIView()
    for throttle in throttles:
        if not throttle.allow_request(attempt, view):
            raise Throttled(throttle.wait())


def sign_in_failed(request: HttpRequest | Request, email: str) -> None:
    """Count and record an attempt at a password that has failed."""
    for kind in OF_DAY:
        kind(email).count(_as_request(request))
    # A password that was typed into the wrong field must not be stored.
    tried = email if "@" in email else "(no e-mail address)"
    audit.record_event(request, AuditEntry.Action.REFUSED, subject="user", subject_name=tried)


def _as_request(request: HttpRequest | Request) -> Request:
    return request if isinstance(request, Request) else Request(request)


def _hides_address(request: Request) -> bool:
    """Whether a proxy that we were not told about hides from where the request comes.

    Everybody then has the proxy's address, and one person's attempts must not lock out all others. Only a proxy on this
    machine or in a private network is believed, so that nobody escapes the limits by sending these headers.
    """
    if api_settings.NUM_PROXIES or not any(header in request.META for header in PROXY_HEADERS):
        return False
    try:
        is_near = ip_address(request.META.get("REMOTE_ADDR", "")).is_private
    except ValueError:
        # A Unix socket has no address.
        is_near = True
    if is_near:
        _warn_of_proxy()
    return is_near


@functools.cache
def _warn_of_proxy() -> None:
    logger.warning(
        "Requests come through a proxy, but NUM_PROXIES is 0, so the addresses of callers are unknown and attempts to "
        "sign in cannot be limited by address. Set NUM_PROXIES to the number of your proxies."
    )


def count_made_key(request: HttpRequest) -> None:
    """Count an API key that a person makes in the Inbox; raises TooMany after too many of them."""
    attempt, throttle = Request(request), MakeKeyThrottle()
    attempt.user = request.user
    if not throttle.allow_request(attempt, APIView()):
        seconds = math.ceil(throttle.wait() or 1)
        raise TooMany(f"You have made many API keys in a short time. Make the next one in {seconds:,} seconds.")
