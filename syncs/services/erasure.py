"""Erasure: an account with all its rows and files is removed for good."""

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

from adsplatform.accounts.models import Account, AuditEntry, Membership, User
from adsplatform.errors import Conflict
from enrollments.models import AppEnrollment
from syncs.models import SyncRequest, Upload


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
