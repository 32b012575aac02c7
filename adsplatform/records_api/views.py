"""The read endpoints: `retrieve` and `query` of every kind of record. Records are written by syncs only."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, NoReturn
from uuid import UUID

import msgspec
from django.db.models import Q, QuerySet, Subquery
from django.db.models.expressions import OrderBy
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from rest_framework.response import Response

from adsplatform.accounts.models import EVERYONE
from adsplatform.errors import NotFound, PlatformError
from adsplatform.records.models.base import Record
from adsplatform.records_api.counting import count, kept_count
from adsplatform.records_api.documents import component_of
from adsplatform.records_api.includes import INCLUDES, include
from adsplatform.records_api.kinds import Object, RecordKind, kinds
from adsplatform.records_api.members import definition_id
from adsplatform.rest.operations import Operation
from adsplatform.rest.reads import limited_read
from adsplatform.rest.renderers import encode
from adsplatform.rest.requests import WireRequest
from adsplatform.rest.viewsets import WireViewSet, guid_of
from adsplatform.searchlight import Searchlight
from adsplatform.searchlight.paging import Page

# Says that `totalCount` is an estimate.
COUNT_IS_EXACT = "X-Total-Count-Exact"
# Names the includes of which some records have more than are shown.
INCLUDES_CUT = "X-Includes-Incomplete"


class WrittenBySyncs(PlatformError):
    """A single record was to be written."""

    status = 405
    title = "Records are written by syncs."


class RecordViewSet(WireViewSet[Any]):
    """The endpoints of one kind of record, which a subclass names."""

    kind: RecordKind
    roles = dict.fromkeys(("retrieve", "query", "history", "value", "no_list"), EVERYONE)

    @classmethod
    def described(cls, action: str) -> str:
        about = f"\n\n{cls.kind.description}" if cls.kind.description else ""
        sentences = {
            "query": f"One page of the {cls.kind.nouns} that match.{about}",
            "retrieve": f"One {cls.kind.noun} by its id.{about}",
        }
        return sentences.get(action, "")

    @classmethod
    def operation_of(cls, action: str) -> Operation:
        answer = component_of(cls.kind)
        if action == "query":
            return Operation(answer=answer, is_page=True)
        return cls.operations.get(action) or Operation(answer=answer, takes_include=True)

    def http_method_not_allowed(self, request: HttpRequest, *args: object, **kwargs: object) -> NoReturn:
        if request.method in ("POST", "PUT", "PATCH", "DELETE"):
            raise WrittenBySyncs(
                f"A single {self.kind.noun} cannot be written here: every record comes from a sync, which checks it "
                "and keeps the line it came from. Send it to POST /api/v1/Sync/batch."
            )
        self.no_list()

    def no_list(self, *args: object, **kwargs: object) -> NoReturn:
        """The answer at the bare path of a kind."""
        raise WrittenBySyncs(
            f"There is no list here. Query /api/v1/{self.kind.path}/query, or read /api/v1/{self.kind.path}/{{id}}."
        )

    def retrieve(self, request: WireRequest, pk: str) -> HttpResponse:
        id = guid_of(pk)
        rows = self._selected().filter(pk=id)
        if self.kind.name == "InvoiceAddress" and id:
            # Lets the database find the address by the invoice's index.
            rows = rows.filter(invoice_id=UUID(f"{str(id)[:14]}7{str(id)[15:]}"))
        return self._one(rows if id else rows.none(), f"the id “{pk}”")

    def query(self, request: WireRequest) -> HttpResponse:
        asked = request.parameters
        includes = self.searchlight.include(asked.get("include"))
        condition = self.searchlight.filter(asked.get("filter"))
        order = self.searchlight.order(asked.get("order"))
        page = self.searchlight.page(asked.get("pageSize"), asked.get("pageNumber"))
        start = page.size * page.number
        with limited_read():
            objects = self.kind.read(_page_of(self._selected().filter(condition), order, start, page.size))
            headers = self._include(objects, includes)
            total, is_exact = self._total(condition, len(objects), page)
        if not is_exact:
            headers[COUNT_IS_EXACT] = "false"
        return Response(
            {
                "records": _encoded(objects),
                "totalCount": total,
                "pageSize": page.size,
                "pageNumber": page.number if page.number_given else None,
            },
            headers=headers,
        )

    def _total(self, condition: Q, found: int, page: Page) -> tuple[int, bool]:
        """How many rows there are on all pages, and whether that is exact; the page has `found` of them."""
        start = page.size * page.number
        if found < page.size and (found or not start):
            return start + found, True
        account = self.request.caller.account
        kept = None if condition else kept_count(account.pk, self.kind.model)
        return count(self.kind.rows(account).filter(condition)) if kept is None else (kept, True)

    def _selected(self) -> QuerySet[Any]:
        return self.kind.selected(self.request.caller.account)

    def _one(self, rows: Any, described: str) -> HttpResponse:
        includes = self.searchlight.include(self.request.parameters.get("include"))
        # A record by its id takes no time that would have to be limited.
        with limited_read() if includes else nullcontext():
            objects = self.kind.read(rows[:1])
            if not objects:
                raise NotFound(f"There is no {self.kind.noun} with {described}.")
            headers = self._include(objects, includes)
        return Response(_encoded(objects[0]), headers=headers)

    def _include(self, objects: list[Object], names: frozenset[str]) -> dict[str, str]:
        incomplete = include(objects, self.kind, names, self.request.caller.account)
        return {INCLUDES_CUT: ", ".join(incomplete)} if incomplete else {}


class InvoiceViewSet(RecordViewSet):
    operations = {"history": Operation(answer=component_of(kinds()["InvoiceWorkflowStatus"]), is_list=True)}

    def history(self, request: WireRequest, pk: str) -> HttpResponse:
        """The steps of an invoice's workflow, the first one first; an array, not a FetchResult."""
        id = guid_of(pk)
        if not id or not self.kind.rows(request.caller.account).filter(pk=id).exists():
            raise NotFound(f"There is no invoice with the id “{pk}”.")
        steps = kinds()["InvoiceWorkflowStatus"]
        rows = steps.selected(request.caller.account).filter(invoice_id=id).order_by("source_created_date", "id")
        return Response(_encoded(steps.read(rows)))


class CustomFieldViewSet(RecordViewSet):
    def value(self, request: WireRequest, definition: str, pk: str) -> HttpResponse:
        """A value by its record, and by the id of its definition or its label."""
        record, wanted = guid_of(pk), guid_of(definition)
        rows = self._selected().filter(record_key=record).order_by("id")
        found = (
            rows.alias(definition=definition_id()).filter(definition=wanted)
            if wanted
            # Paths come in lower case.
            else rows.filter(custom_field_label__iexact=definition)
        )
        return self._one(
            found if record else found.none(), f"this label or definition for the record with the id “{pk}”"
        )


SPECIAL = {"Invoice": InvoiceViewSet, "CustomField": CustomFieldViewSet}


def _viewset(kind: RecordKind) -> type[RecordViewSet]:
    """The endpoints of a kind, as it declares itself."""
    base = SPECIAL.get(kind.name, RecordViewSet)
    default_size, maximum_size = kind.page_sizes
    searchlight = Searchlight(
        kind.fields,
        includes=INCLUDES.get(kind.name, {}),
        default_size=default_size,
        maximum_size=maximum_size,
    )
    return type(f"{kind.name}ViewSet", (base,), {"kind": kind, "noun": kind.noun, "searchlight": searchlight})


def _paths(kind: RecordKind) -> list[URLPattern]:
    base, view = kind.path.lower(), _viewset(kind)
    by_id, action = ("<str:definition>/<str:pk>", "value") if kind.name == "CustomField" else ("<str:pk>", "retrieve")
    paths = [
        path(f"{base}/query", view.as_view({"get": "query"})),
        path(f"{base}/{by_id}", view.as_view({"get": action})),
        # Nothing can be done with a bare path, and the answer says what can.
        path(base, view.as_view({"head": "no_list"})),
    ]
    if kind.name == "Invoice":
        paths.insert(1, path(f"{base}/<str:pk>/workflow-status-history", view.as_view({"get": "history"})))
    return paths


urlpatterns = [url for kind in kinds().values() for url in _paths(kind)]


def _page_of(rows: QuerySet[Any], order: Sequence[str | OrderBy], start: int, size: int) -> QuerySet[Any]:
    """The rows of a page; in the order of the ids, the index alone finds where it begins, however far that is."""
    if not start or tuple(order) != Record.READ_ORDER:
        return rows.order_by(*order)[start : start + size]
    first = rows.order_by("id").values("id")[start : start + 1]
    return rows.filter(id__gte=Subquery(first)).order_by("id")[:size]


def _encoded(data: object) -> msgspec.Raw:
    """The objects as JSON, so that the renderer need not look at each of their members."""
    return msgspec.Raw(encode(data))
