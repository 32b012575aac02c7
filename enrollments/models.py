"""What can be enrolled, and what is: applications and an account's enrollments in them."""

import json
import uuid
from collections.abc import Mapping

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models
from django.utils import timezone

from adsplatform import locks
from adsplatform.accounts.models import TenantQuerySet
from adsplatform.identifiers import uuid7
from adsplatform.observability import redaction

# Connectors that are sent their data; the others are asked for them.
FILE_UPLOAD, JSON_BATCH = "file-upload", "json-batch"
# Of a connector's credentials, what says only where and who; messages may name it.
PUBLIC_CREDENTIALS = {
    "realmId", "username", "subsidiaryId", "redirectUri", "email", "serverName", "serverPort", "tenant",
}  # fmt: skip


class Application(models.Model):
    """A connector app that accounts can enrol in; the catalogue is the same for every account."""

    app_id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The connector that runs its syncs, by its registered name; empty for apps that others run.
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

    def __str__(self):
        return self.name

    @property
    def is_asked(self) -> bool:
        """Whether there is a connector of ours to ask for data."""
        return self.connector not in (FILE_UPLOAD, JSON_BATCH, "")


class AppEnrollmentQuerySet(TenantQuerySet["AppEnrollment"]):
    def current(self):
        return self.filter(is_deleted=False)


class AppEnrollment(models.Model):
    """An application enrolled by an account: its settings, schedule and credentials."""

    app_enrollment_id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    app = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="enrollments")
    group_key = models.ForeignKey(
        "accounts.Account", on_delete=models.CASCADE, db_column="group_key", related_name="enrollments"
    )
    # What people call it where an account has two of one application; empty means the app's name.
    name = models.CharField(max_length=100, blank=True)
    is_active = models.BooleanField(default=True)
    created = models.DateTimeField(default=timezone.now, editable=False)
    created_user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    modified = models.DateTimeField(default=timezone.now, editable=False)
    modified_user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    cron_settings = models.CharField(max_length=50, null=True, blank=True)  # noqa: DJ001, null on the wire
    sync_schedule_is_active = models.BooleanField(default=True)
    is_deleted = models.BooleanField(default=False)
    # Where uploads and batches that name no enrollment go; one an account.
    is_uploads = models.BooleanField(default=False, editable=False)
    # A full sync may delete this share of a kind of record before a person must allow it.
    delete_limit_percent = models.PositiveSmallIntegerField(default=50)
    # A sync fails when more than this share of its lines is rejected.
    reject_limit_percent = models.PositiveSmallIntegerField(default=100)
    # Its data count as late when nothing was loaded for so long; empty: what the schedule says.
    expected_every_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    # Its records are to be removed since then; empty again when they have been.
    removal_asked = models.DateTimeField(null=True, blank=True, editable=False)
    # Fernet token of a JSON object; see `credentials`.
    encrypted_credentials = models.TextField(blank=True, editable=False)

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

    def __str__(self):
        return self.name or self.app.name

    @property
    def is_scheduled(self) -> bool:
        """Whether syncs start by themselves."""
        is_on = self.is_active and self.sync_schedule_is_active and not self.is_deleted
        return bool(is_on and self.cron_settings and self.app.is_asked)

    @property
    def next_sync_at(self):
        """When the next sync starts by itself; None where none does."""
        sync_plan = getattr(self, "sync_plan", None)
        return sync_plan and sync_plan.next_sync_at

    def lock(self) -> None:
        """Take the enrollment's lock, which lasts until the transaction ends."""
        locks.acquire(locks.enrollment_key(self.pk))

    def lock_books(self) -> None:
        """Until the transaction ends, let nobody else write or count this enrollment's records.

        That can take long, so it is a lock of its own: whoever asks for a sync or changes the enrollment does not wait.
        """
        locks.acquire(locks.books_key(self.pk))

    @staticmethod
    def _cipher() -> MultiFernet:
        return MultiFernet([Fernet(key) for key in settings.CREDENTIALS_KEYS])

    @property
    def credentials(self) -> dict:
        """The connector's credentials in clear; for connectors only, no door shows them."""
        if not self.encrypted_credentials:
            return {}
        values = json.loads(self._cipher().decrypt(self.encrypted_credentials.encode()))
        redaction.remember_secrets(secrets_in(values))
        return values

    @credentials.setter
    def credentials(self, values: dict):
        redaction.remember_secrets(secrets_in(values))
        if values:
            self.encrypted_credentials = self._cipher().encrypt(json.dumps(values).encode()).decode()
        else:
            self.encrypted_credentials = ""

    def rotate_credentials(self):
        """Encrypt again with the newest key, so that older keys can be taken away."""
        if self.encrypted_credentials:
            token = self._cipher().rotate(self.encrypted_credentials.encode()).decode()
            AppEnrollment.objects.filter(pk=self.pk).update(encrypted_credentials=token)
            self.encrypted_credentials = token


class SyncPlanQuerySet(models.QuerySet):
    def due(self, now):
        return self.filter(next_sync_at__lte=now)


class SyncPlan(models.Model):
    """When an enrollment's next sync starts by itself, and by when its data should be newer.

    There is one for each enrollment that has a schedule or is expected to get data. It is a row of its own
    because others may hold the enrollment's, and the clock waits for nobody.
    """

    app_enrollment = models.OneToOneField(
        AppEnrollment, on_delete=models.CASCADE, primary_key=True, related_name="sync_plan"
    )
    # Behind doors, seen by those who see the enrollment.
    row_security_parent = "app_enrollment"
    # The time the schedule names, and the start a little later (see `schedules.runs`).
    slot = models.DateTimeField(null=True)
    next_sync_at = models.DateTimeField(null=True)
    # Since when this is what is expected; nothing was late before.
    planned_at = models.DateTimeField()
    data_due_at = models.DateTimeField(null=True)
    # Why the schedule has been stopped, as a sentence.
    error = models.TextField(blank=True)

    objects = SyncPlanQuerySet.as_manager()

    class Meta:
        # Tables keep the names they were made with.
        db_table = "enrollments_timing"
        indexes = [
            # The clock, which looks every second; and the watch over fresh data.
            models.Index(fields=["next_sync_at"], name="timing_next_sync"),
            models.Index(fields=["data_due_at"], name="timing_data_due"),
        ]

    def __str__(self):
        return f"{self.app_enrollment}: next sync at {self.next_sync_at}"


def secrets_in(credentials: Mapping) -> list[str]:
    """Of a connector's credentials, what must never be told."""
    return [str(value) for name, value in credentials.items() if name not in PUBLIC_CREDENTIALS]


class CustomFieldDefinition(models.Model):
    """A setting of an enrolled application, or a custom field that a sync brought."""

    custom_field_definition_id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    group_key = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, db_column="group_key", related_name="+")
    app = models.ForeignKey(Application, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    # `one_definition_per_label` begins with it.
    app_enrollment = models.ForeignKey(
        AppEnrollment, on_delete=models.CASCADE, related_name="custom_field_definitions", db_index=False
    )
    table_key = models.CharField(max_length=40)
    custom_field_label = models.CharField(max_length=256)
    data_type = models.CharField(max_length=10, default="String")
    sort_order = models.IntegerField(default=0)
    # The value of an enrollment's setting (tableKey AppEnrollment); record values are in adsplatform.records.
    value = models.CharField(max_length=2048, blank=True)
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

    def __str__(self):
        return self.custom_field_label
