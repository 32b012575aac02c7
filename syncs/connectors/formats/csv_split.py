"""Lines of CSV cut into cells: by column, many at once, where each is simply its cells; row by row where not."""

import codecs
import csv
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import polars as pl

from syncs.connectors.formats.csv_header import Header

# The limit is the process's; ours bounds a line before the csv module sees it.
csv.field_size_limit(2**31 - 1)


def odd_lines(raw: list[str], together: str, header: Header) -> list[int]:
    """The places of lines that are not simply as many cells as there are columns, at least one of them not empty.

    `together` is all of them as one text, to be looked at first; empty where that has told nothing.
    """
    delimiter, inner = header.delimiter, len(header.columns) - 1
    blank = delimiter * inner
    is_plain = together and '"' not in together and blank not in raw
    if is_plain and _count(together.encode(), delimiter) == inner * len(raw):
        return []
    return [place for place, line in enumerate(raw) if line.count(delimiter) != inner or '"' in line or line == blank]


def _count(text: bytes, mark: str) -> int:
    """How often the character stands in the text; `bytes.count` is slow where that is often."""
    if not mark.isascii():
        return text.count(mark.encode())
    return np.count_nonzero(np.frombuffer(text, np.uint8) == ord(mark))


def cut(raw: list[str], odd: list[int], header: Header) -> list[pl.Series] | None:
    """The cells of all lines by column, empty ones null, those of odd lines all empty; None if they do not fit."""
    lines, width = raw, len(header.columns)
    if odd:
        lines = list(raw)
        blank = header.delimiter * (width - 1)
        for place in odd:
            lines[place] = blank
    return split("\n".join(lines).encode(), len(lines), header.delimiter, width)


def split(lines: bytes, count: int, delimiter: str, width: int) -> list[pl.Series] | None:
    """So many columns of the cells of so many lines, empty ones null; None if they do not fit.

    Quotation marks are none.
    """
    try:
        frame = pl.read_csv(
            lines,
            has_header=False,
            schema={str(at): pl.String for at in range(width)},
            separator=delimiter,
            quote_char=None,
        )
    except pl.exceptions.PolarsError:
        return None
    return frame.get_columns() if len(frame) == count else None


def by_column(
    rows: Iterable[Sequence], width: int, text_of: Callable[[Any], str]
) -> tuple[list[str], list[pl.Series]] | None:
    """Rows as lines of cells with tabs between them, and as columns of texts; None where a cell would break its line.

    To put a row together and have polars cut all of them is faster than to gather columns from all over the memory.
    """
    lines = [_line(row, text_of) for row in rows]
    together = "\n".join(lines).encode()
    if _count(together, "\t") != len(lines) * (width - 1) or _count(together, "\n") != len(lines) - 1:
        return None
    # At the very beginning, polars would take a byte order mark for the text's.
    is_odd = together.startswith(codecs.BOM_UTF8) or any(mark in together for mark in (b"\\", b"\r", b"\0"))
    columns = None if is_odd else split(together, len(lines), "\t", width)
    return (lines, columns) if columns else None


def _line(row: Sequence, text_of: Callable[[Any], str]) -> str:
    try:
        return "\t".join(row)
    except TypeError:
        pass
    try:
        # Most of what is no text is none at all.
        return "\t".join(["" if cell is None else cell for cell in row])
    except TypeError:
        return "\t".join([cell if cell.__class__ is str else text_of(cell) for cell in row])


def rows_of(lines: list[str], delimiter: str) -> list[list[str] | None] | None:
    """Each line as a row by itself, None for one with a stray quotation mark; None if one is no whole row."""
    rows, _, _, fault = parsed(lines, delimiter)
    if not fault and len(rows) == len(lines):
        return rows
    rows = []
    for line in lines:
        found, _, _, fault = parsed([line], delimiter)
        if fault == "unexpected end of data":
            return None
        rows.append(None if fault else found[0])
    return rows


def parsed(lines: list[str], delimiter: str) -> tuple[list[list[str]], list[int], int, str]:
    """The rows, after how many lines each ends, and of the row that stopped it the span and the fault."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    rows, ends = [], []
    try:
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num)
    except csv.Error as fault:
        return rows, ends, reader.line_num - (ends[-1] if ends else 0), str(fault)
    return rows, ends, 0, ""
