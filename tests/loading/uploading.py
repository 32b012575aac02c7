"""Uploads that tests load through the real path: the file's bytes, the storage, the connector, the merge."""

import io

from enrollments.models import AppEnrollment, Application
from syncs.loading import pipeline
from syncs.models import SyncRequest
from syncs.services import requests
from tests.factories import AppEnrollmentFactory


class Uploads:
    """Loads files into one enrollment, one after another."""

    def __init__(self, enrollment: AppEnrollment | None = None):
        """Without an enrollment, it is one of an account of its own."""
        app = Application.objects.get(connector="file-upload")
        self.enrollment = enrollment or AppEnrollmentFactory(app=app)
        self.account = self.enrollment.group_key

    def load(self, content, file_name: str, **wanted) -> SyncRequest:
        """Upload a file, run its sync and return the finished request."""
        return self.run(self.ask(content, file_name, **wanted))

    def ask(self, content, file_name: str, *, format: str = "", **wanted) -> SyncRequest:
        """Upload a file and ask for it to be loaded."""
        if isinstance(content, str):
            content = content.encode()
        wanted |= {"file_name": file_name, "enrollment": self.enrollment, "format": format}
        return requests.load_upload(self.account, None, io.BytesIO(content), **wanted)

    def run(self, sync_request: SyncRequest) -> SyncRequest:
        """Carry out what was asked for."""
        sync_request = SyncRequest.objects.get(pk=sync_request.pk)
        sync_request.start()
        pipeline.run(sync_request)
        sync_request.refresh_from_db()
        return sync_request
