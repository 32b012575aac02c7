"""The rejected lines of a sync, read again from what was kept of them: one by one, with all their problems."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby

from django.db.models import Exists, OuterRef

from adsplatform.records.checks import as_text
from adsplatform.records.specification import Entity, entities
from syncs.models import SyncRequest, SyncResultDetail
from syncs.models.corrections import Correction, SyncFile
from syncs.models.results import RAW_KEPT

BATCH = 1_000
_FIELDS = ("id", "entity", "file", "line", "column", "code", "message", "raw_line")


@dataclass
class RejectedLine:
    """One line that was not loaded. `cells` is None where the line could not be taken apart."""

    entity: str
    file: str
    line: int
    raw: str
    columns: tuple[str, ...]
    delimiter: str
    cells: list[str] | None
    # (column, code, message) of each.
    problems: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def place(self) -> tuple[str, str, int]:
        return self.entity, self.file, self.line

    @property
    def values(self) -> dict[str, str]:
        """The cells by their column; of a line that could not be taken apart, all empty."""
        return dict(zip(self.columns, self.cells or [""] * len(self.columns), strict=True))

    @property
    def kind(self) -> Entity | None:
        return entities().get(self.entity)


class Reader:
    """Takes the lines of one sync apart again."""

    def __init__(self, sync_request: SyncRequest):
        self.sync_request = sync_request

    @cached_property
    def heads(self) -> dict[tuple[str, str], tuple[tuple[str, ...], str]]:
        files = SyncFile.objects.filter(sync_request=self.sync_request)
        return {(head.entity, head.file): (tuple(head.columns), head.delimiter) for head in files}

    def line(self, entity: str, file: str, line: int, raw: str) -> RejectedLine:
        head = self.heads.get((entity, file))
        # Of a line that was too long to be kept, no part is given out as the whole.
        whole = raw if len(raw) < RAW_KEPT else ""
        if head:
            columns, delimiter = head
            cells = _csv_cells(whole, delimiter)
            if cells is not None and any(cells[len(columns) :]):
                cells = None
            if cells is not None:
                # Cells that the line does not have are absent, not empty.
                columns = columns[: len(cells)]
                cells = cells[: len(columns)]
        else:
            delimiter = ""
            members = _json_members(whole)
            columns = tuple(members or _required_of(entity))
            cells = list(members.values()) if members else None
        return RejectedLine(entity, file, line, raw, columns, delimiter, cells)

    def of(self, detail: SyncResultDetail) -> RejectedLine:
        """The line that a problem is about, with all its problems."""
        found = self.line(detail.entity, detail.file, detail.line, detail.raw_line)
        same = SyncResultDetail.objects.filter(
            sync_request=self.sync_request,
            kind=SyncResultDetail.Kind.ERROR,
            entity=detail.entity,
            file=detail.file,
            line=detail.line,
        )
        found.problems = list(same.order_by("id").values_list("column", "code", "message"))
        return found

    def lines(self, wanted) -> Iterator[RejectedLine]:
        """Every rejected line that one of the `wanted` details is about and that is not cured, in their order.

        Read in batches by id, so that neither this process nor an open transaction holds a million of them.
        """
        for (entity, file, line, raw), problems in groupby(self._details(wanted), key=lambda row: row[1:4] + row[7:8]):
            problems = list(problems)
            if any(problem[8] for problem in problems):
                found = self.line(entity, file, line, raw)
                found.problems = [problem[4:7] for problem in problems]
                yield found

    def _details(self, wanted):
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
            .values_list(*_FIELDS)
        )
        last = 0
        while batch := list(details.filter(id__gt=last)[:BATCH]):
            first, last = batch[0][0], batch[-1][0]
            ids = set(wanted.order_by().filter(id__gte=first, id__lte=last).values_list("id", flat=True))
            for row in batch:
                yield *row, row[0] in ids


def attach_corrections(sync_request: SyncRequest, details) -> None:
    """Hang on each problem of a sync what has been made of its line (`mended`), and whether it can be mended."""
    places = {}
    for detail in details:
        is_error = detail.kind == SyncResultDetail.Kind.ERROR
        detail.mended = None
        detail.is_mendable = is_error and detail.line is not None and detail.entity in entities()
        if detail.is_mendable:
            places.setdefault((detail.entity, detail.file, detail.line), []).append(detail)
    if places:
        lines = Correction.objects.of_lines(sync_request, places).select_related("corrected_by", "replay")
        for mended in lines:
            for detail in places.get(mended.place, ()):
                detail.mended = mended


def _csv_cells(raw: str, delimiter: str) -> list[str] | None:
    try:
        rows = list(csv.reader(io.StringIO(raw, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 and rows[0] else None


def _json_members(raw: str) -> dict[str, str] | None:
    try:
        found = json.loads(raw, parse_float=str, object_pairs_hook=_members)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict):
        return None
    return {name: as_text(value) for name, value in found.items()}


def _members(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("A member stands there twice.")
    return members


def _required_of(entity: str) -> list[str]:
    kind = entities().get(entity)
    return [column.wire for column in kind.columns.values() if column.required] if kind else []
