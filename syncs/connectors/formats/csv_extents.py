"""Where a row of CSV ends: quotation marks hold lines together, however many, and whatever stands behind them.

The rule is the one of spreadsheets. A quotation mark at the beginning of a cell opens, one that is not doubled closes,
and what follows it up to the delimiter is text. So a row has an end even where it is not valid CSV, and no line within
its quotation marks is ever taken for a row.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate, pairwise
from tempfile import SpooledTemporaryFile

# What may stand around a quoted cell: the blank, the tab and the no-break space.
BLANKS = " \t\u00a0"
# The most lines a row may span; also how many the csv module parses at a time.
SPAN_LINES = 1_000
# The most characters that are kept of a row over the limit.
EXCERPT = 200
# So much of the lines that are passed over is held in memory.
SPOOL_BYTES = 1024 * 1024


def row_lines(lines: list[str], delimiter: str, *, skips_blanks: bool) -> int:
    """The number of lines of the row that begins in the first of them; 0 if it goes on after the last."""
    # In a row that goes on, the quotation mark that is added closes the cell.
    reader = csv.reader([*lines, '"\n'], delimiter=delimiter, skipinitialspace=skips_blanks)
    next(reader)
    return reader.line_num if reader.line_num <= len(lines) else 0


class OpenRow:
    """Lines that are passed over as one: of a row that is too long, or goes on up to the end of the file.

    There may be any number of them, so they are written to a temporary file once they need more than SPOOL_BYTES.
    """

    def __init__(self, line: int, lines: Sequence[str], delimiter: str) -> None:
        self.line, self.delimiter = line, delimiter
        self.start = "".join(lines).rstrip("\r\n")[:EXCERPT]
        # How many lines there are so far, and how many of them have text.
        self.line_count = self.filled_count = 0
        self.is_closed = False
        self._texts = SpooledTemporaryFile(  # noqa: SIM115 (closed when nothing refers to it any more)
            SPOOL_BYTES, "w+", encoding="utf-8", errors="surrogateescape", newline="\n"
        )
        self.add(lines)

    def add(self, lines: Sequence[str]) -> None:
        """Count lines that belong to it."""
        self.line_count += len(lines)
        self.filled_count += sum(1 for line in lines if line.strip())
        self._texts.writelines(line.rstrip("\r\n") + "\n" for line in lines)

    def filled_lines(self) -> Iterator[tuple[int, str]]:
        """The lines that have text, with their numbers."""
        self._texts.seek(0)
        for number, text in enumerate(self._texts, start=self.line):
            if text.strip():
                yield number, text.removesuffix("\n")

    def take(self, lines: list[str]) -> int:
        """Take in the next lines, up to the end of the row; returns how many."""
        position = 0
        while position < len(lines) and not self.is_closed:
            # Only a line with a quotation mark can close it.
            line = lines[position]
            self.is_closed = '"' in line and row_lines(['"' + line], self.delimiter, skips_blanks=False) > 0
            position += 1
        self.add(lines[:position])
        return position

    def take_long_line(self, start: str, quotes: int) -> None:
        """Take in a line of which only the beginning and the number of its quotation marks are known."""
        self.add([start])
        self.is_closed = quotes % 2 == 1


def cells_between_blanks(text: str, delimiter: str) -> list[str] | None:
    """The cells of a row whose quoted cells may have blanks around them; None if it is not valid otherwise."""
    text = text.rstrip("\r\n")
    if '"' not in text:
        return text.split(delimiter)
    cell = _cell_pattern(delimiter)
    cells, position = [], 0
    while found := cell.match(text, position):
        inside, plain = found.groups()
        cells.append(plain if inside is None else inside.replace('""', '"'))
        position = found.end() + 1
        if found.end() == len(text):
            return cells
    return None


def has_blank_before_quote(text: str, delimiter: str) -> bool:
    """Whether blanks stand between a delimiter, or the beginning of a line, and a quotation mark."""
    has_any = any(f'{blank}"' in text for blank in _blanks(delimiter))
    return has_any and bool(_blank_before_quote(delimiter).search(text))


def with_plain_blanks(lines: list[str], delimiter: str) -> list[str]:
    """The lines of whole rows, with plain blanks before quotation marks, as the csv module can read past them."""
    text = "".join(lines)
    if not any(f'{blank}"' in text for blank in _blanks(delimiter) if blank != " "):
        return lines
    text = _cell_start(delimiter).sub(lambda cell: " " * len(cell[1]) if cell[1] else cell[0], text)
    ends = [0, *accumulate(map(len, lines))]
    return [text[start:end] for start, end in pairwise(ends)]


def _blanks(delimiter: str) -> str:
    return "" if delimiter == " " else BLANKS.replace(delimiter, "")


def _any_blanks(delimiter: str, times: str) -> str:
    blanks = _blanks(delimiter)
    return f"[{blanks}]{times}" if blanks else ""


@cache
def _cell_pattern(delimiter: str) -> re.Pattern[str]:
    mark, blanks = re.escape(delimiter), _any_blanks(delimiter, "*")
    return re.compile(rf'{blanks}"([^"]*(?:""[^"]*)*)"{blanks}(?={mark}|\Z)|(?!{blanks}")([^{mark}]*)')


@cache
def _blank_before_quote(delimiter: str) -> re.Pattern[str]:
    return re.compile(rf'(?:^|{re.escape(delimiter)}){_any_blanks(delimiter, "+")}"', re.MULTILINE)


@cache
def _cell_start(delimiter: str) -> re.Pattern[str]:
    """The blanks before a quoted cell, which are its group; or a whole cell, so that nothing in it is looked at."""
    mark = re.escape(delimiter)
    return re.compile(
        rf'({_any_blanks(delimiter, "+")})(?=")|"[^"]*(?:""[^"]*)*(?:"[^{mark}\r\n]*|\Z)|[^{mark}\r\n"][^{mark}\r\n]*'
    )
