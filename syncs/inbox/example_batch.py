"""The button that sends a test batch."""

import io
import json

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.views import View

from adsplatform.accounts.inbox_mixins import TenantMixin
from adsplatform.errors import PlatformError
from syncs.api.documents import EXAMPLE_BATCH
from syncs.models import SyncRequest, Upload
from syncs.services import requests

FILE_NAME = "test-batch.json"


def is_test_batch(sync_request: SyncRequest) -> bool:
    """Whether a sync only tries what a program would send; nobody wants to load that."""
    upload = sync_request.upload
    return (
        sync_request.dry_run
        and upload is not None
        and (upload.format, upload.file_name)
        == (
            Upload.Format.BATCH,
            FILE_NAME,
        )
    )


class SendTestBatch(TenantMixin, View):
    """Previews the batch that the reference of the API has as an example; it loads nothing."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """A GET does nothing: a person who is sent here after signing in is redirected to the page with the button."""
        return redirect("inbox:keys")

    def post(self, request: HttpRequest) -> HttpResponse:
        content = io.BytesIO(json.dumps(EXAMPLE_BATCH).encode())
        try:
            sync_request = requests.load_upload(
                self.account,
                self.request.user,
                content,
                file_name=FILE_NAME,
                format=Upload.Format.BATCH,
                dry_run=True,
            )
        except PlatformError as refused:
            messages.error(request, str(refused))
            return redirect("inbox:keys")
        return redirect("inbox:sync", sync_request.pk)


urlpatterns = [path("keys/test-batch/", SendTestBatch.as_view(), name="test-batch")]
