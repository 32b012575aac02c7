"""The problems that the checks of a block find: faulty cells and unknown texts."""

import polars as pl

from adsplatform.records.checks import quoted
from adsplatform.records.keys import clean_key
from syncs.loading.staging.cell_remarks import OF_FILES, CellRemarks
from syncs.loading.staging.column_styles import Faults
from syncs.loading.staging.columnar_blocks import Block
from syncs.loading.staging.problem_log import Problem, ProblemLog, RejectedReference

# How many unknown texts of a column are listed per file.
UNKNOWN_TEXTS_LISTED = 20


class BlockProblems:
    """Logs the findings of blocks as sentences, one by one or once per file."""

    def __init__(self, log: ProblemLog, *, from_files: bool = True) -> None:
        self.log = log
        self.remarks = CellRemarks(log, left_out=() if from_files else OF_FILES)
        # The unknown texts that are listed, by file and column.
        self._unknown_texts: dict[tuple[str, str], set[str]] = {}

    def add_unknown_texts(self, block: Block) -> None:
        """Warn, once per file and text, of a text that is none of those known for its column."""
        for column, cells in zip(block.columns, block.cells, strict=True):
            if not column.known_texts:
                continue
            known = {text.casefold() for text in column.known_texts}
            listed = self._unknown_texts.setdefault((block.file, column.wire), set())
            texts = set(cells.unique().drop_nulls() if isinstance(cells, pl.Series) else cells)
            # An object in place of a text is rejected with a problem of its own.
            texts -= {*block.texts(column, block.nested.get(column.name, []))}
            for text in sorted(texts - listed):
                if not text.strip() or text.strip().casefold() in known or len(listed) >= UNKNOWN_TEXTS_LISTED:
                    continue
                listed.add(text)
                at = list(cells).index(text)
                self.log.add(
                    Problem(
                        entity=block.entity.name,
                        kind="warning",
                        file=block.file,
                        line=block.lines[at],
                        column=column.wire,
                        value=text,
                        code="unknown_text",
                        message=f"{column.wire}: {quoted(text)} is none of the texts known here "
                        f"({', '.join(column.known_texts)}). Lines that have it load all the same.",
                        raw_line=block.raw[at],
                    )
                )

    def add_faults(self, block: Block, faults: Faults) -> None:
        """Log all faults of rejected rows, and the references of these rows, which the merge checks."""
        key = block.entity.columns.get("erp_key")
        key = key if key in block.columns else None
        lookups = [lookup for reference in block.entity.references for lookup in reference.lookups if not lookup.when]
        named_by = {lookup.column for lookup in lookups if lookup.target_column != "id"}
        by_own_key = {
            lookup.column
            for lookup in lookups
            if (lookup.target, lookup.target_column) == (block.entity.name, "erp_key")
        }
        naming = [column for column in block.columns if column.name in named_by]
        places = sorted(faults)
        # Read column by column, because reading single cells is slow.
        needed = [*naming, *([key] if key else []), *(column for found in faults.values() for column, _ in found)]
        texts = {
            name: dict(zip(places, block.texts(column, places), strict=True))
            for name, column in {column.name: column for column in needed}.items()
        }
        for at in places:
            erp_key = clean_key(texts[key.name][at]) if key else ""
            for column, fault in faults[at]:
                self.log.add(
                    Problem(
                        entity=block.entity.name,
                        erp_key=erp_key,
                        file=block.file,
                        line=block.lines[at],
                        column=column.wire,
                        value=texts[column.name][at],
                        code=fault.code,
                        message=fault.message,
                        raw_line=block.raw[at],
                    )
                )
            at_fault = {column.name for column, _ in faults[at]}
            for column in naming:
                value = texts[column.name][at]
                value = clean_key(value) if column.is_key else value
                names_itself = column.name in by_own_key and value == erp_key
                if value and not names_itself and column.name not in at_fault:
                    self.log.add_reference(
                        RejectedReference(
                            entity=block.entity.name,
                            column=column.name,
                            value=value,
                            erp_key=erp_key,
                            file=block.file,
                            line=block.lines[at],
                            raw_line=block.raw[at],
                        )
                    )
