"""Checks blocks column by column: which rows are rejected, and the cells of the others as COPY takes them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from adsplatform.records.checks import Fault, quoted
from adsplatform.records.column_patterns import PatternCheck
from adsplatform.records.specification import Column, Entity
from syncs.loading.staging.block_problems import BlockProblems
from syncs.loading.staging.cell_remarks import CellRemark, remark_on
from syncs.loading.staging.column_styles import ColumnStyles, Faults
from syncs.loading.staging.columnar_blocks import Block, CheckedRows
from syncs.loading.staging.json_cells import as_json_means
from syncs.loading.staging.total_rows import name_totals


class CheckedCells(NamedTuple):
    """The cells of a block as COPY takes them, null where they are empty or faulty.

    `changed` has the places of rows whose cells are not as the block has them.
    """

    frame: pl.DataFrame
    faults: Faults
    changed: set[int]
    remarks: list[CellRemark]


class ColumnChecks:
    """Checks the cells of blocks, and puts defaults in place of empty ones."""

    def __init__(self) -> None:
        # By entity and column; a check remembers what it has parsed.
        self._checks: dict[tuple[str, str], PatternCheck] = {}

    def check(self, block: Block) -> CheckedCells:
        """Check every cell."""
        series: dict[str, pl.Series] = {}
        checks: dict[str, PatternCheck] = {}
        faults: Faults = {}
        remarks: list[CellRemark] = []
        for column, cells in zip(block.columns, block.cells, strict=True):
            check = self._checks.setdefault((block.entity.name, column.name), PatternCheck(column))
            if isinstance(cells, pl.Series):
                series[column.name], checks[column.name] = cells, check
            else:
                series[column.name], found = _check_each(block, check, range(len(cells)), cells, remarks)
                _add(faults, column, found)
        frame, changed = pl.DataFrame(series), set(block.not_delimited)
        rechecked = []
        for name, places in _unclear_cells(frame, checks, block).items():
            cells_there = [cell or "" for cell in frame[name].gather(places).to_list()]
            texts, found = _check_each(block, checks[name], places.to_list(), cells_there, remarks)
            rechecked.append(frame[name].scatter(places, texts).alias(name))
            changed.update(places)
            _add(faults, block.entity.columns[name], found)
        checked_frame = frame.with_columns(rechecked) if rechecked else frame
        _reject_nested(block, faults)
        _drop_faults_of_missing_cells(block, faults)
        return CheckedCells(checked_frame, faults, changed, remarks)

    def with_defaults(self, entity: Entity, frame: pl.DataFrame, changed: set[int]) -> pl.DataFrame:
        """The frame with defaults in its empty cells. The places of these rows are added to `changed`."""
        filled = []
        for name in frame.columns:
            default = self._checks[entity.name, name].default
            if default is not None and frame[name].null_count():
                filled.append(pl.col(name).fill_null(default))
                changed.update(frame[name].is_null().arg_true())
        return frame.with_columns(filled) if filled else frame


def _check_each(
    block: Block, check: PatternCheck, places: Sequence[int], cells: list[str], remarks: list[CellRemark]
) -> tuple[pl.Series, dict[int, Fault]]:
    """The COPY texts of a column's cells at these places, and the faults by place; adds remarks on the other cells."""
    column = check.column
    read = as_json_means(block, column, places, cells)
    texts, faults = check.check_each(["" if at in read.faults else text for at, text in enumerate(read.texts)])
    faults |= read.faults
    if column.is_key or column.is_currency:
        for at, (place, cell) in enumerate(zip(places, cells, strict=True)):
            code = "key_from_number" if at in read.numbers else remark_on(column, cell)
            if code:
                remarks.append(CellRemark(column, code, place, cell))
    return texts, {places[at]: fault for at, fault in faults.items()}


def _unclear_cells(frame: pl.DataFrame, checks: Mapping[str, PatternCheck], block: Block) -> dict[str, pl.Series]:
    """By column, the places of cells that have to be checked one by one."""
    unclear = {
        name: check.needs_cell_check(
            pl.col(name),
            is_copy_safe=block.is_copy_safe,
            may_have_blanks=block.may_have_outer_blanks,
            is_plain=check.is_plain(frame[name]),
        )
        for name, check in checks.items()
    }
    # Most columns have none, and testing for any is faster than listing them.
    has_any = frame.select(is_unclear.any().alias(name) for name, is_unclear in unclear.items())
    listed = frame.select(unclear[name].arg_true().implode().alias(name) for name in unclear if has_any[name][0])
    return {name: listed[name][0] for name in frame.columns if name in listed.columns}


def _reject_nested(block: Block, faults: Faults) -> None:
    """Reject objects and lists in place of texts. Other faults of such a cell are not reported."""
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


def _drop_faults_of_missing_cells(block: Block, faults: Faults) -> None:
    """A missing cell is not an empty one: the merge checks whether the row may lack the column."""
    for name, gap in block.gaps.items():
        if name in block.entity.key:
            continue
        for at in [at for at in faults if gap[at]]:
            faults[at] = [fault for fault in faults[at] if fault[0].name != name]
            if not faults[at]:
                del faults[at]


def _add(faults: Faults, column: Column, found: Mapping[int, Fault]) -> None:
    for at, fault in found.items():
        faults.setdefault(at, []).append((column, fault))


class BlockChecker:
    """Separates the rows of blocks that have a fault, and logs what is wrong with them."""

    def __init__(self, problems: BlockProblems, styles: ColumnStyles) -> None:
        self.problems, self.styles = problems, styles
        self._checks = ColumnChecks()

    def check(
        self, block: Block, unchanged: Block | None = None
    ) -> tuple[CheckedRows, pl.DataFrame, NDArray[np.bool_] | None]:
        """The rows without a fault; the cells of all rows, null where faulty; which rows are rejected, if any are.

        `unchanged` are rows of the same block that have been skipped.
        """
        frame, faults, changed, remarks = self._checks.check(block)
        for name, places in self.styles.judge(block, faults, unchanged).items():
            frame = frame.with_columns(frame[name].scatter(places, None))
        name_totals(block, faults)
        left_out = self.problems.remarks.left_out
        remarks = [remark for remark in remarks if remark.place not in faults and remark.code not in left_out]
        self.problems.remarks.note(block, remarks)
        frame = self._checks.with_defaults(block.entity, frame, changed)
        rows = CheckedRows(block.lines, block.raw, block.column_patterns(), frame, block.copy_lines(frame, changed))
        rows.remarked = {remark.place for remark in remarks}
        if not faults:
            return rows, frame, None
        self.problems.add_faults(block, faults)
        is_rejected = np.zeros(len(block), bool)
        is_rejected[list(faults)] = True
        return rows.filter(~is_rejected), frame, is_rejected
