"""Problems of all accounts, grouped: the same thing said of many lines is one row."""

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Min
from django.template.response import TemplateResponse

from adsplatform.accounts.models import Account
from adsplatform.admin_lists.bounded import list_url, newest
from syncs.admin.filters import GroupFilters
from syncs.models import SyncResultDetail

# The work of the page is bounded by this, however many lines there are.
GROUPED_LINES = 200_000
GROUPS_SHOWN = 200


def group_problems(details) -> list[dict]:
    """Groups by code, entity and account, the largest first, each with its newest message."""
    lines = newest(details, "pk", GROUPED_LINES)
    groups = list(
        lines.values("code", "entity", "kind", "group_key")
        .annotate(
            lines=Count("pk"),
            syncs=Count("sync_request", distinct=True),
            first=Min("sync_request__created"),
            last=Max("sync_request__created"),
            newest=Max("pk"),
        )
        .order_by("-lines", "code")[:GROUPS_SHOWN]
    )
    accounts = Account.objects.in_bulk({group["group_key"] for group in groups})
    messages = dict(
        SyncResultDetail.objects.filter(pk__in=[group["newest"] for group in groups]).values_list("pk", "message")
    )
    for group in groups:
        group["account"] = accounts[group["group_key"]]
        group["message"] = messages[group["newest"]]
        group["url"] = list_url(
            SyncResultDetail,
            account=group["group_key"],
            kind=group["kind"],
            entity=group["entity"],
            code=group["code"],
        )
    return groups


def problem_groups_view(request, model_admin):
    """The page of groups: of the last 7 days' errors unless asked otherwise."""
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
            "groups_shown": GROUPS_SHOWN,
        },
    )
