"""Enrollments of an account, as far as syncs are concerned: made by the list, removed with their data."""

from contextlib import contextmanager

from django.db import transaction
from django.utils import timezone

from adsplatform.errors import PlatformError
from adsplatform.wording import plural
from enrollments.models import AppEnrollment
from enrollments.schedules import forget
from enrollments.services import check_connection, enroll
from syncs.connectors import connector_named
from syncs.models import SyncRequest
from syncs.queue import notify
from syncs.services.requests import request_sync


def enroll_all(account, user, wanted: list[dict], *, start_sync: bool = False) -> list[AppEnrollment]:
    """Enrol in all of the applications or, when one cannot be, in none; errors name the place in the list."""
    for position, values in enumerate(wanted):
        with _at_place(position):
            check_connection(values["app"], values.get("credentials", {}))
    with transaction.atomic():
        return [_enroll_one(account, user, values, start_sync, position) for position, values in enumerate(wanted)]


@transaction.atomic
def remove_enrollment(enrollment: AppEnrollment, user, *, remove_data: bool = False) -> list[str]:
    """End an enrollment: waiting syncs are cancelled, its records kept or removed; says what was done."""
    # Before the enrollment is held, in the order of the clock: or each could wait for the other.
    forget(enrollment)
    enrollment.lock()
    if enrollment.sync_requests.filter(status_code=SyncRequest.Status.IN_PROGRESS).exists():
        raise PlatformError(
            f"A sync of {enrollment} is in progress. Cancel it or wait for its end, then delete the enrollment."
        )
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


def _enroll_one(account, user, values: dict, start_sync: bool, position: int) -> AppEnrollment:
    app = values.pop("app")
    with _at_place(position):
        settings = connector_named(app.connector).application.settings if app.connector else ()
        enrollment = enroll(account, app, user, settings=settings, **values)
        if start_sync and app.is_asked:
            request_sync(enrollment, user)
    return enrollment


@contextmanager
def _at_place(position: int):
    """Let an error name the member of a list that it is about: `$[1].cronSettings`."""
    try:
        yield
    except PlatformError as error:
        error.field = f"$[{position}]" + (f".{error.field}" if error.field else "")
        raise
