"""Selects the rows of a block to stage: those not rejected, not unchanged and not inserted directly."""

from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from syncs.loading.staging.amounts import LOADED, REJECTED, FileTotals
from syncs.loading.staging.assumed_values import AssumedValues
from syncs.loading.staging.block_checker import BlockChecker
from syncs.loading.staging.block_problems import BlockProblems
from syncs.loading.staging.column_styles import ColumnStyles
from syncs.loading.staging.columnar_blocks import Block, CheckedRows
from syncs.loading.staging.row_hashes import RowHasher
from syncs.loading.staging.tables import StageTable
from syncs.loading.staging.unchanged_rows import UnchangedRows


class RowInserter(Protocol):
    """Inserts rows into the books as they are read, where possible."""

    def insert(self, staged: StageTable, file: str, rows: CheckedRows) -> NDArray[np.bool_] | None:
        """Insert rows; returns which they were, or None for none."""


class NoInserter:
    """Leaves all rows to the merge."""

    def insert(self, staged: StageTable, file: str, rows: CheckedRows) -> None:
        return None


class RowSplitter:
    """Applies checks and shortcuts to blocks, counts the rows that need not be staged, and adds up amounts."""

    def __init__(
        self,
        problems: BlockProblems,
        unchanged_rows: UnchangedRows,
        totals: FileTotals,
        styles: ColumnStyles,
        assumed: AssumedValues,
    ) -> None:
        self.unchanged_rows, self.totals, self.styles, self.assumed = unchanged_rows, totals, styles, assumed
        self.inserter: RowInserter = NoInserter()
        self._checker = BlockChecker(problems, styles)

    def rows_to_stage(self, staged: StageTable, block: Block, hasher: RowHasher | None) -> CheckedRows | None:
        """The rows that have to be staged, if any. `hasher` is None where equal rows may mean different things."""
        unchanged_block = None
        if hasher:
            is_ambiguous = self.styles.ambiguous_rows(block)
            block, unchanged_block = self.unchanged_rows.split_block(block, hasher, is_ambiguous)
            if unchanged_block:
                cells = pl.DataFrame(unchanged_block.cells_by_name)
                self._add_loaded(staged, block.file, cells)
                staged.unchanged_count += len(unchanged_block)
            if unchanged_block and not len(block):
                self.styles.count(unchanged_block)
                return None
        rows, cells, is_rejected = self._checker.check(block, unchanged_block)
        if is_rejected is not None:
            staged.rejected += int(is_rejected.sum())
            self.totals.add(staged.entity, cells, REJECTED, only=is_rejected)
        if hasher:
            rows.row_hashes = hasher.of_rows(rows.frame, rows.copy_lines, rows.column_patterns)
            if rows.row_hashes:
                for at in rows.remarked:
                    rows.row_hashes[at] = hasher.of_remarked(rows.row_hashes[at])
        is_unchanged = self.unchanged_rows.find(staged.entity, rows.row_hashes)
        staged.unchanged_count += self._add_chosen(staged, block.file, rows, is_unchanged)
        changed = rows.without(is_unchanged)
        if not changed:
            return None
        staged.note_keys(changed.frame)
        is_inserted = self.inserter.insert(staged, block.file, changed)
        staged.inserted_count += self._add_chosen(staged, block.file, changed, is_inserted)
        to_stage = changed.without(is_inserted)
        if to_stage:
            self.totals.add(staged.entity, to_stage.frame)
            self.assumed.note(staged.entity, block.file, to_stage.frame, is_loaded=False)
        return to_stage

    def _add_chosen(self, staged: StageTable, file: str, rows: CheckedRows, is_loaded: NDArray[np.bool_] | None) -> int:
        """Note the rows that are in the books now; returns how many these are."""
        if is_loaded is None or not is_loaded.any():
            return 0
        self._add_loaded(staged, file, rows.frame if is_loaded.all() else rows.frame.filter(is_loaded))
        return int(is_loaded.sum())

    def _add_loaded(self, staged: StageTable, file: str, rows: pl.DataFrame) -> None:
        """Add up the amounts of rows that are in the books now, and note what was assumed for them."""
        self.totals.add(staged.entity, rows, LOADED)
        self.assumed.note(staged.entity, file, rows, is_loaded=True)
