"""Ends sessions of people: some time after their last activity, and some time after they signed in."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# In the session: the time of signing in, and that of the last activity, in seconds since 1970.
SIGNED_IN, ACTIVE = "signed_in", "active"
# The resolution of the second: not every request writes to the database.
ACTIVE_RESOLUTION_SECONDS = 60


class SessionEndMiddleware:
    """Signs people out whose session has ended; must come before whatever asks who makes the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in request.session:
            now = int(time.time())
            if _has_ended(request, now):
                logout(request)
            elif _is_activity(request) and now - request.session.get(ACTIVE, 0) >= ACTIVE_RESOLUTION_SECONDS:
                request.session[ACTIVE] = now
        return self.get_response(request)


def _has_ended(request: HttpRequest, now: int) -> bool:
    # A session from before these times were noted begins now.
    signed_in = request.session.setdefault(SIGNED_IN, now)
    active = request.session.setdefault(ACTIVE, now)
    return now - signed_in >= settings.SESSION_HOURS * 3600 or now - active >= settings.SESSION_IDLE_MINUTES * 60


def _is_activity(request: HttpRequest) -> bool:
    """Whether a person made the request, and not an open page that looks for news by itself."""
    return not (request.method == "GET" and request.headers.get("HX-Request") == "true")


def _note_signing_in(request: HttpRequest, **kwargs: object) -> None:
    request.session[SIGNED_IN] = request.session[ACTIVE] = int(time.time())


user_logged_in.connect(_note_signing_in, dispatch_uid="accounts.session_ends")
