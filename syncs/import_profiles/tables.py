"""A table as it was found in a file: its header, its columns as texts, and where its rows stand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Required, TypedDict, Unpack

import polars as pl

from adsplatform.records.currencies import IN_USE
from syncs.import_profiles.findings import named_lines
from syncs.import_profiles.header_lines import HeaderFinding
from syncs.import_profiles.header_names import read_name

SHOWN_SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table: its position, and its name as the file has it."""

    place: int
    name: str
    # What the name, or a line of units below it, says about how dates are written.
    date_pattern: str = ""
    currency: str = ""
    # Whether a workbook has numbers in it, in at least one cell.
    has_number_cells: bool = False

    @property
    def key(self) -> str:
        return read_name(self.name).key


@dataclass(frozen=True)
class Table:
    """The rows below a header: `cells` has a column of texts for each of the `columns`, `lines` where rows start."""

    file: str
    stem: str
    format: str
    header: HeaderFinding
    columns: tuple[Column, ...]
    cells: pl.DataFrame
    lines: Sequence[int]
    header_lines: tuple[int, ...]
    sheet: str = ""
    encoding: str = ""
    delimiter: str = ""
    titles: tuple[str, ...] = ()
    # The first row of DATEV's files, which says for which year and with how many digits accounts are written.
    datev: tuple[str, ...] = ()
    # Rows with more or fewer cells than the header.
    uneven: int = 0
    first_lines: tuple[tuple[int, str], ...] = ()
    last_lines: tuple[tuple[int, str], ...] = ()
    is_whole: bool = True
    # The line of a row that says how values are written; 0 if there is none.
    skipped_units: int = 0

    def values(self, column: Column) -> list[str]:
        """The cells of a column, without blanks around them."""
        return self.cells[str(column.place)].to_list()

    def rows(self, places: Sequence[int]) -> "Table":
        """The same table with only these rows."""
        return replace(self, cells=self.cells[list(places)], lines=[self.lines[place] for place in places])

    def samples(self, column: Column) -> tuple[str, ...]:
        """The first different values of a column."""
        cells = self.cells[str(column.place)].head(2_000)
        return tuple(cells.filter(cells != "").unique(maintain_order=True).head(SHOWN_SAMPLES).to_list())

    @property
    def height(self) -> int:
        return len(self.lines)

    def lines_of(self, places: Sequence[int]) -> str:
        return named_lines([self.lines[place] for place in places])


class About(TypedDict, total=False):
    """Those attributes of a Table that only the reader of its file knows."""

    file: Required[str]
    stem: Required[str]
    format: Required[str]
    sheet: str
    encoding: str
    delimiter: str
    first_lines: tuple[tuple[int, str], ...]
    last_lines: tuple[tuple[int, str], ...]
    is_whole: bool


def build_table(
    header: HeaderFinding,
    rows: Sequence[Sequence[str]],
    lines: Sequence[int],
    *,
    number_columns: frozenset[int] = frozenset(),
    **about: Unpack[About],
) -> Table:
    """The table below a header that was found among these rows."""
    width = len(header.names)
    start = header.rows[-1] + 1
    body = [(row, line) for row, line in zip(rows[start:], lines[start:], strict=True) if any(map(str.strip, row))]
    skipped = 0
    if header.units is not None and body and lines[header.units] == body[0][1]:
        skipped = body[0][1]
        body = body[1:]
    uneven = sum(1 for row, _ in body if len(row) > width and any(map(str.strip, row[width:])))
    padded = [[*row[:width], *[""] * (width - len(row))] for row, _ in body]
    frame = pl.DataFrame(
        {str(place): [row[place] for row in padded] for place in range(width)},
        schema={str(place): pl.String for place in range(width)},
    ).with_columns(pl.all().str.strip_chars())
    columns = tuple(
        _column(place, name, header, has_number_cells=place in number_columns)
        for place, name in enumerate(header.names)
    )
    titles = tuple(
        cell.strip() for row in rows[: header.rows[0]] for cell in row if cell.strip() and not header.is_datev
    )
    datev = tuple(cell.strip() for cell in rows[0]) if header.is_datev else ()
    return Table(
        header=header,
        columns=columns,
        cells=frame,
        lines=[line for _, line in body],
        header_lines=tuple(lines[place] for place in header.rows),
        titles=titles,
        datev=datev,
        uneven=uneven,
        skipped_units=skipped,
        **about,
    )


def _column(place: int, name: str, header: HeaderFinding, *, has_number_cells: bool) -> Column:
    read = read_name(name)
    unit = header.date_patterns[place] if header.units is not None and place < len(header.date_patterns) else ""
    currency = unit.upper() if unit.upper() in IN_USE else read.currency
    pattern = unit if unit and not currency else read.date_pattern
    return Column(place, name, pattern, currency, has_number_cells)
