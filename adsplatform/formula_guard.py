"""Keeps spreadsheets from calculating the cells of a download.

Where a spreadsheet would take the beginning of a CSV cell for a formula, it is written with an apostrophe before it,
and an upload of the file removes it. A spreadsheet of another locale separates cells by another character than the
file, so the same goes for what follows any separator within a cell. What has nothing but digits and the punctuation of
numbers, dates and telephone numbers up to the cell's end is written as it is: `-5` stays a number, and a formula
without a letter cannot fetch or run anything.
"""

import re
from collections.abc import Callable

# A place where a formula may begin, with the apostrophes that stand there. Spreadsheets drop what the lookahead passes
# over: blanks, and the quotation marks of a value that is a cell of its own to them.
_BEGINNING = re.compile(
    r"""
    (?: \A (?= '* (?:[^\S\t\r\n]|")* [\t\r] )
      | (?: \A | [\r\n,;|\t] ) (?= '* (?:[^\S\t\r\n]|")* (?P<sign>[=+\-@＝＋－＠]) )
    ) '*
    """,
    re.VERBOSE,
)
_HARMLESS = "0123456789 .,()/+-;|\t"


def escape_csv_cell(cell: str) -> str:
    """The cell as a CSV download has it."""
    return _change(cell, lambda beginning: f"{beginning}'")


def escape_workbook_cell(cell: str) -> str:
    """The cell as a workbook has it.

    A workbook types its cells, so that a text is no formula there. Only an apostrophe that `unescape_cell` would
    remove needs another before it.
    """
    return _change(cell, lambda beginning: f"{beginning}'" if beginning.endswith("'") else beginning)


def unescape_cell(cell: str) -> str:
    """The cell as it was before it was escaped."""
    return _change(cell, lambda beginning: beginning.removesuffix("'"))


def _change(cell: str, change: Callable[[str], str]) -> str:
    """The cell with each beginning of a formula changed."""
    harmless_from = len(cell.rstrip(_HARMLESS))

    def changed(found: re.Match[str]) -> str:
        is_harmless = found["sign"] in ("+", "-") and found.start("sign") >= harmless_from
        return found[0] if is_harmless else change(found[0])

    return _BEGINNING.sub(changed, cell)
