"""Middleware for all calls of the API: one spelling of the path, and the headers of every answer."""

import re
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

API_PATH = re.compile(r"/+api(?=/|$)", re.IGNORECASE)


class WireMiddleware:
    """Reads API paths as leniently as the published platform does, and measures how long calls take."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not API_PATH.match(request.path_info):
            return self.get_response(request)
        began = time.monotonic()
        request.path_info = request.path = wire_path(request.path_info)
        response = self.get_response(request)
        # The C# SDK reads the first header, the Java SDK the second; both want bare digits.
        milliseconds = str(round((time.monotonic() - began) * 1000))
        response.headers["Server-Duration"] = response.headers["ServerDuration"] = milliseconds
        response.headers["Api-Supported-Versions"] = "1.0"
        response.headers["Cache-Control"] = "no-store, no-cache"
        return response


def wire_path(path: str) -> str:
    """The path as the URLconf spells it: lower case, single slashes, none at the end. GUIDs work in any case."""
    return re.sub(r"/{2,}", "/", path).rstrip("/").lower()
