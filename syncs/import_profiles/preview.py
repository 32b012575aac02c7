"""The first records of a table as a profile would read them, with what would be rejected, and the sums of amounts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from adsplatform.formula_guard import unescape_cell
from adsplatform.records.specification import entities
from syncs.connectors.protocol import Columns, ConnectorError, FileHeader, RowProblem, Rows, SourceItem
from syncs.import_profiles.documents import parse
from syncs.import_profiles.drafts import fields_of
from syncs.import_profiles.inspected import Json, Preview, PreviewRecord
from syncs.import_profiles.layout import layout_of
from syncs.import_profiles.profile import ImportProfile, ProfileError
from syncs.import_profiles.tables import Table
from syncs.import_profiles.translation import Translator

# The rows that are read for a preview, and the records that are shown.
PREVIEW_ROWS, SHOWN_RECORDS = 2_000, 5
# What a line says that deletes its record.
MATCH_ACTION, DELETE = "onMatchAction", "2"
# Stands for a value that is still to be asked; it is not shown.
UNKNOWN = "\u2026"


def preview_of(table: Table, profile: ImportProfile | None) -> Preview:
    """The preview of a table by a profile; without one, or where it does not fit, only the file's own lines."""
    lines = Preview(first_lines=table.first_lines, last_lines=table.last_lines, lines=table.height)
    if profile is None:
        return replace(lines, deletes=_deleting_lines(table))
    found = _Records(table)
    try:
        for item in Translator({"preview": profile}, unescape=unescape_cell).items(_items(table, profile)):
            found.take(item)
    except ConnectorError as error:
        found.problems.setdefault(0, []).append(str(error))
    return replace(
        lines,
        records=found.first(profile.kinds),
        rejected=len(found.problems),
        deletes=len(found.deleting),
        totals={
            name: {code: f"{total:f}" for code, total in sums.items()} for name, sums in sorted(found.totals.items())
        },
    )


def _deleting_lines(table: Table) -> int:
    """How many lines of a table with our own names delete their record."""
    cells = (table.values(column) for column in table.columns if column.name.strip().lower() == MATCH_ACTION.lower())
    return sum(1 for cell in next(cells, ()) if cell.strip() == DELETE)


def _items(table: Table, profile: ImportProfile) -> Iterable[SourceItem]:
    """The first rows of the table as a reader of files yields them."""
    names = [column.name for column in table.columns]
    layout = layout_of(profile, "preview")
    yield FileHeader(table.stem, table.file, names, table.delimiter or ",", layout=layout)
    rows = table.cells.head(PREVIEW_ROWS).rows()
    lines = list(table.lines[: len(rows)])
    raw = [(table.delimiter or ",").join(row) for row in rows]
    yield Rows(table.stem, table.file, names, [list(row) for row in rows], lines, raw)


class _Records:
    """What comes out of a translation: records, problems by line, and sums of amounts by currency."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.records: list[PreviewRecord] = []
        self.problems: dict[int, list[str]] = {}
        self.deleting: set[int] = set()
        self.totals: dict[str, dict[str, Decimal]] = {}

    def take(self, item: SourceItem) -> None:
        if isinstance(item, RowProblem):
            if item.kind == "error":
                self.problems.setdefault(item.line or 0, []).append(item.message)
        elif isinstance(item, (Rows, Columns)):
            rows = item.cells if isinstance(item, Rows) else zip(*(list(cells) for cells in item.cells), strict=True)
            for row, line in zip(rows, item.lines, strict=True):
                self._take_record(item.name, line, dict(zip(item.columns, row, strict=True)))

    def _take_record(self, kind: str, line: int, cells: Mapping[str, object]) -> None:
        values: dict[str, Json] = {
            name: value if isinstance(value, bool) else str(value)
            for name, value in cells.items()
            if isinstance(value, (str, bool, int)) and value not in ("", UNKNOWN)
        }
        if values.get(MATCH_ACTION) == DELETE:
            self.deleting.add(line)
        if sum(1 for record in self.records if record.kind == kind) < SHOWN_RECORDS:
            self.records.append(PreviewRecord(kind, line, values))
        for column in entities()[kind].amounts if kind in entities() else ():
            amount = _decimal(values.get(column.wire))
            if amount is not None:
                code = str(values.get("currencyCode", ""))
                sums = self.totals.setdefault(f"{kind}.{column.wire}", {})
                sums[code] = sums.get(code, Decimal(0)) + amount

    def first(self, kinds: Sequence[str]) -> tuple[PreviewRecord, ...]:
        """The first records by line, an invoice before its lines."""
        ordered = sorted(self.records, key=lambda record: (record.line, kinds.index(record.kind)))
        return tuple(ordered[:SHOWN_RECORDS])


def _decimal(value: Json) -> Decimal | None:
    try:
        return Decimal(str(value)) if value is not None else None
    except InvalidOperation:
        return None


def provisional_profile(document: Mapping[str, Json]) -> ImportProfile | None:
    """The profile of a document in which answers are still missing; None where styles are open."""
    records = []
    for rule in document.get("records", ()):
        fields = dict(rule["fields"])
        for name, column in fields_of(rule["kind"]).items():
            if column.required and column.assumed is None and name not in fields:
                if column.type != "text":
                    return None
                fields[name] = {"constant": UNKNOWN}
        records.append({**rule, "fields": fields})
    if not records:
        return None
    try:
        return parse({**document, "records": records})
    except ProfileError:
        return None
