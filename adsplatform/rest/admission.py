"""Whether the sender of a request may send a large body, which the web server asks before it receives one."""

import io
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.wsgi import WSGIRequest
from django.db import close_old_connections
from django.http import HttpResponse

from adsplatform.accounts.inbox_mixins import SESSION_KEY, tenant_of
from adsplatform.accounts.models import WRITERS, User
from adsplatform.accounts.services import NotSignedIn
from adsplatform.rest.authentication import caller_of
from adsplatform.rest.problems import is_api
from adsplatform.rest.uploads import OVERHEAD

# A body that is longer is refused in any case.
MOST_BYTES = settings.UPLOAD_MAX_BYTES + OVERHEAD
# The only headers that say who sends a request. Longer ones are passed over: the web server refuses them.
HEADERS = {b"api-key", b"apikey", b"authorization", b"cookie"}
HEADER_MAX_BYTES = 8190


def may_send_much(head: bytes) -> bool:
    """Whether the request with this head comes from someone who may load data; what else it needs is asked later."""
    close_old_connections()
    try:
        request = _request_of(head)
        if is_api(request):
            caller = caller_of(request)
            return caller is not None and caller.role in WRITERS and not caller.uses_read_only_key
        SessionMiddleware(lambda request: HttpResponse()).process_request(request)
        user = get_user(request)
        tenant = tenant_of(user, request.session.get(SESSION_KEY)) if isinstance(user, User) else None
        return tenant is not None and tenant.may_write
    except NotSignedIn:
        return False
    finally:
        close_old_connections()


def _request_of(head: bytes) -> WSGIRequest:
    line, _, lines = head.partition(b"\r\n")
    method, target, _version = line.split(b" ", 2)
    environ = {}
    for header in lines.split(b"\r\n"):
        name, _, value = header.partition(b":")
        if name.lower() in HEADERS and len(header) <= HEADER_MAX_BYTES:
            environ[f"HTTP_{name.decode('ascii').upper().replace('-', '_')}"] = value.strip(b" \t").decode("latin-1")
    path = unquote_to_bytes(target.partition(b"?")[0]).decode("latin-1")
    return WSGIRequest(
        {
            **environ,
            "REQUEST_METHOD": method.decode("latin-1"),
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "wsgi.input": io.BytesIO(),
        }
    )
