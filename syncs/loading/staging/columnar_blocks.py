"""Blocks of rows turned on their side: an entity's columns, checked as wholes, and the lines COPY takes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from io import BytesIO
from itertools import compress

import numpy as np
import polars as pl

from adsplatform.records.checks import Fault, as_text, quoted
from adsplatform.records.column_patterns import PatternCheck
from adsplatform.records.specification import Column, Entity
from syncs.connectors.columnar import by_column
from syncs.connectors.protocol import ABSENT, Columns, Rows
from syncs.rejected_rows.formula_guard import unescape_cell


@dataclass
class Block:
    """Rows of one entity by column: what their cells hold as text, null where empty, and which lines lack which.

    A column that polars cannot hold, because of half a character say, stays a list.
    """

    entity: Entity
    file: str
    lines: Sequence[int]
    raw: list[str]
    columns: list[Column] = field(default_factory=list)
    cells: list[pl.Series | list[str]] = field(default_factory=list)
    gaps: dict[str, list[bool]] = field(default_factory=dict)
    # Where an object or a list stands for a text, by column: the cell then holds it as JSON.
    nested: dict[str, list[int]] = field(default_factory=dict)
    # No text in it holds what COPY would take for something else.
    is_plain: bool = True
    # Each line as its cells with a `delimiter` between them, but for those at the places `apart`; none where that is
    # not known, or would hold more than the block's columns.
    delimited: list[str] = field(default_factory=list)
    delimiter: str = ""
    apart: set[int] = field(default_factory=set)

    def __len__(self):
        return len(self.raw)

    @property
    def is_as_copied(self) -> bool:
        """Whether its lines, but for those apart, are what COPY takes where no cell needs to be changed."""
        return bool(self.delimiter) and self.is_plain

    @cached_property
    def as_copied(self) -> list[bytes]:
        together = "\n".join(self.delimited)
        if self.delimiter != "\t":
            together = together.replace(self.delimiter, "\t")
        return together.encode().split(b"\n")

    def only(self, chosen: np.ndarray) -> "Block":
        """Of a block that is as COPY takes it, the chosen lines."""
        lists = (self.lines, self.raw, self.delimited)
        are_chosen = chosen.tolist()
        lines, raw, delimited = (list(compress(values, are_chosen)) for values in lists)
        cells = [column.filter(chosen) for column in self.cells]
        is_apart = np.zeros(len(self), bool)
        is_apart[list(self.apart)] = True
        apart = set(np.flatnonzero(is_apart[chosen]).tolist())
        return replace(self, lines=lines, raw=raw, cells=cells, delimited=delimited, apart=apart)

    def texts(self, column: Column, places: Sequence[int]) -> list[str]:
        cells = self._by_name[column.name]
        found = cells.gather(places).to_list() if isinstance(cells, pl.Series) else [cells[at] for at in places]
        return [cell or "" for cell in found]

    @cached_property
    def _by_name(self) -> dict[str, pl.Series | list[str]]:
        return {column.name: cells for column, cells in zip(self.columns, self.cells, strict=True)}


@dataclass
class Lines:
    """Checked lines: where each stands, its text, which columns it has and what they hold, as COPY takes it."""

    places: Sequence[int]
    raw: list[str]
    marks: list[str]
    frame: pl.DataFrame
    values: list[bytes]
    # A digest of each; none where nothing can be told by them.
    row_hashes: list[bytes] = field(default_factory=list)

    def __len__(self):
        return len(self.values)

    def only(self, chosen: np.ndarray) -> "Lines":
        lists = (self.places, self.raw, self.marks, self.values, self.row_hashes)
        are_chosen = chosen.tolist()
        places, raw, marks, values, row_hashes = (list(compress(values, are_chosen)) for values in lists)
        return Lines(places, raw, marks, self.frame.filter(chosen), values, row_hashes)


def to_columnar(found: Rows | Columns, entity: Entity, columns: Sequence[Column | None], *, unguard: bool) -> Block:
    """The block of the file's known columns; one that no line has is left out, unless it is part of the key.

    Columns whose order may change from block to block come in the entity's.
    """
    if isinstance(found, Rows):
        found = _by_column(found, entity, columns)
    block = Block(entity, found.file, found.lines, found.raw)
    is_turned = isinstance(found, Columns)
    is_delimited = is_turned and bool(found.delimiter)
    if is_turned:
        block.is_plain = _is_plain(found.delimited or found.raw, found.delimiter if not found.apart else "")
    cells_of = found.cells if is_turned else zip(*found.cells, strict=True)
    in_order = zip(range(len(columns)), columns, cells_of, strict=True)
    if not is_delimited:
        names = list(entity.columns)
        in_order = sorted(in_order, key=lambda given: names.index(given[1].name) if given[1] else -1)
    for at, column, cells in in_order:
        if column is None:
            continue
        if isinstance(cells, pl.Series):
            gap = found.gaps.get(at)
        else:
            if not is_turned and column.type == "text":
                texts = [as_text(cell) for cell in cells if isinstance(cell, str | dict | list)]
                block.is_plain = block.is_plain and _is_plain(texts)
            if _is_one_text(entity, column) and (places := _nested(cells)):
                block.nested[column.name] = places
            cells, gap = _texts(cells)
        if gap and any(gap):
            if all(gap) and column.name not in entity.key:
                continue
            block.gaps[column.name] = gap
        if unguard:
            cells, _ = _texts([unescape_cell(cell or "") for cell in cells])
        block.columns.append(column)
        block.cells.append(cells)
    if is_delimited and None not in columns and not unguard and not block.gaps:
        block.delimited, block.delimiter, block.apart = found.delimited, found.delimiter, set(found.apart)
    return block


def _by_column(found: Rows, entity: Entity, columns: Sequence[Column | None]) -> Rows | Columns:
    """The rows by column, if that can be done at once: if no row lacks a cell, and no cell holds anything odd."""
    has_nested = False

    def text(cell) -> str:
        nonlocal has_nested
        if cell is ABSENT:
            raise _Gap
        has_nested = has_nested or isinstance(cell, dict | list)
        return as_text(cell)

    try:
        cut = by_column(found.cells, len(found.columns), text)
    except (_Gap, UnicodeEncodeError):
        return found
    if cut is None:
        return found
    if has_nested and any(
        column and _is_one_text(entity, column) and _nested(cells)
        for column, cells in zip(columns, zip(*found.cells, strict=True), strict=True)
    ):
        return found
    delimited, cells = cut
    return Columns(
        found.name, found.file, found.columns, cells, found.lines, found.raw, {}, delimited, "\t", letters=found.letters
    )


class _Gap(Exception):
    """A row has no such cell."""


def _is_one_text(entity: Entity, column: Column) -> bool:
    return column.type == "text" and column.name not in entity.model.JSON_TEXTS


def _nested(cells: Sequence) -> list[int]:
    """The places of cells that hold an object or a list."""
    if not any(issubclass(kind, dict | list) for kind in set(map(type, cells))):
        return []
    return [at for at, cell in enumerate(cells) if isinstance(cell, dict | list)]


def _texts(cells: Sequence) -> tuple[pl.Series | list[str], list[bool] | None]:
    """What the cells hold as text, null where empty, and which there are not."""
    try:
        return _without_empty(pl.Series(cells, dtype=pl.String)), None
    except (TypeError, ValueError):  # not all of them are texts, or one has half a character
        texts = ["" if cell is ABSENT else as_text(cell) for cell in cells]
    gap = [cell is ABSENT for cell in cells]
    try:
        return _without_empty(pl.Series(texts, dtype=pl.String)), gap
    except UnicodeEncodeError:
        return texts, gap


def _without_empty(texts: pl.Series) -> pl.Series:
    is_empty = texts == ""
    return texts.set(is_empty, None) if is_empty.any() else texts


class ColumnChecks:
    """The checks of every column met so far."""

    def __init__(self):
        self._screens: dict[tuple[str, str], PatternCheck] = {}

    def check(self, block: Block) -> tuple[pl.DataFrame, dict[int, list[tuple[Column, Fault]]], set[int]]:
        """The cells as COPY takes them, null where empty or at fault; the faults of each faulty line by its place;
        and the places of lines whose cells are not as they came.
        """
        held, seen, faults = {}, {}, {}
        for column, cells in zip(block.columns, block.cells, strict=True):
            screen = self._screens.setdefault((block.entity.name, column.name), PatternCheck(column))
            if isinstance(cells, pl.Series):
                held[column.name], seen[column.name] = cells, screen
            else:
                held[column.name], found = screen.check_each(cells)
                _add(faults, column, found)
        frame = pl.DataFrame(held)
        odd = {name: screen.needs_cell_check(pl.col(name), is_plain=block.is_plain) for name, screen in seen.items()}
        # Most columns have none, and to count is cheaper than to list.
        have_some = frame.select(is_odd.any().alias(name) for name, is_odd in odd.items())
        listed = frame.select(odd[name].arg_true().implode().alias(name) for name in odd if have_some[name][0])
        looked_at, apart = [], set(block.apart)
        for column in block.columns:
            if column.name in listed.columns:
                places = listed[column.name][0]
                cells, found = seen[column.name].check_at(frame[column.name], places)
                looked_at.append(cells.alias(column.name))
                apart.update(places)
                _add(faults, column, found)
        self._refuse_nested(block, faults)
        self._forgive_gaps(block, faults)
        frame = frame.with_columns(looked_at) if looked_at else frame
        return frame, faults, apart

    @staticmethod
    def _refuse_nested(block, faults):
        """What else is wrong with such a cell as a text means nothing."""
        for column in block.columns:
            if not (places := block.nested.get(column.name)):
                continue
            for at, text in zip(places, block.texts(column, places), strict=True):
                fault = Fault(
                    "nested_value",
                    f"{column.wire}: {quoted(text)} is an object or a list, and a text belongs here. "
                    "Write the text that is meant, or null for none.",
                )
                others = [found for found in faults.get(at, ()) if found[0] != column]
                faults[at] = [*others, (column, fault)]

    @staticmethod
    def _forgive_gaps(block, faults):
        """A column that a line lacks is not an empty one; the merge looks where it matters."""
        for name, gap in block.gaps.items():
            if name in block.entity.key:
                continue
            for at in [at for at in faults if gap[at]]:
                faults[at] = [fault for fault in faults[at] if fault[0].name != name]
                if not faults[at]:
                    del faults[at]

    def with_defaults(self, entity: Entity, frame: pl.DataFrame, apart: set[int]) -> pl.DataFrame:
        """The frame with what is silently used where a cell is empty; such lines are added to those that are apart."""
        filled = []
        for name in frame.columns:
            default = self._screens[entity.name, name].default
            if default is not None and frame[name].null_count():
                filled.append(pl.col(name).fill_null(default))
                apart.update(frame[name].is_null().arg_true())
        return frame.with_columns(filled) if filled else frame


def column_patterns_of(block: Block) -> list[str]:
    """For each line a bit a column of the entity: whether the line has it."""
    has = {column.name for column in block.columns}
    names = list(block.entity.columns)
    whole = "".join("1" if name in has else "0" for name in names)
    marks = [whole] * len(block)
    gaps = [(names.index(name), gap) for name, gap in block.gaps.items()]
    made = {}
    for at in {at for _, gap in gaps for at in compress(range(len(block)), gap)}:
        lacking = tuple(position for position, gap in gaps if gap[at])
        if lacking not in made:
            made[lacking] = "".join("0" if at in lacking else bit for at, bit in enumerate(whole))
        marks[at] = made[lacking]
    return marks


def content_lines(block: Block, frame: pl.DataFrame, apart: set[int]) -> list[bytes]:
    """The frame's lines as COPY takes them; where its cells are as they came, the block's delimited lines are taken."""
    if not block.is_as_copied or len(apart) > len(block) // 2:
        return copy_lines(frame)
    lines = block.as_copied.copy()
    places = sorted(apart)
    for place, line in zip(places, copy_lines(frame[places]), strict=True):
        lines[place] = line
    return lines


def copy_lines(frame: pl.DataFrame) -> list[bytes]:
    """The lines that COPY takes, for whom an empty cell is null."""
    if not frame.width or not len(frame):
        return [b""] * len(frame)
    lines = copy_text(frame).split(b"\n")
    lines.pop()
    return lines


def copy_text(frame: pl.DataFrame, *, null: str = "") -> bytes:
    """The same as one text, with what stands for null."""
    data = BytesIO()
    frame.write_csv(data, include_header=False, separator="\t", null_value=null, quote_style="never")
    return data.getvalue()


def _add(faults, column, found):
    for at, fault in found.items():
        faults.setdefault(at, []).append((column, fault))


def _is_plain(texts: Sequence[str], delimiter: str = "") -> bool:
    """Whether none holds what COPY would take for something else, but for the delimiter."""
    together = "".join(texts)
    return not any(mark in together for mark in "\\\t\n\r\0" if mark != delimiter)
