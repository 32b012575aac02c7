"""The Inbox's pages about the columns that may be loaded, from the one specification."""

from typing import Any

from django.http import Http404
from django.urls import path
from django.views.generic import TemplateView

from adsplatform.accounts.inbox_mixins import TenantMixin
from adsplatform.records.column_texts import column_texts
from adsplatform.records.specification import entities, entity_named


class Kinds(TenantMixin, TemplateView):
    """The kinds of record, with a template of each."""

    template_name = "inbox/kinds.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        kinds = [
            {
                "entity": entity,
                "required": [text for text in column_texts(entity.name) if text.required.startswith("yes")],
                "count": len(entity.columns),
            }
            for entity in entities().values()
        ]
        return super().get_context_data(kinds=kinds, **context)


class Columns(TenantMixin, TemplateView):
    """All columns of one kind of record."""

    template_name = "inbox/columns.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        entity = entity_named(self.kwargs["kind"])
        if entity is None:
            raise Http404
        return super().get_context_data(entity=entity, texts=column_texts(entity.name), **context)


urlpatterns = [
    path("columns/", Kinds.as_view(), name="kinds"),
    path("columns/<str:kind>/", Columns.as_view(), name="columns"),
]
