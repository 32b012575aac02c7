"""Gives each request an id that connects its answer with its log lines."""

import re
import secrets
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from adsplatform.observability import logs

HEADER = "X-Request-ID"
# What a proxy or a program may send as an id; other characters could forge log lines.
VALID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,99}")
_META_KEY = "adsplatform.request_id"


class RequestIdMiddleware:
    """Takes the id from X-Request-ID if that is valid, else makes one; logs it and returns it with the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        request_id = given if VALID.fullmatch(given) else secrets.token_hex(16)
        request.META[_META_KEY] = request_id
        with logs.about(request_id=request_id):
            response = self.get_response(request)
        response.headers[HEADER] = request_id
        return response


def request_id_of(request: HttpRequest) -> str:
    """The id of a request; an empty text before the middleware has seen it."""
    request_id: str = request.META.get(_META_KEY, "")
    return request_id
