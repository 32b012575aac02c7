"""Problems of all accounts, grouped by code, kind of record and account."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Min, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.template.response import TemplateResponse

from adsplatform.accounts.models import Account
from adsplatform.admin_lists.bounded import ReadOnlyAdmin, list_url, newest
from syncs.admin.filters import GroupFilters
from syncs.models import SyncResultDetail

# Only the newest problems are grouped, so that the time of the page is bounded.
GROUPED_LINES = 200_000
GROUPS_LISTED = 200


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """The problems of one code, kind of record and account; `message` is the newest one's, `url` lists them all."""

    code: str
    entity: str
    kind: str
    account: Account
    lines: int
    syncs: int
    first: datetime
    last: datetime
    message: str
    url: str


def group_problems(details: QuerySet[SyncResultDetail]) -> list[ProblemGroup]:
    """The largest groups, the largest first."""
    groups = list(
        newest(details.filter(cause=None), "pk", GROUPED_LINES)
        .values_list("code", "entity", "kind", "group_key")
        .annotate(
            lines=Sum(Coalesce("line_count", 1)),
            syncs=Count("sync_request", distinct=True),
            first=Min("sync_request__created"),
            last=Max("sync_request__created"),
            newest=Max("pk"),
        )
        .order_by("-lines", "code")[:GROUPS_LISTED]
    )
    accounts = Account.objects.in_bulk({group_key for _, _, _, group_key, *_ in groups})
    newest_details = SyncResultDetail.objects.only("message").in_bulk([newest_id for *_, newest_id in groups])
    return [
        ProblemGroup(
            code,
            entity,
            kind,
            accounts[group_key],
            lines,
            syncs,
            first,
            last,
            message=newest_details[newest_id].message,
            url=list_url(SyncResultDetail, account=group_key, kind=kind, entity=entity, code=code),
        )
        for code, entity, kind, group_key, lines, syncs, first, last, newest_id in groups
    ]


def problem_groups_view(request: HttpRequest, model_admin: ReadOnlyAdmin[SyncResultDetail]) -> TemplateResponse:
    """The page of groups; by default, of the errors of the last 7 days."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    asked = {"days": "7", "kind": SyncResultDetail.Kind.ERROR} | request.GET.dict()
    filters = GroupFilters(asked, SyncResultDetail.objects.all(), request=request)
    groups = group_problems(filters.qs) if filters.form.is_valid() else []
    return TemplateResponse(
        request,
        "admin/syncs/syncresultdetail/groups.html",
        {
            **model_admin.admin_site.each_context(request),
            "title": "Problems, grouped",
            "opts": model_admin.opts,
            "media": model_admin.media,
            "form": filters.form,
            "groups": groups,
            "grouped_lines": GROUPED_LINES,
            "groups_listed": GROUPS_LISTED,
        },
    )
