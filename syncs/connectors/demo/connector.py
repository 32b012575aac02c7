"""The connector for demo data: believable books of a company that does not exist."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID

from syncs.connectors import register
from syncs.connectors.demo.books import demo_books
from syncs.connectors.protocol import ApplicationEntry, Connector, ConnectorError, Field, Rows, Source

FILE = "demo data"
INVOICES = Field("invoices", "Invoices", "number", default="1200")
MAX_INVOICES = 20_000


@register
class DemoData(Connector):
    """Invents the books of a small company, always the same for an enrollment."""

    application = ApplicationEntry(
        app_id=UUID("6d0f7a52-3c0e-4d6b-9a53-1f1d6a4be003"),
        connector="demo-data",
        name="Demo Data Connector",
        description="Loads believable demo books, so that you can try the platform out.",
        app_type="Connector",
        settings=(INVOICES,),
    )

    def rows(self, source: Source) -> Iterator[Rows]:
        enrollment = source.app_enrollment_id
        books = demo_books(enrollment.int, _creation_day(enrollment), _last_day(source), _invoice_count(source))
        for entity, records in books:
            yield Rows(
                entity,
                FILE,
                list(records[0]) if records else [],
                [list(record.values()) for record in records],
                list(range(1, len(records) + 1)),
                [json.dumps(record, ensure_ascii=False) for record in records],
            )


def _last_day(source: Source) -> date:
    """The last day of the books: today for a full sync, else the day of the last full sync, so that nothing changes."""
    if source.full:
        return datetime.now(UTC).date()
    return source.last_full_sync or _creation_day(source.app_enrollment_id)


def _creation_day(enrollment: UUID) -> date:
    """The day an enrollment was created, which UUIDs of version 7 contain; a fixed day for others."""
    if enrollment.version == 7:
        return datetime.fromtimestamp((enrollment.int >> 80) / 1000, UTC).date()
    return date(2025, 6, 30)


def _invoice_count(source: Source) -> int:
    count = source.settings.get(INVOICES.name) or INVOICES.default
    if count.isascii() and count.isdigit() and 1 <= int(count) <= MAX_INVOICES:
        return int(count)
    raise ConnectorError(
        f"The setting “{INVOICES.label}” is “{count}”. Write a whole number from 1 to {MAX_INVOICES:,}.",
        code="bad_setting",
    )
