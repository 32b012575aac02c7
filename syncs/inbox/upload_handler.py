"""Stops storing a form's file that is too large, or sent without signing in, before it fills the disk."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload
from django.http import HttpRequest

from syncs.services.uploads import clean_file_name


class OversizedUploadRequest(HttpRequest):
    """The type of a request whose file was too large."""

    # The file's name.
    upload_is_too_large: str


class UploadLimit(FileUploadHandler):
    """First of the settings' FILE_UPLOAD_HANDLERS: passes chunks on until there are too many.

    The rest of the request is read and discarded, so that the browser gets an answer; the form then finds the file's
    name in `request.upload_is_too_large`.
    """

    request: OversizedUploadRequest

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.received = 0
        # The CSRF check reads the form before the page checks who is signed in.
        if not self.request.user.is_authenticated:
            raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received += len(raw_data)
        if self.received > settings.UPLOAD_MAX_BYTES:
            self.request.upload_is_too_large = clean_file_name(self.file_name or "")
            raise StopUpload(connection_reset=False)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the finished file to the handlers after this one."""
