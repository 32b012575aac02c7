"""Records that are made of several lines of a file, such as an invoice of the lines of its items."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl

from adsplatform.records.checks import quoted
from syncs.connectors.protocol import ConnectorError
from syncs.import_profiles.cell_values import Unfit
from syncs.import_profiles.field_values import CellFault
from syncs.import_profiles.own_rows import OwnFile, OwnRows
from syncs.import_profiles.profile import DebitCreditSource, SumSource
from syncs.import_profiles.record_values import SEPARATOR, RecordReader, RecordRows, keys_of

# Groups of this size in memory are handed on, except the last one; until then their lines may stand anywhere.
HELD_BYTES = 48 * 1024**2
# Of a group's raw lines, so many characters are kept.
RAW_CHARACTERS = 20_000


@dataclass(slots=True)
class _Group:
    """One record so far: its first line, the first filled value of each field with its line, sums, and faults."""

    line: int
    raw: list[str]
    raw_size: int
    values: list[str | None]
    lines: list[int]
    sums: list[Decimal | None]
    faults: list[CellFault] = field(default_factory=list)


class Groups:
    """Collects the lines of one rule into records."""

    def __init__(self, file: OwnFile, reader: RecordReader, balances: tuple[str, str] | None = None) -> None:
        """`balances` are the columns of debit and credit whose sums must be equal in each record."""
        self.file, self.reader, self.balances = file, reader, balances
        # Of these fields the lines of a record are added up; of the others they must be equal or empty.
        self._adds_up = [isinstance(source, SumSource | DebitCreditSource) for _, source in reader.columns]
        self._open: dict[str, _Group] = {}
        self._size = 0
        self._handed_on: set[int] = set()
        self._letters: tuple[str, ...] = ()
        self._origins: dict[str, str] = {}

    def add(self, rows: OwnRows) -> Iterator[RecordRows]:
        """Add rows; yields records that are handed on because there are too many to keep."""
        found = self.reader.read(rows)
        self._letters, self._origins = tuple(rows.letters), found.origins
        values = [found.values[column.wire].to_list() for column, _ in self.reader.columns]
        faults: dict[int, list[CellFault]] = {}
        for fault in found.faults:
            faults.setdefault(fault.row, []).append(fault)
        balances = self._balances_of(rows)
        last = ""
        for row, last in enumerate(keys_of(self.reader.rule.group, rows)):
            group = self._open.get(last)
            if group is None:
                group = self._begin(last, rows, row)
            group.faults += faults.get(row, ())
            self._take(group, [column[row] for column in values], rows.lines[row], last)
            self._balance(group, balances, row)
            if group.raw_size < RAW_CHARACTERS:
                group.raw.append(rows.raw[row])
                group.raw_size += len(rows.raw[row]) + 1
                self._size += len(rows.raw[row])
        if self._size > HELD_BYTES and last in self._open:
            open_group = self._open.pop(last)
            yield from self.finish()
            self._open[last], self._size = open_group, open_group.raw_size

    def finish(self) -> Iterator[RecordRows]:
        """The records that are left."""
        groups, self._open = self._open, {}
        self._handed_on.update(map(hash, groups))
        if groups:
            yield self._records(groups)

    def _begin(self, key: str, rows: OwnRows, row: int) -> _Group:
        if hash(key) in self._handed_on:
            raise ConnectorError(
                f"The file “{self.file.header.file}” is too large for lines of one record to stand apart: those of "
                f"{quoted(_shown(key))} go on in line {rows.lines[row]:,}, after those of many others. Nothing was "
                "loaded. Sort the file so that they follow each other.",
                code="group_scattered",
                file=self.file.header.file,
            )
        count = len(self.reader.columns)
        group = self._open[key] = _Group(rows.lines[row], [], 0, [None] * count, [0] * count, [None] * (count + 2))
        self._size += 100 + 40 * count
        return group

    def _take(self, group: _Group, values: list[str | None], line: int, key: str) -> None:
        for place, value in enumerate(values):
            if value is None or not value.strip():
                continue
            if self._adds_up[place]:
                group.sums[place] = (group.sums[place] or Decimal()) + Decimal(value)
            elif group.values[place] is None:
                group.values[place], group.lines[place] = value, line
                self._size += len(value)
            elif group.values[place] != value:
                self._add_conflict(group, place, value, line, key)

    def _add_conflict(self, group: _Group, place: int, value: str, line: int, key: str) -> None:
        column, source = self.reader.columns[place]
        name = next(source.columns(), "")
        own_name = self.file.own_name(name) if name and not name.startswith("#") else column.wire
        if any(fault.column == own_name and fault.unfit.code == "group_differs" for fault in group.faults):
            return
        message = (
            f"{quoted(group.values[place] or '')} in line {group.lines[place]:,} and {quoted(value)} in line {line:,} "
            f"differ, but both lines belong to {quoted(_shown(key))}. Correct one of them."
        )
        group.faults.append(CellFault(0, own_name, value, Unfit("group_differs", message)))

    # Debit and credit.

    def _balances_of(self, rows: OwnRows) -> list[list[str | None]]:
        return [self.reader.fields.numbers(name, rows).texts.to_list() for name in self.balances or ()]

    def _balance(self, group: _Group, balances: list[list[str | None]], row: int) -> None:
        for place, column in enumerate(balances, start=-2):
            if (number := column[row]) is not None:
                group.sums[place] = (group.sums[place] or Decimal()) + Decimal(number)

    def _check_balance(self, group: _Group, key: str) -> None:
        debit, credit = group.sums[-2] or Decimal(), group.sums[-1] or Decimal()
        if self.balances and debit != credit and not group.faults:
            message = (
                f"the lines of {quoted(_shown(key))} add up to {debit:f} of debit and {credit:f} of credit, which "
                "must be equal. Correct the lines."
            )
            own_name = self.file.own_name(self.balances[0])
            group.faults.append(CellFault(0, own_name, format(debit, "f"), Unfit("entry_unbalanced", message)))

    def _records(self, groups: dict[str, _Group]) -> RecordRows:
        for key, group in groups.items():
            self._check_balance(group, key)
        rows = OwnRows(
            self.file,
            [group.line for group in groups.values()],
            ["\n".join(group.raw)[:RAW_CHARACTERS] for group in groups.values()],
            [],
            self._letters,
        )
        values: dict[str, pl.Series] = {}
        for place, (column, _) in enumerate(self.reader.columns):
            texts = [
                _text(group.sums[place]) if self._adds_up[place] else group.values[place] for group in groups.values()
            ]
            values[column.wire] = pl.Series(texts, dtype=pl.String)
        faults = [
            CellFault(row, fault.column, fault.value, fault.unfit)
            for row, group in enumerate(groups.values())
            for fault in _different(group.faults)
        ]
        return RecordRows(self.reader.rule, rows, values, faults, origins=self._origins)


def _text(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")


def _different(faults: list[CellFault]) -> list[CellFault]:
    """One of each column and code: the lines of a group mostly have the same."""
    return list({(fault.column, fault.unfit.code): fault for fault in reversed(faults)}.values())


def _shown(key: str) -> str:
    return key.replace(SEPARATOR, " ")
