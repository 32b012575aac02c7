"""The form by which a person corrects a rejected line: a cell for each column, each with what is wrong with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from adsplatform.records.specification import Column
from syncs.models.corrections import Correction
from syncs.rejected_rows.reader import LineProblem, RejectedRow

# The name of an input is this prefix and its column.
CELL = "cell:"
# A value longer than this gets an input of several lines.
LONG_VALUE = 80


@dataclass(slots=True)
class Cell:
    """One column's input. `is_first_error` is true for the first input that has errors."""

    column: str
    text: str = ""
    errors: list[str] = field(default_factory=list)
    is_first_error: bool = False

    @property
    def is_long(self) -> bool:
        return len(self.text) > LONG_VALUE or "\n" in self.text or "\r" in self.text


@dataclass(frozen=True, slots=True)
class LineForm:
    """Every cell of a line, and the sentences that are not about a single cell."""

    cells: list[Cell]
    other_problems: list[str]


def form_of(line: RejectedRow, correction: Correction | None) -> LineForm:
    """The form for a line as it was corrected last, or as it was sent.

    Columns that the line lacks, if a problem is about them, come last.
    """
    columns = line.kind.by_wire_name if line.kind else {}
    problems = _problems_of(correction) if correction else line.problems
    cells = {_wire_name(columns, name): Cell(name, text) for name, text in _values(line, correction).items()}
    for column, _, _ in [*problems, *line.problems]:
        if known := columns.get(column.lower()):
            cells.setdefault(known.wire, Cell(known.wire))
    others = _sort_to_cells(problems, cells, columns)
    for cell in cells.values():
        if cell.errors:
            cell.is_first_error = True
            break
    return LineForm(list(cells.values()), list(dict.fromkeys(others)))


def changed_cells(posted: Mapping[str, str], line: RejectedRow, correction: Correction | None) -> dict[str, str]:
    """The cells that a person has changed, by column; line ends as browsers send them are no change."""
    before = _values(line, correction)
    given = {name.removeprefix(CELL): posted[name] for name in posted if name.startswith(CELL)}
    return {
        column: _with_line_feeds(text)
        for column, text in given.items()
        if _with_line_feeds(text) != _with_line_feeds(before.get(column, ""))
    }


def _values(line: RejectedRow, correction: Correction | None) -> dict[str, str]:
    return correction.values if correction else line.values


def _problems_of(correction: Correction) -> list[LineProblem]:
    return [LineProblem(found["column"], found["code"], found["message"]) for found in correction.problems]


def _sort_to_cells(problems: Iterable[LineProblem], cells: dict[str, Cell], columns: Mapping[str, Column]) -> list[str]:
    """Add each problem's sentence to its cell; returns the sentences that belong to none."""
    others: list[str] = []
    for column, _, message in problems:
        cell = cells.get(_wire_name(columns, column))
        (cell.errors if cell else others).append(message)
    return others


def _wire_name(columns: Mapping[str, Column], name: str) -> str:
    column = columns.get(name.strip().lower())
    return column.wire if column else name


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
