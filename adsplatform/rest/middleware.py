"""What every call of the API has in common on the wire: a path in one spelling, headers on every answer."""

import re
import time

API_PATH = re.compile(r"/+api(?=/|$)", re.IGNORECASE)


class WireMiddleware:
    """Reads API paths as leniently as the published platform did, and measures the calls."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not API_PATH.match(request.path_info):
            return self.get_response(request)
        began = time.monotonic()
        request.path_info = request.path = wire_path(request.path_info)
        response = self.get_response(request)
        # C# reads the one, Java the other; both want bare digits.
        milliseconds = str(round((time.monotonic() - began) * 1000))
        response.headers["Server-Duration"] = response.headers["ServerDuration"] = milliseconds
        response.headers["Api-Supported-Versions"] = "1.0"
        response.headers["Cache-Control"] = "no-store, no-cache"
        return response


def wire_path(path: str) -> str:
    """The path as the URLconf spells it: lower case, single slashes, none at the end. GUIDs do not mind."""
    return re.sub(r"/{2,}", "/", path).rstrip("/").lower()
