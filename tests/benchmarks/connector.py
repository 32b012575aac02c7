"""A connector that exists in the benchmark's workers only: it yields Python values, as from an accounting system."""

import marshal
from pathlib import Path
from uuid import UUID

from syncs.connectors import register
from syncs.connectors.protocol import ApplicationEntry, Connector, Field, Rows

PAGES = Field("pages", "Pages")


@register
class PagedBooks(Connector):
    """Reads pages of dicts that `other_forms.write_pages` has written; what fetching them would cost is left out."""

    application = ApplicationEntry(
        app_id=UUID("00000000-0000-4000-8000-0000000000b1"),
        connector="benchmark-pages",
        name="Benchmark pages",
        description="For measuring.",
        app_type="Connector",
        settings=(PAGES,),
    )

    def rows(self, source):
        read = {}
        with Path(source.settings[PAGES.name]).open("rb") as file:
            while length := file.read(8):
                name, records, raw = marshal.loads(file.read(int.from_bytes(length)))
                first = read.get(name, 0) + 1
                read[name] = first + len(records) - 1
                yield Rows(
                    name=name,
                    file="pages",
                    columns=list(records[0]),
                    cells=[tuple(record.values()) for record in records],
                    lines=list(range(first, first + len(records))),
                    raw=raw,
                )
