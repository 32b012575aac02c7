"""Services of enrollments that involve syncs: enrolling with a first sync, deleting with the data."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

from django.db import transaction
from django.utils import timezone

from adsplatform.accounts import row_security
from adsplatform.accounts.audit import signed_now
from adsplatform.accounts.models import Account, AuditEntry, User
from adsplatform.errors import PlatformError
from adsplatform.wording import plural
from enrollments.models import AppEnrollment
from enrollments.schedules import remove_plan
from enrollments.services import check_room_for_enrollments, create_enrollment
from enrollments.sources import check_connection
from syncs.models import SourceState, SyncRequest
from syncs.queue import notify
from syncs.services.enrollment_removal import what_goes
from syncs.services.requests import request_sync


def enroll_all(
    account: Account, user: User, wanted: Sequence[dict[str, Any]], *, start_sync: bool = False
) -> list[AppEnrollment]:
    """Enrol in all of the applications or, if one fails, in none; an error names the place in the list.

    Each of `wanted` has the `app`, perhaps `credentials`, and the values that `enrollments.services.enroll` takes.
    """
    with transaction.atomic():
        # Before the systems behind are asked; `create_enrollment` counts again.
        check_room_for_enrollments(account, len(wanted))
    for position, values in enumerate(wanted):
        with _at_position(position):
            check_connection(values["app"], values.get("settings", {}), values.get("credentials", {}))
    enrollments = []
    with transaction.atomic():
        for position, values in enumerate(wanted):
            with _at_position(position):
                enrollment = create_enrollment(account, user=user, **values)
                if start_sync and enrollment.app.fetches_data:
                    request_sync(enrollment, user)
                enrollments.append(enrollment)
    return enrollments


@transaction.atomic
def remove_enrollment(enrollment: AppEnrollment, user: User, *, remove_data: bool = False) -> list[str]:
    """Delete an enrollment: cancel its waiting syncs, keep or remove its records; returns what was done.

    An entry of the audit trail says what it had.
    """
    # The plan before the lock, in the same order as the scheduler, to prevent a deadlock.
    remove_plan(enrollment)
    enrollment.lock()
    if enrollment.sync_requests.filter(status_code=SyncRequest.Status.IN_PROGRESS).exists():
        raise PlatformError(
            f"A sync of {enrollment} is in progress. Cancel it or wait for its end, then delete the enrollment."
        )
    _record_removal(enrollment, user, remove_data=remove_data)
    waiting = list(enrollment.sync_requests.unfinished())
    for sync_request in waiting:
        sync_request.cancel("Cancelled because its enrollment was deleted. Nothing was changed.", user)
    AppEnrollment.objects.filter(pk=enrollment.pk).update(
        is_deleted=True,
        is_active=False,
        sync_schedule_is_active=False,
        encrypted_credentials="",
        modified=timezone.now(),
        modified_user=user,
    )
    SourceState.objects.filter(app_enrollment=enrollment).delete()
    messages = [f"Deleted enrollment {enrollment.pk}"]
    if waiting:
        messages.append(f"Cancelled {len(waiting)} waiting {plural(len(waiting), 'sync')}")
    if remove_data:
        AppEnrollment.objects.filter(pk=enrollment.pk).update(removal_asked=timezone.now())
        notify.request_removal(enrollment.pk)
        messages.append("All records of the enrollment are being removed")
    else:
        messages.append("The records of the enrollment were kept")
    return messages


def _record_removal(enrollment: AppEnrollment, user: User, *, remove_data: bool) -> None:
    goes = what_goes(enrollment)
    figures = {field.name: getattr(goes, field.name) for field in fields(goes) if field.name != "records"}
    before = {f"records of {entity.name}": count for entity, count in goes.records}
    before |= {name: count for name, count in figures.items() if count}
    with row_security.as_login_role():
        AuditEntry.objects.create(
            at=timezone.now(),
            group_key=enrollment.group_key_id,
            action=AuditEntry.Action.REMOVED,
            subject="enrollment",
            subject_id=str(enrollment.pk),
            subject_name=str(enrollment)[:255],
            before=before | {"the records": "are removed" if remove_data else "are kept"},
            after={},
            **signed_now(user),
        )


@contextmanager
def _at_position(position: int) -> Iterator[None]:
    """Add the place in a list to the field that an error names: `$[1].cronSettings`."""
    try:
        yield
    except PlatformError as error:
        error.field = f"$[{position}]" + (f".{error.field}" if error.field else "")
        raise
