"""Each request has a name, by which its answer and its lines in the log are found."""

import re
import secrets

from adsplatform.observability import logs

HEADER = "X-Request-ID"
# What a proxy or a program may call it. Anything else could forge lines of a log.
SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,99}")


class RequestIdMiddleware:
    """Takes the name over from X-Request-ID where that is sane, else makes one, and returns it with the answer."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        given = request.headers.get(HEADER, "")
        request.trace_id = given if SANE.fullmatch(given) else secrets.token_hex(16)
        with logs.about(request_id=request.trace_id):
            response = self.get_response(request)
        response.headers[HEADER] = request.trace_id
        return response
