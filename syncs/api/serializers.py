"""Syncs and what belongs to them on the wire, and the bodies and parameters of requests."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from uuid import UUID

import msgspec
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from adsplatform.accounts.services import Caller
from adsplatform.errors import PlatformError
from adsplatform.records.specification import names_of_entities
from adsplatform.rest.json_limits import check_records
from adsplatform.rest.operations import OBJECT, TEXT
from adsplatform.rest.parsers import read_json
from adsplatform.rest.serializers import AnyCaseBoolean, Enum, Guid, WireInput, WireModel
from syncs.api.entity_details import EntityDetails, details_of
from syncs.loading.control_totals.recount import check_totals
from syncs.models import ControlTotal, SyncDifference, SyncRequest, SyncResultDetail
from syncs.models.control_totals import sum_as_text
from syncs.presentation.sync_summary import who_acts
from syncs.rejected_rows.corrections import ProblemWithCorrection
from syncs.services import unanswered


class SyncRequestModel(WireModel[SyncRequest]):
    SOURCES = {
        **WireModel.SOURCES,
        "repeat_of": "repeat_of_id",
        "same_content_as": "same_content_as_id",
    }

    class Meta:
        model = SyncRequest
        fields = (
            "sync_request_id",
            "group_key",
            "status_code",
            "operation_type_name",
            "operation_type",
            "process_result_message",
            "failure_count",
            "run_full_sync",
            "app_enrollment_id",
            "created",
            "modified",
            "modified_user_id",
            "parent_sync_request_id",
            "replay_of_id",
            "current_batch",
            "total_batches",
            "dry_run",
            "allow_deletes",
            "delete_on_match",
            "repeat_of",
            "same_content_as",
            "details_removed",
            "next_try",
            "failure_code",
            "who_acts",
            "profile_needed",
        )
        included = {"details": {"Details"}}
        unfilled = {"traceParent": TEXT}

    # Members that the published model does not have are left out if they have no information.
    dry_run = serializers.SerializerMethodField("get_dry_run")
    allow_deletes = serializers.SerializerMethodField("get_allow_deletes")
    delete_on_match = serializers.SerializerMethodField("get_delete_on_match")
    next_try = serializers.SerializerMethodField("get_next_try")
    failure_code = serializers.SerializerMethodField("get_failure_code")
    who_acts = serializers.SerializerMethodField("get_who_acts")
    profile_needed = serializers.SerializerMethodField("get_profile_needed")
    details = serializers.SerializerMethodField("get_details")

    def get_dry_run(self, sync_request: SyncRequest) -> bool | None:
        return sync_request.dry_run or None

    def get_allow_deletes(self, sync_request: SyncRequest) -> bool | None:
        return sync_request.allow_deletes or None

    def get_delete_on_match(self, sync_request: SyncRequest) -> bool | None:
        return sync_request.delete_on_match or None

    def get_next_try(self, sync_request: SyncRequest) -> datetime | None:
        return sync_request.next_try

    def get_failure_code(self, sync_request: SyncRequest) -> str | None:
        return sync_request.failure_code or None

    def get_who_acts(self, sync_request: SyncRequest) -> str | None:
        return who_acts(sync_request) or None

    @extend_schema_field(OBJECT)
    def get_profile_needed(self, sync_request: SyncRequest) -> dict[str, object] | None:
        """Where a person and a program can say how the files are written, if the sync failed for want of that."""
        if not unanswered.is_about(sync_request):
            return None
        return {
            "page": reverse("inbox:how-written", args=[sync_request.upload_id]),
            "importProfile": reverse("api:import-profile", args=[sync_request.app_enrollment_id]),
        }

    def get_details(self, sync_request: SyncRequest) -> dict[str, EntityDetails] | None:
        """None while the sync has not finished."""
        details: dict[UUID, dict[str, EntityDetails]] = self.context["details"]
        return details.get(sync_request.pk)

    @classmethod
    def load(cls, records: Sequence[SyncRequest], includes: frozenset[str], caller: Caller) -> dict[str, object]:
        if "Details" not in includes:
            return {}
        return {"details": details_of([sync_request for sync_request in records if sync_request.is_finished])}


class SyncResultDetailModel(WireModel[ProblemWithCorrection]):
    """A problem of a sync, with the correction of its line."""

    class Meta:
        model = SyncResultDetail
        fields = (
            "id",
            "entity",
            "kind",
            "erp_key",
            "file",
            "line",
            "column",
            "value",
            "code",
            "message",
            "raw_line",
            "cause_id",
            "line_count",
            "mending",
        )

    SOURCES = {name: f"detail.{name}" for name in Meta.fields}

    mending = serializers.SerializerMethodField()

    @extend_schema_field(OBJECT)
    def get_mending(self, problem: ProblemWithCorrection) -> dict[str, object] | None:
        """The correction of the line: by whom, when, and the problems that are left.

        What the line refers to is looked up only in the answer to its correction.
        """
        correction = problem.correction
        if correction is None:
            return None
        looked_up = {} if problem.still_missing is None else {"stillMissing": problem.still_missing}
        return {
            "state": correction.state,
            "values": correction.values,
            "problems": correction.problems,
            "mendedUserId": correction.corrected_by_id,
            "mendedAt": correction.corrected_at,
            "replaySyncRequestId": correction.replay_id,
            **looked_up,
        }


class CorrectionInput(WireInput):
    """Body of PATCH /Sync/{id}/details/{detailId}: values by the name of their column."""

    values = serializers.DictField(error_messages={"not_a_dict": "Send an object: a value for each column."})


class SyncDifferenceModel(WireModel[SyncDifference]):
    """The changes that a preview found for one record."""

    class Meta:
        model = SyncDifference
        fields = ("entity", "action", "erp_key", "file", "line", "fields")


@extend_schema_field(TEXT)
class ExactSum(serializers.Field):
    """A sum of amounts as text, because many programs would round a number with this many digits."""

    def to_representation(self, value: Decimal) -> str:
        return sum_as_text(value)


class ControlTotalModel(WireModel[ControlTotal]):
    """The sums of one amount in one currency: in the file, in its lines by outcome, and in the books afterwards."""

    class Meta:
        model = ControlTotal
        fields = (
            "entity",
            "column",
            "currency",
            "file_count",
            "file_sum",
            "loaded_count",
            "loaded_sum",
            "rejected_count",
            "rejected_sum",
            "skipped_count",
            "skipped_sum",
            "agrees",
            "books_count",
            "books_sum",
        )

    # Left out if the records were not counted again.
    agrees = serializers.SerializerMethodField()
    file_sum = ExactSum(source="file_sum")
    loaded_sum = ExactSum(source="loaded_sum")
    rejected_sum = ExactSum(source="rejected_sum")
    skipped_sum = ExactSum(source="skipped_sum")
    books_sum = ExactSum(source="books_sum")

    @classmethod
    def load(cls, records: Sequence[ControlTotal], includes: frozenset[str], caller: Caller) -> dict[str, object]:
        return {"agrees": {checked.total.pk: checked.agrees for checked in check_totals(records)}}

    def get_agrees(self, total: ControlTotal) -> bool | None:
        agrees: dict[int, bool | None] = self.context["agrees"]
        return agrees[total.pk]


class SyncSubmit(WireInput):
    """Body of POST /Sync."""

    app_enrollment_id = Guid()
    run_full_sync = AnyCaseBoolean(default=False)
    dry_run = AnyCaseBoolean(default=False)


class UploadSubmit(WireInput):
    """The parameters of an upload, or the members of a batch besides its records."""

    app_enrollment_id = Guid(required=False)
    parent_sync_request_id = Guid(required=False)
    current_batch = serializers.IntegerField(default=1, max_value=2**31 - 1)
    total_batches = serializers.IntegerField(default=1, max_value=2**31 - 1)
    is_full_sync = AnyCaseBoolean(default=False)
    dry_run = AnyCaseBoolean(default=False)
    delete_on_match = AnyCaseBoolean(default=False)


class InspectSubmit(WireInput):
    """The parameters of an inspection; `answers` are those given so far, by file and question."""

    app_enrollment_id = Guid(required=False)
    answers = serializers.JSONField(required=False, binary=True)

    def validate_answers(self, answers: object) -> object:
        if not isinstance(answers, dict) or not all(isinstance(given, dict) for given in answers.values()):
            raise serializers.ValidationError("The answers are an object with an object of answers for each file.")
        return answers


class SyncChange(WireInput):
    """Body of PATCH /Sync/{id}."""

    status_code = serializers.CharField(required=False)
    process_result_message = serializers.CharField(
        max_length=SyncRequest.MESSAGE_LENGTH, required=False, allow_blank=True
    )


class OperationQuery(WireInput):
    """The query's own parameter: syncs that write to an accounting system are queried separately."""

    operation_type = Enum(
        {label: value for value, label in SyncRequest.OperationType.choices},
        default=SyncRequest.OperationType.READ,
    )


# The members of BatchSyncModel that are no lists of records, in lower case.
BATCH_OPTIONS = ("appenrollmentid", "parentsyncrequestid", "currentbatch", "totalbatches", "isfullsync", "dryrun")


@cache
def usual_members() -> tuple[str, ...]:
    """The names of members that batches usually have: lists of records and options, in the spellings of the SDKs."""
    names = {*names_of_entities(), *UploadSubmit().get_fields()}
    return tuple(sorted(names | {f"{name[0].upper()}{name[1:]}" for name in names} | {name.lower() for name in names}))


def batch_options(members: dict[str, msgspec.Raw]) -> dict[str, object]:
    """The members of a batch besides its records, which the connector reads; refuses one without records."""
    records = [name for name in members if name not in BATCH_OPTIONS and memoryview(members[name])[:1] == b"["]
    if not records:
        raise PlatformError(
            "The batch holds no records. Send at least one list of them, such as companies or invoices."
        )
    check_records(memoryview(members[name]) for name in records)
    return {name: read_json(bytes(members[name]).decode()) for name in BATCH_OPTIONS if name in members}
