"""Probes of load balancers and monitoring: is the process alive, can it answer requests. No business data."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import resolve

from adsplatform.observability import health

PATHS = ("/healthz", "/readyz", "/metrics")


class ProbesMiddleware:
    """Answers probes before any middleware that checks the host name or redirects to https.

    Probes come from inside the network, over http, to an address that no browser uses.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info not in PATHS:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            response: HttpResponse = JsonResponse({"detail": f"Ask {request.path_info} with GET."}, status=405)
        else:
            response = resolve(request.path_info).func(request)
        response.headers["Cache-Control"] = "no-store"
        return response


def healthz(request: HttpRequest) -> HttpResponse:
    """Whether the process answers. It checks nothing else, so an outage elsewhere does not cause a restart."""
    return JsonResponse({"status": "alive"})


def readyz(request: HttpRequest) -> HttpResponse:
    """Whether requests can be answered; if not, 503 with a sentence about each dependency that fails."""
    checks = health.readiness()
    is_ready = all(state == health.HEALTHY for state in checks.values())
    body = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return JsonResponse(body, status=200 if is_ready else 503)
