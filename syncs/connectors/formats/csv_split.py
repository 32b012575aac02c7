"""Lines of CSV cut into cells: by column, many at once, where each is simply its cells; row by row where not."""

import csv

import polars as pl

from syncs.connectors.columnar import _count, split
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


def cut(raw: list[str], odd: list[int], header: Header) -> list[pl.Series] | None:
    """The cells of all lines by column, empty ones null, those of odd lines all empty; None if they do not fit."""
    lines, width = raw, len(header.columns)
    if odd:
        lines = list(raw)
        blank = header.delimiter * (width - 1)
        for place in odd:
            lines[place] = blank
    return split("\n".join(lines).encode(), len(lines), header.delimiter, width)


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
