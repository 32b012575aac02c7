"""Stops keeping a form's file that is larger than may be uploaded, or a stranger's, before it fills the disk."""

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload


class UploadLimit(FileUploadHandler):
    """First of the settings' FILE_UPLOAD_HANDLERS: lets chunks pass until there are too many.

    The rest of the request is read and thrown away, so that the browser gets an answer; the form finds
    `request.upload_is_too_large`.
    """

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        self.received = 0
        # The form's token is looked for in the form, so all of it is read before a page asks who sends it.
        if not self.request.user.is_authenticated:
            raise SkipFile

    def receive_data_chunk(self, raw_data, start):
        self.received += len(raw_data)
        if self.received > settings.UPLOAD_MAX_BYTES:
            self.request.upload_is_too_large = self.file_name
            raise StopUpload(connection_reset=False)
        return raw_data

    def file_complete(self, file_size):
        """Leaves the finished file to the handlers after it."""
