"""Downloads of rejected lines: the columns added to them, and cells that no spreadsheet takes for a formula.

A CSV cell that a spreadsheet might calculate is written with an apostrophe before it, which an upload of the same
file takes away again. What holds nothing but digits and the marks of numbers, days and telephone numbers is written
as it is: `-5` stays a number, and without a letter no formula can fetch or run anything.
"""

import re

# What a download adds to a line's own columns; an upload passes over them.
MARKS = ("_file", "_line", "_column", "_code", "_message")

_FORMULA = re.compile(r"(?:\A|[\r\n])[^\S\t\r\n]*[=+\-@\t\r＝＋－＠]")
_HARMLESS = re.compile(r"[+-][\d .,()/+-]*", re.ASCII)


def is_download(columns) -> bool:
    """Whether the columns are those of a download of rejected lines."""
    return {"_line", "_code"} <= {name.strip().lower() for name in columns}


def guarded(cell: str) -> str:
    """The cell as a CSV download holds it."""
    return f"'{cell}" if _needs_guard(cell) else cell


def guarded_text(cell: str) -> str:
    """The cell as a workbook holds it, where it is typed as text and no formula; only a guard needs one itself."""
    return f"'{cell}" if cell.startswith("'") and _needs_guard(cell) else cell


def unguarded(cell: str) -> str:
    """The cell as it was before it was guarded."""
    return cell[1:] if cell.startswith("'") and _needs_guard(cell[1:]) else cell


def _needs_guard(cell: str) -> bool:
    bare = cell.lstrip("'")
    return bool(_FORMULA.search(bare)) and not _HARMLESS.fullmatch(bare)
