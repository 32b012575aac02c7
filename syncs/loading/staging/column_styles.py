"""Number and date styles, judged over the columns of a file: what can be read two ways there is never loaded.

A column is judged by its faulty cells. `1.000` loads as one, until another cell of the column, like `1.234,50`, shows
that the file may separate thousands with points. Rows that were accepted before such a cell was found may have to be
rejected; then the source is read again, knowing what its columns have shown.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import compress
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from adsplatform.records.checks import Fault, quoted
from adsplatform.records.number_styles import (
    AMBIGUOUS_DAY,
    AMBIGUOUS_POINT,
    may_show_other_number_style,
    readings_of_number,
    shows_day_before_month,
    shows_other_number_style,
)
from adsplatform.records.specification import Column
from syncs.loading.staging.columnar_blocks import Block
from syncs.loading.staging.header_mapping import column_named

NUMBERS, DATES = ("amount", "double"), ("date", "stamp")
# A style is that of the whole file if so many cells of one column, and such a share of its rows, show it.
LEAST_CELLS, LEAST_SHARE = 2, 0.1

# The faults of a block, by the place of their row.
Faults: TypeAlias = dict[int, list[tuple[Column, Fault]]]


@dataclass(frozen=True, slots=True)
class _Shown:
    """The first cell that shows another style; without a text, it is in the file that a download was made of."""

    wire: str
    text: str
    line: int


@dataclass(slots=True)
class _File:
    """What the columns of one file have shown, by name, and how many rows of the file have been read."""

    shown: dict[str, _Shown] = field(default_factory=dict)
    certain: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    rows: int = 0


class ColumnStyles:
    """What the columns of an input have shown; one object serves all readings of a source."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, str], _File] = {}
        # Whether a style was found after rows had been accepted that it may make ambiguous.
        self.found_late = False

    def begin(self) -> None:
        """Start reading the source from its beginning; what its columns have shown stays known."""
        self.found_late = False
        for file in self._files.values():
            file.rows = 0
            file.certain.clear()

    def ambiguous_rows(self, block: Block) -> NDArray[np.bool_] | None:
        """For each row, whether it has a cell that can be read two ways; None if none has."""
        places = [at for _, found in self._ambiguous(block) for at in found]
        if not places:
            return None
        is_ambiguous = np.zeros(len(block), bool)
        is_ambiguous[places] = True
        return is_ambiguous

    def judge(self, block: Block, faults: Faults, unchanged: Block | None) -> dict[str, list[int]]:
        """Add a fault for each cell that can be read two ways; returns the places of these cells by column.

        `faults` has the other faults of the block, and `unchanged` those of its rows that have been skipped.
        """
        file = self._files.setdefault((block.entity.name, block.file), _File())
        rows_before = file.rows
        file.rows += len(block) + (len(unchanged) if unchanged else 0)
        if faults or block.ambiguous_before:
            before = len(file.shown)
            for column in block.columns:
                if line := block.ambiguous_before.get(column.wire):
                    file.shown.setdefault(column.name, _Shown(column.wire, "", line))
            self._learn(file, block, faults)
            is_new = len(file.shown) > before
            self.found_late |= is_new and (rows_before > 0 or self._has_ambiguous(unchanged))
        added = {}
        for column, places in self._ambiguous(block):
            new = [at for at in places if all(found.name != column.name for found, _ in faults.get(at, ()))]
            for at, text in zip(new, block.texts(column, new), strict=True):
                faults.setdefault(at, []).append((column, _fault(column, text, file.shown[column.name])))
            added[column.name] = new
        return added

    def count(self, block: Block) -> None:
        """Count the rows of a block of which all are unchanged."""
        self._files.setdefault((block.entity.name, block.file), _File()).rows += len(block)

    def _has_ambiguous(self, block: Block | None) -> bool:
        return block is not None and any(True for _ in self._ambiguous(block))

    def _learn(self, file: _File, block: Block, faults: Faults) -> None:
        """Find out which columns show another style."""
        by_column: dict[str, list[int]] = defaultdict(list)
        columns = {}
        for at, found in faults.items():
            for column, fault in found:
                if fault.code in ("bad_number", "ambiguous_number", "impossible_date"):
                    by_column[column.name].append(at)
                    columns[column.name] = column
        for name, places in by_column.items():
            self._learn_from(file, block, columns[name], sorted(places))
        for name, count in file.certain.items():
            if count >= max(LEAST_CELLS, LEAST_SHARE * file.rows):
                for column in block.columns:
                    if column.type in NUMBERS:
                        file.shown.setdefault(column.name, file.shown[name])

    def _learn_from(self, file: _File, block: Block, column: Column, places: list[int]) -> None:
        for at, text in zip(places, block.texts(column, places), strict=True):
            if column.type in DATES:
                shows = shows_day_before_month(text)
            elif shows := shows_other_number_style(text):
                file.certain[column.name] += 1
            else:
                shows = may_show_other_number_style(text)
            if shows and column.name not in file.shown:
                file.shown[column.name] = _Shown(column.wire, text, block.lines[at])

    def _ambiguous(self, block: Block) -> Iterator[tuple[Column, list[int]]]:
        """(column, places) of the cells that can be read two ways, in columns that have shown another style."""
        file = self._files.get((block.entity.name, block.file))
        if file is None or not file.shown:
            return
        for column, cells in zip(block.columns, block.cells, strict=True):
            if column.name in file.shown:
                texts = cells if isinstance(cells, pl.Series) else pl.Series(list(map(_valid, cells)), dtype=pl.String)
                places = _ambiguous_places(column, texts)
                if places := [at for at in places if not _is_exact(block, column, at)]:
                    yield column, places


def _ambiguous_places(column: Column, texts: pl.Series) -> list[int]:
    cells = pl.col("cell")
    if column.type in DATES:
        days = cells.str.strip_chars()
        is_ambiguous = cells.str.contains(AMBIGUOUS_DAY) & (days.str.slice(5, 2) != days.str.slice(8, 2))
    else:
        is_ambiguous = cells.str.contains(AMBIGUOUS_POINT)
    found = texts.alias("cell").to_frame().select(is_ambiguous.fill_null(False)).to_series().to_list()
    return list(compress(range(len(found)), found))


def _is_exact(block: Block, column: Column, at: int) -> bool:
    """Whether the source says that the cell is a number, not a text: such a number can be read in one way only."""
    if block.lines[at] in block.exact.get(column.name, ()):
        return True
    raw = block.raw[at].lstrip()
    if not raw.startswith(("{", "[")):
        return False
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return False
    found = found[0] if isinstance(found, list) and found else found
    if not isinstance(found, dict):
        return False
    values = [value for name, value in found.items() if column_named(block.entity, name) == column]
    return bool(values) and all(isinstance(value, int | float) for value in values)


def _fault(column: Column, text: str, shown: _Shown) -> Fault:
    other = f"line {shown.line:,} has {quoted(shown.text)}"
    if column.wire != shown.wire:
        other += f" as {shown.wire}"
    if column.type in DATES:
        return Fault(
            "ambiguous_date",
            f"{column.wire}: {quoted(text)} can be read two ways, because {other}, with the day before the month. "
            "Write all dates as YYYY-MM-DD, like 2024-02-29.",
        )
    thousands, decimals = readings_of_number(text)
    readings = f"{column.wire}: {quoted(text)} can be read two ways, as {thousands} or as {decimals}"
    advice = f"Write {thousands} or {decimals}, whichever is meant"
    if not shown.text:
        return Fault("ambiguous_number", f"{readings}, as it could before this line was downloaded. {advice}.")
    return Fault(
        "ambiguous_number",
        f"{readings}, because {other}. {advice}; or, if the whole file writes numbers like {quoted(shown.text)}, say "
        "so in an import profile.",
    )


def _valid(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
