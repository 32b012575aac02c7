"""The problems of one sync for people: grouped by reason, filtered, a page at a time."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass, field

from django.core.cache import cache
from django.db.models import Count, Min, QuerySet, Sum
from django.db.models.functions import Coalesce, Left, Length

from syncs.models import SyncRequest, SyncResultDetail
from syncs.presentation.paging import Page, page_of
from syncs.problem_codes import title_of
from syncs.rejected_rows.corrections import ProblemWithCorrection, with_corrections

Kind = SyncResultDetail.Kind

# Enough characters to recognise a value or a line; the API has all of them.
VALUE_LENGTH, RAW_LINE_LENGTH = 200, 4_000
REASONS_LISTED = 8


@dataclass(slots=True)
class ReasonCount:
    """How often a problem of one code occurs with one kind of record; `message` is that of the first one."""

    kind: str
    entity: str
    code: str
    count: int = 0
    first_id: int = 0
    message: str = ""
    # The lines that they concern, where there is a common cause.
    lines: int = 0

    @property
    def title(self) -> str:
        return title_of(self.code)


@dataclass(slots=True)
class Overview:
    """A sync's problems by reason, and their files: errors come first, then the most frequent."""

    reasons: list[ReasonCount] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    @property
    def errors(self) -> int:
        return self._count(Kind.ERROR)

    @property
    def skips(self) -> int:
        return self._count(Kind.SKIP)

    @property
    def warnings(self) -> int:
        return self._count(Kind.WARNING)

    def _count(self, kind: Kind) -> int:
        return sum(reason.count for reason in self.reasons if reason.kind == kind)


def with_beginnings(details: QuerySet[SyncResultDetail]) -> QuerySet[SyncResultDetail]:
    """Details in the order they were found, with the beginnings of their long texts in place of the texts."""
    return (
        details.defer("value", "raw_line")
        .annotate(
            value_beginning=Left("value", VALUE_LENGTH),
            value_length=Length("value"),
            raw_beginning=Left("raw_line", RAW_LINE_LENGTH),
            raw_length=Length("raw_line"),
        )
        .order_by("id")
    )


def problem_page(
    sync_request: SyncRequest, details: QuerySet[SyncResultDetail], wanted: str, size: int = 50
) -> Page[ProblemWithCorrection]:
    """The requested page of a sync's problems, each with the correction of its line."""
    page = page_of(with_beginnings(details), wanted, size)
    return page.with_rows(with_corrections(sync_request, page))


def first_problems(sync_request: SyncRequest, size: int) -> Page[ProblemWithCorrection]:
    """The problems to look at first: the lines that were not loaded; if there are none, the other problems."""
    details = SyncResultDetail.objects.filter(sync_request=sync_request).summarised()
    errors = problem_page(sync_request, details.filter(kind=Kind.ERROR), "1", size)
    return errors if errors.rows else problem_page(sync_request, details, "1", size)


def overview_of(sync_request: SyncRequest) -> Overview:
    """The overview of a sync's problems.

    A finished sync's details do not change and there may be a million of them, so they are counted once and cached.
    """
    key = f"problem-causes-{sync_request.pk}"
    is_final = sync_request.is_finished and not sync_request.details_removed
    if is_final and (cached := cache.get(key)):
        reasons, files = cached
        return Overview([ReasonCount(*values) for values in reasons], files)
    overview = _count(sync_request)
    if is_final:
        # As lists, which the cache can store.
        cache.set(key, ([astuple(reason) for reason in overview.reasons], overview.files), timeout=3600)
    return overview


def _count(sync_request: SyncRequest) -> Overview:
    details = SyncResultDetail.objects.filter(sync_request=sync_request).summarised().order_by()
    counts = details.values_list("kind", "entity", "code", "file").annotate(
        count=Count("*"), first_id=Min("id"), lines=Sum(Coalesce("line_count", 1))
    )
    reasons: dict[tuple[str, str, str], ReasonCount] = {}
    files = set()
    for kind, entity, code, file, count, first_id, lines in counts:
        reason = reasons.setdefault((kind, entity, code), ReasonCount(kind, entity, code, first_id=first_id))
        reason.count += count
        reason.lines += lines
        reason.first_id = min(reason.first_id, first_id)
        files.add(file)
    return Overview(_ranked(reasons.values()), sorted(filter(None, files)))


def _ranked(reasons: Iterable[ReasonCount]) -> list[ReasonCount]:
    """Errors first, then by frequency; the reasons that are listed get the message of an example."""
    kinds = Kind.values
    ranked = sorted(reasons, key=lambda reason: (kinds.index(reason.kind), -reason.lines, reason.entity, reason.code))
    listed = ranked[:REASONS_LISTED]
    examples = SyncResultDetail.objects.in_bulk([reason.first_id for reason in listed])
    for reason in listed:
        example = examples.get(reason.first_id)
        reason.message = example.message[:300] if example else ""
    return ranked
