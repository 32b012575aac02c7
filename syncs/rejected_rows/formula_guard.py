"""Keeps spreadsheets from calculating the cells of a download.

A CSV cell that a spreadsheet would take for a formula is written with an apostrophe before it, and an upload of the
file removes it. A cell of nothing but digits and the punctuation of numbers, dates and telephone numbers is written as
it is: `-5` stays a number, and a formula without a letter cannot fetch or run anything.
"""

import re
from collections.abc import Iterable

# The columns that a download adds to a row; an upload ignores them.
ADDED_COLUMNS = ("_file", "_line", "_column", "_code", "_message")

_FORMULA = re.compile(r"(?:\A|[\r\n])[^\S\t\r\n]*[=+\-@\t\r＝＋－＠]")
_HARMLESS = re.compile(r"[+-][\d .,()/+-]*", re.ASCII)


def is_download(columns: Iterable[str]) -> bool:
    """Whether a file with these columns is a download of rejected rows."""
    return {"_line", "_code"} <= {name.strip().lower() for name in columns}


def escape_csv_cell(cell: str) -> str:
    """The cell as a CSV download has it."""
    return f"'{cell}" if _needs_escape(cell) else cell


def escape_workbook_cell(cell: str) -> str:
    """The cell as a workbook has it.

    A workbook types its cells, so that a text is no formula there. Only an apostrophe that `unescape_cell` would
    remove needs another before it.
    """
    return f"'{cell}" if cell.startswith("'") and _needs_escape(cell) else cell


def unescape_cell(cell: str) -> str:
    """The cell as it was before it was escaped."""
    return cell[1:] if cell.startswith("'") and _needs_escape(cell[1:]) else cell


def _needs_escape(cell: str) -> bool:
    bare = cell.lstrip("'")
    return bool(_FORMULA.search(bare)) and not _HARMLESS.fullmatch(bare)
