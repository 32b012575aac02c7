"""Blocks of rows by column: the columns of one entity, before and after they are checked."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import compress
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from adsplatform.formula_guard import unescape_cell
from adsplatform.records.checks import WHITE_SPACE, as_text
from adsplatform.records.specification import Column, Entity
from syncs.connectors.columnar import TextLines, chosen_lines, rows_to_columns, with_tabs
from syncs.connectors.protocol import ABSENT, Columns, Rows
from syncs.loading.staging.copy_format import copy_lines

_OTHER_BLANKS = WHITE_SPACE.translate(dict.fromkeys(map(ord, " \t\n")))


@dataclass
class Block:
    """Rows of one entity by column: the text of their cells, null where empty, and which rows lack which columns.

    `lines` are the places of the rows in their file. A column that polars cannot hold stays a list: one with half a
    character, for example.
    """

    entity: Entity
    file: str
    lines: Sequence[int]
    raw: Sequence[str]
    columns: list[Column] = field(default_factory=list)
    cells: list[pl.Series | list[str]] = field(default_factory=list)
    # By column: for each row, whether it lacks the column.
    gaps: dict[str, list[bool]] = field(default_factory=dict)
    # By column: the places of cells that have an object or a list in place of a text. Such a cell is JSON.
    nested: dict[str, list[int]] = field(default_factory=dict)
    # By column: the lines whose cells the source has as numbers or dates, not as texts, as far as that is known.
    exact: Mapping[str, Collection[int]] = field(default_factory=dict)
    # In a download of rejected rows: the columns, by wire name, in which a number could be read two ways, and the first
    # line of each.
    ambiguous_before: Mapping[str, int] = field(default_factory=dict)
    # Whether COPY would interpret no character of the texts.
    is_copy_safe: bool = True
    # Each row as its cells joined by `delimiter`, except rows at the places in `not_delimited`. Empty if such lines are
    # not known, or would have more than the block's columns.
    delimited: Sequence[str] = field(default_factory=list)
    delimiter: str = ""
    not_delimited: set[int] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.raw)

    @property
    def is_ready_to_copy(self) -> bool:
        """Whether COPY can read the delimited lines of rows whose cells the checks do not change."""
        return bool(self.delimiter) and self.is_copy_safe

    @cached_property
    def delimited_lines(self) -> list[bytes]:
        """The delimited lines as lines of COPY."""
        return self._delimited_bytes.split(b"\n")

    @cached_property
    def _delimited_bytes(self) -> bytes:
        lines = self.delimited
        together = lines.encoded if isinstance(lines, TextLines) else "\n".join(lines).encode()
        return with_tabs(together, self.delimiter)

    @cached_property
    def may_have_outer_blanks(self) -> bool:
        """Whether a look at the delimited lines does not rule out that a cell has blanks around it."""
        if not self.is_ready_to_copy or self.not_delimited:
            return True
        text = self._delimited_bytes
        if not text.isascii() and any(blank in text.decode() for blank in _OTHER_BLANKS):
            return True
        letters = np.frombuffer(text, np.uint8)
        # What comes before the vertical tab is above 21, because there are no negative numbers.
        if len(letters) and (letters - np.uint8(ord("\v"))).min() < ord(" ") - ord("\v"):
            return True
        # Most blanks stand within a cell, and only few letters are blanks.
        blanks = np.flatnonzero(letters == ord(" "))
        if not len(blanks):
            return False
        beside = letters.take(blanks - 1, mode="clip"), letters.take(blanks + 1, mode="clip")
        is_at_end = blanks[0] == 0 or blanks[-1] == len(letters) - 1
        return bool(is_at_end or min(beside[0].min(), beside[1].min()) <= ord("\n"))

    def copy_lines(self, frame: pl.DataFrame, changed: set[int]) -> list[bytes]:
        """The checked rows of a frame as lines of COPY.

        The block's own lines are used where possible, that is, except for rows at the places in `changed`.
        """
        if not self.is_ready_to_copy or len(changed) > len(self) // 2:
            return copy_lines(frame)
        lines = self.delimited_lines.copy()
        places = sorted(changed)
        for place, line in zip(places, copy_lines(frame[places]), strict=True):
            lines[place] = line
        return lines

    def filter(self, is_chosen: NDArray[np.bool_]) -> "Block":
        """The chosen rows; only for a block that is ready to copy."""
        chosen = is_chosen.tolist()
        return replace(
            self,
            lines=list(compress(self.lines, chosen)),
            raw=chosen_lines(self.raw, is_chosen),
            delimited=chosen_lines(self.delimited, is_chosen),
            cells=[
                cells.filter(is_chosen) if isinstance(cells, pl.Series) else list(compress(cells, chosen))
                for cells in self.cells
            ],
            not_delimited=_places_after(self.not_delimited, is_chosen),
        )

    def texts(self, column: Column, places: list[int]) -> list[str]:
        """The text of a column's cells at these places."""
        cells = self.cells_by_name[column.name]
        if isinstance(cells, pl.Series):
            return [cell or "" for cell in cells.gather(places).to_list()]
        return [cells[at] or "" for at in places]

    @cached_property
    def cells_by_name(self) -> dict[str, pl.Series | list[str]]:
        return {column.name: cells for column, cells in zip(self.columns, self.cells, strict=True)}

    def column_patterns(self) -> list[str]:
        """For each row, a bit per column of the entity: whether the row has it."""
        has = {column.name for column in self.columns}
        names = list(self.entity.columns)
        complete = "".join("1" if name in has else "0" for name in names)
        patterns = [complete] * len(self)
        gaps = [(names.index(name), gap) for name, gap in self.gaps.items()]
        known: dict[tuple[int, ...], str] = {}
        for at in {at for _, gap in gaps for at in compress(range(len(self)), gap)}:
            missing = tuple(position for position, gap in gaps if gap[at])
            if missing not in known:
                known[missing] = "".join("0" if position in missing else bit for position, bit in enumerate(complete))
            patterns[at] = known[missing]
        return patterns


@dataclass
class CheckedRows:
    """Rows without a fault: their places and raw lines, which columns they have, and their cells as COPY takes them."""

    lines: Sequence[int]
    raw: Sequence[str]
    column_patterns: list[str]
    frame: pl.DataFrame
    copy_lines: list[bytes]
    # Empty where equal rows may mean different things.
    row_hashes: list[bytes] = field(default_factory=list)
    # The places of rows on which there is a remark.
    remarked: set[int] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.copy_lines)

    def filter(self, is_chosen: NDArray[np.bool_]) -> "CheckedRows":
        chosen = is_chosen.tolist()
        return CheckedRows(
            list(compress(self.lines, chosen)),
            list(compress(self.raw, chosen)),
            list(compress(self.column_patterns, chosen)),
            self.frame.filter(is_chosen),
            list(compress(self.copy_lines, chosen)),
            list(compress(self.row_hashes, chosen)),
            _places_after(self.remarked, is_chosen),
        )

    def without(self, is_left_out: NDArray[np.bool_] | None) -> "CheckedRows | None":
        """The rows that are not left out, if any; with None, all rows."""
        if is_left_out is None or not is_left_out.any():
            return self if len(self) else None
        return None if is_left_out.all() else self.filter(~is_left_out)


def _places_after(places: Collection[int], is_chosen: NDArray[np.bool_]) -> set[int]:
    """The places of some rows among the chosen ones."""
    if not places:
        return set()
    is_there = np.zeros(len(is_chosen), bool)
    is_there[list(places)] = True
    return set(np.flatnonzero(is_there[is_chosen]).tolist())


def to_columnar(found: Rows | Columns, entity: Entity, columns: Sequence[Column | None], *, is_download: bool) -> Block:
    """The block of the columns that are loaded. A column that no row has is left out, unless it is part of the key.

    Columns whose order may differ from block to block are put in the entity's order. The cells of a download of
    rejected rows are unescaped.
    """
    exact = _exact(found, columns)
    if isinstance(found, Rows):
        found = _by_column(found, entity, columns)
    block = Block(entity, found.file, found.lines, found.raw, exact=exact)
    if is_download:
        block.ambiguous_before = _ambiguous_before(found)
    if isinstance(found, Columns):
        block.is_copy_safe = _is_copy_safe(found.delimited or found.raw, "" if found.not_delimited else found.delimiter)
        loaded = _loaded(columns, found.cells)
        if not found.delimiter:
            loaded = _in_order_of(entity, loaded)
    else:
        loaded = _in_order_of(entity, _loaded(columns, zip(*found.cells, strict=True)))
    for at, column, cells in loaded:
        gap = None
        if isinstance(cells, pl.Series):
            texts: pl.Series | list[str] = cells
            if isinstance(found, Columns):
                gap = found.gaps.get(at)
        else:
            if isinstance(found, Rows) and column.type == "text":
                block.is_copy_safe = block.is_copy_safe and _is_copy_safe(
                    [as_text(cell) for cell in cells if isinstance(cell, str | dict | list)]
                )
            if _takes_no_object(entity, column) and (places := _nested(cells)):
                block.nested[column.name] = places
            texts, gap = _texts(cells)
        _add_column(block, column, texts, gap, is_download=is_download)
    has_all_columns = len(block.columns) == len(columns)
    if isinstance(found, Columns) and has_all_columns and not is_download and not block.gaps:
        block.delimited, block.delimiter = found.delimited, found.delimiter
        block.not_delimited = set(found.not_delimited)
    return block


def _exact(found: Rows | Columns, columns: Sequence[Column | None]) -> Mapping[str, Collection[int]]:
    """By column, the lines whose cells the source has as numbers or dates."""
    if isinstance(found, Columns):
        return {column.name: found.lines for at in found.exact if (column := columns[at])}
    exact: dict[str, set[int]] = {}
    for line, position in found.numbers:
        if column := columns[position]:
            exact.setdefault(column.name, set()).add(line)
    return exact


def _ambiguous_before(found: Rows | Columns) -> dict[str, int]:
    """The columns of a download in which a number could be read two ways, and the first line of each."""
    positions = {name.strip().lower(): position for position, name in enumerate(found.columns)}
    at, code_at = positions.get("_column"), positions["_code"]
    if at is None:
        return {}
    pairs: Iterable[tuple[Any, Any]] = ((row[at], row[code_at]) for row in found.cells)
    if isinstance(found, Columns):
        pairs = zip(found.cells[at], found.cells[code_at], strict=True)
    lines: dict[str, int] = {}
    for line, (names, codes) in zip(found.lines, pairs, strict=True):
        if "ambiguous_number" in str(codes or "").split("; "):
            for name in str(names or "").split("; "):
                lines.setdefault(name, line)
    return lines


_Loaded = list[tuple[int, Column, pl.Series | Sequence[Any]]]


def _loaded(columns: Sequence[Column | None], cells: Iterable[pl.Series | Sequence[Any]]) -> _Loaded:
    """(place, column, cells) of the columns that are loaded."""
    return [(at, column, of) for at, (column, of) in enumerate(zip(columns, cells, strict=True)) if column]


def _in_order_of(entity: Entity, loaded: _Loaded) -> _Loaded:
    names = list(entity.columns)
    return sorted(loaded, key=lambda one: names.index(one[1].name))


def _add_column(
    block: Block, column: Column, texts: pl.Series | list[str], gap: list[bool] | None, *, is_download: bool
) -> None:
    if gap and any(gap):
        if all(gap) and column.name not in block.entity.key:
            return
        block.gaps[column.name] = gap
    if is_download:
        texts, _ = _texts([unescape_cell(text or "") for text in texts])
    block.columns.append(column)
    block.cells.append(texts)


def _by_column(found: Rows, entity: Entity, columns: Sequence[Column | None]) -> Rows | Columns:
    """The rows by column, if polars can split them: every row has all cells, and no cell would break its line."""
    has_nested = False

    def text(cell: Any) -> str:
        nonlocal has_nested
        if cell is ABSENT:
            raise _Gap
        has_nested = has_nested or isinstance(cell, dict | list)
        return as_text(cell)

    try:
        split = rows_to_columns(found.cells, len(found.columns), text)
    except (_Gap, UnicodeEncodeError):
        return found
    if split is None:
        return found
    if has_nested and any(
        column and _takes_no_object(entity, column) and _nested(cells)
        for column, cells in zip(columns, zip(*found.cells, strict=True), strict=True)
    ):
        return found
    delimited, cells = split
    return Columns(
        found.name,
        found.file,
        found.columns,
        list(cells),
        found.lines,
        found.raw,
        delimited=delimited,
        delimiter="\t",
        letters=found.letters,
    )


class _Gap(Exception):
    """A row lacks a cell."""


def _takes_no_object(entity: Entity, column: Column) -> bool:
    """Whether an object or a list in a cell is a fault that has to be found here, because JSON is a text too."""
    return column.type == "text" and column.name not in entity.model.JSON_TEXTS


def _nested(cells: Sequence[Any]) -> list[int]:
    """The places of cells that hold an object or a list."""
    if not any(issubclass(kind, dict | list) for kind in set(map(type, cells))):
        return []
    return [at for at, cell in enumerate(cells) if isinstance(cell, dict | list)]


def _texts(cells: Sequence[Any]) -> tuple[pl.Series | list[str], list[bool] | None]:
    """The text of each cell, null where empty; and for each row, whether it lacks the cell, if any does."""
    try:
        return _empty_to_null(pl.Series(cells, dtype=pl.String)), None
    except (TypeError, ValueError):
        # Not all of them are texts, or one contains half a character.
        texts = ["" if cell is ABSENT else as_text(cell) for cell in cells]
    gap = [cell is ABSENT for cell in cells]
    try:
        return _empty_to_null(pl.Series(texts, dtype=pl.String)), gap
    except UnicodeEncodeError:
        return texts, gap


def _empty_to_null(texts: pl.Series) -> pl.Series:
    is_empty = texts == ""
    return texts.set(is_empty, None) if is_empty.any() else texts


def _is_copy_safe(texts: Sequence[str], delimiter: str = "") -> bool:
    """Whether no text has a character that COPY would interpret, apart from the delimiter."""
    if isinstance(texts, TextLines):
        return not any(special.encode() in texts.encoded for special in "\\\t\r\0" if special != delimiter)
    text = "".join(texts)
    return not any(special in text for special in "\\\t\n\r\0" if special != delimiter)
