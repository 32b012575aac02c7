"""The search of everything: syncs by id and file, records by key, name and number."""

from dataclasses import dataclass

from django.db import OperationalError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.http import urlencode
from psycopg.errors import QueryCanceled

from adsplatform.accounts.inbox_mixins import TenantMixin
from adsplatform.accounts.models import Account
from adsplatform.admin_lists.filters import as_uuid
from adsplatform.records.display import DisplayedKind, displayed_kinds
from adsplatform.rest.threads import occupied_thread
from adsplatform.statement_timeout import statement_timeout
from syncs.inbox.record_filters import called
from syncs.inbox.record_rows import Row, rows_of
from syncs.models import SyncRequest
from syncs.presentation.sync_summary import SyncSummary, with_summary_columns

HITS_SHOWN = 6
# For each kind of record: the search of everything is an offer, a list's own search may take longer.
SECONDS = 1.0


@dataclass(frozen=True)
class Hits:
    """What was found of one kind; `rows` is None where that took too long."""

    kind: DisplayedKind
    rows: list[Row] | None
    has_more: bool
    url: str


class Search(TenantMixin):
    """What is called so, of all kinds."""

    def get(self, request: HttpRequest) -> HttpResponse:
        text = request.GET.get("q", "").strip()[:200].replace("\0", "")
        context: dict[str, object] = {"text": text}
        if text:
            with occupied_thread():
                context |= {"summaries": syncs_called(text, self.account), "hits": records_called(text, self.account)}
        return render(request, "inbox/search.html", context)


def syncs_called(text: str, account: Account) -> list[SyncSummary]:
    """The newest syncs with that id, or whose file is called so."""
    id = as_uuid(text)
    found = Q(pk=id) if id else Q(upload__file_name__icontains=text)
    syncs = with_summary_columns(SyncRequest.objects.of(account).filter(found).newest_first())
    return [SyncSummary.of(sync) for sync in syncs[:HITS_SHOWN]]


def records_called(text: str, account: Account) -> list[Hits]:
    """The records with that id, or whose key, name or number contains the text, by kind."""
    found = []
    for kind in displayed_kinds().values():
        if not kind.searched and not as_uuid(text):
            continue
        url = f"{reverse('inbox:records', args=[kind.slug])}?{urlencode({'q': text})}"
        rows = kind.model.objects.of(account.pk).filter(called(kind, text))
        try:
            with statement_timeout(SECONDS):
                records = list(rows.order_by("-id")[: HITS_SHOWN + 1])
        except OperationalError as error:
            if not isinstance(error.__cause__, QueryCanceled):
                raise
            found.append(Hits(kind, None, has_more=False, url=url))
            continue
        if records:
            shown = rows_of(kind, records[:HITS_SHOWN], account)
            found.append(Hits(kind, shown, has_more=len(records) > HITS_SHOWN, url=url))
    return found


urlpatterns = [path("search/", Search.as_view(), name="search")]
