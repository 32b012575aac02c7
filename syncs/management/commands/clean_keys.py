"""Cleans the keys of records that were loaded before keys were cleaned."""

from django.core.management.base import BaseCommand, CommandParser

from adsplatform.errors import Conflict
from adsplatform.wording import counted
from syncs.management.enrollments import chosen_enrollments
from syncs.services.key_cleaning import clean_keys


class Command(BaseCommand):
    """Clean one enrollment after another, each in a transaction of its own; safe to run twice."""

    help = "Lists records whose keys have blanks around them or are not in Unicode's normal form C, and merges them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--enrollment", help="The id of the one enrollment to look at; without it, all.")
        parser.add_argument("--apply", action="store_true", help="Rename and merge the records, not only list them.")

    def handle(self, *, enrollment: str | None, apply: bool, **options: object) -> None:
        found = {"renamed": 0, "merged": 0, "unclear": 0}
        for each in chosen_enrollments(enrollment).iterator():
            try:
                changes = clean_keys(each, apply=apply)
            except Conflict as conflict:
                self.stderr.write(f"{each}: {conflict}")
                continue
            for change in changes:
                found[change.action] += 1
                self.stdout.write(f"{each}: {change}")
        if not any(found.values()):
            self.stdout.write("All keys are clean.")
            return
        did = "were" if apply else "would be"
        self.stdout.write(
            f"{counted(found['renamed'], 'record')} {did} renamed and {found['merged']:,} merged into others; "
            f"{found['unclear']:,} can only be corrected at the source."
        )
        if not apply:
            self.stdout.write("Nothing was changed. Run it with --apply to do so.")
