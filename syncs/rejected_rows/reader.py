"""The rejected rows of a sync, read again from the raw lines that were stored: each row with all its problems."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from adsplatform.records.checks import as_text
from adsplatform.records.json_numbers import JsonNumber, takes_numbers, written_out
from adsplatform.records.specification import Entity, entities
from syncs.connectors.formats.csv_extents import cells_between_blanks
from syncs.connectors.formats.json_objects import unique_members
from syncs.connectors.protocol import JsonValue
from syncs.models import SyncRequest, SyncResultDetail
from syncs.models.corrections import Correction, Place, SyncFile
from syncs.models.results import RAW_LENGTH

BATCH = 1_000
# The codes of problems for which it is not known what the cells of a line mean.
UNREADABLE = {"header_missing", "wrong_delimiter", "other_header", "unclosed_quote"}


class LineProblem(NamedTuple):
    """One thing that is wrong with a line; `column` is empty where it is about the whole line."""

    column: str
    code: str
    message: str


class FileFormat(NamedTuple):
    """How a file with a header writes its lines."""

    columns: tuple[str, ...]
    delimiter: str
    # The version of the import profile by which it was read, if by one; the columns are the file's own then.
    profile: UUID | None = None


@dataclass
class RejectedRow:
    """One row that was not loaded. `cells` is None where the line could not be split into cells."""

    entity: str
    file: str
    line: int
    raw: str
    columns: tuple[str, ...]
    delimiter: str
    cells: list[str] | None
    problems: list[LineProblem] = field(default_factory=list)
    profile: UUID | None = None

    @property
    def place(self) -> Place:
        return Place(self.entity, self.file, self.line)

    @property
    def values(self) -> dict[str, str]:
        """The cells by their column; all empty where the line could not be split.

        Of several columns of one name, as a file with an import profile may have, the first counts.
        """
        values: dict[str, str] = {}
        for column, cell in zip(self.columns, self.cells or [""] * len(self.columns), strict=True):
            values.setdefault(column, cell)
        return values

    @property
    def kind(self) -> Entity | None:
        return entities().get(self.entity)


def rejected_place(detail: SyncResultDetail) -> Place | None:
    """The place of the rejected row that a problem is about; None if it is about none."""
    if detail.kind != SyncResultDetail.Kind.ERROR or detail.line is None:
        return None
    return Place(detail.entity, detail.file, detail.line)


class RejectedRowReader:
    """Splits the stored lines of one sync into cells again."""

    def __init__(self, sync_request: SyncRequest):
        self.sync_request = sync_request

    @cached_property
    def file_formats(self) -> dict[tuple[str, str], FileFormat]:
        """How each file writes its lines, by kind of record and file; those that are missing have JSON lines."""
        files = SyncFile.objects.filter(sync_request=self.sync_request)
        return {
            (found.entity, found.file): FileFormat(tuple(found.columns), found.delimiter, found.import_profile_id)
            for found in files
        }

    def row(self, place: Place, raw: str, problems: list[LineProblem]) -> RejectedRow:
        """The row in a raw line, with its problems."""
        row = self._split(place, raw, is_readable=not any(problem.code in UNREADABLE for problem in problems))
        row.problems = problems
        return row

    def _split(self, place: Place, raw: str, *, is_readable: bool) -> RejectedRow:
        file_format = self.file_formats.get((place.entity, place.file))
        if not is_readable:
            return RejectedRow(*place, raw, tuple(_required_columns(place.entity)), "", None)
        # A line that was too long to be stored whole must not be taken for a whole one.
        whole = raw if len(raw) < RAW_LENGTH else ""
        if file_format is None:
            members = _json_members(place.entity, whole)
            columns = tuple(members or _required_columns(place.entity))
            return RejectedRow(*place, raw, columns, "", list(members.values()) if members else None)
        columns, delimiter, profile = file_format
        cells = cells_between_blanks(whole, delimiter) if whole else None
        if cells is not None and any(cells[len(columns) :]):
            cells = None
        if cells is not None:
            # Cells that the line does not have are absent, not empty.
            columns = columns[: len(cells)]
            cells = cells[: len(columns)]
        return RejectedRow(*place, raw, columns, delimiter, cells, profile=profile)

    def row_of(self, detail: SyncResultDetail) -> RejectedRow | None:
        """The row that a problem is about, with all its problems; None if it is about no rejected row."""
        place = rejected_place(detail)
        if place is None:
            return None
        of_same_row = SyncResultDetail.objects.filter(
            sync_request=self.sync_request, kind=SyncResultDetail.Kind.ERROR, **place._asdict()
        )
        found = of_same_row.order_by("id").values_list("column", "code", "message")
        return self.row(place, detail.raw_line, [LineProblem(*problem) for problem in found])

    def rows(self, wanted: QuerySet[SyncResultDetail]) -> Iterator[RejectedRow]:
        """Every rejected row that one of the `wanted` details is about and that is not cured, in their order.

        Read in batches by id, so that neither this process nor an open transaction holds a million of them.
        """
        for (place, raw), found in groupby(
            self._stored_problems(wanted), key=lambda stored: (stored.place, stored.raw)
        ):
            of_line = list(found)
            if any(stored.is_wanted for stored in of_line):
                yield self.row(place, raw, [stored.problem for stored in of_line])

    def _stored_problems(self, wanted: QuerySet[SyncResultDetail]) -> Iterator["_StoredProblem"]:
        cured = Correction.objects.cured().filter(
            sync_request=self.sync_request.origin_id,
            line=OuterRef("line"),
            entity=OuterRef("entity"),
            file=OuterRef("file"),
        )
        details = (
            SyncResultDetail.objects.filter(
                ~Exists(cured),
                sync_request=self.sync_request,
                kind=SyncResultDetail.Kind.ERROR,
                line__isnull=False,
                entity__in=entities(),
            )
            .order_by("id")
            .values_list("id", "entity", "file", "line", "column", "code", "message", "raw_line")
        )
        last = 0
        while batch := list(details.filter(id__gt=last)[:BATCH]):
            first, last = batch[0][0], batch[-1][0]
            wanted_ids = set(wanted.order_by().filter(id__gte=first, id__lte=last).values_list("id", flat=True))
            for id, entity, file, line, column, code, message, raw in batch:
                if line is not None:  # the query ensures it, but its type does not say so
                    place, problem = Place(entity, file, line), LineProblem(column, code, message)
                    yield _StoredProblem(place, problem, raw, id in wanted_ids)


class _StoredProblem(NamedTuple):
    """One detail of a rejected line, and whether it was requested."""

    place: Place
    problem: LineProblem
    raw: str
    is_wanted: bool


def _json_members(entity: str, raw: str) -> dict[str, str] | None:
    """The members of a line's object as texts; None if it is not one object, or has a member twice."""
    try:
        found: JsonValue = json.loads(raw, parse_float=JsonNumber, object_pairs_hook=unique_members)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict):
        return None
    kind = entities().get(entity)
    return {name: _json_text(kind, name, value) for name, value in found.items()}


def _json_text(kind: Entity | None, name: str, value: JsonValue) -> str:
    """The value as a text, a number as the sync reads it in this column."""
    column = kind.by_wire_name.get(name.strip().lower()) if kind else None
    if isinstance(value, JsonNumber) and column and takes_numbers(column):
        return written_out(value, is_key=column.is_key)
    return as_text(value)


def _required_columns(entity: str) -> list[str]:
    kind = entities().get(entity)
    return [column.wire for column in kind.columns.values() if column.required] if kind else []
