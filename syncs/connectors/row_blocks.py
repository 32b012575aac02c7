"""Blocks of rows by column, whose lines are the cells with tabs between them, quoted as in a CSV file.

So a value of a row hardly ever becomes an object of its own, and the raw line of a row costs nothing. As JSON objects
the lines would be four times as long, and sending them would cost more than reading.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import polars as pl

from syncs.connectors.columnar import DelimitedCells
from syncs.connectors.protocol import Columns, FileHeader, FileLayout

DELIMITER = "\t"
# A line of COPY with one of these has to be read by itself. Polars would drop a byte order mark at the beginning.
_SPECIAL = re.compile('[\\x00-\\x08\\x0b-\\x1f\\\\"\ufeff]')
_QUOTED = re.compile('[\t\n\r"]|^\ufeff')
_ESCAPED = re.compile(r"\\(.)", re.S)
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def header_of(
    name: str, file: str, columns: Sequence[str], layout: FileLayout | None = None, *, is_interleaved: bool = False
) -> FileHeader:
    """How the lines of the blocks can be read again one by one."""
    return FileHeader(name, file, columns, DELIMITER, layout, is_interleaved=is_interleaved)


def block_of_copied(
    name: str, file: str, columns: Sequence[str], exact: Collection[int], copied: bytes, first: int
) -> Columns:
    """The rows in lines of COPY, each with its line end; `first` is the number of the first row.

    In such a line, what would break it is written with a backslash.
    """
    # A database without an encoding (SQL_ASCII) may hold other bytes; they have no text.
    text = copied.decode("utf-8", "replace")
    lines = text.split("\n")
    lines.pop()
    places = [at for at, line in enumerate(lines) if _SPECIAL.search(line)] if _SPECIAL.search(text) else []
    rows = [cells_of_copied(lines[at]) for at in places]
    return _block(name, file, columns, exact, lines, dict(zip(places, rows, strict=True)), first)


def block_of_rows(
    name: str,
    file: str,
    columns: Sequence[str],
    exact: Collection[int],
    rows: Sequence[Sequence[str | None]],
    first: int,
    gaps: Mapping[int, list[bool]] | None = None,
) -> Columns:
    """The rows with these cells; `first` is the number of the first one, and `gaps` are as those of `Columns`."""
    lines = [DELIMITER.join([cell or "" for cell in row]) for row in rows]
    width = len(columns) - 1
    special = {
        at: row
        for at, (row, line) in enumerate(zip(rows, lines, strict=True))
        if _SPECIAL.search(line) or "\n" in line or line.count(DELIMITER) != width
    }
    return replace(_block(name, file, columns, exact, lines, special, first), gaps=gaps or {})


def cells_of_copied(line: str) -> list[str | None]:
    """The cells of one line of COPY; None where they are empty."""
    return [_ESCAPED.sub(_unescaped, cell) or None for cell in line.split(DELIMITER)]


def _unescaped(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[1], found[1])


def _block(
    name: str,
    file: str,
    columns: Sequence[str],
    exact: Collection[int],
    lines: list[str],
    special: dict[int, Sequence[str | None]],
    first: int,
) -> Columns:
    """The block of some lines, and of the rows of those that cannot be split at their tabs, by place."""
    width, places = len(columns), list(special)
    plain = lines
    if special:
        plain, lines = lines.copy(), lines.copy()
        for at, cells in special.items():
            plain[at] = DELIMITER * (width - 1)
            lines[at] = DELIMITER.join(map(_quoted, cells))
    series: Sequence[pl.Series]
    # The line of an empty cell alone is blank, and polars would pass over it.
    if width == 1:
        series = [pl.Series([line or None for line in plain], dtype=pl.String)]
    else:
        series = DelimitedCells(plain, DELIMITER, width)
    if special:
        by_column = zip(*special.values(), strict=True)
        series = [
            of.scatter(places, [cell or None for cell in cells]) for of, cells in zip(series, by_column, strict=True)
        ]
    return Columns(
        name,
        file,
        columns,
        series,
        range(first, first + len(lines)),
        lines,
        delimited=lines,
        delimiter=DELIMITER,
        not_delimited=places,
        exact=exact,
    )


def _quoted(cell: str | None) -> str:
    if cell and _QUOTED.search(cell):
        return '"' + cell.replace('"', '""') + '"'
    return cell or ""
