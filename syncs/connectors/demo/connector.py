"""Demo data: believable books of a company that does not exist."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import UUID

from syncs.connectors import register
from syncs.connectors.demo.books import demo_books
from syncs.connectors.protocol import ApplicationEntry, ConnectorError, Rows, Setting, Source

FILE = "demo data"
INVOICES = Setting(label="Invoices", value="1200", data_type="Number")
MOST_INVOICES = 20_000


@register
class DemoData:
    """Makes up the books of a small company, the same ones for an enrollment every time."""

    application = ApplicationEntry(
        app_id=UUID("6d0f7a52-3c0e-4d6b-9a53-1f1d6a4be003"),
        connector="demo-data",
        name="Demo Data Connector",
        description="Loads believable demo books, so that you can try the platform out.",
        app_type="Connector",
        settings=(INVOICES,),
    )

    def check(self, credentials):
        """There is nothing to reach: the data are made up."""

    def rows(self, source: Source) -> Iterator[Rows]:
        enrollment = source.app_enrollment_id
        books = demo_books(enrollment.int, _day_of(enrollment), _anchor(source), _invoices(source))
        for entity, records in books:
            yield Rows(
                entity,
                FILE,
                list(records[0]) if records else [],
                [list(record.values()) for record in records],
                list(range(1, len(records) + 1)),
                [json.dumps(record, ensure_ascii=False) for record in records],
            )


def _anchor(source: Source) -> date:
    """The day up to which the books go: a full sync makes them new, a delta leaves them as they are."""
    if source.full:
        return datetime.now(UTC).date()
    return source.anchor or _day_of(source.app_enrollment_id)


def _day_of(enrollment: UUID) -> date:
    """The day an enrollment was made, which ids of version 7 carry; a fixed one for other ids."""
    if enrollment.version == 7:
        return datetime.fromtimestamp((enrollment.int >> 80) / 1000, UTC).date()
    return date(2025, 6, 30)


def _invoices(source: Source) -> int:
    said = source.settings.get(INVOICES.label) or INVOICES.value
    if said.isascii() and said.isdigit() and 1 <= int(said) <= MOST_INVOICES:
        return int(said)
    raise ConnectorError(
        f"The setting “{INVOICES.label}” is “{said}”. Write a whole number from 1 to {MOST_INVOICES:,}.",
        code="bad_setting",
    )
