"""Notices: problems of an enrollment as a whole, and the e-mails about them."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from adsplatform.accounts.models import TenantQuerySet
from adsplatform.identifiers import uuid7


class NoticeQuerySet(TenantQuerySet["Notice"]):
    def open(self) -> Self:
        return self.filter(closed__isnull=True)

    def closed(self) -> Self:
        return self.filter(closed__isnull=False)


class Notice(models.Model):
    """One problem of an enrollment, from the time it was found until it was cured."""

    class Kind(models.TextChoices):
        FAILING = "failing", "The last sync failed"
        STALE = "stale", "Data are late"
        SCHEDULE = "schedule", "The schedule has stopped"
        CONNECTION = "connection", "A connection needs you"

    notice_id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    group_key = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, db_column="group_key", related_name="+")
    app_enrollment = models.ForeignKey("enrollments.AppEnrollment", on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    message = models.TextField()
    opened = models.DateTimeField()
    # The failed sync that it is about.
    sync_request = models.ForeignKey("syncs.SyncRequest", on_delete=models.SET_NULL, null=True, related_name="+")
    closed = models.DateTimeField(null=True, blank=True)
    # How it was cured, as a sentence; by which sync, and by whom (who requested the sync or changed the settings).
    cure = models.TextField(blank=True)
    closed_sync = models.ForeignKey("syncs.SyncRequest", on_delete=models.SET_NULL, null=True, related_name="+")
    closed_user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "app_enrollment", "kind", condition=Q(closed__isnull=True), name="one_open_notice_per_problem"
            ),
        ]
        indexes = [
            # The Inbox: open notices and closed ones, newest first.
            models.Index(fields=["group_key", "-opened"], name="notice_open", condition=Q(closed__isnull=True)),
            models.Index(fields=["group_key", "-closed"], name="notice_shut", condition=Q(closed__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.app_enrollment}: {self.get_kind_display()}"


class NoticeMail(models.Model):
    """An e-mail about a notice to one person: recorded with the notice, then sent."""

    class About(models.TextChoices):
        OPENED = "opened"
        CURED = "cured"

    row_security_parent = "notice"
    # The index of `one_mail_per_person_and_turn` begins with it.
    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="mails", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    about = models.CharField(max_length=10, choices=About.choices)
    created = models.DateTimeField(default=timezone.now, editable=False)
    sent = models.DateTimeField(null=True)
    # When it is to be sent; null when it has been sent or given up.
    due = models.DateTimeField(null=True)
    failure_count = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("notice", "user", "about", name="one_mail_per_person_and_turn")]
        indexes = [models.Index(fields=["due"], name="notice_mail_due", condition=Q(due__isnull=False))]

    def __str__(self) -> str:
        return f"{self.about}: {self.notice} to {self.user}"
