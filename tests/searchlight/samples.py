"""A query over syncs, with a field of every type, for the tests of the query language."""

from datetime import UTC, datetime

from django.db.models import DateField, DecimalField, FloatField
from django.db.models.functions import Cast

from adsplatform.searchlight import Field, Fields, Searchlight
from syncs.models import SyncRequest

# A Wednesday.
NOW = datetime(2024, 5, 15, 16, 30, tzinfo=UTC)

FIELDS = Fields(
    [
        Field("syncRequestId", "sync_request_id", "uuid", aliases=("id",)),
        Field("appEnrollmentId", "app_enrollment_id", "uuid"),
        Field("message", "process_result_message", "text"),
        Field("userName", "modified_user__name", "text"),
        Field("failureCount", "failure_count", "integer"),
        Field("amount", "amount", "decimal"),
        Field("ratio", "ratio", "double"),
        Field("runFullSync", "run_full_sync", "boolean"),
        Field("day", "day", "date"),
        Field("started", "started", "datetime"),
        Field("operationType", "operation_type", "enum", {"Read": 0, "Write": 1}),
        Field("statusCode", "status_code", "enum", {"Ready": "Ready", "InProgress": "In Progress"}),
    ],
    default_order=("-created",),
    key="sync_request_id",
)
SYNCS = Searchlight(FIELDS, includes=("Details", "App"))


def all_syncs():
    """Syncs, with an amount, a ratio and a day, types that none of their own columns has."""
    return SyncRequest.objects.annotate(
        amount=Cast("failure_count", DecimalField(max_digits=12, decimal_places=2)),
        ratio=Cast("failure_count", FloatField()),
        day=Cast("started", DateField()),
    )


def parts_of(clause) -> str:
    """A clause as a short text with all brackets, so that tests can state how a filter was parsed."""
    if hasattr(clause, "clauses"):
        return f"({f' {clause.conjunction} '.join(parts_of(part) for part in clause.clauses)})"
    test = f"not {clause.test}" if clause.negated else clause.test
    return " ".join([clause.field.name, test, *(repr(value) for value in clause.values)])
