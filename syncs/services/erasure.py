"""Erasure: what an enrollment has loaded, or an account with all its rows and files, is removed for good."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower, Trim
from django.utils import timezone

from adsplatform.accounts.audit import signed_by
from adsplatform.accounts.models import Account, AuditEntry, Membership, User
from adsplatform.errors import Conflict
from adsplatform.records.removal import remove_records_of
from enrollments.models import AppEnrollment
from syncs.models import (
    BookTotal,
    Correction,
    ImportProfileVersion,
    SeenKey,
    SyncDifference,
    SyncFile,
    SyncRequest,
    SyncResultDetail,
    UnansweredUpload,
    Upload,
)


@transaction.atomic
def remove_data_of(app_enrollment_id: UUID) -> dict[str, int]:
    """Remove the records of a deleted enrollment and what was sent for them; returns how much of each there was.

    Of its syncs the counts, the control totals and the problems of whole files stay.
    """
    enrollment = AppEnrollment.objects.select_related("app", "modified_user").get(pk=app_enrollment_id)
    removed = {"records": remove_records_of(app_enrollment_id), **_remove_what_was_sent(enrollment)}
    AuditEntry.objects.create(
        at=timezone.now(),
        group_key=enrollment.group_key_id,
        action=AuditEntry.Action.REMOVED,
        subject="data of enrollment",
        subject_id=str(enrollment.pk),
        subject_name=str(enrollment),
        before=removed,
        after={},
        **signed_by(enrollment.modified_user),
    )
    AppEnrollment.objects.filter(pk=app_enrollment_id).update(removal_asked=None)
    return removed


def _remove_what_was_sent(enrollment: AppEnrollment) -> dict[str, int]:
    """Remove the files and rejected rows of an enrollment, and its profiles, which may quote them."""
    syncs = SyncRequest.objects.filter(app_enrollment=enrollment)
    # Problems of whole files are few, say why a sync ended as it did, and hold no row.
    details = SyncResultDetail.objects.exclude(kind=SyncResultDetail.Kind.ERROR, line__isnull=True)
    details = details.filter(sync_request__in=syncs)
    rejected = details.filter(kind=SyncResultDetail.Kind.ERROR).values("sync_request", "entity", "file", "line")
    removed = {"rejected_rows": rejected.distinct().count(), "uploaded_files": 0}
    to_remove: list[QuerySet[Any]] = [
        details,
        SyncDifference.objects.filter(sync_request__in=syncs),
        Correction.objects.filter(sync_request__in=syncs),
        SyncFile.objects.filter(sync_request__in=syncs),
        SeenKey.objects.filter(parent_sync_request__in=syncs),
        ImportProfileVersion.objects.filter(app_enrollment=enrollment),
        # Those of the books, which are empty now.
        BookTotal.objects.filter(app_enrollment=enrollment),
    ]
    for rows in to_remove:
        rows._raw_delete(rows.db)
    syncs.filter(details_removed__isnull=True).update(details_removed=timezone.now())
    waiting = UnansweredUpload.objects.filter(app_enrollment=enrollment)
    uploads = {*syncs.exclude(upload=None).values_list("upload", flat=True), *waiting.values_list("pk", flat=True)}
    waiting.delete()
    stored = Upload.objects.filter(pk__in=uploads, removed__isnull=True)
    for upload in stored:
        # The content first: after a crash in between, the next attempt repeats it.
        upload.content.delete(save=False)
        removed["uploaded_files"] += 1
    stored.update(removed=timezone.now())
    return removed


@transaction.atomic
def erase_account(account: Account) -> dict[str, int]:
    """Delete an account with all its rows and files, and the people who belong to no other; returns the figures.

    The account's entries in the audit trail stay without names, addresses and values, and one more says what was
    erased. Raises Conflict while a sync of it is in progress.
    """
    # Until the end, nobody can add a row that refers to it.
    Account.objects.select_for_update().get(pk=account.pk)
    if SyncRequest.objects.of(account).running().exists():
        raise Conflict(f"A sync of {account} is in progress. Cancel it or wait for its end, then erase the account.")
    people, files = _people_of_no_other(account), _files_of(account)
    # Signing in is refused before it is known who it is: such an entry names no user, but the address as it was typed.
    emails = list(User.objects.filter(pk__in=people).values_list(Lower("email"), flat=True))
    enrollments = AppEnrollment.objects.of(account).values_list("pk", flat=True)
    LogEntry.objects.filter(object_id__in=[str(id) for id in (account.pk, *people, *enrollments)]).delete()
    # Constraints between the tables are checked below, when all rows are gone.
    rows = sum(rows._raw_delete(rows.db) for rows in _rows_of(account))
    User.objects.filter(pk__in=people).delete()
    Account.objects.filter(pk=account.pk)._raw_delete("default")
    # After the deletes, which leave entries too.
    AuditEntry.objects.filter(group_key=account.pk).erase_values()
    AuditEntry.objects.filter(user_id__in=people).erase_persons()
    AuditEntry.objects.filter(subject="user", subject_id__in=map(str, people)).erase_persons()
    refused = AuditEntry.objects.filter(subject="user", subject_id="", subject_name__gt="")
    refused.alias(tried=Lower(Trim("subject_name"))).filter(tried__in=emails).erase_persons()
    erased = {"people": len(people), "rows": rows, "files": len(files)}
    AuditEntry.objects.create(
        at=timezone.now(),
        group_key=account.pk,
        action=AuditEntry.Action.REMOVED,
        subject="all data of account",
        subject_id=str(account.pk),
        before=erased,
        after={},
    )
    connection.check_constraints()
    # Last, because no rollback brings a file back.
    _delete_files(account, files)
    return erased


def _people_of_no_other(account: Account) -> list[UUID]:
    """The account's members who belong to no other account and are not platform staff."""
    others = Membership.objects.exclude(group_key=account)
    members = User.objects.filter(memberships__group_key=account, is_staff=False, is_superuser=False)
    return list(members.exclude(pk__in=others.values("user")).values_list("pk", flat=True))


def _rows_of(account: Account) -> Iterator[QuerySet[Any]]:
    """All rows of an account, by table; those that only a parent ties to it come first."""
    kept = (Account, AuditEntry)
    # A model that is not managed is a view of the others.
    every = apps.get_models(include_auto_created=True)
    models = [model for model in every if model._meta.managed and model not in kept]
    for model in models:
        if parent := getattr(model, "row_security_parent", None):
            yield model._base_manager.filter(**{f"{parent}__group_key": account.pk})
    for model in models:
        if any(field.column == "group_key" for field in model._meta.concrete_fields):
            yield model._base_manager.filter(group_key=account.pk)


def _files_of(account: Account) -> set[str]:
    """The names of the account's files in the upload storage."""
    names = set(Upload.objects.of(account).filter(removed__isnull=True).values_list("content", flat=True))
    folder = str(account.pk)
    with suppress(FileNotFoundError):
        names |= {f"{folder}/{name}" for name in default_storage.listdir(folder)[1]}
    return names


def _delete_files(account: Account, names: Collection[str]) -> None:
    for name in names:
        default_storage.delete(name)
    # The folder, where the storage has such.
    default_storage.delete(str(account.pk))
