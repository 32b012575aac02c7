"""Turns everything that can go wrong into one shape: a problem document (RFC 9457), with a sentence for a person."""

import logging
import math
import sys
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import NamedTuple, TypedDict

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from adsplatform.disk_space import RETRY_SECONDS, NoRoom
from adsplatform.errors import PlatformError, QuotaExceeded
from adsplatform.observability.request_ids import request_id_of
from adsplatform.rest.authentication import NO_CREDENTIAL
from adsplatform.rest.content_encodings import ACCEPTED, UnsupportedEncoding
from adsplatform.rest.middleware import API_PATH
from adsplatform.rest.renderers import to_wire

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json; charset=utf-8"
OUR_FAULT = "Something went wrong on our side. Nothing was changed."
# The section of an RFC that explains each status.
TYPES = {
    400: "rfc9110#section-15.5.1",
    401: "rfc9110#section-15.5.2",
    403: "rfc9110#section-15.5.4",
    404: "rfc9110#section-15.5.5",
    405: "rfc9110#section-15.5.6",
    409: "rfc9110#section-15.5.10",
    412: "rfc9110#section-15.5.13",
    413: "rfc9110#section-15.5.14",
    415: "rfc9110#section-15.5.16",
    424: "rfc4918#section-11.4",
    429: "rfc6585#section-4",
    500: "rfc9110#section-15.6.1",
    503: "rfc9110#section-15.6.4",
    507: "rfc4918#section-11.5",
}


Errors = Mapping[str, Sequence[str]]


class ExceptionContext(TypedDict):
    """What DRF says about an exception."""

    request: Request
    view: APIView


class _Problem(NamedTuple):
    """What to answer to an exception; without a title, the title of the status is used."""

    status: int
    sentence: str
    title: str = ""
    errors: Errors | None = None


def problem_response(exc: Exception, context: ExceptionContext) -> Response:
    """The answer to an exception in a view; named in REST_FRAMEWORK."""
    request, view = context["request"]._request, context["view"]
    status, sentence, title, errors = _problem_of(exc, view)
    if status == 500:
        _log_failure(request, exc)
    document = problem(request, status, sentence, title=title, errors=errors)
    if getattr(view, "action", None) in getattr(view, "delete_results", ()):
        document["messages"] = [sentence]
    return Response(document, status=status, headers=_headers(exc, status), content_type=CONTENT_TYPE)


def problem(
    request: HttpRequest, status: int, detail: str, *, title: str = "", errors: Errors | None = None
) -> dict[str, object]:
    """A problem document; `errors` maps each member or parameter at fault to its sentences."""
    return {
        "type": f"https://www.rfc-editor.org/rfc/{TYPES[status]}" if status in TYPES else "about:blank",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.path,
        "traceId": request_id_of(request) or None,
        "errors": errors or None,
    }


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """`handler400`"""
    if not is_api(request):
        return defaults.bad_request(request, exception or Exception())
    return _page(request, 400, "The request is not understood: its host, its headers or its form are not right.")


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """`handler403`"""
    if not is_api(request):
        return defaults.permission_denied(request, exception or PermissionDenied())
    return _page(request, 403, "You may not do this.")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """`handler404`, and the view of every unknown path under /api/."""
    if not is_api(request):
        return defaults.page_not_found(request, exception or Http404())
    return _page(request, 404, f"There is nothing at {request.path}. All paths of this API begin with /api/v1/.")


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500`"""
    if not is_api(request):
        return defaults.server_error(request)
    _log_failure(request, sys.exception())
    return _page(request, 500, OUR_FAULT)


def is_api(request: HttpRequest) -> bool:
    return API_PATH.match(request.path) is not None


def _log_failure(request: HttpRequest, exception: BaseException | None) -> None:
    logger.error("%s %r failed, traceId %s", request.method, request.path, request_id_of(request), exc_info=exception)


def _page(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    return HttpResponse(to_wire(problem(request, status, sentence)), status=status, content_type=CONTENT_TYPE)


def _problem_of(exc: Exception, view: APIView) -> _Problem:
    match exc:
        case PlatformError():
            errors = getattr(exc, "errors", None) or ({exc.field: [str(exc)]} if exc.field else None)
            return _Problem(exc.status, str(exc), exc.title, errors)
        case exceptions.NotAuthenticated():
            return _Problem(401, NO_CREDENTIAL)
        case exceptions.MethodNotAllowed():
            allowed = ", ".join(view.allowed_methods)
            return _Problem(405, f"{view.request.method} is not possible here; possible: {allowed}.")
        case exceptions.Throttled():
            return _Problem(429, f"Too many requests. Try again in {_seconds(exc)} seconds.")
        case Http404():
            return _Problem(404, "There is no such thing here.")
        case PermissionDenied():
            return _Problem(403, "You may not do this.")
        case RequestDataTooBig():
            return _Problem(413, "The body is larger than what may be sent at once.")
        case SuspiciousOperation():
            return _Problem(400, "The request is not understood.")
        case exceptions.APIException() if exc.status_code < 500:
            return _Problem(exc.status_code, str(exc.detail))
    return _Problem(500, OUR_FAULT)


def _headers(exc: Exception, status: int) -> dict[str, str]:
    if status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if isinstance(exc, UnsupportedEncoding):
        return {"Accept-Encoding": ACCEPTED}
    if isinstance(exc, QuotaExceeded):
        return {"Retry-After": str(exc.retry_after)} if exc.retry_after else {}
    if isinstance(exc, NoRoom):
        return {"Retry-After": str(RETRY_SECONDS)}
    return {"Retry-After": str(_seconds(exc))} if isinstance(exc, exceptions.Throttled) else {}


def _seconds(throttled: exceptions.Throttled) -> int:
    # DRF sets `wait`, but its stubs leave it out.
    return max(1, math.ceil(throttled.wait or 1))  # type: ignore[attr-defined]
