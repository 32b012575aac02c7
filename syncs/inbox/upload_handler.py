"""Stores a form's file only where one is taken, and stops when it is too large, or when another follows it."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload
from django.http import HttpRequest

from syncs.services.uploads import clean_file_name


class UploadRequest(HttpRequest):
    """The type of a request with a file."""

    # Whether the page takes a file, and may get one from this person.
    takes_file: bool
    # The file's name.
    upload_is_too_large: str
    # Why no file of it is taken, if there is another reason.
    upload_refused: str


class UploadLimit(FileUploadHandler):
    """First of the settings' FILE_UPLOAD_HANDLERS: passes chunks on until there are too many.

    The rest of the request is read and discarded, so that the browser gets an answer; the form then finds the file's
    name in `request.upload_is_too_large`.
    """

    request: UploadRequest
    # How many bytes of the file; None before it.
    received: int | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if not getattr(self.request, "takes_file", False):
            raise SkipFile
        if self.received is not None:
            self.request.upload_refused = "Send one file at a time, or put them into a ZIP."
            raise StopUpload(connection_reset=False)
        self.received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received = (self.received or 0) + len(raw_data)
        if self.received > settings.UPLOAD_MAX_BYTES:
            self.request.upload_is_too_large = clean_file_name(self.file_name or "")
            raise StopUpload(connection_reset=False)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the finished file to the handlers after this one."""
