"""What a profile would make of an upload, before it is confirmed: the first records, the sums, the lines rejected.

The beginning of the upload is read as a sync would read it, with the checks of a sync for each cell and reference; the
books are only looked at.
"""

import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import IO, cast

from django.conf import settings
from django.db import connection

from adsplatform.formula_guard import unescape_cell
from adsplatform.records.specification import Entity, Lookup, entities
from enrollments.models import AppEnrollment
from syncs.connectors import connector_named
from syncs.connectors.protocol import ABSENT, Columns, ConnectorError, FileHeader, Limits, RowProblem, Rows, Source
from syncs.import_profiles.inspected import Preview, PreviewRecord
from syncs.import_profiles.layout import layouts_of
from syncs.import_profiles.profile import ImportProfile
from syncs.import_profiles.translation import Translator
from syncs.loading.company_names import EnrollmentCompanies
from syncs.loading.staging.copy_thread import CopyThread
from syncs.loading.staging.header_mapping import check_line
from syncs.loading.staging.vocabulary import RecordNames
from syncs.models import Upload

# So much of a text file is read, and so many records of any upload.
READ_BYTES, MOST_RECORDS = 512 * 1024, 2_000
RECORDS_SHOWN, PROBLEMS_SHOWN, LINES_NAMED = 5, 20, 5
CURRENCY_FIELDS = ("currencyCode", "baseCurrencyCode")


@dataclass
class ReadSample:
    """What was read of one file."""

    records: list[tuple[str, int, dict[str, str]]] = field(default_factory=list)
    # By line: why it would be rejected.
    problems: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    lines: set[int] = field(default_factory=set)
    # Why the file could not be read on.
    stopped: str = ""
    is_whole: bool = True

    def preview(self, lines_as_they_stand: Preview) -> Preview:
        """The preview of the file: these records, and its lines as they stand."""
        shown = [
            PreviewRecord(kind, line, {name: value for name, value in values.items() if value})
            for kind, line, values in self._first()
        ]
        return Preview(
            first_lines=lines_as_they_stand.first_lines,
            last_lines=lines_as_they_stand.last_lines,
            records=tuple(shown),
            lines=len(self.lines | set(self.problems)),
            rejected=len(self.problems),
            totals=self._totals(),
        )

    def first_problems(self) -> list[str]:
        """The first reasons for which lines would be rejected, each with the lines that it concerns."""
        lines_by_message: dict[str, list[int]] = defaultdict(list)
        for line, messages in sorted(self.problems.items()):
            for message in messages:
                lines_by_message[message].append(line)
        found = [f"{_lines_in_words(lines)}: {message}" for message, lines in lines_by_message.items()]
        return found[:PROBLEMS_SHOWN]

    def _first(self) -> list[tuple[str, int, dict[str, str]]]:
        """The first records of each kind."""
        kinds = dict.fromkeys(kind for kind, _, _ in self.records)
        return [one for kind in kinds for one in [each for each in self.records if each[0] == kind][:RECORDS_SHOWN]]

    def totals_as_read(self) -> dict[str, dict[str, str]]:
        """The sums of the amounts of all lines that were read, by field and currency."""
        return _totals(self.records)

    def _totals(self) -> dict[str, dict[str, str]]:
        """The sums of the amounts of the lines that would load."""
        return _totals([record for record in self.records if record[1] not in self.problems])


def _lines_in_words(lines: list[int]) -> str:
    """The numbers of lines: “Line 2”, “Lines 2 and 3”, “5,000 lines (2, 3, 4, 5, 6 …)”."""
    numbers = [f"{line:,}" for line in lines[:LINES_NAMED]]
    if len(lines) > LINES_NAMED:
        return f"{len(lines):,} lines ({', '.join(numbers)} …)"
    return f"Line {numbers[0]}" if len(lines) == 1 else f"Lines {', '.join(numbers[:-1])} and {numbers[-1]}"


def _totals(records: Iterable[tuple[str, int, dict[str, str]]]) -> dict[str, dict[str, str]]:
    """The sums of the records' amounts by field and currency."""
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for kind, _, values in records:
        currency = next((values[name] for name in CURRENCY_FIELDS if values.get(name)), "")
        for column in entities()[kind].amounts:
            if amount := _amount(values.get(column.wire, "")):
                sums[f"{kind}.{column.wire}"][currency] += amount
    return {name: {code: f"{total:f}" for code, total in by.items()} for name, by in sums.items()}


def read_samples(
    upload: Upload, enrollment: AppEnrollment, profiles: Mapping[str, ImportProfile]
) -> dict[str, ReadSample]:
    """What the beginning of an upload yields, by the identifiers of the profiles."""
    samples = {identifier: ReadSample() for identifier in profiles}
    with upload.content.open("rb") as content, _companies(enrollment) as companies:
        text, is_whole = _beginning(upload, content)
        source = Source(
            app_enrollment_id=enrollment.pk,
            full=False,
            limits=Limits(
                unpacked_bytes=settings.UNPACKED_MAX_BYTES,
                ratio=settings.UNPACKED_MAX_RATIO,
                entries=settings.ZIP_MAX_ENTRIES,
                line_bytes=settings.LINE_MAX_BYTES,
            ),
            content=text,
            file_name=upload.file_name,
            format=upload.format,
            vocabulary=RecordNames(),
            layouts=layouts_of(profiles),
        )
        translator = Translator(
            profiles, companies, has_more_companies=upload.format == Upload.Format.ZIP, unescape=unescape_cell
        )
        _collect(translator, source, samples)
    for sample in samples.values():
        sample.is_whole = sample.is_whole and is_whole
        _check(sample, enrollment)
    return samples


def _collect(translator: Translator, source: Source, samples: Mapping[str, ReadSample]) -> None:
    by_file: dict[str, str] = {}
    seen = 0
    try:
        for item in translator.items(connector_named("file-upload").rows(source)):
            if isinstance(item, FileHeader):
                if item.layout is not None:
                    by_file[item.file] = item.layout.profile
                continue
            if not isinstance(item, Rows | Columns | RowProblem):
                continue
            sample = samples.get(by_file.get(item.file, ""))
            if sample is None:
                continue
            if isinstance(item, RowProblem):
                if item.kind == "error" and item.line is not None:
                    sample.problems[item.line].append(item.message)
                continue
            for line, values in _records(item):
                sample.records.append((item.name, line, values))
                sample.lines.add(line)
                seen += 1
            if seen >= MOST_RECORDS:
                sample.is_whole = False
                return
    except ConnectorError as reason:
        for identifier in {by_file.get(reason.file, ""), *([] if reason.file else samples)} & set(samples):
            samples[identifier].stopped = str(reason)


def _records(block: Rows | Columns) -> Iterator[tuple[int, dict[str, str]]]:
    """The line and the values of each row, without the cells that it does not have."""
    cells = zip(*block.cells, strict=True) if isinstance(block, Columns) else iter(block.cells)
    gaps = block.gaps if isinstance(block, Columns) else {}
    for at, (line, row) in enumerate(zip(block.lines, cells, strict=True)):
        absent = {block.columns[place] for place, missing in gaps.items() if missing[at]}
        yield (
            line,
            {
                name: "" if cell is None else str(cell)
                for name, cell in zip(block.columns, row, strict=True)
                if cell is not ABSENT and name not in absent
            },
        )


def _check(sample: ReadSample, enrollment: AppEnrollment) -> None:
    """Add what a sync would find in the records: values that their columns cannot hold, and unknown references."""
    keys: dict[str, set[str]] = defaultdict(set)
    for kind, line, values in sample.records:
        keys[kind].add(values.get("erpKey", "").strip())
        for _, _, message in check_line(entities()[kind], values):
            sample.problems[line].append(message)
    for kind in list(keys):
        _check_named(sample, entities()[kind])
        for lookup in (one for reference in entities()[kind].references for one in reference.lookups):
            if lookup.target_column == "erp_key" and lookup.when is None:
                _check_references(sample, enrollment, entities()[kind], lookup, keys.get(lookup.target, set()))


def _check_named(sample: ReadSample, entity: Entity) -> None:
    """Add the lines that leave empty every column by which they could name a record that they need."""
    for reference in (one for one in entity.references if one.required):
        columns = [entity.columns[lookup.column] for lookup in reference.lookups]
        if any(column.required for column in columns):
            continue  # said of the column already
        for kind, line, values in sample.records:
            if kind == entity.name and not any(values.get(column.wire, "").strip() for column in columns):
                names = " and ".join(dict.fromkeys(column.wire for column in columns))
                sample.problems[line].append(
                    f"{names} are empty, but every {entity.singular} needs one of them. Fill one in."
                )


def _check_references(
    sample: ReadSample, enrollment: AppEnrollment, entity: Entity, lookup: Lookup, own: set[str]
) -> None:
    wire, target = entity.columns[lookup.column].wire, entities()[lookup.target]
    named = {values.get(wire, "").strip() for kind, _, values in sample.records if kind == entity.name} - {"", *own}
    rows = target.model.objects.filter(app_enrollment=enrollment, **{f"{lookup.target_column}__in": named})
    unknown = named - set(rows.values_list(lookup.target_column, flat=True))
    for kind, line, values in sample.records:
        if kind == entity.name and values.get(wire, "").strip() in unknown:
            sample.problems[line].append(
                f"{wire}: no {target.singular} has the key “{values[wire].strip()}”, neither in the books nor in this "
                f"file. Load the {target.singular} first."
            )


def _beginning(upload: Upload, content: IO[bytes]) -> tuple[IO[bytes], bool]:
    """The upload, or of a long text its first lines; and whether that is all of it."""
    if upload.format != Upload.Format.CSV or upload.size <= READ_BYTES:
        return content, True
    start = content.read(READ_BYTES)
    return io.BytesIO(start[: start.rfind(b"\n") + 1] or start), False


def _amount(text: str) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return None


class _Session:
    """The request's own connection, as the finder of companies needs it: there is no other thread to wait for."""

    def __init__(self, cursor: object) -> None:
        self.cursor = cursor

    def wait(self) -> None:
        """Nothing else uses the connection."""


@contextmanager
def _companies(enrollment: AppEnrollment) -> Iterator[EnrollmentCompanies]:
    with connection.cursor() as cursor:
        yield EnrollmentCompanies(cast(CopyThread, _Session(cursor.cursor)), enrollment.pk)
