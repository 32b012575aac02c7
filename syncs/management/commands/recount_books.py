"""Holds the totals kept of the books against the records themselves."""

from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from adsplatform.wording import counted
from enrollments.models import AppEnrollment
from syncs.loading.control_totals.recount import recount


class Command(BaseCommand):
    help = "Count all records and say where the totals kept of them, of which syncs tell, are different."

    def add_arguments(self, parser):
        parser.add_argument("--enrollment", help="The id of the one enrollment to look at; without it, all.")
        parser.add_argument("--correct", action="store_true", help="Set the totals right.")

    def handle(self, *, enrollment, correct, **options):
        """Recount one enrollment after another, each in a transaction of its own; safe to run twice."""
        enrollments = AppEnrollment.objects.select_related("app").order_by("pk")
        if enrollment:
            enrollments = self._one(enrollments, enrollment)
        looked_at = differences = 0
        for each in enrollments.iterator():
            looked_at += 1
            for difference in recount(each, correct=correct):
                differences += 1
                self.stdout.write(str(difference))
        if not differences:
            self.stdout.write(f"The totals of {counted(looked_at, 'enrollment')} are those of the records.")
        elif correct:
            self.stdout.write(f"{differences:,} totals were set right.")
        else:
            raise CommandError(f"{differences:,} totals differ. Run it with --correct to set them right.")

    def _one(self, enrollments, id):
        try:
            found = enrollments.filter(pk=UUID(id))
        except ValueError:
            found = enrollments.none()
        if not found.exists():
            raise CommandError(f"There is no enrollment with the id “{id}”.")
        return found
