"""JSON batches: the records of POST /api/v1/Sync/batch."""

from uuid import UUID

from syncs.connectors import register
from syncs.rows import ApplicationEntry, Source


@register
class JsonBatch:
    """Reads the lists of records in a batch body."""

    application = ApplicationEntry(
        app_id=UUID("6d0f7a52-3c0e-4d6b-9a53-1f1d6a4be002"),
        connector="json-batch",
        name="JSON Batch",
        description="Send records as JSON from a program of your own.",
        app_type="Upload",
    )

    def check(self, credentials):
        """There is nothing to reach: the records come with the request."""

    def rows(self, source: Source):
        yield from ()
