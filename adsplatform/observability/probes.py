"""Probes of load balancers and monitoring: is the process alive, can it answer requests. No business data."""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import split_domain_port, validate_host
from django.urls import resolve

from adsplatform.observability import health

PATHS = ("/healthz", "/readyz", "/metrics")


class ProbesMiddleware:
    """Answers probes before any middleware that checks the host name or redirects to https.

    Probes come from inside the network, over http, to an address that no browser uses. They name the server by its
    address or not at all; a name must be an allowed one, because a browser that is made to read a probe for a page of
    another site (by rebinding that site's name to our address) sends the name.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info not in PATHS:
            return self.get_response(request)
        host = request.META.get("HTTP_HOST", "")
        if not _is_known(host):
            response: HttpResponse = JsonResponse(
                {"detail": "This server has another name. Ask by its address, or add the name to ALLOWED_HOSTS."},
                status=400,
            )
        elif request.method not in ("GET", "HEAD"):
            response = JsonResponse({"detail": f"Ask {request.path_info} with GET."}, status=405)
        else:
            response = resolve(request.path_info).func(request)
        response.headers["Cache-Control"] = "no-store"
        return response


def _is_known(host: str) -> bool:
    domain, _ = split_domain_port(host)
    try:
        ipaddress.ip_address(domain.strip("[]"))
    except ValueError:
        return not host or validate_host(domain, settings.ALLOWED_HOSTS)
    return True


def healthz(request: HttpRequest) -> HttpResponse:
    """Whether the process answers. It checks nothing else, so an outage elsewhere does not cause a restart."""
    return JsonResponse({"status": "alive"})


def readyz(request: HttpRequest) -> HttpResponse:
    """Whether requests can be answered; if not, 503 with a sentence about each dependency that fails."""
    checks = health.readiness()
    is_ready = all(state == health.HEALTHY for state in checks.values())
    body = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return JsonResponse(body, status=200 if is_ready else 503)
