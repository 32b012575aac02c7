"""How often one caller may ask; counted in the shared cache, so that every web process sees the same."""

import hashlib

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


class SignInAddressThrottle(_Throttle):
    """Slows down whoever tries many people's passwords from one place."""

    scope = "sign-in"

    def get_cache_key(self, request, view):
        return self.key_of(f"address {self.get_ident(request)}")


class SignInPersonThrottle(_Throttle):
    """Slows down whoever tries one person's passwords from many places."""

    scope = "sign-in"

    def get_cache_key(self, request, view):
        return self.key_of(f"person {view.wanted['email'].lower()}")
