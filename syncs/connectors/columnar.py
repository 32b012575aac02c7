"""Rows as columns of text, for all readers: polars splits many lines at once."""

import codecs
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import compress
from typing import TypeVar, overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

# The delimiters that are recognised in a file which does not declare one.
DELIMITERS = ",;\t|"

C = TypeVar("C")


class LazyLines(Sequence[str]):
    """Lines that become separate texts only when one of them is asked for."""

    def __init__(self, count: int, separate: Callable[[], list[str]]) -> None:
        self._count, self._separate = count, separate

    @cached_property
    def _lines(self) -> list[str]:
        return self._separate()

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> list[str]: ...

    def __getitem__(self, at: int | slice) -> str | list[str]:
        return self._lines[at]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return self._count

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._lines == list(other)

    __hash__ = None  # type: ignore[assignment]  # as of a list


class TextLines(LazyLines):
    """The lines of a text in UTF-8 with line feeds between them."""

    def __init__(self, encoded: bytes, count: int) -> None:
        super().__init__(count, lambda: encoded.decode().split("\n"))
        self.encoded = encoded


def chosen_lines(lines: Sequence[str], is_chosen: NDArray[np.bool_]) -> LazyLines:
    """Some of the lines, of which nobody may ever ask for one."""
    return LazyLines(int(is_chosen.sum()), lambda: list(compress(lines, is_chosen.tolist())))


def count_character(text: bytes, character: str) -> int:
    """How often a character occurs in UTF-8 text; faster than `bytes.count` for a character that is frequent."""
    if not character.isascii():
        return text.count(character.encode())
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == ord(character)))


def with_tabs(lines: bytes, delimiter: str) -> bytes:
    """UTF-8 text with tabs in place of the delimiters; faster than `bytes.replace` where these are frequent."""
    if delimiter == "\t":
        return lines
    if not "\t" < delimiter < "\x80":
        return lines.replace(delimiter.encode(), b"\t")
    letters = np.frombuffer(lines, np.uint8)
    is_delimiter = (letters == ord(delimiter)).view(np.uint8)
    return bytes(letters - is_delimiter * np.uint8(ord(delimiter) - ord("\t")))


def split_into_columns(lines: bytes, count: int, delimiter: str, width: int) -> list[pl.Series] | None:
    """The cells of `count` lines as `width` columns of text, empty cells null; None if they do not fit.

    Quotation marks have no meaning.
    """
    try:
        frame = pl.read_csv(
            lines,
            has_header=False,
            schema={str(position): pl.String for position in range(width)},
            separator=delimiter,
            quote_char=None,
        )
    except pl.exceptions.PolarsError:
        return None
    return frame.get_columns() if len(frame) == count else None


class DelimitedCells(Sequence[pl.Series]):
    """The columns of lines that each have one cell per column, split only when a column is asked for.

    A process that passes the lines on never needs them.
    """

    def __init__(self, lines: list[str], delimiter: str, width: int):
        self.lines, self.delimiter, self.width = lines, delimiter, width

    def first(self) -> pl.Series:
        """The first column, without splitting the others."""
        cells = [line.partition(self.delimiter)[0] or None for line in self.lines]
        return pl.Series(cells, dtype=pl.String)

    @cached_property
    def _columns(self) -> list[pl.Series]:
        columns = split_into_columns("\n".join(self.lines).encode(), len(self.lines), self.delimiter, self.width)
        if columns is None:
            raise ValueError(f"{len(self.lines)} lines do not have {self.width} cells each")
        return columns

    @overload
    def __getitem__(self, at: int) -> pl.Series: ...

    @overload
    def __getitem__(self, at: slice) -> list[pl.Series]: ...

    def __getitem__(self, at: int | slice) -> pl.Series | list[pl.Series]:
        return self._columns[at]

    def __len__(self) -> int:
        return self.width


def rows_to_columns(
    rows: Iterable[Sequence[C]], width: int, text_of: Callable[[C], str]
) -> tuple[list[str], list[pl.Series]] | None:
    """The rows as tab-separated lines and as `width` columns of text; None where a cell would break its line.

    `text_of` is asked for the text of cells that are neither text nor None. Joining each row and letting polars split
    all of them is faster than collecting each column's cells, which are scattered in memory.
    """
    lines = [_line(row, text_of) for row in rows]
    together = "\n".join(lines).encode()
    if not are_whole(together, len(lines), width):
        return None
    columns = split_into_columns(together, len(lines), "\t", width)
    return (lines, columns) if columns else None


def rows_to_text(rows: Sequence[Sequence[C]], width: int, text_of: Callable[[C], str]) -> str | None:
    """The rows as `rows_to_columns` joins them, in one text; None also where a row has not `width` cells."""
    if set(map(len, rows)) != {width}:
        return None
    text = "\n".join([_line(row, text_of) for row in rows])
    return text if are_whole(text.encode(), len(rows), width) else None


def are_whole(lines: bytes, count: int, width: int) -> bool:
    """Whether lines of cells with tabs between them have `width` cells on average, and no cell breaks its line."""
    return (
        count_character(lines, "\t") == count * (width - 1)
        and count_character(lines, "\n") == count - 1
        and not any(special in lines for special in (b"\\", b"\r", b"\0"))
        # Polars would drop a byte order mark at the very beginning of the text.
        and not lines.startswith(codecs.BOM_UTF8)
    )


def _line(row: Sequence[C], text_of: Callable[[C], str]) -> str:
    try:
        return "\t".join(row)  # type: ignore[arg-type]  # most rows are texts; the others raise
    except TypeError:
        pass
    try:
        # In most of the other rows, the cells that are not text are None.
        return "\t".join(["" if cell is None else cell for cell in row])  # type: ignore[misc]
    except TypeError:
        return "\t".join([cell if isinstance(cell, str) else text_of(cell) for cell in row])
