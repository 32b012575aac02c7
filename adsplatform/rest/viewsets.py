"""The base of every endpoint: only the caller's own rows, found by GUID or queried page by page."""

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

from adsplatform.accounts.models import TenantQuerySet
from adsplatform.errors import NotFound, PlatformError
from adsplatform.rest.operations import Operation
from adsplatform.rest.reads import limited_read
from adsplatform.rest.requests import WireRequest
from adsplatform.rest.serializers import WireModel
from adsplatform.rest.throttling import ReadThrottle
from adsplatform.searchlight import Searchlight

# The most bytes of a body that is a document or a list of objects.
DOCUMENT_BYTES = 2 * 1024**2

_Row = TypeVar("_Row", bound=Model)
_Other = TypeVar("_Other", bound=Model)


class WireViewSet(ViewSetMixin, APIView, Generic[_Row]):
    """Actions, and the roles that may call each; everything else is declared."""

    request: WireRequest
    http_method_names = ["get", "post", "patch", "delete", "head"]
    # The roles of each action.
    roles: ClassVar[dict[str, frozenset[str]]] = {}
    # The throttle classes of the actions that have any.
    throttles: ClassVar[dict[str, tuple[type[BaseThrottle], ...]]] = {}
    # Actions whose errors are DeleteResults too.
    delete_results: ClassVar[frozenset[str]] = frozenset()
    # Actions whose bodies are documents or lists, which may be larger than others.
    documents: ClassVar[frozenset[str]] = frozenset()
    queryset: TenantQuerySet[_Row]
    wire_model: type[WireModel]
    searchlight: Searchlight
    # The word for one row in sentences.
    noun = ""
    # What the document of the API says about actions, where it does not follow from the rest.
    operations: ClassVar[dict[str, Operation]] = {}

    def initialize_request(self, request: HttpRequest, *args: object, **kwargs: object) -> WireRequest:
        self.action = self.action_map.get((request.method or "").lower(), "")
        return WireRequest(
            request,
            parsers=self.get_parsers(),
            authenticators=self.get_authenticators(),
            negotiator=self.get_content_negotiator(),
            parser_context=self.get_parser_context(request),
        )

    @classmethod
    def operation_of(cls, action: str) -> Operation:
        """What the document of the API says about an action."""
        usual = {"query": Operation(is_page=True), "retrieve": Operation(takes_include=True)}
        return cls.operations.get(action) or usual.get(action) or Operation()

    @classmethod
    def described(cls, action: str) -> str:
        """What an action does, in words, where its docstring does not say it."""
        nouns = f"{cls.noun.removesuffix('y')}ies" if cls.noun.endswith(("ry", "cy")) else f"{cls.noun}s"
        sentences = {"query": f"One page of the {nouns} that match.", "retrieve": f"One {cls.noun} by its id."}
        return sentences.get(action, "") if getattr(getattr(cls, action), "__doc__", None) is None else ""

    def get_throttles(self) -> list[BaseThrottle]:
        of_reads = (ReadThrottle,) if self.request.method in SAFE_METHODS else ()
        return [throttle() for throttle in (*of_reads, *self.throttles.get(self.action, ()))]

    def most_body_bytes(self) -> int:
        """The size of a body that is read into memory; uploads and batches have limits of their own."""
        return DOCUMENT_BYTES if self.action in self.documents else settings.BODY_MAX_BYTES

    def get_queryset(self) -> QuerySet[_Row]:
        """The rows of this caller's account; every action starts here."""
        return self.queryset.of(self.request.caller.account)

    def get_object(self, pk: str) -> _Row:
        """The row with that id; raises NotFound, also for a row of another account."""
        guid = guid_of(pk)
        row = self.get_queryset().filter(pk=guid).first() if guid else None
        if row is None:
            raise NotFound(f"There is no {self.noun} with the id “{pk}”.")
        return row

    def find_reference(self, rows: TenantQuerySet[_Other], id: UUID | None, *, field: str, noun: str) -> _Other | None:
        """The row of the caller's account that a member or parameter names; None if it names none."""
        if id is None:
            return None
        found = rows.of(self.request.caller.account).filter(pk=id).first()
        if found is None:
            raise PlatformError(f"There is no {noun} with the id “{id}”.", field=field)
        return found

    def retrieve(self, request: WireRequest, pk: str) -> HttpResponse:
        return self.answer(self.get_object(pk), self.searchlight.include(request.parameters.get("include")))

    def query(self, request: WireRequest) -> HttpResponse:
        """One page of the rows that match, as a FetchResult."""
        return self.fetch_result(self.get_queryset())

    def fetch_result(self, rows: QuerySet[Any]) -> Response:
        """One page of those rows that the parameters of the request ask for, as a FetchResult."""
        asked = self.request.parameters
        includes = self.searchlight.include(asked.get("include"))
        rows = rows.filter(self.searchlight.filter(asked.get("filter")))
        order = self.searchlight.order(asked.get("order"))
        page = self.searchlight.page(asked.get("pageSize"), asked.get("pageNumber"))
        start = page.size * page.number
        with limited_read():
            return Response(
                {
                    "records": self.serialize(list(rows.order_by(*order)[start : start + page.size]), includes),
                    "totalCount": rows.count(),
                    "pageSize": page.size,
                    "pageNumber": page.number if page.number_given else None,
                }
            )

    def answer(self, row: object, includes: frozenset[str] = frozenset(), status: int = 200) -> Response:
        return Response(self.serialize([row], includes)[0], status=status)

    def answer_list(self, rows: Sequence[object], status: int = 200) -> Response:
        return Response(self.serialize(rows), status=status)

    def serialize(self, rows: Sequence[object], includes: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
        """The rows in their wire format, with what `includes` asks for."""
        loaded = self.wire_model.load(rows, includes, self.request.caller)
        context = {"includes": includes, "request": self.request, **loaded}
        return list(self.wire_model(rows, many=True, context=context).data)


def guid_of(text: str) -> UUID | None:
    """The GUID that a text spells, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None
