"""The enrollments that a command is to work on."""

from uuid import UUID

from django.core.management.base import CommandError
from django.db.models import QuerySet

from enrollments.models import AppEnrollment


def chosen_enrollments(app_enrollment_id: str | None) -> QuerySet[AppEnrollment]:
    """The enrollment of this id, or all; raises CommandError if there is none."""
    enrollments = AppEnrollment.objects.select_related("app").order_by("pk")
    if not app_enrollment_id:
        return enrollments
    try:
        found = enrollments.filter(pk=UUID(app_enrollment_id))
    except ValueError:
        found = enrollments.none()
    if not found.exists():
        raise CommandError(f"There is no enrollment with the id “{app_enrollment_id}”.")
    return found
