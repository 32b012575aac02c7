"""The audit trail as a file: one line of JSON or one row of CSV for each entry, oldest first."""

import csv
import io
import json
from collections.abc import Iterator

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header

from adsplatform.accounts.audit_entries import AuditEntry
from adsplatform.errors import PlatformError
from adsplatform.formula_guard import escape_csv_cell

FORMATS = {"jsonl": "application/jsonl; charset=utf-8", "csv": "text/csv; charset=utf-8"}
ENTRIES_AT_ONCE = 1_000


def export_response(entries: QuerySet[AuditEntry], format: str) -> StreamingHttpResponse:
    """The entries as a file, sent while they are read; raises PlatformError for an unknown format."""
    if format not in FORMATS:
        raise PlatformError(f"The audit trail comes as {' or '.join(FORMATS)}, not as “{format}”.", field="format")
    content = _json_lines(entries) if format == "jsonl" else _csv(entries)
    response = StreamingHttpResponse(content, content_type=FORMATS[format])
    name = f"changes-{timezone.now():%Y-%m-%d}.{format}"
    response["Content-Disposition"] = content_disposition_header(True, name)
    return response


def exported(entry: AuditEntry) -> dict[str, object]:
    """The members of an entry; where `isSigned` is false, it is not proven that the named person made the change."""
    return {
        "id": entry.pk,
        "at": entry.at.isoformat(),
        "groupKey": str(entry.group_key) if entry.group_key else None,
        "userId": str(entry.user_id) if entry.user_id else None,
        "userEmail": entry.user_email,
        "isSigned": entry.is_signed,
        "keyPrefix": entry.key_prefix,
        "interface": entry.door,
        "address": entry.address,
        "requestId": entry.request_id,
        "action": entry.action,
        "subject": entry.subject,
        "subjectId": entry.subject_id,
        "subjectName": entry.subject_name,
        "before": entry.before,
        "after": entry.after,
    }


def _json_lines(entries: QuerySet[AuditEntry]) -> Iterator[bytes]:
    for some in _in_parts(entries):
        yield "".join(f"{json.dumps(exported(entry), ensure_ascii=False)}\n" for entry in some).encode()


def _csv(entries: QuerySet[AuditEntry]) -> Iterator[bytes]:
    # The byte order mark by which spreadsheets recognise UTF-8.
    header = f"\ufeff{','.join(exported(AuditEntry(at=timezone.now(), before={}, after={})))}\r\n"
    yield header.encode()
    for some in _in_parts(entries):
        text = io.StringIO(newline="")
        csv.writer(text).writerows([_cell(value) for value in exported(entry).values()] for entry in some)
        yield text.getvalue().encode()


def _cell(value: object) -> str:
    if isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False) if value else ""
    elif isinstance(value, bool):
        value = str(value).lower()
    return escape_csv_cell("" if value is None else str(value))


def _in_parts(entries: QuerySet[AuditEntry]) -> Iterator[list[AuditEntry]]:
    """By the id, so that no cursor and no transaction stays open while the file is sent."""
    some = list(entries.order_by("pk")[:ENTRIES_AT_ONCE])
    while some:
        yield some
        some = list(entries.filter(pk__gt=some[-1].pk).order_by("pk")[:ENTRIES_AT_ONCE])
