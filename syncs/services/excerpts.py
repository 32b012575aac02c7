"""An excerpt of a source whose names are its own, as files that are asked about like those of an upload."""

import csv
import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from glob import escape
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from adsplatform.errors import PlatformError
from adsplatform.observability.redaction import redact
from adsplatform.records.specification import entities
from enrollments.models import AppEnrollment, secrets_in
from enrollments.services import setting_values
from enrollments.sources import ask_source
from syncs.connectors.protocol import Columns, FileHeader, RowProblem, Rows, SourceItem
from syncs.loading.staging.vocabulary import RecordNames

# The rows of each stream.
ROWS = 500
ENDING = ".csv"
# The column by which some sources say that a record is gone, and how ours say it.
DELETED_AT, MATCH_ACTION, DELETE = "_sdc_deleted_at", "onMatchAction", "2"


@dataclass
class _Stream:
    columns: Sequence[str]
    rows: list[Sequence[object]] = field(default_factory=list)


@contextmanager
def excerpt_of(enrollment: AppEnrollment) -> Iterator[IO[bytes]]:
    """The first rows of each stream of an enrollment's source, as a ZIP of CSV files.

    Raises DependencyFailed with the source's answer, and PlatformError where no stream has a row.
    """
    settings, credentials = setting_values(enrollment), enrollment.credentials
    items = ask_source(enrollment.app, settings, credentials, rows=ROWS, vocabulary=RecordNames()).rows
    streams = {name: stream for name, stream in _streams(items).items() if stream.rows}
    if not streams:
        told = " ".join(item.message for item in items if isinstance(item, RowProblem))
        raise PlatformError(redact(f"{enrollment} sends no record. {told}".strip(), secrets_in(credentials)))
    with tempfile.TemporaryFile() as content:
        with ZipFile(content, "w", ZIP_DEFLATED) as archive:
            for name, stream in streams.items():
                text = io.StringIO()
                writer = csv.writer(text)
                writer.writerows([stream.columns, *stream.rows])
                archive.writestr(f"{name}{ENDING}", text.getvalue())
        content.seek(0)
        yield content


def _streams(items: Sequence[SourceItem]) -> dict[str, _Stream]:
    streams: dict[str, _Stream] = {}
    for item in items:
        if isinstance(item, FileHeader) and item.file not in streams:
            streams[item.file] = _Stream(item.columns)
        elif isinstance(item, Rows | Columns) and (stream := streams.get(item.file)):
            rows = item.cells if isinstance(item, Rows) else zip(*(list(cells) for cells in item.cells), strict=True)
            # A stream whose columns change is asked about by those that it had first.
            if list(item.columns) == list(stream.columns):
                stream.rows += rows
    return streams


def document_of_stream(file: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """A profile that was confirmed for a file of an excerpt, as the profile of the stream.

    It is for the stream of that name alone. A record that the source says is gone is deleted.
    """
    found = {**document, "match": {**document["match"], "file": escape(file.removesuffix(ENDING))}}
    if DELETED_AT in document["match"]["columns"]:
        found["records"] = [_deleting(record) for record in document["records"]]
    return found


def _deleting(record: Mapping[str, Any]) -> dict[str, Any]:
    if MATCH_ACTION in record["fields"] or tuple(entities()[record["kind"]].key) != ("erp_key",):
        return dict(record)
    deletes = {"column": DELETED_AT, "values": {"*": DELETE}}
    return {**record, "fields": {**record["fields"], MATCH_ACTION: deletes}}
