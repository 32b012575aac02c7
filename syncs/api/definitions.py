"""What syncs define for everyone: the codes of problems, and templates of files."""

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from rest_framework.response import Response

from adsplatform.rest.operations import Operation
from adsplatform.rest.requests import WireRequest
from adsplatform.rest.viewsets import WireViewSet
from adsplatform.searchlight import Fields, Searchlight
from syncs.api.documents import PROBLEM_CODES, TEMPLATE
from syncs.presentation.file_templates import template_named
from syncs.problem_codes import CHAPTERS, CODES
from syncs.rejected_rows.download import streaming_response


class ProblemCodeViewSet(WireViewSet):
    """The catalogue of problem codes, for everyone."""

    authentication_classes = ()
    permission_classes = ()
    noun = "problem code"
    operations = {"query": Operation(answer=PROBLEM_CODES, is_page=True)}
    searchlight = Searchlight(Fields({}, default_order=(), key=""))

    def query(self, request: WireRequest) -> HttpResponse:
        asked = request.parameters
        page = self.searchlight.page(asked.get("pageSize"), asked.get("pageNumber"))
        start = page.size * page.number
        return Response(
            {
                "records": problem_code_records()[start : start + page.size],
                "totalCount": len(CODES),
                "pageSize": page.size,
                "pageNumber": page.number if page.number_given else None,
            }
        )


class TemplateViewSet(WireViewSet):
    """Templates of files to load, for everyone."""

    authentication_classes = ()
    permission_classes = ()
    operations = {"download": Operation(answer=TEMPLATE)}

    def download(self, request: WireRequest, file: str) -> HttpResponseBase:
        """A template of a file to load."""
        return streaming_response(template_named(file))


def problem_code_records() -> list[dict[str, object]]:
    """The whole catalogue in its wire format."""
    return [
        {
            "code": entry.code,
            "title": entry.title,
            "chapter": chapter,
            "cause": entry.cause,
            "remedy": entry.remedy,
            "who": entry.who.name.capitalize(),
            "isPermanent": entry.is_permanent,
        }
        for chapter, entries in CHAPTERS.items()
        for entry in entries
    ]


urlpatterns = [
    path("definitions/problem-codes", ProblemCodeViewSet.as_view({"get": "query"}), name="problem-codes"),
    path("definitions/templates/<str:file>", TemplateViewSet.as_view({"get": "download"}), name="template"),
]
