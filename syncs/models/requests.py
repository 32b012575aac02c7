"""A request for a sync: what was requested, its status, who works on it, and how it ended."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NoReturn
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now
from django.utils import timezone

from adsplatform.accounts.models import User
from adsplatform.errors import PlatformError
from adsplatform.identifiers import uuid7
from enrollments.models import FILE_UPLOAD, AppEnrollment
from syncs.models.request_queries import SyncRequestQuerySet
from syncs.models.uploads import Upload

# New values of a row, by column: values or expressions of SQL.
_Changes = dict[str, object]


class WrongStatus(PlatformError):
    """The sync's present status does not allow the requested change of status."""

    title = "The sync has moved on."

    def __init__(self, sync_request: "SyncRequest", wanted: str) -> None:
        self.present_status = sync_request.status_code
        super().__init__(f"This sync is {self.present_status}; it can no longer become {wanted}.", field="statusCode")


class SyncRequest(models.Model):
    """One request to load accounting data, with its status and outcome."""

    class Status(models.TextChoices):
        READY = "Ready"
        CONNECTOR = "Connector"
        IN_PROGRESS = "In Progress"
        SUCCESS = "Success"
        FAILED = "Failed"
        CANCELLED = "Cancelled"

    class OperationType(models.IntegerChoices):
        READ = 0, "Read"
        WRITE = 1, "Write"

    MOVES = {
        Status.READY: (Status.CONNECTOR, Status.CANCELLED, Status.FAILED),
        Status.CONNECTOR: (Status.IN_PROGRESS, Status.CANCELLED, Status.FAILED),
        # Back to Connector: waits for the next attempt.
        Status.IN_PROGRESS: (Status.SUCCESS, Status.CANCELLED, Status.FAILED, Status.CONNECTOR),
    }
    MESSAGE_LENGTH = 200

    sync_request_id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Indexes below begin with these three foreign keys, so they need none of their own.
    group_key = models.ForeignKey(
        "accounts.Account", on_delete=models.CASCADE, db_column="group_key", related_name="+", db_index=False
    )
    app_enrollment = models.ForeignKey(
        "enrollments.AppEnrollment",
        on_delete=models.PROTECT,
        null=True,
        related_name="sync_requests",
        db_index=False,
    )
    status_code = models.CharField(max_length=20, choices=Status.choices, default=Status.READY)
    operation_type = models.IntegerField(choices=OperationType.choices, default=OperationType.READ)
    process_result_message = models.CharField(max_length=MESSAGE_LENGTH, blank=True)
    failure_count = models.IntegerField(default=0)
    run_full_sync = models.BooleanField(default=False)
    created = models.DateTimeField(default=timezone.now, editable=False)
    modified = models.DateTimeField(default=timezone.now)
    modified_user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    parent_sync_request = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="parts", db_index=False
    )
    # The sync whose corrected lines this one loads; never itself a replay.
    replay_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replays")
    current_batch = models.IntegerField(default=1)
    total_batches = models.IntegerField(default=1)
    # Which connector reads the data; deliberately without `choices`, like Application.connector.
    connector = models.CharField(max_length=50)
    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # A preview: it reports what it would do, and its changes of the books are rolled back.
    dry_run = models.BooleanField(default=False)
    # Somebody (`modified_user`) has seen the deletes that the delete guard stopped and has allowed them.
    allow_deletes = models.BooleanField(default=False)
    # Whoever sent a file has said that its lines may delete records (`onMatchAction` 2); see `honours_deletes`.
    delete_on_match = models.BooleanField(default=False, db_default=False)
    # The kinds of which a part of the input was not read, as `outcome.completeness` states; "" stands for any kind.
    unread_kinds = models.JSONField(default=list, db_default=Value([], models.JSONField()), blank=True)
    # The sync whose data are loaded again: after its preview, or because its deletes were allowed.
    repeat_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="repeats")
    # The last sync that loaded the same file, found when this one was requested.
    same_content_as = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    # By which import profiles and rules it was loaded, if loading the same upload again would change nothing; a digest
    # (`syncs.loading.repeated_inputs`).
    settled_by = models.CharField(max_length=64, blank=True, db_default="", editable=False)
    started = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(null=True, blank=True)
    # Lines read so far, to show progress; the final counts are in SyncEntityResult.
    lines_read = models.BigIntegerField(default=0)
    # When retention removed its details (the problems of single lines). The counts stay.
    details_removed = models.DateTimeField(null=True, editable=False)
    # The order in which waiting syncs run. Each further sync of one account gets a later turn (see `queue`).
    turn = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    # The lease: who works on it, and until when that worker counts as alive, by the database's clock. The fencing
    # token numbers the claims: a worker's result counts only while its claim is the last one.
    fencing_token = models.IntegerField(default=0, db_default=0, editable=False, db_column="fence")
    lease_owner = models.CharField(max_length=100, blank=True, db_default="", editable=False)
    lease_expires = models.DateTimeField(null=True, editable=False)
    # The next attempt does not begin before this time.
    not_before = models.DateTimeField(null=True, editable=False)
    # How many times the process that ran it died; `failure_count` counts all other failures.
    crash_count = models.IntegerField(default=0, db_default=0, editable=False)
    # Why it failed or waits for another attempt: a code of `syncs.problem_codes`.
    failure_code = models.CharField(max_length=50, blank=True, db_default="", editable=False)

    objects = SyncRequestQuerySet.as_manager()

    class Meta:
        indexes = [
            # Retention, and the metrics of the last hour; unfinished syncs are at its end.
            models.Index(fields=["finished"], name="sync_with_details", condition=Q(details_removed__isnull=True)),
            # Retention; syncs whose details are being removed are at its end.
            models.Index(
                fields=["details_removed"], name="sync_without_details", condition=Q(details_removed__isnull=False)
            ),
            # The Inbox, the API's default order and the admin's list.
            models.Index(fields=["group_key", "-created", "-sync_request_id"], name="sync_newest_of_account"),
            models.Index(fields=["-created", "-sync_request_id"], name="sync_newest"),
            # The enrollment's last sync and last successful sync.
            models.Index(fields=["app_enrollment", "status_code", "-created"], name="sync_of_enrollment"),
            # The claim of the next sync.
            models.Index(
                fields=["turn", "created", "sync_request_id"],
                name="sync_waiting",
                condition=Q(status_code="Connector"),
            ),
            # Counting the waiting syncs of an account.
            models.Index(fields=["group_key"], name="sync_waiting_of_account", condition=Q(status_code="Connector")),
            # The reaper, which looks for expired leases, and the claim, which counts what runs.
            models.Index(
                fields=["group_key", "connector"], name="sync_running", condition=Q(status_code="In Progress")
            ),
            models.Index(fields=["parent_sync_request"], name="sync_parts"),
        ]
        constraints = [
            models.UniqueConstraint(
                "app_enrollment",
                name="one_running_per_enrollment",
                condition=Q(status_code="In Progress", dry_run=False),
            ),
            models.UniqueConstraint(
                "parent_sync_request",
                "current_batch",
                name="one_request_per_part",
                condition=Q(repeat_of__isnull=True),
            ),
            # A preview of one part cannot say what all parts together would delete.
            models.CheckConstraint(condition=Q(dry_run=False) | Q(total_batches=1), name="sync_preview_is_whole"),
            models.CheckConstraint(condition=Q(operation_type__in=(0, 1)), name="sync_operation_known"),
            models.CheckConstraint(
                condition=Q(current_batch__gte=1) & Q(total_batches__gte=F("current_batch")),
                name="sync_part_in_range",
            ),
            models.CheckConstraint(
                condition=Q(finished__isnull=False, status_code__in=("Success", "Failed", "Cancelled"))
                | Q(finished__isnull=True, status_code__in=("Ready", "Connector", "In Progress")),
                # This also rules out any other status.
                name="sync_finished_iff_final",
            ),
            # Every running sync has a lease that ends.
            models.CheckConstraint(
                condition=Q(status_code="In Progress", lease_expires__isnull=False)
                | (~Q(status_code="In Progress") & Q(lease_expires__isnull=True)),
                name="sync_leased_iff_running",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.connector} sync of {self.created:%Y-%m-%d %H:%M} ({self.status_code})"

    @property
    def is_finished(self) -> bool:
        return self.status_code not in self.MOVES

    @property
    def enrollment(self) -> AppEnrollment:
        """The enrollment that it loads into; raises ValueError for requests that are older than enrollments."""
        if self.app_enrollment is None:
            raise ValueError(f"Sync {self.pk} has no enrollment.")
        return self.app_enrollment

    @property
    def origin_id(self) -> UUID:
        """The sync whose rejected lines these are: a replay's lines are those of the sync it replays."""
        return self.replay_of_id or self.pk

    @property
    def honours_deletes(self) -> bool:
        """Whether a line may delete a record by `onMatchAction` 2: in a file only if its sender has said so."""
        return self.delete_on_match or self.connector != FILE_UPLOAD

    @property
    def operation_type_name(self) -> str:
        return self.get_operation_type_display()

    @property
    def lease_renewed(self) -> datetime | None:
        """When the lease was taken or last renewed; None if it is not in progress."""
        return self.lease_expires and self.lease_expires - timedelta(seconds=settings.SYNC_LEASE_SECONDS)

    @property
    def next_try(self) -> datetime | None:
        """When the next attempt may begin, if it waits for one."""
        return self.not_before if self.status_code == self.Status.CONNECTOR else None

    def queue(self) -> None:
        """Put it into the queue, after syncs that other accounts request in the meantime."""
        waiting = SyncRequest.objects.waiting().filter(group_key=self.group_key_id).count()
        turn = self.created + waiting * timedelta(seconds=settings.SYNC_TURN_SECONDS)
        self._move(self.Status.CONNECTOR, {"turn": turn})

    def start(self, owner: str = "") -> None:
        """Claim it: `owner` has it until the lease expires, and may renew the lease."""
        changes = {
            "started": timezone.now(),
            "lines_read": 0,
            "fencing_token": F("fencing_token") + 1,
            "lease_owner": owner,
            "lease_expires": _lease_end(),
            "not_before": None,
        }
        self._move(self.Status.IN_PROGRESS, changes)

    def succeed(self, message: str, *, unread_kinds: Collection[str] = (), settled_by: str = "", **counts: int) -> None:
        outcome: _Changes = {
            "process_result_message": _shortened(message),
            "failure_code": "",
            "unread_kinds": sorted(unread_kinds),
            "settled_by": settled_by,
        }
        self._finish(self.Status.SUCCESS, outcome | counts, only_holder=True)

    def fail(self, message: str, code: str = "", *, has_crashed: bool = False, **counts: int) -> None:
        outcome: _Changes = {"process_result_message": _shortened(message), "failure_code": code}
        self._finish(self.Status.FAILED, outcome | _failure_counted(has_crashed) | counts, only_holder=True)

    def retry_later(self, message: str, code: str, *, seconds: float, has_crashed: bool = False) -> None:
        """Count a failure and let it wait for another attempt."""
        self._return_to_queue(message, code, seconds, _failure_counted(has_crashed))

    def hand_back(self, message: str, code: str, *, seconds: float = 0) -> None:
        """Let another worker have it, without counting a failure."""
        self._return_to_queue(message, code, seconds, {})

    def retry_now(self) -> None:
        """Stop waiting: the next attempt may begin at once."""
        SyncRequest.objects.waiting().filter(pk=self.pk).update(not_before=None)
        self.refresh_from_db(fields=["not_before"])

    def report(self, lines_read: int) -> None:
        """Record the progress; raises WrongStatus if this object no longer holds the claim."""
        if not self.under_own_claim().update(lines_read=lines_read):
            self._refuse(self.Status.SUCCESS)

    def renew(self) -> bool:
        """Renew the lease; returns False if this object no longer holds the claim."""
        return bool(self.under_own_claim().update(lease_expires=_lease_end()))

    def cancel(self, message: str, user: User | None = None) -> None:
        changes: _Changes = {"process_result_message": _shortened(message)}
        if user:
            changes["modified_user"] = user
        self._finish(self.Status.CANCELLED, changes)

    def amend(self, wanted: str, message: str | None, user: User | None) -> None:
        """Change the status on behalf of platform staff, along the allowed moves, but never to Success.

        A sync that staff end without a message gets one, unless it has one from an earlier attempt.
        """
        if wanted not in self.Status.values:
            raise PlatformError(
                f"No status is called “{wanted}”. Known: {', '.join(self.Status.values)}.", field="statusCode"
            )
        if wanted == self.Status.SUCCESS and not self.is_finished:
            raise PlatformError(
                "Only the platform itself ends a sync as Success, when its data are loaded. End this one as Failed or "
                "Cancelled, with a processResultMessage that says why.",
                field="statusCode",
            )
        changes: _Changes = {"modified_user": user}
        if message is not None:
            changes["process_result_message"] = _shortened(message)
        if wanted not in self.MOVES and not (self.process_result_message if message is None else message.strip()):
            changes["process_result_message"] = f"Ended as {wanted} by the platform’s staff. Nothing was changed."
        if wanted == self.Status.IN_PROGRESS:
            # No worker has it, so it returns to the queue when the lease has expired.
            changes |= {
                "started": timezone.now(),
                "lease_expires": _lease_end(),
                "fencing_token": F("fencing_token") + 1,
            }
        if wanted not in self.MOVES:
            changes["finished"] = timezone.now()
        self._move(wanted, changes)

    def under_own_claim(self) -> SyncRequestQuerySet:
        """This request, if it is in progress under the claim that this object knows; else nothing."""
        return SyncRequest.objects.running().filter(pk=self.pk, fencing_token=self.fencing_token)

    def _return_to_queue(self, message: str, code: str, seconds: float, changes: _Changes) -> None:
        changes |= {
            "process_result_message": _shortened(message),
            "failure_code": code,
            "not_before": Now() + timedelta(seconds=seconds),
        }
        self._move(self.Status.CONNECTOR, changes, only_holder=True)

    def _finish(self, wanted: str, changes: _Changes, *, only_holder: bool = False) -> None:
        self._move(wanted, changes | {"finished": timezone.now()}, only_holder=only_holder)

    def _move(self, wanted: str, changes: _Changes, *, only_holder: bool = False) -> None:
        """Change the status by one UPDATE; with `only_holder`, only if this object's claim is the last one."""
        if wanted != self.Status.IN_PROGRESS:
            changes |= {"lease_owner": "", "lease_expires": None}
        changes |= {"status_code": wanted, "modified": timezone.now()}
        if only_holder:
            row = self.under_own_claim()
        else:
            allowed = [status for status, moves in self.MOVES.items() if wanted in moves]
            row = SyncRequest.objects.filter(pk=self.pk, status_code__in=allowed)
        if not row.update(**changes):
            self._refuse(wanted)
        calculated = [name for name, value in changes.items() if hasattr(value, "resolve_expression")]
        for name in changes.keys() - calculated:
            setattr(self, name, changes[name])
        if calculated:
            self.refresh_from_db(fields=calculated)

    def _refuse(self, wanted: str) -> NoReturn:
        self.refresh_from_db(fields=["status_code"])
        raise WrongStatus(self, wanted)


def _lease_end() -> CombinedExpression:
    """When a lease that is taken or renewed now expires."""
    return Now() + timedelta(seconds=settings.SYNC_LEASE_SECONDS)


def _failure_counted(has_crashed: bool) -> _Changes:
    count = "crash_count" if has_crashed else "failure_count"
    return {count: F(count) + 1}


def _shortened(message: str) -> str:
    """A message cut to the length of `process_result_message`, between words if possible."""
    if len(message) <= SyncRequest.MESSAGE_LENGTH:
        return message
    start = message[: SyncRequest.MESSAGE_LENGTH - 1]
    words, _, cut = start.rpartition(" ")
    return (words if len(cut) < len(words) else start) + "…"
