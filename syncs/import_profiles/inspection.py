"""Inspects an upload: which of its files are read strictly, which by a profile, and which need a person's answers."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice
from tempfile import TemporaryFile
from typing import IO, TypedDict

from adsplatform.records.number_styles import COMMA, POINT
from adsplatform.records.specification import entity_named
from adsplatform.wording import counted, plural
from syncs.connectors.formats.csv_header import UnusableFile
from syncs.connectors.formats.layouts import best
from syncs.connectors.formats.xlsx_package import is_workbook
from syncs.connectors.formats.xlsx_reader import OLD_OR_LOCKED, old_or_locked
from syncs.connectors.formats.zip_archive import Archive, Entry, stem_and_extension
from syncs.connectors.protocol import ConnectorError, Limits
from syncs.import_profiles.drafts import Books
from syncs.import_profiles.file_readers import (
    DELIMITER_NAMES,
    Budget,
    FileName,
    Unreadable,
    read_sheets,
    read_text,
)
from syncs.import_profiles.header_names import key_of
from syncs.import_profiles.inspected import (
    Answers,
    InspectedColumn,
    InspectedFile,
    Inspection,
    Preview,
    Reading,
    Verdict,
)
from syncs.import_profiles.json_preview import preview_of_json
from syncs.import_profiles.known_names import own_fields
from syncs.import_profiles.layout import layout_of
from syncs.import_profiles.preview import preview_of, provisional_profile
from syncs.import_profiles.profile import ImportProfile
from syncs.import_profiles.proposal import Proposal, propose
from syncs.import_profiles.questions import Asker
from syncs.import_profiles.sampling import SampleBytes, sample_seekable
from syncs.import_profiles.tables import Table

TEXTS, JSON_TEXTS, WORKBOOKS = ("csv", "txt", "tsv"), ("jsonl", "ndjson", "json"), ("xlsx", "xlsm")
COPIED_BYTES = 512 * 1024
MOST_FILES = 100
# For all files of an upload; one takes a few.
SECONDS = 30.0


class TakesTooLong(Exception):
    """The files of an upload could not be looked at in time."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an inspection needs besides the file: the books, the enrollment's profiles, the answers, and limits.

    The `answers` are by the name of the file, or by “file#sheet” where they are about one sheet of several.
    """

    today: date
    limits: Limits
    books: Books = field(default_factory=Books)
    profiles: Sequence[ImportProfile] = ()
    answers: Mapping[str, Answers] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    seconds: float = SECONDS

    def asker(self, file: str, sheet: str = "") -> Asker:
        return Asker(self.answers.get(f"{file}#{sheet}", self.answers.get(file, {})))


@dataclass(frozen=True, slots=True)
class Inspected:
    """A file's findings, with the proposal that they come from where there is one."""

    file: InspectedFile
    proposal: Proposal | None = None


def inspect_upload(content: IO[bytes], file_name: str, around: Surroundings) -> Inspection:
    """What all files of an upload are. Nothing is loaded, and no more is read than is needed."""
    return Inspection([one.file for one in inspect_files(content, file_name, around)])


def inspect_files(content: IO[bytes], file_name: str, around: Surroundings) -> list[Inspected]:
    """The findings on each file of an upload, and the proposals."""
    stem, extension = stem_and_extension(file_name)
    file = FileName(file_name, stem)
    start = content.read(len(OLD_OR_LOCKED))
    size = content.seek(0, 2)
    content.seek(0)
    if start == OLD_OR_LOCKED:
        return [_unreadable(file, extension, str(old_or_locked()))]
    if not start.startswith(b"PK"):
        if extension in JSON_TEXTS:
            return [_json(sample_seekable(content, size), file)]
        return [_text(sample_seekable(content, size), file, around)]
    try:
        archive = Archive(content, file=file_name, limits=around.limits)
        if extension in WORKBOOKS or is_workbook(archive):
            found = _workbook(archive, file, around)
        else:
            found = chain.from_iterable(_entry(archive, entry, around) for entry in archive.entries())
        return list(islice(_in_time(found, around.seconds), MOST_FILES))
    except ConnectorError as error:
        return [_unreadable(file, "zip", str(error))]


def _in_time(found: Iterator[Inspected], seconds: float) -> Iterator[Inspected]:
    until = time.monotonic() + seconds
    for one in found:
        if time.monotonic() > until:
            raise TakesTooLong
        yield one


def _entry(archive: Archive, entry: Entry, around: Surroundings) -> Iterator[Inspected]:
    """A file in a ZIP; only its beginning is unpacked."""
    file = FileName(entry.name, entry.stem)
    if entry.is_encrypted or entry.is_unknown_compression:
        yield _unreadable(file, entry.extension, f"The file “{entry.name}” is locked or packed in an unusual way.")
    elif entry.extension in JSON_TEXTS:
        with archive.open(entry) as unpacked:
            yield _json(around.budget.sample_text(unpacked), file)
    elif entry.extension in TEXTS:
        with archive.open(entry) as unpacked:
            yield _text(around.budget.sample_text(unpacked), file, around)
    elif entry.extension in WORKBOOKS:
        with archive.open(entry) as unpacked, TemporaryFile() as copy:
            while data := unpacked.read(COPIED_BYTES):
                copy.write(data)
            copy.seek(0)
            yield from _workbook(Archive(copy, file=entry.name, limits=around.limits), file, around)
    else:
        yield _unreadable(
            file, entry.extension, f"The file “{entry.name}” is neither CSV, JSONL nor XLSX, so it is not read."
        )


def _text(sample: SampleBytes, file: FileName, around: Surroundings) -> Inspected:
    asker = around.asker(file.name)
    try:
        table = read_text(sample, file, asker)
    except Unreadable as reason:
        return _unreadable(file, "csv", str(reason), reason.lines)
    return inspect_table(table, asker, around)


def _workbook(archive: Archive, file: FileName, around: Surroundings) -> Iterator[Inspected]:
    askers: dict[str, Asker] = {}

    def asker_of(sheet: str) -> Asker:
        return askers.setdefault(sheet, around.asker(file.name, sheet))

    try:
        for table in read_sheets(archive, file, around.limits.line_bytes, asker_of, around.budget):
            yield inspect_table(table, asker_of(table.sheet), around)
    except (Unreadable, UnusableFile) as reason:
        yield _unreadable(file, "xlsx", str(reason))


def _json(sample: SampleBytes, file: FileName) -> Inspected:
    """JSON has our own names, and numbers and dates in one style only; its lines that delete are counted."""
    kind = entity_named(file.stem)
    preview = preview_of_json(sample)
    return Inspected(
        InspectedFile(
            file=file.name,
            format="jsonl",
            reading=Reading.STRICT,
            kinds=(kind.name,) if kind else (),
            summary=f"JSON lines of {kind.plural}" if kind else "JSON lines",
            told=_told_of_deletes(preview, is_whole=sample.is_whole),
            preview=preview,
            is_whole=sample.is_whole,
        )
    )


def _unreadable(file: FileName, format: str, reason: str, lines: tuple[tuple[int, str], ...] = ()) -> Inspected:
    return Inspected(
        InspectedFile(
            file=file.name,
            format=format or "?",
            reading=Reading.UNREADABLE,
            summary=reason,
            told=(reason,),
            preview=Preview(first_lines=lines),
        )
    )


def inspect_table(table: Table, asker: Asker, around: Surroundings) -> Inspected:
    """Read strictly if the names are ours, else by a profile that fits, else with a proposal."""
    kind = strict_kind(table)
    if kind:
        return Inspected(_strict(table, kind))
    try:
        profile = find_profile(table, around.profiles)
    except ConnectorError as error:
        return _unreadable(FileName(table.file, table.stem), table.format, str(error), table.first_lines)
    if profile is not None:
        return Inspected(_by_profile(table, profile))
    proposal = propose(table, asker=asker, books=around.books, today=around.today)
    return Inspected(_proposed(proposal), proposal)


def strict_kind(table: Table) -> str:
    """The kind as which the file is read by our own names, as without a profile; empty if it cannot be."""
    entity = entity_named(table.sheet) or entity_named(table.stem)
    if entity is None:
        return ""
    names = {column.name.strip().lower() for column in table.columns if column.name}
    has_key = "erp_key" not in entity.key or "erpkey" in names
    known = sum(1 for name in names if name in entity.by_wire_name)
    return entity.name if has_key and known * 2 >= len(names) else ""


def find_profile(table: Table, profiles: Sequence[ImportProfile]) -> ImportProfile | None:
    """The profile by which a load would read the table; raises ConnectorError where it could be one of several."""
    layouts = [layout_of(profile, str(at)) for at, profile in enumerate(profiles)]
    fitting = [layout for layout in layouts if layout.sheet in (("", table.sheet) if table.sheet else ("",))]
    found = best(fitting, [column.name for column in table.columns], table.file)
    return profiles[int(found.profile)] if found else None


class _About(TypedDict):
    """What an inspection says of every table."""

    file: str
    format: str
    sheet: str
    encoding: str
    delimiter: str
    header: tuple[int, ...]
    is_whole: bool


def _about(table: Table) -> _About:
    return {
        "file": table.file,
        "format": table.format,
        "sheet": table.sheet,
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "header": table.header_lines,
        "is_whole": table.is_whole,
    }


def _strict(table: Table, kind: str) -> InspectedFile:
    fields = {name.lower(): wire for name, wire in own_fields(kind).items()}
    columns = tuple(
        InspectedColumn(
            column.name,
            (f"{kind}.{fields[column.key]}",) if column.key in fields else (),
            Verdict.SURE if column.key in fields else Verdict.OPEN,
            is_ignored=column.key not in fields,
            samples=table.samples(column),
        )
        for column in table.columns
    )
    known = sum(1 for column in columns if column.fields)
    preview = preview_of(table, None)
    return InspectedFile(
        **_about(table),
        reading=Reading.STRICT,
        columns=columns,
        kinds=(kind,),
        summary=f"{kind}: {known:,} of {len(columns):,} columns recognised by our own names",
        told=_told_of_deletes(preview, is_whole=table.is_whole),
        preview=preview,
    )


def _by_profile(table: Table, profile: ImportProfile) -> InspectedFile:
    used = {key_of(name) for name in profile.used_columns}
    fields: dict[str, list[str]] = {}
    for rule in profile.records:
        for name, source in rule.fields.items():
            for column_name in source.columns():
                fields.setdefault(key_of(column_name), []).append(f"{rule.kind}.{name}")
    columns = tuple(
        InspectedColumn(
            column.name,
            tuple(dict.fromkeys(fields.get(column.key, ()))),
            Verdict.SURE,
            is_ignored=column.key not in used,
            samples=table.samples(column),
        )
        for column in table.columns
    )
    own = {key_of(name) for name in profile.match.columns}
    new = [column.name for column in table.columns if column.key and column.key not in own]
    told = (f"New columns, which are not loaded: {', '.join(f'“{name}”' for name in new[:10])}.",) if new else ()
    preview = preview_of(table, profile)
    return InspectedFile(
        **_about(table),
        reading=Reading.PROFILE,
        columns=columns,
        kinds=profile.kinds,
        profile=profile.name,
        summary=f"Read by the import profile “{profile.name}”",
        told=(*told, *_told_of_deletes(preview, is_whole=table.is_whole)),
        preview=preview,
    )


def _proposed(proposal: Proposal) -> InspectedFile:
    table = proposal.table
    preview = preview_of(table, provisional_profile(proposal.document))
    return InspectedFile(
        **_about(table),
        reading=Reading.PROPOSAL,
        columns=proposal.columns,
        kinds=proposal.draft.kinds,
        summary=summary_of(proposal),
        told=(*proposal.told, *_told_of_deletes(preview, is_whole=table.is_whole)),
        ask=proposal.ask,
        preview=preview,
        proposal=proposal.document,
    )


def _told_of_deletes(preview: Preview, *, is_whole: bool) -> tuple[str, ...]:
    if not preview.deletes:
        return ()
    lines = f"{counted(preview.deletes, 'line')}{'' if is_whole else ' of those looked at'}"
    say = plural(preview.deletes, "says", "say")
    return (f"{lines} {say} that a record is deleted (onMatchAction 2). This upload must be allowed to delete them.",)


def summary_of(proposal: Proposal) -> str:
    """“Semicolons, decimal commas, dates like 31.12.2024, 11 of 14 columns recognised”."""
    draft, table = proposal.draft, proposal.table
    parts = [f"sheet “{table.sheet}”"] if table.sheet else []
    if table.delimiter:
        parts.append(DELIMITER_NAMES.get(table.delimiter, f"“{table.delimiter}” between the cells"))
    if draft.styles.decimal:
        parts.append({POINT: "decimal points", COMMA: "decimal commas"}[draft.styles.decimal])
    for finding in draft.styles.dates.values():
        if finding.example and finding.style:
            parts.append(f"dates like {finding.example.value}")
            break
    recognised = sum(1 for column in proposal.columns if column.fields)
    parts.append(f"{recognised:,} of {len(proposal.columns):,} columns recognised")
    said = ", ".join(parts)
    return said[0].upper() + said[1:]
