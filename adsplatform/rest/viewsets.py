"""The base of every endpoint: a caller's own rows only, found by GUID, queried by page."""

from typing import ClassVar
from uuid import UUID

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

from adsplatform.errors import NotFound, PlatformError
from adsplatform.rest.bodies import Body
from adsplatform.rest.parameters import Parameters
from adsplatform.rest.serializers import WireModel
from adsplatform.searchlight import Searchlight


class WireRequest(Request):
    """A request whose body may come without a Content-Length, and whose parameters are read leniently."""

    @property
    def parameters(self) -> Parameters:
        if not hasattr(self, "_parameters"):
            self._parameters = Parameters(self._request.GET)
        return self._parameters

    def _load_stream(self):
        self._stream = Body(self._request, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


class WireViewSet(ViewSetMixin, APIView):
    """Actions and who may call them (`roles`); everything else is declared."""

    http_method_names = ["get", "post", "patch", "delete", "head"]
    # The roles each action is for.
    roles: ClassVar[dict[str, frozenset]] = {}
    # Throttle classes of the actions that have any.
    throttles: ClassVar[dict[str, tuple]] = {}
    # Actions whose errors are DeleteResults too.
    delete_results: ClassVar[frozenset] = frozenset()
    queryset = None
    wire_model: type[WireModel]
    searchlight: Searchlight
    # What people call one of them.
    noun = ""

    def initialize_request(self, request, *args, **kwargs):
        wire_request = WireRequest(
            request,
            parsers=self.get_parsers(),
            authenticators=self.get_authenticators(),
            negotiator=self.get_content_negotiator(),
            parser_context=self.get_parser_context(request),
        )
        self.action = self.action_map.get(request.method.lower())
        return wire_request

    def get_throttles(self):
        return [throttle() for throttle in self.throttles.get(self.action, ())]

    def get_queryset(self):
        """The rows there are for this caller; every action starts here."""
        return self.queryset.of(self.request.auth.account)

    def get_object(self, pk: str):
        """The row of that id; what is another account's does not exist."""
        guid = guid_of(pk)
        row = self.get_queryset().filter(pk=guid).first() if guid else None
        if row is None:
            raise NotFound(f"There is no {self.noun} with the id “{pk}”.")
        return row

    def find_reference(self, rows, id: UUID | None, *, field: str, noun: str):
        """The row of the caller's account that a member or parameter names; None where it names none."""
        if id is None:
            return None
        found = rows.of(self.request.auth.account).filter(pk=id).first()
        if found is None:
            raise PlatformError(f"There is no {noun} with the id “{id}”.", field=field)
        return found

    def retrieve(self, request, pk):
        return self.answer(self.get_object(pk), self.searchlight.include(request.parameters.get("include")))

    def query(self, request):
        """One page of the rows that match, as a FetchResult."""
        return self.fetch_result(self.get_queryset())

    def fetch_result(self, rows) -> Response:
        asked = self.request.parameters
        includes = self.searchlight.include(asked.get("include"))
        rows = rows.filter(self.searchlight.filter(asked.get("filter")))
        order = self.searchlight.order(asked.get("order"))
        page = self.searchlight.page(asked.get("pageSize"), asked.get("pageNumber"))
        start = page.size * page.number
        return Response(
            {
                "records": self.serialize(list(rows.order_by(*order)[start : start + page.size]), includes),
                "totalCount": rows.count(),
                "pageSize": page.size,
                "pageNumber": page.number if page.number_given else None,
            }
        )

    def answer(self, row, includes: frozenset = frozenset(), status: int = 200) -> Response:
        return Response(self.serialize([row], includes)[0], status=status)

    def answer_list(self, rows, status: int = 200) -> Response:
        return Response(self.serialize(rows), status=status)

    def serialize(self, rows, includes: frozenset = frozenset()) -> list[dict]:
        loaded = self.wire_model.load(rows, includes, self.request.auth)
        context = {"includes": includes, "request": self.request, **loaded}
        return self.wire_model(rows, many=True, context=context).data


def guid_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
