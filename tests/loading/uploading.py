"""Uploads that tests load through the real path: the file's bytes, the storage, the connector, the merge."""

import io

from enrollments.models import Application
from syncs import runner, services
from syncs.models import SyncRequest
from tests.factories import AppEnrollmentFactory


class Uploads:
    """Loads files into one enrollment, one after another."""

    def __init__(self):
        self.enrollment = AppEnrollmentFactory(app=Application.objects.get(connector="file-upload"))
        self.account = self.enrollment.group_key

    def load(self, content, file_name: str, format: str = "", **wanted) -> SyncRequest:
        """Upload a file, run its sync and return the finished request."""
        if isinstance(content, str):
            content = content.encode()
        sync_request = services.load_upload(
            self.account, None, io.BytesIO(content), file_name=file_name, enrollment=self.enrollment, format=format,
            **wanted,
        )  # fmt: skip
        sync_request.start()
        runner.run(sync_request)
        sync_request.refresh_from_db()
        return sync_request
