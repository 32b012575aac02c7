"""Lines of CSV split into cells: many at once by column where no quotation mark is involved, else row by row."""

import csv
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from syncs.connectors.columnar import DelimitedCells, count_character, split_into_columns
from syncs.connectors.formats.csv_extents import cells_between_blanks, row_lines
from syncs.connectors.formats.csv_header import Header

# Of the whole process. A line is limited before the csv module sees it.
csv.field_size_limit(2**31 - 1)


class ParsedRows(NamedTuple):
    """The result of the csv module for some lines.

    `ends` has for each row the number of lines up to its end. `has_fault`: the row after them is not valid CSV, or goes
    on after the last line.
    """

    rows: list[list[str]]
    ends: list[int]
    has_fault: bool = False


def parse_rows(lines: list[str], delimiter: str, *, skips_blanks: bool = False) -> ParsedRows:
    """The rows of the lines, up to the first that is not valid CSV.

    `skips_blanks`: blanks behind a delimiter are no part of the cell, so that a quotation mark may follow them.
    """
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=skips_blanks)
    rows, ends = [], []
    try:
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num)
    except csv.Error:
        return ParsedRows(rows, ends, has_fault=True)
    return ParsedRows(rows, ends)


def parse_each(lines: list[str], delimiter: str, *, skips_blanks: bool) -> list[list[str] | None] | None:
    """Each line as a row of its own, or None in its place if it has a stray quotation mark.

    None in place of the list where a row goes on after its line.
    """
    parsed = parse_rows(lines, delimiter, skips_blanks=skips_blanks)
    if not parsed.has_fault and len(parsed.rows) == len(lines):
        return list(parsed.rows)
    rows: list[list[str] | None] = []
    for line in lines:
        if not row_lines([line], delimiter, skips_blanks=skips_blanks):
            return None
        parsed = parse_rows([line], delimiter, skips_blanks=skips_blanks)
        rows.append(cells_between_blanks(line, delimiter) if parsed.has_fault else parsed.rows[0])
    return rows


def irregular_lines(raw: list[str], together: str, header: Header) -> list[int]:
    """The positions of lines that cannot be split at their delimiters into one cell per column.

    Those are lines with a quotation mark, with another number of cells, and with nothing but delimiters. `together`
    is the text of all lines, which is examined first because that is faster; if it is empty, each line is.
    """
    delimiter, delimiters = header.delimiter, len(header.columns) - 1
    blank = delimiter * delimiters
    is_regular = together and '"' not in together and blank not in raw
    if is_regular and count_character(together.encode(), delimiter) == delimiters * len(raw):
        return []
    return [
        position
        for position, line in enumerate(raw)
        if line.count(delimiter) != delimiters or '"' in line or line == blank
    ]


def split_lines(raw: list[str], irregular: list[int], header: Header) -> Sequence[pl.Series] | None:
    """The cells of the lines by column, null where empty and in irregular lines; None where they do not fit."""
    delimiter, width = header.delimiter, len(header.columns)
    if not irregular:
        has_other_width = any(line.count(delimiter) != width - 1 for line in raw)
        return None if has_other_width else DelimitedCells(raw, delimiter, width)
    lines = list(raw)
    for position in irregular:
        lines[position] = delimiter * (width - 1)
    return split_into_columns("\n".join(lines).encode(), len(lines), delimiter, width)


def first_cells(texts: Sequence[pl.Series]) -> pl.Series:
    """The first column of split lines."""
    return texts.first() if isinstance(texts, DelimitedCells) else texts[0]
