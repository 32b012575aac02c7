"""One shape for everything that can go wrong: a problem document (RFC 9457), with a sentence for a person."""

import logging
import math
from http import HTTPStatus

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response

from adsplatform.errors import PlatformError
from adsplatform.rest.authentication import NO_CREDENTIAL
from adsplatform.rest.middleware import API_PATH
from adsplatform.rest.renderers import to_wire

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json; charset=utf-8"
OUR_FAULT = "Something went wrong on our side. Nothing was changed."
# Where each status is explained.
TYPES = {
    400: "rfc9110#section-15.5.1",
    401: "rfc9110#section-15.5.2",
    403: "rfc9110#section-15.5.4",
    404: "rfc9110#section-15.5.5",
    405: "rfc9110#section-15.5.6",
    409: "rfc9110#section-15.5.10",
    413: "rfc9110#section-15.5.14",
    415: "rfc9110#section-15.5.16",
    424: "rfc4918#section-11.4",
    429: "rfc6585#section-4",
    500: "rfc9110#section-15.6.1",
}


def problem_response(exc, context) -> Response:
    """The answer to an exception in a view; named in REST_FRAMEWORK."""
    request, view = context["request"]._request, context["view"]
    status, title, sentence, errors = _told(exc, view)
    if status == 500:
        logger.exception("%s %r failed, traceId %s", request.method, request.path, trace_id(request))
    document = problem(request, status, sentence, title=title, errors=errors)
    if getattr(view, "action", None) in getattr(view, "delete_results", ()):
        document["messages"] = [sentence]
    return Response(document, status=status, headers=_headers(exc, status), content_type=CONTENT_TYPE)


def problem(request, status: int, detail: str, *, title: str = "", errors: dict | None = None) -> dict:
    """A problem document; `errors` maps a member or parameter at fault to its sentences."""
    return {
        "type": f"https://www.rfc-editor.org/rfc/{TYPES[status]}" if status in TYPES else "about:blank",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.path,
        "traceId": trace_id(request) or None,
        "errors": errors or None,
    }


def trace_id(request) -> str:
    return getattr(request, "trace_id", "")


def bad_request(request, exception=None):
    """`handler400`"""
    if not is_api(request):
        return defaults.bad_request(request, exception)
    return _page(request, 400, "The request is not understood: its host, its headers or its form are not right.")


def forbidden(request, exception=None):
    """`handler403`"""
    if not is_api(request):
        return defaults.permission_denied(request, exception)
    return _page(request, 403, "You may not do this.")


def not_found(request, exception=None):
    """`handler404`, and what answers for every unknown path under /api/."""
    if not is_api(request):
        return defaults.page_not_found(request, exception or Http404())
    return _page(request, 404, f"There is nothing at {request.path}. All paths of this API begin with /api/v1/.")


def server_error(request):
    """`handler500`"""
    if not is_api(request):
        return defaults.server_error(request)
    logger.exception("%s %r failed, traceId %s", request.method, request.path, trace_id(request))
    return _page(request, 500, OUR_FAULT)


def is_api(request) -> bool:
    return API_PATH.match(request.path) is not None


def _page(request, status: int, sentence: str) -> HttpResponse:
    return HttpResponse(to_wire(problem(request, status, sentence)), status=status, content_type=CONTENT_TYPE)


def _told(exc, view) -> tuple[int, str, str, dict | None]:
    """Status, title ("" for the usual one), sentence and errors of an exception."""
    match exc:
        case PlatformError():
            errors = getattr(exc, "errors", None) or ({exc.field: [str(exc)]} if exc.field else None)
            return exc.status, exc.title, str(exc), errors
        case exceptions.NotAuthenticated():
            return 401, "", NO_CREDENTIAL, None
        case exceptions.MethodNotAllowed():
            allowed = ", ".join(view.allowed_methods)
            return 405, "", f"{view.request.method} is not possible here; possible: {allowed}.", None
        case exceptions.Throttled():
            return 429, "", f"Too many requests. Try again in {_seconds(exc)} seconds.", None
        case Http404():
            return 404, "", "There is no such thing here.", None
        case PermissionDenied():
            return 403, "", "You may not do this.", None
        case RequestDataTooBig():
            return 413, "", "The body is larger than what may be sent at once.", None
        case SuspiciousOperation():
            return 400, "", "The request is not understood.", None
        case exceptions.APIException() if exc.status_code < 500:
            return exc.status_code, "", str(exc.detail), None
    return 500, "", OUR_FAULT, None


def _headers(exc, status: int) -> dict[str, str]:
    if status == 401:
        return {"WWW-Authenticate": "Bearer"}
    return {"Retry-After": str(_seconds(exc))} if isinstance(exc, exceptions.Throttled) else {}


def _seconds(throttled) -> int:
    return max(1, math.ceil(throttled.wait or 1))
