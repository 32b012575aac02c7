"""The endpoints of definitions: lists in memory, queried as tables are."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Model
from django.http import HttpResponse
from django.urls import path
from rest_framework.response import Response

from adsplatform.accounts.models import EVERYONE
from adsplatform.definitions import codes, lists
from adsplatform.definitions.documents import CODE_DEFINITION, COUNTRY, CURRENCY, STATE, USER_ROLE, fields_of
from adsplatform.errors import NotFound
from adsplatform.rest.operations import Operation
from adsplatform.rest.requests import WireRequest
from adsplatform.rest.viewsets import WireViewSet, guid_of
from adsplatform.searchlight import Searchlight

Row = dict[str, Any]


class ListViewSet(WireViewSet[Model]):
    """A list in memory."""

    id_name = ""

    def rows(self) -> Sequence[Row]:
        raise NotImplementedError

    def query(self, request: WireRequest) -> HttpResponse:
        asked = request.parameters
        self.searchlight.include(asked.get("include"))
        found = self.searchlight.select(self.rows(), asked.get("filter"), asked.get("order"))
        page = self.searchlight.page(asked.get("pageSize"), asked.get("pageNumber"))
        start = page.size * page.number
        return Response(
            {
                "records": found[start : start + page.size],
                "totalCount": len(found),
                "pageSize": page.size,
                "pageNumber": page.number if page.number_given else None,
            }
        )

    def retrieve(self, request: WireRequest, pk: str) -> HttpResponse:
        self.searchlight.include(request.parameters.get("include"))
        wanted = guid_of(pk)
        found = next((row for row in self.rows() if row[self.id_name] == wanted), None)
        if found is None:
            raise NotFound(f"There is no {self.noun} with the id “{pk}”.")
        return Response(found)


class CountryViewSet(ListViewSet):
    """Countries of ISO 3166-1 with their regions."""

    authentication_classes = permission_classes = ()
    noun = "country"
    operations = {"query": Operation(answer=COUNTRY, is_page=True)}
    searchlight = Searchlight(fields_of(COUNTRY))

    def rows(self) -> Sequence[Row]:
        return lists.countries()


class CurrencyViewSet(ListViewSet):
    """Currencies of ISO 4217."""

    authentication_classes = permission_classes = ()
    noun = "currency"
    operations = {"query": Operation(answer=CURRENCY, is_page=True)}
    searchlight = Searchlight(fields_of(CURRENCY))

    def rows(self) -> Sequence[Row]:
        return lists.currencies()


class StateViewSet(ListViewSet):
    """States and provinces of ISO 3166-2."""

    authentication_classes = permission_classes = ()
    noun = "state"
    operations = {"query": Operation(answer=STATE, is_page=True)}
    searchlight = Searchlight(fields_of(STATE))

    def rows(self) -> Sequence[Row]:
        return lists.states()


class CodeDefinitionViewSet(ListViewSet):
    """Codes that records are known to have."""

    roles = {"query": EVERYONE, "retrieve": EVERYONE}
    noun, id_name = "code definition", "codeDefinitionId"
    operations = {
        "query": Operation(answer=CODE_DEFINITION, is_page=True),
        "retrieve": Operation(answer=CODE_DEFINITION, takes_include=True),
    }
    searchlight = Searchlight(fields_of(CODE_DEFINITION))

    def rows(self) -> Sequence[Row]:
        return codes.code_definitions(self.request.caller.account)


class UserRoleViewSet(ListViewSet):
    """The roles that people can have in an account."""

    roles = {"query": EVERYONE, "retrieve": EVERYONE}
    noun, id_name = "user role", "userRoleId"
    operations = {
        "query": Operation(answer=USER_ROLE, is_page=True),
        "retrieve": Operation(answer=USER_ROLE, takes_include=True),
    }
    searchlight = Searchlight(fields_of(USER_ROLE))

    def rows(self) -> Sequence[Row]:
        return codes.user_roles(self.request.caller.account)


urlpatterns = [
    path("definitions/countries", CountryViewSet.as_view({"get": "query"})),
    path("definitions/currencies", CurrencyViewSet.as_view({"get": "query"})),
    path("definitions/states", StateViewSet.as_view({"get": "query"})),
    path("codedefinitions/query", CodeDefinitionViewSet.as_view({"get": "query"})),
    path("codedefinitions/<str:pk>", CodeDefinitionViewSet.as_view({"get": "retrieve"})),
    path("userroles/query", UserRoleViewSet.as_view({"get": "query"})),
    path("userroles/<str:pk>", UserRoleViewSet.as_view({"get": "retrieve"})),
]
