"""The catalogue of applications, and an account's enrollments in them with schedules, settings and credentials."""

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Self

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from adsplatform import locks
from adsplatform.accounts.models import TenantQuerySet
from adsplatform.identifiers import uuid7
from adsplatform.observability import redaction

# Connectors that receive their data; the others fetch them.
FILE_UPLOAD, JSON_BATCH = "file-upload", "json-batch"
# Credentials that are not secret, such as addresses and user names; messages may contain them.
PUBLIC_CREDENTIALS = {
    "realmId", "username", "subsidiaryId", "redirectUri", "email", "serverName", "serverPort", "tenant", "tenantName",
    "accessTokenEnds", "connectionEnds", "environment", "scopes",
}  # fmt: skip


# The problem of a connection that a person has ended on purpose.
DISCONNECTED_HERE = "It was disconnected here. Connect it again to load from it."


class Application(models.Model):
    """Something that accounts can enrol in; the catalogue is the same for every account."""

    app_id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The registered name of the connector that runs its syncs; empty for applications without one.
    # Deliberately without `choices`: a new connector must not need a migration.
    connector = models.CharField(max_length=50, blank=True)
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=500, blank=True)
    app_type = models.CharField(max_length=50)
    owner_id = models.UUIDField(null=True, blank=True)
    project_url = models.CharField(max_length=200, blank=True)
    icon_url = models.CharField(max_length=200, blank=True)
    created = models.DateTimeField(default=timezone.now, editable=False)
    modified = models.DateTimeField(default=timezone.now, editable=False)
    created_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    modified_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "connector", condition=~models.Q(connector=""), name="one_application_per_connector"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def fetches_data(self) -> bool:
        """Whether a connector fetches its data."""
        return self.connector not in (FILE_UPLOAD, JSON_BATCH, "")


class AppEnrollmentQuerySet(TenantQuerySet["AppEnrollment"]):
    def current(self) -> Self:
        """Enrollments that are not deleted."""
        return self.filter(is_deleted=False)

    def counted(self) -> Self:
        """Those that count in the account's quota: not the one for uploads, which the platform makes itself."""
        return self.current().filter(is_uploads=False)


class AppEnrollment(models.Model):
    """An application enrolled by an account: its settings, schedule and credentials."""

    app_enrollment_id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    app = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="enrollments")
    group_key = models.ForeignKey(
        "accounts.Account", on_delete=models.CASCADE, db_column="group_key", related_name="enrollments"
    )
    # Distinguishes several enrollments in one application; empty means the application's name.
    name = models.CharField(max_length=100, blank=True)
    is_active = models.BooleanField(default=True)
    created = models.DateTimeField(default=timezone.now, editable=False)
    created_user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    modified = models.DateTimeField(default=timezone.now, editable=False)
    modified_user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    cron_settings = models.CharField(max_length=50, null=True, blank=True)  # noqa: DJ001, null on the wire
    sync_schedule_is_active = models.BooleanField(default=True)
    is_deleted = models.BooleanField(default=False)
    # For uploads and batches that name no enrollment; one per account.
    is_uploads = models.BooleanField(default=False, editable=False)
    # A full sync that would delete a larger share of an entity's records needs a person's consent.
    delete_limit_percent = models.PositiveSmallIntegerField(default=50)
    # A sync fails when more than this share of its lines is rejected.
    reject_limit_percent = models.PositiveSmallIntegerField(default=100)
    # The longest time between loads before its data are late; empty: derived from the schedule.
    expected_every_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    # When the removal of its records was requested; empty again once they are removed.
    removal_asked = models.DateTimeField(null=True, blank=True, editable=False)
    # How much the steps of that have removed until now, by what it is.
    removed_so_far = models.JSONField(null=True, editable=False)
    # Fernet token of a JSON object; see `credentials`.
    encrypted_credentials = models.TextField(blank=True, editable=False)
    # When the access ends that a person gave at a vendor, unless it is used before; and why the vendor has ended it.
    connection_ends = models.DateTimeField(null=True, editable=False)
    connection_problem = models.TextField(blank=True, default="", db_default="", editable=False)

    objects = AppEnrollmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "group_key",
                condition=models.Q(is_uploads=True, is_deleted=False),
                name="one_uploads_enrollment_per_account",
            ),
            models.CheckConstraint(
                condition=models.Q(delete_limit_percent__lte=100, reject_limit_percent__lte=100),
                name="enrollment_limits_are_shares",
            ),
            models.CheckConstraint(
                condition=models.Q(expected_every_hours__isnull=True) | models.Q(expected_every_hours__gte=1),
                name="enrollment_expects_after_an_hour",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.app.name

    @property
    def is_scheduled(self) -> bool:
        """Whether its schedule starts syncs."""
        is_on = self.is_active and self.sync_schedule_is_active and not self.is_deleted and not self.connection_problem
        return bool(is_on and self.cron_settings and self.app.fetches_data)

    @property
    def next_sync_at(self) -> datetime | None:
        """When the schedule starts the next sync; None if it starts none."""
        sync_plan: SyncPlan | None = getattr(self, "sync_plan", None)
        return sync_plan.next_sync_at if sync_plan else None

    def lock(self) -> None:
        """Take the enrollment's lock, which lasts until the transaction ends."""
        locks.acquire(locks.enrollment_key(self.pk))

    def lock_books(self) -> None:
        """Until the transaction ends, prevent others from writing or counting this enrollment's records.

        That can take long, so it is a separate lock, which does not block requests for syncs or changes of the
        enrollment.
        """
        locks.acquire(locks.books_key(self.pk))

    @staticmethod
    def _cipher() -> MultiFernet:
        return MultiFernet([Fernet(key) for key in settings.CREDENTIALS_KEYS])

    @property
    def credentials(self) -> dict[str, str]:
        """The connector's credentials, decrypted; only connectors use them, no interface displays them."""
        if not self.encrypted_credentials:
            return {}
        values = json.loads(self._cipher().decrypt(self.encrypted_credentials.encode()))
        redaction.remember_secrets(secrets_in(values))
        return values

    @credentials.setter
    def credentials(self, values: dict[str, str]) -> None:
        redaction.remember_secrets(secrets_in(values))
        if values:
            self.encrypted_credentials = self._cipher().encrypt(json.dumps(values).encode()).decode()
        else:
            self.encrypted_credentials = ""

    @transaction.atomic
    def rotate_credentials(self) -> None:
        """Encrypt again with the newest key, so that older keys can be removed."""
        # A connector may be renewing them.
        locks.acquire(locks.credentials_key(self.pk))
        self.refresh_from_db(fields=["encrypted_credentials"])
        if self.encrypted_credentials:
            token = self._cipher().rotate(self.encrypted_credentials.encode()).decode()
            AppEnrollment.objects.filter(pk=self.pk).update(encrypted_credentials=token)
            self.encrypted_credentials = token


class SyncPlanQuerySet(models.QuerySet):
    def due(self, now: datetime) -> Self:
        """Enrollments whose next sync is due."""
        return self.filter(next_sync_at__lte=now)


class SyncPlan(models.Model):
    """When an enrollment's next scheduled sync starts, and by when newer data should have been loaded.

    There is one for each enrollment with a schedule or an expected interval. It is a table of its own because other
    transactions may lock the enrollment's row, and the scheduler must not wait for them.
    """

    app_enrollment = models.OneToOneField(
        AppEnrollment, on_delete=models.CASCADE, primary_key=True, related_name="sync_plan"
    )
    # For row-level security: visible where the enrollment is visible.
    row_security_parent = "app_enrollment"
    # The time that the schedule names, and the start a little later (see `schedules.runs`).
    slot = models.DateTimeField(null=True)
    next_sync_at = models.DateTimeField(null=True)
    # When this was planned; data were not late before.
    planned_at = models.DateTimeField()
    data_due_at = models.DateTimeField(null=True)
    # Why the schedule was stopped, as a sentence.
    error = models.TextField(blank=True)

    objects = SyncPlanQuerySet.as_manager()

    class Meta:
        # The name it was created with.
        db_table = "enrollments_timing"
        indexes = [
            # For the scheduler, which looks every second, and for the freshness check.
            models.Index(fields=["next_sync_at"], name="timing_next_sync"),
            models.Index(fields=["data_due_at"], name="timing_data_due"),
        ]

    def __str__(self) -> str:
        return f"{self.app_enrollment}: next sync at {self.next_sync_at}"


def secrets_in(credentials: Mapping[str, str]) -> list[str]:
    """The values of a connector's credentials that no message may contain."""
    found = [str(value) for name, value in credentials.items() if name not in PUBLIC_CREDENTIALS]
    return [*found, *(text for value in found if value.lstrip().startswith("{") for text in _texts_in_json(value))]


def _texts_in_json(value: str) -> Iterator[str]:
    """All texts in a JSON object, of which each may be a secret; none where it is no JSON."""
    try:
        left = [json.loads(value)]
    except (ValueError, RecursionError):
        return
    while left:
        match left.pop():
            case str(text):
                yield text
            case dict(members):
                left += members.values()
            case list(members):
                left += members


class CustomFieldDefinition(models.Model):
    """A setting of an enrolled application, or a custom field that a sync loaded."""

    custom_field_definition_id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    group_key = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, db_column="group_key", related_name="+")
    app = models.ForeignKey(Application, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    # The index of `one_definition_per_label` begins with it.
    app_enrollment = models.ForeignKey(
        AppEnrollment, on_delete=models.CASCADE, related_name="custom_field_definitions", db_index=False
    )
    table_key = models.CharField(max_length=40)
    # The name of the field of the connector's form that a setting is the value of.
    name = models.CharField(max_length=100, blank=True, default="", db_default="")
    custom_field_label = models.CharField(max_length=256)
    data_type = models.CharField(max_length=10, default="String")
    sort_order = models.IntegerField(default=0)
    # The value of a setting (table_key AppEnrollment); those of records are in adsplatform.records.
    value = models.TextField(blank=True)
    created = models.DateTimeField(default=timezone.now, editable=False)
    created_user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    modified = models.DateTimeField(default=timezone.now, editable=False)
    modified_user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "app_enrollment", "table_key", "custom_field_label", name="one_definition_per_label"
            )
        ]

    def __str__(self) -> str:
        return self.custom_field_label
