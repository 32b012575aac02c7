"""Limits on how often a caller may call. But for reads, the counts are in the shared cache of all web processes."""

import hashlib
import math
import time
from collections import Counter
from threading import Lock
from typing import ClassVar
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle
from rest_framework.views import APIView

from adsplatform.accounts.services import Caller
from adsplatform.errors import TooMany
from adsplatform.rest.authentication import authenticated


class _Throttle(SimpleRateThrottle):
    scope: str

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
    def __init__(self, email: str = ""):
        super().__init__()
        self.email = email.strip().lower()

    def get_cache_key(self, request: Request, view: APIView) -> str:
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

    def who(self, address: str) -> str:
        return f"person {self.email}"


def count_sign_in(request: HttpRequest | Request, email: str) -> None:
    """Count an attempt to sign in with a form; raises Throttled after too many of them."""
    _count(request, AddressThrottle())
    count_guess(request, email)


def count_guess(request: HttpRequest | Request, email: str) -> None:
    """Count an attempt at one person's password, where the attempts from its address have been counted already."""
    _count(request, GuessThrottle(email), PersonThrottle(email))


def _count(request: HttpRequest | Request, *throttles: _SignInThrottle) -> None:
    attempt = request if isinstance(request, Request) else Request(request)
    # None of these throttles looks at the view.
    view = APIView()
    for throttle in throttles:
        if not throttle.allow_request(attempt, view):
            raise Throttled(throttle.wait())


def count_made_key(request: HttpRequest) -> None:
    """Count an API key that a person makes in the Inbox; raises TooMany after too many of them."""
    attempt, throttle = Request(request), MakeKeyThrottle()
    attempt.user = request.user
    if not throttle.allow_request(attempt, APIView()):
        seconds = math.ceil(throttle.wait() or 1)
        raise TooMany(f"You have made many API keys in a short time. Make the next one in {seconds:,} seconds.")
