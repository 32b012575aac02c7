"""Remarks on cells that load and yet are worth a person's look, told once for each column of a file."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from adsplatform.records.checks import quoted
from adsplatform.records.currencies import CODES
from adsplatform.records.keys import is_changed_by_spreadsheet
from adsplatform.records.specification import Column
from adsplatform.wording import counted
from syncs.loading.staging.columnar_blocks import Block
from syncs.loading.staging.problem_log import Problem, ProblemLog

# How many values, and how many lines, a sentence names.
VALUES_NAMED, LINES_NAMED = 3, 5

# What only files can have.
OF_FILES = frozenset({"key_changed_by_spreadsheet"})

# Each code's sentence after the column's name, given the values and the lines that have them.
_SENTENCES: dict[str, Callable[[str, str], str]] = {
    "key_from_number": lambda values, lines: (
        f"{lines} a number where a key belongs, like {values}. Its digits were read as the key. Send keys as texts, in "
        "quotation marks."
    ),
    "key_changed_by_spreadsheet": lambda values, lines: (
        f"{lines} a key that looks like a number, a date, TRUE or FALSE which a spreadsheet made of it, like {values}. "
        "It was loaded as it is; different keys may have become one. Compare it with the source, and format the column "
        "as text before keys are put into it."
    ),
    "unknown_currency": lambda values, lines: (
        f"{lines} a text that is no currency’s code by ISO 4217: {values}. It was loaded as it is. Write a code such "
        "as EUR."
    ),
    "currency_in_lower_case": lambda values, lines: (
        f"{lines} a currency’s code in small letters: {values}. It was read in capital letters."
    ),
}


class CellRemark(NamedTuple):
    """A remark on one cell of a block."""

    column: Column
    code: str
    place: int
    value: str


def remark_on(column: Column, cell: str) -> str:
    """The code of the remark on a cell of a key or currency column that loads, or nothing."""
    text, code = cell.strip(), ""
    if column.is_key and is_changed_by_spreadsheet(text):
        code = "key_changed_by_spreadsheet"
    elif column.is_currency and text and text.upper() not in CODES:
        code = "unknown_currency"
    elif column.is_currency and text and not text.isupper():
        code = "currency_in_lower_case"
    return code


@dataclass
class _Remark:
    """What a sentence needs: how many lines have it, and the first of them with their values."""

    count: int = 0
    lines: list[int] = field(default_factory=list)
    values: dict[str, None] = field(default_factory=dict)


class CellRemarks:
    """Collects remarks while blocks are checked."""

    def __init__(self, log: ProblemLog, left_out: Collection[str] = ()) -> None:
        """`left_out` are the codes of remarks that are not made."""
        self.log, self.left_out = log, left_out
        # By entity, file, column and code.
        self._remarks: dict[tuple[str, str, str, str], _Remark] = {}

    def note(self, block: Block, remarks: Iterable[CellRemark]) -> None:
        """Remember the remarks on cells of a block."""
        for column, code, place, value in remarks:
            key = (block.entity.name, block.file, column.wire, code)
            remark = self._remarks.setdefault(key, _Remark())
            remark.count += 1
            if len(remark.lines) < LINES_NAMED:
                remark.lines.append(block.lines[place])
            if len(remark.values) < VALUES_NAMED:
                remark.values[value] = None

    def add_all(self) -> None:
        """Log each remark as one warning."""
        for (entity, file, column, code), remark in self._remarks.items():
            sentence = _SENTENCES[code](_listed(map(quoted, remark.values)), _lines(remark))
            self.log.add_for_file(
                Problem(
                    entity=entity,
                    kind="warning",
                    file=file,
                    column=column,
                    value=next(iter(remark.values)),
                    code=code,
                    message=f"{column}: {sentence}",
                )
            )
        self._remarks.clear()


def _lines(remark: _Remark) -> str:
    """The lines as the subject of a sentence: `2 lines (3 and 7) have`."""
    numbers = [f"{line:,}" for line in remark.lines]
    if remark.count == 1:
        return f"line {numbers[0]} has"
    if remark.count > len(numbers):
        numbers.append("…")
    return f"{counted(remark.count, 'line')} ({_listed(numbers)}) have"


def _listed(parts: Iterable[str]) -> str:
    *others, last = parts
    if last == "…":
        return f"{', '.join(others)}, …"
    return f"{', '.join(others)} and {last}" if others else last
