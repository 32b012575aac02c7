"""The problems of one sync, as a person goes through them: grouped by reason, filtered, a page at a time."""

from dataclasses import replace

from django.core.cache import cache
from django.db.models import Count, Min
from django.db.models.functions import Left, Length

from syncs.models import SyncRequest, SyncResultDetail
from syncs.presentation.paging import Page, page_of
from syncs.problem_codes import title_of
from syncs.rejected_rows.corrections import with_corrections

# Enough to recognise a value or a line by; the API has the whole of it.
VALUE_SHOWN, RAW_SHOWN = 200, 4_000
GROUPS_SHOWN = 8


def shown(sync_request: SyncRequest):
    """The sync's details in the order they were found, long texts cut by the database."""
    return (
        SyncResultDetail.objects.filter(sync_request=sync_request)
        .defer("value", "raw_line")
        .annotate(
            value_shown=Left("value", VALUE_SHOWN),
            value_length=Length("value"),
            raw_shown=Left("raw_line", RAW_SHOWN),
            raw_length=Length("raw_line"),
        )
        .order_by("id")
    )


def first(sync_request: SyncRequest, size: int) -> Page:
    """What to look at first: the lines that were not loaded; where there are none, the rest."""
    found = shown(sync_request)
    errors = page_of(found.filter(kind=SyncResultDetail.Kind.ERROR), "1", size)
    page = errors if errors.rows else page_of(found, "1", size)
    return replace(page, rows=with_corrections(sync_request, page))


def overview(sync_request: SyncRequest) -> dict:
    """The sync's reasons, each with how often it occurs and an example, and the files they are in.

    Counted once and kept, for a finished sync's details do not change and there may be a million of them.
    """
    key = f"problems-{sync_request.pk}"
    is_final = sync_request.is_finished and not sync_request.details_removed
    if is_final and (kept := cache.get(key)):
        return kept
    found = SyncResultDetail.objects.filter(sync_request=sync_request).order_by()
    cells = list(found.values("kind", "entity", "code", "file").annotate(count=Count("*"), example=Min("id")))
    view = {"reasons": _reasons(cells), "files": sorted({cell["file"] for cell in cells if cell["file"]})}
    for kind in SyncResultDetail.Kind:
        view[kind.value] = sum(cell["count"] for cell in cells if cell["kind"] == kind)
    view["total"] = sum(cell["count"] for cell in cells)
    if is_final:
        cache.set(key, view, timeout=3600)
    return view


def _reasons(cells) -> list[dict]:
    """The cells without their files, errors first, the most frequent first."""
    reasons = {}
    for cell in cells:
        what = {name: cell[name] for name in ("kind", "entity", "code")}
        reason = reasons.setdefault(tuple(what.values()), what | {"count": 0, "example": cell["example"]})
        reason["count"] += cell["count"]
        reason["example"] = min(reason["example"], cell["example"])
    kinds = SyncResultDetail.Kind.values
    ranked = sorted(
        reasons.values(),
        key=lambda one: (kinds.index(one["kind"]), -one["count"], one["entity"], one["code"]),
    )
    examples = SyncResultDetail.objects.in_bulk([reason["example"] for reason in ranked[:GROUPS_SHOWN]])
    for reason in ranked:
        example = examples.get(reason["example"])
        reason["title"] = title_of(reason["code"])
        reason["message"] = example.message[:300] if example else ""
    return ranked
