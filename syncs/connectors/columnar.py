"""Rows by column, for all readers."""

import codecs
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import polars as pl

DELIMITERS = ",;\t|"


def _count(text: bytes, mark: str) -> int:
    """How often the character stands in the text; `bytes.count` is slow where that is often."""
    if not mark.isascii():
        return text.count(mark.encode())
    return np.count_nonzero(np.frombuffer(text, np.uint8) == ord(mark))


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
