"""What would load from an accounting system, tried on its first rows before anything is stored."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from adsplatform.records.specification import Entity, entity_named
from enrollments.models import Application
from enrollments.sources import ask_source, has_own_names
from syncs.connectors.protocol import Columns, Form, RowProblem, Rows
from syncs.loading.staging.header_mapping import check_line, map_columns
from syncs.loading.staging.vocabulary import RecordNames

# The rows of each kind that are tried, and the longest text of a cell that is shown.
ROWS, LONGEST_SHOWN = 20, 200


@dataclass(frozen=True)
class SampleRow:
    """A row as its record would be, and why it would be rejected."""

    line: int
    values: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class KindSample:
    """The first rows of one kind: the fields that they fill, and what is wrong with the columns as a whole."""

    entity: Entity
    fields: tuple[str, ...]
    rows: tuple[SampleRow, ...]
    remarks: tuple[str, ...]

    @property
    def would_load(self) -> int:
        """How many of the rows have no problem of their own; whether what they refer to exists is not known yet."""
        return sum(not row.problems for row in self.rows)


@dataclass(frozen=True)
class SourceSample:
    """What was found at the source, as a sentence, its form with the choices that it offers, the first rows."""

    found: str
    form: Form
    kinds: tuple[KindSample, ...]


def sample_source(app: Application, settings: Mapping[str, str], credentials: Mapping[str, str]) -> SourceSample:
    """Try settings and credentials, and read the first rows; raises DependencyFailed with the source's answer.

    Settings that are not given have their defaults. Nothing is stored.
    """
    # What rows with the source's own names mean is asked about once the account is enrolled.
    rows = 0 if has_own_names(app) else ROWS
    answers = ask_source(app, settings, credentials, choices=True, rows=rows, vocabulary=RecordNames())
    blocks: dict[str, list[Rows | Columns]] = defaultdict(list)
    problems: dict[str, list[str]] = defaultdict(list)
    for item in answers.rows:
        if isinstance(item, Rows | Columns):
            blocks[item.name].append(item)
        elif isinstance(item, RowProblem):
            problems[item.name].append(item.message)
    kinds = [
        _kind(entity, blocks[name], problems[name])
        for name in dict.fromkeys(chain(blocks, problems))
        if (entity := entity_named(name))
    ]
    return SourceSample(answers.found, answers.form, tuple(kinds))


def _kind(entity: Entity, blocks: list[Rows | Columns], problems: list[str]) -> KindSample:
    names = list(blocks[0].columns) if blocks else []
    columns, remarks = map_columns(entity, blocks[0].file if blocks else entity.name, names)
    loaded = [(at, column) for at, column in enumerate(columns) if column]
    rows = [
        SampleRow(
            line,
            tuple(_text(cells[at])[:LONGEST_SHOWN] for at, _ in loaded),
            tuple(message for _, _, message in check_line(entity, dict(zip(names, map(_text, cells), strict=True)))),
        )
        for block in blocks
        for line, cells in zip(block.lines, _by_row(block), strict=True)
    ]
    return KindSample(
        entity,
        tuple(column.wire for _, column in loaded),
        tuple(rows[:ROWS]),
        (*(remark.message for remark in remarks), *problems),
    )


def _by_row(block: Rows | Columns) -> list[tuple[object, ...]]:
    if isinstance(block, Rows):
        return [tuple(row) for row in block.cells]
    return list(zip(*(list(cells) for cells in block.cells), strict=True))


def _text(cell: object) -> str:
    return "" if cell is None else str(cell)
