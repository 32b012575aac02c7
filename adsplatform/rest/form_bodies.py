"""Refuses forms before their bodies are read: large ones of strangers, and files of those who may not send them."""

from collections.abc import Callable
from copy import copy
from io import BufferedReader, RawIOBase
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.datastructures import MultiValueDict
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from adsplatform.accounts.inbox_mixins import SESSION_KEY, TenantMixin, refusal_of, tenant_of
from adsplatform.disk_space import NoRoom, check_room

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

TOKEN = "csrfmiddlewaretoken"  # noqa: S105 - the name of a field
# The form's token is one of its first fields.
HEAD_BYTES = 64 * 1024


class FormBodyMiddleware:
    """Comes before Django's own check of the token, which reads the whole form, with files in a temporary folder."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: WSGIRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if request.method != "POST" or getattr(view, "csrf_exempt", False):
            return None
        view_class: Any = getattr(view, "view_class", object)
        takes_file = issubclass(view_class, TenantMixin) and view_class.takes_file
        _check_size(request, takes_file)
        if not takes_file or not request.user.is_authenticated or request.content_type != "multipart/form-data":
            return None
        _check_role(request, view_class)
        head = request._stream.read(HEAD_BYTES)
        request._stream = BufferedReader(_Rejoined(head, request._stream))
        early: Any = copy(request)
        early._post, early._files = QueryDict(mutable=True), MultiValueDict()
        early._post[TOKEN] = _token_in(head, request.META.get("CONTENT_TYPE", ""))
        if refused := CsrfViewMiddleware(lambda request: HttpResponse()).process_view(early, view, args, kwargs):
            return refused
        try:
            check_room(_declared_size(request))
            request.takes_file = True  # type: ignore[attr-defined]
        except NoRoom as reason:
            request.upload_refused = str(reason)  # type: ignore[attr-defined]
        return None


def _check_size(request: HttpRequest, takes_file: bool) -> None:
    if not request.user.is_authenticated:
        limit = settings.BODY_MAX_BYTES
    elif takes_file:
        # The file has a limit of its own.
        return
    else:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if _declared_size(request) > limit:
        raise RequestDataTooBig(f"The form is larger than {limit:,} bytes.")


def _declared_size(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or ""
    return int(length[:20]) if length.isdecimal() else 0


def _check_role(request: HttpRequest, view_class: type[TenantMixin]) -> None:
    tenant = tenant_of(request.user, request.session.get(SESSION_KEY))  # type: ignore[arg-type]
    if tenant is None or tenant.role not in view_class.roles:
        raise PermissionDenied(refusal_of(tenant, view_class.roles) if tenant else "You belong to no account.")


def _token_in(head: bytes, content_type: str) -> str:
    """The token among the fields before the first file; an empty text if there is none."""
    _, parameters = parse_options_header(content_type)
    pieces = iter([head])
    found, is_taking = b"", False
    try:
        parser = PushMultipartParser(parameters.get("boundary", ""))
        for event in parser.parse_blocking(lambda size: next(pieces, b"")):
            if isinstance(event, MultipartSegment):
                if event.filename:
                    break
                is_taking = event.name == TOKEN
            elif event is None and is_taking:
                break
            elif event and is_taking:
                found += event
    except (MultipartError, ValueError):
        return ""
    return found.decode("ascii", "replace")


class _Rejoined(RawIOBase):
    """A stream of which the beginning has been read already."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)
        found = self._head[: len(view)] or self._rest.read(len(view))
        self._head = self._head[len(view) :]
        view[: len(found)] = found
        return len(found)
