"""Compares the control totals of the books, and the numbers of records, with the records themselves."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from adsplatform.wording import counted
from syncs.loading.control_totals.recount import recount
from syncs.management.enrollments import chosen_enrollments


class Command(BaseCommand):
    """Recount one enrollment after another, each in a transaction of its own; safe to run twice."""

    help = "Counts all records and says where the control totals of the books, or their kept number, differ from them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--enrollment", help="The id of the one enrollment to look at; without it, all.")
        parser.add_argument("--correct", action="store_true", help="Set the totals right.")

    def handle(self, *, enrollment: str | None, correct: bool, **options: object) -> None:
        recounted = differences = 0
        for each in chosen_enrollments(enrollment).iterator():
            recounted += 1
            for difference in recount(each, correct=correct):
                differences += 1
                self.stdout.write(str(difference))
        if not differences:
            self.stdout.write(f"The totals and numbers of {counted(recounted, 'enrollment')} are those of the records.")
        elif correct:
            self.stdout.write(f"{differences:,} totals were set right.")
        else:
            raise CommandError(f"{differences:,} totals differ. Run it with --correct to set them right.")
