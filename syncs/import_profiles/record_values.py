"""The records of one rule of a profile in rows of a file: which rows yield one, and the values of its fields."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from adsplatform.records.specification import Column, Entity
from syncs.connectors.protocol import ConnectorError
from syncs.import_profiles.field_values import CellFault, FieldReader, currency_faults
from syncs.import_profiles.header_names import key_of
from syncs.import_profiles.other_lines import amount_columns
from syncs.import_profiles.own_rows import OwnRows
from syncs.import_profiles.profile import (
    POSITION,
    ColumnSource,
    RecordRule,
    Source,
    When,
)

# Between the parts of a key in memory; no file has it in a cell.
SEPARATOR = "\x1f"


@dataclass
class RecordRows:
    """Records of one kind: their values by wire name, and the rows that they come from."""

    rule: RecordRule
    rows: OwnRows
    values: dict[str, pl.Series]
    faults: list[CellFault]
    # By wire name: whether a row lacks the cell.
    gaps: dict[str, list[bool]] = field(default_factory=dict)
    # The file's own column for each field that has one.
    origins: dict[str, str] = field(default_factory=dict)
    # Rows that are left out without a problem of their own, because that of another record is about the same line.
    is_left_out: set[int] = field(default_factory=set)

    @property
    def kind(self) -> str:
        return self.rule.kind

    def __len__(self) -> int:
        return len(self.rows)


class RecordReader:
    """Reads the records of one rule."""

    def __init__(self, rule: RecordRule, entity: Entity, fields: FieldReader) -> None:
        self.rule, self.entity, self.fields = rule, entity, fields
        # In the order of the entity, whatever order the profile has, so that equal rows have equal row hashes.
        self.columns: list[tuple[Column, Source]] = [
            (column, rule.fields[column.wire]) for column in entity.columns.values() if column.wire in rule.fields
        ]
        self._keys = _key_columns(entity)
        self._signed = _signed_column(rule)
        # By the values of `lineOf`: how many lines there were.
        self._positions: dict[int, int] = {}

    def accepted(self, rows: OwnRows) -> NDArray[np.bool_]:
        """Which rows yield a record by this rule."""
        when = self.rule.when
        if when is None:
            return np.ones(len(rows), bool)
        if not when.sign:
            return accepts(when, rows)
        is_minus = self.fields.signed(self._signed or ColumnSource(when.column), rows).texts.str.starts_with("-")
        found: NDArray[np.bool_] = (is_minus if when.sign == "minus" else ~is_minus).fill_null(False).to_numpy()
        return found

    def read(self, rows: OwnRows) -> RecordRows:
        """The records of rows that yield one each."""
        if columns := self.rule.group or self.rule.line_of:
            _check_every_line_belongs(columns, rows)
        if self.rule.line_of:
            rows.extra[POSITION] = self._positions_in(rows)
        found = RecordRows(self.rule, rows, {}, [])
        for column, source in self.columns:
            texts, faults = self.fields.read(source, column, rows, is_key=column.name in self._keys)
            found.values[column.wire] = texts
            found.faults += faults
            if (name := next(source.columns(), "")) and not name.startswith("#"):
                found.origins[column.wire] = rows.file.own_name(name)
            if isinstance(source, ColumnSource) and (gap := rows.gap(source.column)):
                found.gaps[column.wire] = gap
        self._check_currencies(found)
        return found

    def _positions_in(self, rows: OwnRows) -> pl.Series:
        """The place of each row among those with the same values of `lineOf`, counted from 1."""
        positions = []
        for key in keys_of(self.rule.line_of, rows):
            group = hash(key)
            self._positions[group] = position = self._positions.get(group, 0) + 1
            positions.append(str(position))
        return pl.Series(positions, dtype=pl.String)

    def _check_currencies(self, found: RecordRows) -> None:
        """Amounts that name a currency must be in that of their record."""
        profile = found.rows.file.profile
        codes = found.values.get("currencyCode")
        if codes is None:
            return
        is_faulty = {fault.row for fault in found.faults}
        for column, source in self.columns:
            if column.type != "amount":
                continue
            for name in amount_columns(source):
                style = profile.style_of(name)
                if style.currency_in_cell:
                    reader = self.fields.number_reader(style)
                    faults = currency_faults(reader, name, found.rows, codes)
                    found.faults += [fault for fault in faults if fault.row not in is_faulty]


def _key_columns(entity: Entity) -> set[str]:
    """The columns that name a record by its key: the entity's own, and those of its references."""
    named = {lookup.column for reference in entity.references for lookup in reference.lookups}
    return {*entity.key, *named}


def keys_of(columns: Iterable[str], rows: OwnRows) -> list[str]:
    """The values of several columns of each row as one text."""
    parts = [rows.filled(name).fill_null("").to_list() for name in columns]
    return [SEPARATOR.join(row) for row in zip(*parts, strict=True)]


def _check_every_line_belongs(columns: Sequence[str], rows: OwnRows) -> None:
    """A line that does not say to which record it belongs would be missing in one of them."""
    for line, key in zip(rows.lines, keys_of(columns, rows), strict=True):
        if not key.strip(SEPARATOR):
            file = rows.file
            names = " and ".join(f"“{file.own_name(name)}”" for name in columns)
            raise ConnectorError(
                f"Line {line:,} of “{file.header.file}” does not say to which record it belongs: {names} "
                f"{'is' if len(columns) == 1 else 'are'} empty. A record of several lines would be loaded without it, "
                "so nothing was loaded. Fill it in, or let the import profile leave such lines out.",
                code="group_incomplete",
                file=file.header.file,
            )


def _signed_column(rule: RecordRule) -> ColumnSource | None:
    """The source that reads the column of a condition on the sign together with its side, if a field has one."""
    for source in rule.fields.values():
        if not (isinstance(source, ColumnSource) and source.sign_column and rule.when):
            continue
        if key_of(source.column) == key_of(rule.when.column):
            return replace(source, negate=False, absolute=False)
    return None


def accepts(when: When, rows: OwnRows) -> NDArray[np.bool_]:
    """Which rows fulfil a condition on the cells of a column."""
    cells = rows.filled(when.column)
    if when.any_of is not None:
        words = [word.strip() for word in when.any_of]
        is_accepted = (cells.fill_null("") if "" in words else cells).is_in(words)
    elif when.filled is not None:
        is_accepted = cells.is_not_null() if when.filled else cells.is_null()
    else:
        whole = cells.str.extract("^([0-9]+)$", 1).cast(pl.Int64, strict=False)
        is_accepted = whole.is_between(when.from_number or 0, when.to_number or 0)
    found: NDArray[np.bool_] = is_accepted.fill_null(False).to_numpy()
    return found
