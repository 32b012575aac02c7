"""What machines ask: is the process alive, can it answer requests. Nothing of what is in the books is told."""

from django.http import JsonResponse
from django.urls import resolve

from adsplatform.observability import health

PATHS = ("/healthz", "/readyz", "/metrics")


class ProbesMiddleware:
    """Answers those who watch over the process before it matters by what name and protocol they ask.

    They come from within: by plain http, to an address that no browser uses.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path_info not in PATHS:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            response = JsonResponse({"detail": f"Ask {request.path_info} with GET."}, status=405)
        else:
            response = resolve(request.path_info).func(request)
        response.headers["Cache-Control"] = "no-store"
        return response


def healthz(request):
    """Whether the process answers; it asks nobody else, so that no outage elsewhere has it restarted."""
    return JsonResponse({"status": "alive"})


def readyz(request):
    """Whether requests can be answered; if not, 503 with a sentence on each thing that is missing."""
    checks = health.readiness()
    is_ready = all(state == health.HEALTHY for state in checks.values())
    body = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return JsonResponse(body, status=200 if is_ready else 503)
