"""The header of a CSV file: the delimiter, and the names of the columns."""

import csv
import re
from collections import Counter
from dataclasses import dataclass

from syncs.connectors.columnar import DELIMITERS

MAX_COLUMNS = 1_000
# The first line by which spreadsheets declare the delimiter; some programs quote it like any cell.
SEPARATOR = re.compile(r"""("?)sep=([^\w"\r\n ])\1[\r\n]*""", re.IGNORECASE)


class UnusableFile(Exception):
    """The file cannot be read because of its header or its structure; `str()` is the sentence to show."""

    def __init__(self, code: str, message: str, *, column: str = "", raw: str = "") -> None:
        super().__init__(message)
        self.code, self.column, self.raw = code, column, raw


@dataclass(frozen=True, slots=True)
class Header:
    """The delimiter, the names of the columns, and the number of lines up to the end of the header."""

    delimiter: str
    columns: list[str]
    lines: int


def read_header(lines: list[str], first_line: int) -> Header | None:
    """Read the header at the beginning of the lines; None if they are all blank. Raises UnusableFile."""
    declared = SEPARATOR.fullmatch(lines[0]) if first_line == 1 else None
    position = 1 if declared else 0
    while position < len(lines) and not lines[position].strip():
        position += 1
    if position == len(lines):
        return None
    line = lines[position]
    if "\0" in line or line.startswith("PK\x03\x04"):
        raise UnusableFile("not_text", "The file is not a text file. Save it as “CSV UTF-8”, then send it again.")
    delimiter = declared[2] if declared else _delimiter_of(line)
    reader = csv.reader(lines[position:], delimiter=delimiter, strict=True)
    try:
        names = next(reader)
    except csv.Error:
        raise UnusableFile(
            "header_unreadable",
            f"The header in line {first_line + position} cannot be read: a quotation mark stands in a wrong "
            "place or is not closed. Correct the header, then send the file again.",
            raw=line.rstrip("\r\n"),
        ) from None
    return Header(delimiter, column_names(names, first_line + position), position + reader.line_num)


def _delimiter_of(header: str) -> str:
    """The delimiter that occurs most often outside quotation marks; a comma if none does."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(DELIMITERS, key=bare.count)


def column_names(header: list[str], line: int) -> list[str]:
    """The names of the columns; raises UnusableFile where one is missing or is there twice."""
    names = [name.strip() for name in header]
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


def _times(count: int) -> str:
    return "twice" if count == 2 else f"{count} times"
