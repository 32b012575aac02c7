"""The endpoints of syncs and of what belongs to them."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from rest_framework.response import Response

from adsplatform.accounts.models import ADMINS, EVERYONE, WRITERS, Role
from adsplatform.errors import NotAllowed, NotFound, PlatformError
from adsplatform.rest.bodies import spooled_json
from adsplatform.rest.idempotency import once
from adsplatform.rest.long_work import LongWork
from adsplatform.rest.operations import Operation
from adsplatform.rest.requests import WireRequest
from adsplatform.rest.throttling import CreateSyncOfAccountThrottle, CreateSyncThrottle
from adsplatform.rest.uploads import received_file
from adsplatform.rest.viewsets import WireViewSet
from adsplatform.searchlight import Fields, Searchlight
from enrollments.models import AppEnrollment
from syncs.api.definitions import urlpatterns as definition_urls
from syncs.api.documents import DETAILS, SYNCS
from syncs.api.import_profiles import ImportProfileViewSet
from syncs.api.serializers import (
    ControlTotalModel,
    CorrectionInput,
    InspectSubmit,
    OperationQuery,
    SyncChange,
    SyncDifferenceModel,
    SyncRequestModel,
    SyncResultDetailModel,
    SyncSubmit,
    UploadSubmit,
    batch_options,
    usual_members,
)
from syncs.models import ControlTotal, SyncDifference, SyncRequest, SyncResultDetail, Upload
from syncs.rejected_rows.corrections import ProblemWithCorrection, with_corrections
from syncs.rejected_rows.download import download_of, streaming_response
from syncs.services import corrections, inspection, requests, reruns, unanswered


class SyncViewSet(WireViewSet[SyncRequest]):
    """The Sync endpoints."""

    queryset = SyncRequest.objects.all()
    wire_model = SyncRequestModel
    noun = "sync"
    operations = SYNCS
    roles = {
        "create": WRITERS,
        "batch": WRITERS,
        "zip": WRITERS,
        "inspect": WRITERS,
        "retrieve": EVERYONE,
        "change": WRITERS,
        "cancel": WRITERS,
        "apply": WRITERS,
        "allow_deletes": ADMINS,
        "query": EVERYONE,
        "replay": WRITERS,
    }
    throttles = dict.fromkeys(
        ("create", "batch", "zip", "inspect", "replay", "apply", "allow_deletes"),
        (CreateSyncThrottle, CreateSyncOfAccountThrottle),
    )
    searchlight = Searchlight(
        Fields.from_model(
            SyncRequest,
            {
                "syncRequestId": "sync_request_id",
                "groupKey": "group_key",
                "statusCode": "status_code",
                "operationType": "operation_type",
                "operationTypeName": "operation_type",
                "processResultMessage": "process_result_message",
                "failureCount": "failure_count",
                "runFullSync": "run_full_sync",
                "appEnrollmentId": "app_enrollment",
                "created": "created",
                "modified": "modified",
                "modifiedUserId": "modified_user",
                "parentSyncRequestId": "parent_sync_request",
                "currentBatch": "current_batch",
                "totalBatches": "total_batches",
                "dryRun": "dry_run",
                "allowDeletes": "allow_deletes",
                "deleteOnMatch": "delete_on_match",
                "repeatOf": "repeat_of",
                "sameContentAs": "same_content_as",
            },
            default_order=("-created", "-sync_request_id"),
            key="sync_request_id",
        ),
        includes=("Details",),
    )

    def retrieve(self, request: WireRequest, pk: str) -> HttpResponse:
        """One sync; if its files need an import profile, with what an inspection finds of them."""
        sync_request = self.get_object(pk)
        answer = self.answer(sync_request, self.searchlight.include(request.parameters.get("include")))
        upload, enrollment = sync_request.upload, sync_request.app_enrollment
        if upload and enrollment and unanswered.is_about(sync_request):
            with LongWork(request.caller.account.pk), suppress(inspection.InspectionTooLong):
                answer.data["profileNeeded"] |= unanswered.inspect_upload(upload, enrollment).to_json()
        return answer

    def create(self, request: WireRequest) -> HttpResponse:
        """Request a sync by the enrollment's connector."""

        def ask() -> Response:
            wanted = SyncSubmit.read(request.data)
            enrollment = self._enrollment(wanted["app_enrollment_id"])
            if enrollment is None:
                raise PlatformError("Name the enrollment to sync.", field="appEnrollmentId")
            return self.answer(
                requests.request_sync(
                    enrollment, request.caller.user, full=wanted["run_full_sync"], dry_run=wanted["dry_run"]
                )
            )

        return once(request, request.data, ask)

    def batch(self, request: WireRequest) -> HttpResponse:
        """Load the records in the body."""
        with spooled_json(request, settings.BATCH_MAX_BYTES, usual_members()) as (members, records):
            wanted = self._wanted(batch_options(members))
            return self._load(records, "batch.json", wanted, format=Upload.Format.BATCH)

    def zip(self, request: WireRequest) -> HttpResponse:
        """Load the file in the body."""
        wanted = self._wanted(request.parameters)
        with received_file(request, settings.UPLOAD_MAX_BYTES) as file:
            return self._load(file.content, file.name, wanted)

    def inspect(self, request: WireRequest) -> HttpResponse:
        """Find out what the file in the body is, and load nothing."""
        wanted = InspectSubmit.read(request.parameters)
        enrollment, id = None, wanted.get("app_enrollment_id")
        if id is not None:
            enrollment = AppEnrollment.objects.of(request.caller.account).filter(pk=id).first()
            if enrollment is None:
                raise NotFound(f"There is no enrollment with the id “{id}”.")
            requests.check_usable(enrollment)
        with received_file(request, settings.UPLOAD_MAX_BYTES) as file, LongWork(request.caller.account.pk):
            found = inspection.inspect(
                request.caller.account,
                enrollment,
                file.content,
                file_name=file.name,
                answers=wanted.get("answers"),
            )
        return Response(found.to_json())

    def change(self, request: WireRequest, pk: str) -> HttpResponse:
        """Correct a sync by hand; for platform staff."""
        changes = SyncChange.read_changes(request.data)
        return self.answer(
            requests.amend_sync(
                self.get_object(pk),
                request.caller,
                status_code=changes.get("status_code"),
                message=changes.get("process_result_message"),
            )
        )

    def cancel(self, request: WireRequest, pk: str) -> HttpResponse:
        """Stop a sync that has not finished."""
        return self.answer(requests.cancel_sync(self.get_object(pk), request.caller.user))

    def replay(self, request: WireRequest, pk: str) -> HttpResponse:
        """Load the sync's corrected lines, and nothing else."""
        return self.answer(corrections.load_again(self.get_object(pk), request.caller.user))

    def apply(self, request: WireRequest, pk: str) -> HttpResponse:
        """Load what a preview found."""
        return self.answer(reruns.apply_preview(self.get_object(pk), request.caller.user))

    def allow_deletes(self, request: WireRequest, pk: str) -> HttpResponse:
        """Run a sync that the delete guard stopped again, and allow its deletes."""
        return self.answer(reruns.allow_deletes(self.get_object(pk), request.caller.user))

    def query(self, request: WireRequest) -> HttpResponse:
        wanted = OperationQuery.read(request.parameters)
        return self.fetch_result(self.get_queryset().filter(**wanted))

    def _enrollment(self, id: UUID | None) -> AppEnrollment | None:
        rows = AppEnrollment.objects.select_related("app")
        return self.find_reference(rows, id, field="appEnrollmentId", noun="enrollment")

    def _wanted(self, given: Mapping[str, object]) -> dict[str, Any]:
        wanted = UploadSubmit.read(given)
        if wanted["delete_on_match"] and self.request.caller.role not in ADMINS:
            raise NotAllowed(
                f"That the lines of a file may delete records (deleteOnMatch) needs the role {Role.OWNER} or "
                f"{Role.ADMIN}; yours is {self.request.caller.role}."
            )
        return {
            "enrollment": self._enrollment(wanted.get("app_enrollment_id")),
            "parent": self.find_reference(
                SyncRequest.objects.all(),
                wanted.get("parent_sync_request_id"),
                field="parentSyncRequestId",
                noun="sync",
            ),
            "full": wanted["is_full_sync"],
            "current_batch": wanted["current_batch"],
            "total_batches": wanted["total_batches"],
            "dry_run": wanted["dry_run"],
            "delete_on_match": wanted["delete_on_match"],
        }

    def _load(self, content: IO[bytes], file_name: str, wanted: dict[str, Any], *, format: str = "") -> HttpResponse:
        request = self.request

        def load() -> Response:
            return self.answer(
                requests.load_upload(
                    request.caller.account, request.caller.user, content, file_name=file_name, format=format, **wanted
                )
            )

        # The file, not the body, because a form has another boundary each time it is sent.
        return once(request, {"file": content, "name": file_name}, load)


class SyncPartViewSet(WireViewSet[SyncRequest]):
    """Rows that belong to one sync of any status, page by page."""

    queryset = SyncRequest.objects.all()
    noun = "sync"
    roles = {"query_parts": EVERYONE}
    operations = {"query_parts": Operation(is_page=True)}

    def parts_of(self, sync_request: SyncRequest) -> QuerySet[Any]:
        raise NotImplementedError

    def query_parts(self, request: WireRequest, pk: str) -> HttpResponse:
        """One page of them."""
        return self.fetch_result(self.parts_of(self.get_object(pk)))


class SyncDetailViewSet(SyncPartViewSet):
    """The problems of one sync: why lines were rejected or skipped, and warnings."""

    wire_model = SyncResultDetailModel
    roles = {**SyncPartViewSet.roles, "download": EVERYONE, "correct": WRITERS}
    operations = DETAILS
    documents = frozenset({"correct"})
    searchlight = Searchlight(
        Fields.from_model(
            SyncResultDetail,
            (
                *("id", "entity", "kind", "erpKey", "file", "line", "column", "value", "code", "message", "rawLine"),
                *("causeId", "lineCount"),
            ),
            default_order=("id",),
            key="id",
        )
    )

    def parts_of(self, sync_request: SyncRequest) -> QuerySet[SyncResultDetail]:
        return sync_request.details.all()

    def serialize(self, rows: Sequence[Any], includes: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
        return super().serialize(with_corrections(rows[0].sync_request, rows) if rows else [], includes)

    def download(self, request: WireRequest, pk: str) -> HttpResponseBase:
        """The rejected lines as a file to correct and upload again."""
        sync_request = self.get_object(pk)
        wanted = sync_request.details.filter(self.searchlight.filter(request.parameters.get("filter")))
        with LongWork(request.caller.account.pk) as work:
            file = download_of(sync_request, wanted, request.parameters.get("format", "csv"))
            return work.until_sent(streaming_response(file))

    def correct(self, request: WireRequest, pk: str, detail: str) -> HttpResponse:
        """Correct a rejected line; answers with the remaining problems and with references to missing records."""
        details = self.get_object(pk).details.select_related("sync_request")
        found = details.filter(pk=detail).first() if detail.isdecimal() and len(detail) < 19 else None
        if found is None:
            raise NotFound(f"There is no problem with the id “{detail}”.")
        values = CorrectionInput.read(request.data)["values"]
        correction = corrections.save_correction(found, request.caller.user, values)
        still_missing = [] if correction.problems else corrections.still_missing(correction)
        problem = ProblemWithCorrection(found, correction, still_missing=still_missing)
        return Response(self.wire_model(problem).data)


class SyncDifferenceViewSet(SyncPartViewSet):
    """The differences that a preview found: the first ones, deletes and changes before additions."""

    wire_model = SyncDifferenceModel
    searchlight = Searchlight(
        Fields.from_model(
            SyncDifference,
            ("entity", "action", "erpKey", "file", "line"),
            default_order=("id",),
            key="id",
        )
    )

    def parts_of(self, sync_request: SyncRequest) -> QuerySet[SyncDifference]:
        return sync_request.differences.all()


class ControlTotalViewSet(SyncPartViewSet):
    """The control totals of one sync."""

    wire_model = ControlTotalModel
    searchlight = Searchlight(
        Fields.from_model(ControlTotal, ("entity", "column", "currency"), default_order=("id",), key="id")
    )

    def parts_of(self, sync_request: SyncRequest) -> QuerySet[ControlTotal]:
        return sync_request.control_totals.all()


urlpatterns = [
    path(
        "appenrollments/<str:pk>/import-profile",
        ImportProfileViewSet.as_view({"get": "retrieve", "put": "replace"}),
        name="import-profile",
    ),
    *definition_urls,
    path("sync", SyncViewSet.as_view({"post": "create"}), name="syncs"),
    path("sync/batch", SyncViewSet.as_view({"post": "batch"}), name="sync-batch"),
    path("sync/zip", SyncViewSet.as_view({"post": "zip"}), name="sync-zip"),
    path("sync/zip/inspect", SyncViewSet.as_view({"post": "inspect"}), name="sync-inspect"),
    path("sync/query", SyncViewSet.as_view({"get": "query"}), name="sync-query"),
    path(
        "sync/<str:pk>",
        SyncViewSet.as_view({"get": "retrieve", "patch": "change", "delete": "cancel"}),
        name="sync",
    ),
    path("sync/<str:pk>/replay", SyncViewSet.as_view({"post": "replay"}), name="sync-replay"),
    path("sync/<str:pk>/rejected-lines", SyncDetailViewSet.as_view({"get": "download"}), name="sync-rejected-lines"),
    path("sync/<str:pk>/apply", SyncViewSet.as_view({"post": "apply"}), name="sync-apply"),
    path("sync/<str:pk>/allow-deletes", SyncViewSet.as_view({"post": "allow_deletes"}), name="sync-allow-deletes"),
    path(
        "sync/<str:pk>/differences/query",
        SyncDifferenceViewSet.as_view({"get": "query_parts"}),
        name="sync-differences",
    ),
    path(
        "sync/<str:pk>/control-totals", ControlTotalViewSet.as_view({"get": "query_parts"}), name="sync-control-totals"
    ),
    path("sync/<str:pk>/details/query", SyncDetailViewSet.as_view({"get": "query_parts"}), name="sync-details"),
    path("sync/<str:pk>/details/<str:detail>", SyncDetailViewSet.as_view({"patch": "correct"}), name="sync-detail"),
]
