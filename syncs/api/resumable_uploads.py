"""The endpoints of resumable uploads, which follow the protocol tus 1.0.0; docs/uploads.md describes them."""

import base64
import binascii
from collections.abc import Mapping
from datetime import timedelta
from typing import IO, cast

from django.conf import settings
from django.http import HttpResponse
from django.urls import path
from django.utils.http import http_date
from rest_framework.request import Request
from rest_framework.response import Response

from adsplatform.accounts.models import EVERYONE, WRITERS
from adsplatform.errors import NotFound, PlatformError
from adsplatform.rest.bodies import Body
from adsplatform.rest.content_encodings import UnsupportedMedia
from adsplatform.rest.requests import WireRequest
from adsplatform.rest.throttling import CreateSyncOfAccountThrottle, CreateSyncThrottle
from adsplatform.rest.viewsets import WireViewSet, guid_of
from syncs.api.documents import UPLOADS
from syncs.api.views import SyncViewSet
from syncs.models import ResumableUpload
from syncs.services import resumable_uploads

VERSION = "1.0.0"
PART_TYPE = "application/offset+octet-stream"
DIGITS = 18


class WrongVersion(PlatformError):
    status = 412
    title = "Precondition failed."


class ResumableUploadViewSet(WireViewSet[ResumableUpload]):
    """Begin a resumable upload, add parts to it, ask how far it is, delete it."""

    queryset = ResumableUpload.objects.all()
    noun = "upload"
    operations = UPLOADS
    roles = {"create": WRITERS, "look": EVERYONE, "add": WRITERS, "remove": WRITERS}
    throttles = {"create": (CreateSyncThrottle, CreateSyncOfAccountThrottle)}

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        given = request.headers.get("Tus-Resumable", VERSION)
        if given != VERSION:
            raise WrongVersion(f"Version {given[:20]} of the protocol tus is not spoken here, but {VERSION}.")

    def finalize_response(self, request: Request, response: Response, *args: object, **kwargs: object) -> Response:
        response.headers["Tus-Resumable"] = VERSION
        return super().finalize_response(request, response, *args, **kwargs)

    def create(self, request: WireRequest) -> HttpResponse:
        """Begin an upload."""
        metadata = _metadata_of(request.headers)
        upload = resumable_uploads.begin(
            request.caller.account,
            request.caller.user,
            file_name=metadata.get("filename", "upload"),
            size=_number(request.headers, "Upload-Length"),
            sha256=metadata.get("sha256", ""),
        )
        headers = _headers_of(upload) | {"Location": self.address_of(upload)}
        return Response(_state_of(upload), status=201, headers=headers)

    def address_of(self, upload: ResumableUpload) -> str:
        return f"{self.request.path}/{upload.pk}"

    def look(self, request: WireRequest, pk: str) -> HttpResponse:
        """How far an upload is."""
        upload = self.get_object(pk)
        return Response(_state_of(upload), headers=_headers_of(upload))

    def add(self, request: WireRequest, pk: str) -> HttpResponse:
        """Add the part in the body."""
        upload = self.get_object(pk)
        content_type = (request.META.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower()
        if content_type != PART_TYPE:
            raise UnsupportedMedia(f"A part of type “{content_type[:100]}” is not understood. Send it as {PART_TYPE}.")
        resumable_uploads.add_part(
            upload,
            # Only `read` is called.
            cast(IO[bytes], Body(request._request, settings.UPLOAD_MAX_BYTES)),
            offset=_number(request.headers, "Upload-Offset"),
            sha256=_checksum_of(request.headers),
        )
        return HttpResponse(status=204, headers=_headers_of(upload))

    def remove(self, request: WireRequest, pk: str) -> HttpResponse:
        """Delete an upload and what has arrived of it."""
        resumable_uploads.abandon(self.get_object(pk))
        return HttpResponse(status=204)


class FinishedUploadViewSet(SyncViewSet):
    """Request that a complete upload be loaded, with the parameters and the answer of an ordinary upload."""

    roles = {"finish": WRITERS}
    throttles = {"finish": (CreateSyncThrottle, CreateSyncOfAccountThrottle)}

    def finish(self, request: WireRequest, pk: str) -> HttpResponse:
        """Load a complete upload."""
        guid, caller = guid_of(pk), request.caller
        upload = ResumableUpload.objects.of(caller.account).filter(pk=guid).first() if guid else None
        if upload is None:
            raise NotFound(f"There is no upload with the id “{pk}”.")
        wanted = self._wanted(request.parameters)
        return self.answer(resumable_uploads.finish(caller.account, caller.user, upload, **wanted))


def _state_of(upload: ResumableUpload) -> dict[str, object]:
    return {
        "uploadId": upload.pk,
        "fileName": upload.file_name,
        "size": upload.size,
        "offset": upload.received,
        "syncRequestId": upload.sync_request_id,
    }


def _headers_of(upload: ResumableUpload) -> dict[str, str]:
    headers = {"Upload-Offset": str(upload.received), "Upload-Length": str(upload.size)}
    if hours := settings.KEEP_PARTS_HOURS:
        headers["Upload-Expires"] = http_date((upload.modified + timedelta(hours=hours)).timestamp())
    return headers


def _number(headers: Mapping[str, str], name: str) -> int:
    text = headers.get(name, "").strip()
    if not text.isdecimal() or not text.isascii() or len(text) > DIGITS:
        raise PlatformError(f"The header {name} must say a number of bytes.", field=name)
    return int(text)


def _metadata_of(headers: Mapping[str, str]) -> dict[str, str]:
    """The pairs of Upload-Metadata: a name, a blank and a text in Base64, separated by commas."""
    found = {}
    for pair in filter(None, (pair.strip() for pair in headers.get("Upload-Metadata", "").split(","))):
        name, _, coded = pair.partition(" ")
        try:
            found[name.lower()] = base64.b64decode(coded.strip(), validate=True).decode()
        except (binascii.Error, UnicodeError) as error:
            raise PlatformError(
                f"The value of “{name[:100]}” in the header Upload-Metadata is no text in Base64.",
                field="Upload-Metadata",
            ) from error
    return found


def _checksum_of(headers: Mapping[str, str]) -> bytes | None:
    given = headers.get("Upload-Checksum", "").strip()
    if not given:
        return None
    algorithm, _, coded = given.partition(" ")
    try:
        digest = base64.b64decode(coded.strip(), validate=True)
    except binascii.Error:
        digest = b""
    if algorithm.lower() != "sha256" or len(digest) != 32:
        raise PlatformError(
            "The header Upload-Checksum must be “sha256”, a blank, and the checksum of this part in Base64.",
            field="Upload-Checksum",
        )
    return digest


urlpatterns = [
    path("sync/uploads", ResumableUploadViewSet.as_view({"post": "create"}), name="uploads"),
    path(
        "sync/uploads/<str:pk>",
        ResumableUploadViewSet.as_view({"get": "look", "patch": "add", "delete": "remove"}),
        name="resumable-upload",
    ),
    path("sync/uploads/<str:pk>/finish", FinishedUploadViewSet.as_view({"post": "finish"}), name="upload-finish"),
]
