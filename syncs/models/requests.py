"""A sync as the platform's books know it: what was asked, how it stands, what came of every line."""

from collections import Counter
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from adsplatform import locks
from adsplatform.accounts.models import TenantQuerySet
from adsplatform.errors import PlatformError
from adsplatform.identifiers import uuid7
from syncs.crash_points import crash_point
from syncs.models.uploads import Upload

# A claimer takes milliseconds; one that is stopped in the middle must not keep the others out.
CLAIM_SECONDS = 5


class WrongStatus(PlatformError):
    """A move was asked for that the sync's present status does not allow."""

    title = "The sync has moved on."

    def __init__(self, sync_request, wanted):
        self.now = sync_request.status_code
        super().__init__(f"This sync is {self.now}; it can no longer become {wanted}.", field="statusCode")


def _counted(has_crashed: bool) -> dict:
    count = "crash_count" if has_crashed else "failure_count"
    return {count: F(count) + 1}


def _shortened(message: str) -> str:
    """A message as `process_result_message` holds it: cut between words, if it has any."""
    if len(message) <= SyncRequest.MESSAGE_LENGTH:
        return message
    kept = message[: SyncRequest.MESSAGE_LENGTH - 1]
    words, _, cut = kept.rpartition(" ")
    return (words if len(cut) < len(words) else kept) + "…"


def lease_time():
    """When a lease that is taken or renewed now runs out."""
    return Now() + timedelta(seconds=settings.SYNC_LEASE_SECONDS)


class LeaseQuerySet(models.QuerySet):
    def running(self):
        return self.filter(status_code=self.model.Status.IN_PROGRESS)

    def expired(self):
        """Those in progress whose holder gives no sign of life."""
        return self.running().filter(lease_expires__lt=Now())

    def claim_next(self, owner: str = ""):
        """Start the sync whose turn it is and return it, or None; of two claimers each gets another."""
        for _ in range(5):
            try:
                with transaction.atomic():
                    _wait_for_other_claimers()
                    found = (
                        self.may_run()
                        .within_caps()
                        .order_by("turn", "created", "sync_request_id")
                        .select_for_update(skip_locked=True, of=("self",))
                        .first()
                    )
                    if found:
                        found.start(owner)
                        crash_point("claiming")
                    return found
            except IntegrityError:
                # Staff have just put a sync of the same enrollment in progress by hand; look again.
                continue
        return None

    def within_caps(self):
        """Leave out accounts and connectors of which as many run as may."""
        running = self.model.objects.running().values_list("group_key", "connector")
        of_account, of_connector = Counter(), Counter()
        for account, connector in running:
            of_account[account] += 1
            of_connector[connector] += 1
        caps, cap = settings.SYNC_RUNNING_PER_CONNECTOR, settings.SYNC_RUNNING_PER_ACCOUNT
        return self.exclude(group_key__in=[account for account, count in of_account.items() if count >= cap]).exclude(
            connector__in=[name for name, count in of_connector.items() if count >= caps.get(name, count + 1)]
        )


def _wait_for_other_claimers():
    """One at a time, or two could count the same running syncs and together pass a cap."""
    # In a transaction that a caller began, the caller decides how long it may idle.
    if not connection.savepoint_ids:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{CLAIM_SECONDS}s'")
    locks.acquire(locks.CLAIM_SYNC)


class SyncRequestQuerySet(LeaseQuerySet, TenantQuerySet):
    def unfinished(self):
        return self.filter(status_code__in=list(SyncRequest.MOVES))

    def waiting(self):
        return self.filter(status_code=SyncRequest.Status.CONNECTOR)

    def real(self):
        """Those that are no previews."""
        return self.filter(dry_run=False)

    def newest_first(self):
        return self.order_by("-created", "-sync_request_id")

    def may_run(self):
        """Waiting and due, with no other sync of the enrollment running, and all earlier parts finished.

        A preview changes nothing, so it waits for none and none waits for it.
        """
        running = SyncRequest.objects.real().filter(
            app_enrollment=OuterRef("app_enrollment"), status_code=SyncRequest.Status.IN_PROGRESS
        )
        earlier_parts = SyncRequest.objects.filter(
            Q(pk=OuterRef("parent_sync_request")) | Q(parent_sync_request=OuterRef("parent_sync_request")),
            current_batch__lt=OuterRef("current_batch"),
            finished__isnull=False,
        )
        count = earlier_parts.order_by().values(one=Value(1)).annotate(n=Count("*")).values("n")
        return self.waiting().filter(
            Q(not_before=None) | Q(not_before__lte=Now()),
            ~Exists(running) | Q(dry_run=True),
            Q(current_batch=1) | Q(current_batch=Coalesce(Subquery(count), 0) + 1),
        )


class SyncRequest(models.Model):
    """One request to load accounting data, and how it went."""

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
        # Back to Connector: to be tried again.
        Status.IN_PROGRESS: (Status.SUCCESS, Status.CANCELLED, Status.FAILED, Status.CONNECTOR),
    }
    MESSAGE_LENGTH = 200

    sync_request_id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Of these three foreign keys indexes below begin with the column.
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
    # The sync whose mended lines this one loads; never itself a replay.
    replay_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replays")
    current_batch = models.IntegerField(default=1)
    total_batches = models.IntegerField(default=1)
    # Which connector reads the data; deliberately without `choices`, as Application.connector.
    connector = models.CharField(max_length=50)
    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # Asked to find out what it would do: everything it writes to the books is taken back.
    dry_run = models.BooleanField(default=False)
    # Somebody (`modified_user`) has seen what the guard stopped and wants it deleted.
    allow_deletes = models.BooleanField(default=False)
    # The sync whose data are loaded again: after its preview, or because its deletes were allowed.
    repeat_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="repeats")
    # The last sync that loaded the very same file, found when this one was asked for.
    same_content_as = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    started = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(null=True, blank=True)
    # Lines read so far, for people who watch; the counts that matter are SyncEntityResult's.
    lines_read = models.BigIntegerField(default=0)
    # When its problems, line by line, were removed, as they had been kept for long enough. The counts stay.
    details_removed = models.DateTimeField(null=True, editable=False)
    # When its turn comes; of an account with many waiting, the later ones' is put off (`queue`).
    turn = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    # The lease: who works on it, and until when the database takes them to be alive. `fence` counts the claims; what a
    # claim's holder does counts only while its number is still the last.
    fencing_token = models.IntegerField(default=0, db_default=0, editable=False, db_column="fence")
    lease_owner = models.CharField(max_length=100, blank=True, db_default="", editable=False)
    lease_expires = models.DateTimeField(null=True, editable=False)
    # It is to be tried again, but not yet.
    not_before = models.DateTimeField(null=True, editable=False)
    # How often its worker died over it; `failure_count` has all other failures.
    crash_count = models.IntegerField(default=0, db_default=0, editable=False)
    # Why it failed, or has to be tried again: a code of the catalogue of problems.
    failure_code = models.CharField(max_length=50, blank=True, db_default="", editable=False)

    objects = SyncRequestQuerySet.as_manager()

    class Meta:
        indexes = [
            # Retention and the figures of the last hour; those that have not finished stand at the end.
            models.Index(fields=["finished"], name="sync_with_details", condition=Q(details_removed__isnull=True)),
            # Those whose details are being removed are the last in it.
            models.Index(
                fields=["details_removed"], name="sync_without_details", condition=Q(details_removed__isnull=False)
            ),
            # The Inbox, the API's default order and the admin's list.
            models.Index(fields=["group_key", "-created", "-sync_request_id"], name="sync_newest_of_account"),
            models.Index(fields=["-created", "-sync_request_id"], name="sync_newest"),
            # The enrollment's last sync and last successful sync.
            models.Index(fields=["app_enrollment", "status_code", "-created"], name="sync_of_enrollment"),
            # The worker that looks for the next one to run.
            models.Index(
                fields=["turn", "created", "sync_request_id"],
                name="sync_waiting",
                condition=Q(status_code="Connector"),
            ),
            # How many of an account are waiting.
            models.Index(fields=["group_key"], name="sync_waiting_of_account", condition=Q(status_code="Connector")),
            # The rescue that looks for leases that have run out, and the claim that heeds the caps.
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
            # A preview of one part could not say what the whole would delete.
            models.CheckConstraint(condition=Q(dry_run=False) | Q(total_batches=1), name="sync_preview_is_whole"),
            models.CheckConstraint(condition=Q(operation_type__in=(0, 1)), name="sync_operation_known"),
            models.CheckConstraint(
                condition=Q(current_batch__gte=1) & Q(total_batches__gte=F("current_batch")),
                name="sync_part_in_range",
            ),
            models.CheckConstraint(
                condition=Q(finished__isnull=False, status_code__in=("Success", "Failed", "Cancelled"))
                | Q(finished__isnull=True, status_code__in=("Ready", "Connector", "In Progress")),
                # Also: no status but the six.
                name="sync_finished_iff_final",
            ),
            # Nobody's work has no end.
            models.CheckConstraint(
                condition=Q(status_code="In Progress", lease_expires__isnull=False)
                | (~Q(status_code="In Progress") & Q(lease_expires__isnull=True)),
                name="sync_leased_iff_running",
            ),
        ]

    def __str__(self):
        return f"{self.connector} sync of {self.created:%Y-%m-%d %H:%M} ({self.status_code})"

    @property
    def is_finished(self) -> bool:
        return self.status_code not in self.MOVES

    @property
    def origin_id(self):
        """The sync whose rejected lines these are: a replay's lines are those of the sync it replays."""
        return self.replay_of_id or self.pk

    @property
    def operation_type_name(self) -> str:
        return self.get_operation_type_display()

    @property
    def next_try(self):
        """When it will be tried again, if it waits for that."""
        return self.not_before if self.status_code == self.Status.CONNECTOR else None

    def queue(self):
        """Let it wait for its turn, after those that others asked for in the meantime."""
        waiting = SyncRequest.objects.waiting().filter(group_key=self.group_key_id).count()
        self._move(self.Status.CONNECTOR, turn=self.created + waiting * timedelta(seconds=settings.SYNC_TURN_SECONDS))

    def start(self, owner: str = ""):
        """Claim it: `owner` has it until the lease runs out, and may renew that."""
        self._move(
            self.Status.IN_PROGRESS,
            started=timezone.now(),
            lines_read=0,
            fencing_token=F("fencing_token") + 1,
            lease_owner=owner,
            lease_expires=lease_time(),
            not_before=None,
        )

    def succeed(self, message: str, **counts):
        self._finish(
            self.Status.SUCCESS, ours=True, process_result_message=_shortened(message), failure_code="", **counts
        )

    def fail(self, message: str, code: str = "", *, has_crashed: bool = False, **counts):
        self._finish(
            self.Status.FAILED,
            ours=True,
            process_result_message=_shortened(message),
            failure_code=code,
            **_counted(has_crashed),
            **counts,
        )

    def try_again(self, message: str, code: str, *, seconds: float, has_crashed: bool = False):
        """Let it wait for another try."""
        self._move(
            self.Status.CONNECTOR,
            ours=True,
            process_result_message=_shortened(message),
            failure_code=code,
            not_before=Now() + timedelta(seconds=seconds),
            **_counted(has_crashed),
        )

    def hand_back(self, message: str, code: str, *, seconds: float = 0):
        """Let another worker have it, after what was neither its source's fault nor its own."""
        self._move(
            self.Status.CONNECTOR,
            ours=True,
            process_result_message=_shortened(message),
            failure_code=code,
            not_before=Now() + timedelta(seconds=seconds),
        )

    def hurry(self):
        """Do not wait any longer for the next try."""
        SyncRequest.objects.waiting().filter(pk=self.pk).update(not_before=None)
        self.refresh_from_db(fields=["not_before"])

    def report(self, lines_read: int):
        """Tell how far it is; raises WrongStatus once it is no longer its holder's."""
        if not self._held().update(lines_read=lines_read):
            self._refuse(self.Status.SUCCESS)

    def renew(self) -> bool:
        """Go on holding the lease, if it is still its holder's."""
        return bool(self._held().update(lease_expires=lease_time()))

    def cancel(self, message: str, user=None):
        self._finish(
            self.Status.CANCELLED,
            process_result_message=_shortened(message),
            **({"modified_user": user} if user else {}),
        )

    def amend(self, wanted: str, message: str | None, user):
        """Move as platform staff asks, along the allowed moves only."""
        if wanted not in self.Status.values:
            raise PlatformError(
                f"No status is called “{wanted}”. Known: {', '.join(self.Status.values)}.", field="statusCode"
            )
        changes = {"modified_user": user}
        if message is not None:
            changes["process_result_message"] = _shortened(message)
        if wanted == self.Status.IN_PROGRESS:
            # Nobody works on it, so it goes back to the queue when the lease has run out.
            changes |= {
                "started": timezone.now(),
                "lease_expires": lease_time(),
                "fencing_token": F("fencing_token") + 1,
            }
        if wanted not in self.MOVES:
            changes["finished"] = timezone.now()
        self._move(wanted, **changes)

    def _finish(self, wanted, **changes):
        self._move(wanted, finished=timezone.now(), **changes)

    def _move(self, wanted, *, ours=False, **changes):
        """Change the status by one UPDATE; `ours` if only the holder of the lease may ask for it."""
        allowed = [now for now, moves in self.MOVES.items() if wanted in moves]
        if wanted != self.Status.IN_PROGRESS:
            changes |= {"lease_owner": "", "lease_expires": None}
        changes |= {"status_code": wanted, "modified": timezone.now()}
        found = self._held() if ours else SyncRequest.objects.filter(pk=self.pk, status_code__in=allowed)
        if not found.update(**changes):
            self._refuse(wanted)
        self.refresh_from_db(fields=list(changes))

    def _held(self):
        """This request, as long as it is in progress by the claim that this object knows."""
        return SyncRequest.objects.filter(
            pk=self.pk, status_code=self.Status.IN_PROGRESS, fencing_token=self.fencing_token
        )

    def _refuse(self, wanted):
        self.refresh_from_db(fields=["status_code"])
        raise WrongStatus(self, wanted)
