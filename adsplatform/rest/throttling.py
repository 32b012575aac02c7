"""How often one caller may ask; counted in the shared cache, so that every web process sees the same."""

import hashlib

from rest_framework.exceptions import Throttled
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle


class _Throttle(SimpleRateThrottle):
    def get_rate(self):
        return api_settings.DEFAULT_THROTTLE_RATES[self.scope]

    def key_of(self, who: str) -> str:
        # Hashed, because a caller's text is no cache key.
        return f"throttle-{self.scope}-{hashlib.sha256(who.encode('utf-8', 'replace')).hexdigest()}"


class CreateSyncThrottle(_Throttle):
    """Each API key, or each person with a token, has a share of its own."""

    scope = "create-sync"

    def get_cache_key(self, request, view):
        return self.key_of(str(request.auth.api_key.pk if request.auth.api_key else request.user.pk))


class CreateSyncOfAccountThrottle(_Throttle):
    """All keys and people of an account together."""

    scope = "create-sync-account"

    def get_cache_key(self, request, view):
        return self.key_of(str(request.auth.account.pk))


class _SignInThrottle(_Throttle):
    def __init__(self, email: str):
        super().__init__()
        self.email = email.strip().lower()

    def get_cache_key(self, request, view):
        return self.key_of(self.who(self.get_ident(request)))


class AddressThrottle(_SignInThrottle):
    """Slows down whoever tries many people's passwords from one place."""

    scope = "sign-in-many"

    def who(self, address):
        return f"address {address}"


class GuessThrottle(_SignInThrottle):
    """Slows down whoever tries one person's passwords from one place."""

    scope = "sign-in"

    def who(self, address):
        return f"person {self.email} at {address}"


class PersonThrottle(_SignInThrottle):
    """Slows down whoever tries one person's passwords from many places.

    Only far above what one place may try: else anyone could keep a person out.
    """

    scope = "sign-in-many"

    def who(self, address):
        return f"person {self.email}"


def count_sign_in(request, email: str):
    """Count an attempt to sign in, by whichever door; raises Throttled where there were too many lately."""
    for throttle in (AddressThrottle(email), GuessThrottle(email), PersonThrottle(email)):
        if not throttle.allow_request(request, None):
            raise Throttled(throttle.wait())
