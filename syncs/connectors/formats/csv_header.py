"""The header of a CSV file: the delimiter, and the names of the columns."""

import csv
import re
from collections import Counter
from dataclasses import dataclass, replace

from syncs.connectors.columnar import DELIMITERS
from syncs.connectors.formats.csv_extents import cells_between_blanks
from syncs.connectors.formats.file_kinds import reason_not_csv
from syncs.connectors.formats.header_search import HeaderPlace, KindNames, clean_name, locate_header

MAX_COLUMNS = 1_000
# How many lines are searched for the header, blank ones included.
SEARCHED_LINES = 200
# A number, a date or a flag, which names no column.
VALUE = re.compile(r"[+-]?\d[\d.,'’ /:TZ+-]*|true|false", re.IGNORECASE)
# The first line by which spreadsheets declare the delimiter; some programs quote it like any cell.
SEPARATOR = re.compile(r"""("?)sep=([^\w"\r\n ])\1[\r\n]*""", re.IGNORECASE)


class UnusableFile(Exception):
    """The file cannot be read because of its header or its structure; `str()` is the sentence to show."""

    def __init__(self, code: str, message: str, *, column: str = "", raw: str = "") -> None:
        super().__init__(message)
        self.code, self.column, self.raw = code, column, raw


@dataclass(frozen=True, slots=True)
class Header:
    """The delimiter, the names of the columns, and the number of lines up to the end of the header.

    `position` is where it begins, and `titles` are the positions of lines above it that were passed over.
    `has_wide_titles`: one of these has several cells, so that it might be a row. `is_in_quotes`: the header stands in
    quotation marks as a whole, as each row does then.
    """

    delimiter: str
    columns: list[str]
    lines: int
    position: int = 0
    titles: tuple[int, ...] = ()
    has_wide_titles: bool = False
    is_in_quotes: bool = False


def read_header(lines: list[str], first_line: int, stem: str, names: KindNames) -> Header | None:
    """Read the header among the first lines of a file; None if they are all blank. Raises UnusableFile.

    `names` are those of the kind of record that the file's stem names; without any, the first line with text is the
    header.
    """
    declared = SEPARATOR.fullmatch(lines[0]) if first_line == 1 else None
    first = next((at for at in range(1 if declared else 0, len(lines)) if lines[at].strip()), None)
    if first is None:
        return None
    if reason := reason_not_csv(lines[first], stem):
        raise UnusableFile(*reason)
    delimiter = declared[2] if declared else ""
    place = _find(lines, first, delimiter, names) if names else HeaderPlace(first)
    position = place.position if place else first
    line = first_line + position
    if place and place.is_below_rows:
        raise UnusableFile(
            "header_misplaced",
            f"The names of the columns stand in line {line:,}, below lines that look like rows, so nothing was "
            "loaded. Move them into the first line.",
            raw=lines[position].rstrip("\r\n"),
        )
    header = _parse(lines[position:], line, delimiter or _delimiter_of(lines[position], names))
    if names and (inner := _cells_in_quotes(header.columns, lines[position], header.delimiter)):
        header = replace(header, columns=inner, is_in_quotes=True)
    if place is None:
        columns, is_header = columns_without_names(header.columns, line)
        header = replace(header, columns=columns, lines=header.lines if is_header else 0)
    else:
        header = replace(
            header,
            columns=column_names(header.columns, line),
            titles=place.titles,
            has_wide_titles=place.has_wide_titles,
        )
    return replace(header, lines=position + header.lines, position=position)


def _find(lines: list[str], first: int, declared: str, names: KindNames) -> HeaderPlace | None:
    """The place of the header among the lines, from the first that is not blank; None if no line has a known name."""
    searched = [at for at in range(first, min(len(lines), first + SEARCHED_LINES)) if lines[at].strip()]
    delimiters = {at: declared or _delimiter_of(lines[at], names) for at in searched}
    # The lines above a header may have its delimiter or others within their texts.
    certain = next((at for at in searched if names.is_header(_first_cells(lines[at], delimiters[at]))), first)
    found = locate_header([_first_cells(lines[at], delimiters[certain]) for at in searched], names)
    return found and replace(
        found, position=searched[found.position], titles=tuple(searched[title] for title in found.titles)
    )


def _parse(lines: list[str], line: int, delimiter: str) -> Header:
    """The header that begins in the first of the lines, with the names as they are."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=delimiter != " ")
    try:
        names = cells_between_blanks(lines[0], delimiter) or next(reader)
    except csv.Error:
        raise UnusableFile(
            "header_unreadable",
            f"The header in line {line} cannot be read: a quotation mark stands in a wrong "
            "place or is not closed. Correct the header, then send the file again.",
            raw=lines[0].rstrip("\r\n"),
        ) from None
    return Header(delimiter, names, reader.line_num or 1)


def columns_without_names(cells: list[str], line: int) -> tuple[list[str], bool]:
    """The columns of a table none of whose first lines has a known name, and whether its first line is a header.

    A first line with values in it is a row like the others; then the columns have numbers in place of names.
    """
    names = _named(cells, line)
    if any(VALUE.fullmatch(name) for name in names):
        return [str(number) for number, _ in enumerate(names, 1)], False
    distinct: dict[str, str] = {}
    for number, name in enumerate(names, 1):
        unique = name if name and name.casefold() not in distinct else f"{name} ({number})".strip()
        distinct[unique.casefold()] = unique
    return list(distinct.values()), True


def _cells(line: str, delimiter: str) -> list[str]:
    cells = cells_between_blanks(line, delimiter) or next(csv.reader([line], delimiter=delimiter), [])
    return _cells_in_quotes(cells, line, delimiter) or cells


def _first_cells(line: str, delimiter: str) -> list[str]:
    """As many cells of a line as a header may have, and one more."""
    return _cells(line, delimiter)[: MAX_COLUMNS + 1]


def _cells_in_quotes(cells: list[str], line: str, delimiter: str) -> list[str]:
    """The cells of a line that stands in quotation marks as a whole and so has a single cell; else none."""
    if len(cells) != 1 or delimiter not in cells[0] or not line.lstrip().startswith('"'):
        return []
    return next(csv.reader([cells[0]], delimiter=delimiter), [])


def _delimiter_of(header: str, names: KindNames) -> str:
    """The delimiter between the most known names, or that occurs most often outside quotation marks; else a comma."""
    bare = re.sub(r'"[^"]*"', "", header)
    if not names:
        return max(DELIMITERS, key=bare.count)
    return max(DELIMITERS, key=lambda delimiter: (names.count(_first_cells(header, delimiter)), bare.count(delimiter)))


def column_names(header: list[str], line: int) -> list[str]:
    """The names of the columns; raises UnusableFile where one is missing or is there twice."""
    names = _named(header, line)
    if "" in names:
        raise UnusableFile(
            "header_blank",
            f"Column {names.index('') + 1} has no name in the header in line {line}. Name it or remove it.",
        )
    for folded, count in Counter(name.casefold() for name in names).items():
        if count > 1:
            name = next(name for name in names if name.casefold() == folded)
            raise UnusableFile(
                "header_duplicated",
                f"The header in line {line} names the column “{name}” {_times(count)}. Keep one column of that name.",
                column=name,
            )
    return names


def _named(header: list[str], line: int) -> list[str]:
    """The names in a header, without blank ones at its end; raises UnusableFile where there are none, or too many."""
    names = [clean_name(name) for name in header]
    while names and not names[-1]:  # a delimiter at the end of the line names no column
        names.pop()
    if not names:
        raise UnusableFile(
            "header_blank",
            f"The header in line {line} names no column. Write the columns’ names into the first line.",
        )
    if len(names) > MAX_COLUMNS:
        raise UnusableFile(
            "too_many_columns",
            f"The header in line {line} names {len(names):,} columns; at most {MAX_COLUMNS:,} can be read. "
            "Remove those that are not needed.",
        )
    return names


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"
