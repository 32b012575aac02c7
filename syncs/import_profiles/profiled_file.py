"""One file that is read by a profile: its rows come in, and records of our kinds and columns go out."""

import pickle
from collections.abc import Callable, Iterator
from tempfile import TemporaryFile
from typing import IO

import numpy as np
from numpy.typing import NDArray

from adsplatform.records.checks import quoted
from adsplatform.records.specification import entities
from syncs.connectors.protocol import Columns, ConnectorError, FileHeader, RowProblem, Rows, SourceItems
from syncs.import_profiles.field_values import CellFault, FieldReader, NamesFinder
from syncs.import_profiles.grouping import Groups
from syncs.import_profiles.other_lines import OtherLines, number_columns_of
from syncs.import_profiles.own_lists import listed_kind
from syncs.import_profiles.own_rows import OwnFile, OwnRows, own_rows
from syncs.import_profiles.profile import ColumnSource, ImportProfile, RecordRule
from syncs.import_profiles.record_blocks import block_of, lines_of_two_records
from syncs.import_profiles.record_values import RecordReader, RecordRows

# New columns that are listed by name.
NEW_COLUMNS_LISTED = 20


class ProfiledFile:
    """One file being translated."""

    def __init__(
        self,
        profile: ImportProfile,
        header: FileHeader,
        companies: NamesFinder | None,
        waits: Callable[[ImportProfile], bool],
    ) -> None:
        self.profile, self.header = profile, header
        self.file = OwnFile.of(profile, header)
        self.fields = FieldReader(companies)
        rules = [rule for rule in profile.records if header.only in ("", rule.kind)]
        self.readers = [RecordReader(rule, entities()[rule.kind], self.fields) for rule in rules]
        self.kinds = list(dict.fromkeys(rule.kind for rule in rules))
        self._groups = {
            place: Groups(self.file, reader, self._balances(reader.rule))
            for place, reader in enumerate(self.readers)
            if reader.rule.group
        }
        types = {
            kind: {column.wire: column.type for column in entities()[kind].columns.values()} for kind in profile.kinds
        }
        self._others = OtherLines(profile, self.fields, number_columns_of(profile, types), _columns_of_keys(profile))
        self.waits = waits(profile)
        self.is_escaped = header.is_download or bool(listed_kind(header.columns))
        self._spool: IO[bytes] | None = None
        self._check_joined_lines()
        self._check_first_column()

    def _check_joined_lines(self) -> None:
        """Of a record or a group of several lines, a download has only some; alone they would mean something else."""
        if self.profile.joins_lines and self.file.is_excerpt:
            raise ConnectorError(
                f"The lines of “{self.header.file}” belong together in records or groups of several lines, so some of "
                "them cannot be loaded alone. Nothing was loaded. Correct them in the file that was sent first, then "
                "send that again.",
                code="lines_belong_together",
                file=self.header.file,
            )

    def check_unread_line(self, problem: RowProblem) -> None:
        """Without a line that cannot be read, a record of several lines would have wrong sums, or wrong positions."""
        if problem.kind == "error" and self.profile.joins_lines:
            place = "" if problem.line is None else f"Line {problem.line:,}: "
            raise ConnectorError(
                f"The lines of “{self.header.file}” belong together in records or groups of several lines, and not all "
                f"of them can be read. Nothing was loaded. {place}{problem.message}",
                code="group_incomplete",
                file=self.header.file,
            )

    def _check_first_column(self) -> None:
        """A first column without a name is known by its place, so another one there would be taken for it."""
        if self.profile.uses_first_column and (name := self.header.columns[0].strip()):
            raise ConnectorError(
                f"The file “{self.header.file}” does not fit the import profile “{self.profile.name}”: its first "
                f"column is called {quoted(name)}, and by the profile the first column has no name. Nothing was "
                "loaded. Export the file as it was exported before, or change the profile.",
                code="profile_contradicted",
                file=self.header.file,
            )

    def _balances(self, rule: RecordRule) -> tuple[str, str] | None:
        """The columns of debit and credit of the lines of a journal entry."""
        if rule.kind != "JournalEntry":
            return None
        for other in self.profile.records:
            debit, credit = other.fields.get("debit"), other.fields.get("credit")
            if (
                other.kind == "JournalEntryLine"
                and other.line_of == rule.group
                and isinstance(debit, ColumnSource)
                and isinstance(credit, ColumnSource)
            ):
                return debit.column, credit.column
        return None

    def headers(self) -> Iterator[FileHeader | RowProblem]:
        """How the file's lines are read again, for each kind of record; and what is to be said of its columns."""
        if self.header.only:
            return
        for kind in self.kinds:
            yield FileHeader(
                kind, self.header.file, self.header.columns, self.header.delimiter, layout=self.header.layout
            )
        known = {*map(self._key, self.profile.match.columns), *map(self._key, ADDED_BY_DOWNLOADS)}
        new = [name for name in self.header.columns if name.strip() and self._key(name) not in known]
        for name in new[:NEW_COLUMNS_LISTED]:
            yield RowProblem(
                self.kinds[0],
                self.header.file,
                None,
                "unknown_column",
                f"The import profile “{self.profile.name}” does not know the column “{name}”; its values were not "
                "loaded. Add it to the profile if they should be.",
                kind="warning",
                column=name,
            )

    def _key(self, name: str) -> str:
        layout = self.header.layout
        return layout.key_of(name) if layout else name

    def take(self, block: Rows | Columns) -> SourceItems:
        """The records of a block of the file."""
        rows = own_rows(self.file, block)
        rows = self._others.take_out(rows)
        if not len(rows):
            return
        if self.waits:
            self._store(rows)
        else:
            yield from self._records(rows)

    def remarks(self) -> Iterator[RowProblem]:
        """What is to be said of the file's lines that are no records."""
        yield from self._others.left_out.remarks(self.kinds[0], self.header.file)

    def finish(self) -> SourceItems:
        """The records that had to wait for the end of the file, or of the input."""
        if self._spool is not None:
            with self._spool as spool:
                spool.seek(0)
                for _ in range(self._stored):
                    rows = OwnRows(self.file, **pickle.load(spool))  # noqa: S301, our own file
                    yield from self._records(rows)
            self._spool = None
        for groups in self._groups.values():
            for found in groups.finish():
                yield from self._items([found])

    _stored = 0

    def _store(self, rows: OwnRows) -> None:
        if self._spool is None:
            self._spool = TemporaryFile()  # noqa: SIM115 (closed by `finish`, or with the process)
        pickle.dump(rows.without_file(), self._spool, pickle.HIGHEST_PROTOCOL)
        self._stored += 1

    def _records(self, rows: OwnRows) -> SourceItems:
        accepted = [reader.accepted(rows) for reader in self.readers]
        yield from self._lines_without_record(rows, accepted)
        found: dict[str, list[RecordRows]] = {}
        for place, (reader, is_accepted) in enumerate(zip(self.readers, accepted, strict=True)):
            if not is_accepted.any():
                continue
            chosen = rows.filter(is_accepted)
            if groups := self._groups.get(place):
                for records in groups.add(chosen):
                    yield from self._items([records])
            else:
                found.setdefault(reader.rule.kind, []).append(reader.read(chosen))
        for parts in found.values():
            yield from self._items(parts)

    def _items(self, parts: list[RecordRows]) -> SourceItems:
        """The records of one kind as a block, and the problems of those that cannot be."""
        kind = parts[0].kind
        if len(parts) > 1:
            lines_of_two_records(parts)
        for part in parts:
            for fault in part.faults:
                if fault.unfit.is_other_style:
                    raise self._contradicted(part, fault)
            yield from self._problems(kind, part)
        yield from block_of(kind, self.header.file, parts)

    def _lines_without_record(self, rows: OwnRows, accepted: list[NDArray[np.bool_]]) -> Iterator[RowProblem]:
        is_left = ~np.logical_or.reduce(accepted) if accepted else np.ones(len(rows), bool)
        for row in np.flatnonzero(is_left).tolist():
            tested = dict.fromkeys(rule.when.column for rule in self.profile.records if rule.when)
            name = next(iter(tested), "")
            value = rows.column(name)[row] or "" if name else ""
            shown = "; ".join(f"{self.file.own_name(one)} is “{rows.column(one)[row] or ''}”" for one in tested)
            yield RowProblem(
                self.kinds[0],
                self.header.file,
                rows.lines[row],
                "no_record_in_line",
                f"By the import profile “{self.profile.name}” the line is no record: {shown}. Correct the line, or add "
                "to the profile what such lines are.",
                column=self.file.own_name(name) if name else "",
                value=value,
                raw=rows.raw[row],
                also=tuple(self.kinds[1:]),
            )

    def _problems(self, kind: str, part: RecordRows) -> Iterator[RowProblem]:
        """The problems of rejected rows. Only the first of a row counts it as rejected; the others are further ones."""
        keys = part.values.get("erpKey")
        seen: set[int] = set()
        for fault in part.faults:
            line, letter = part.rows.lines[fault.row], part.rows.letter(fault.column)
            yield RowProblem(
                kind,
                self.header.file,
                line,
                fault.unfit.code,
                f"Cell {letter}{line}, {fault.message}" if letter else fault.message,
                column=fault.column,
                value=fault.value,
                raw=part.rows.raw[fault.row],
                erp_key=(keys[fault.row] or "") if keys is not None else "",
                is_further=fault.row in seen,
            )
            seen.add(fault.row)

    def _contradicted(self, part: RecordRows, fault: CellFault) -> ConnectorError:
        line, letter = part.rows.lines[fault.row], part.rows.letter(fault.column)
        place = f"cell {letter}{line}" if letter else f"line {line:,}"
        return ConnectorError(
            f"The file “{self.header.file}” does not fit the import profile “{self.profile.name}”: in {place}, "
            f"{fault.message} Nothing was loaded. Export the file as it was exported before, or change the profile.",
            code="profile_contradicted",
            file=self.header.file,
        )


ADDED_BY_DOWNLOADS = ("_file", "_line", "_column", "_code", "_message")


def _columns_of_keys(profile: ImportProfile) -> set[str]:
    """The columns of the file from which the keys of records are made, and by which they are grouped."""
    names: set[str] = set()
    for rule in profile.records:
        if key := rule.fields.get("erpKey"):
            names.update(key.columns())
        names.update(rule.group)
    return {name for name in names if not name.startswith("#")}
