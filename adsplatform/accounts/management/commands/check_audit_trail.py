"""Checks that the audit trail is as it was sealed."""

from django.core.management import BaseCommand, CommandError, CommandParser

from adsplatform.accounts import audit_check
from adsplatform.accounts.models import AuditEntry, AuditSegment
from adsplatform.wording import counted

# So that a wrong key does not fill the screen.
MOST_LISTED = 100


class Command(BaseCommand):
    """List what is wrong; end with 1 if anything is."""

    help = "Finds entries of the audit trail that were changed, removed or added since they were sealed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--seal", help="A seal that you noted from the log or an earlier check: it must still be in the chain."
        )

    def handle(self, *, seal: str | None, **options: object) -> None:
        wrong = 0
        for wrong, finding in enumerate(audit_check.findings(), start=1):
            if wrong <= MOST_LISTED:
                self.stdout.write(finding)
        if seal and not audit_check.has_seal(seal):
            wrong += 1
            self.stdout.write(
                f"No segment has the seal {seal}: the end of the trail was removed, or the seal is another."
            )
        last = AuditSegment.objects.order_by("pk").last()
        unsealed = AuditEntry.objects.filter(segment=None).count()
        self.stdout.write(
            f"Not sealed yet: {counted(unsealed, 'entry', 'entries')}; the workers seal them every minute."
        )
        if wrong:
            listed = f", of which the first {MOST_LISTED} are listed" if wrong > MOST_LISTED else ""
            raise CommandError(f"The audit trail is not as it was sealed: {counted(wrong, 'finding')}{listed}.")
        sealed = AuditEntry.objects.exclude(segment=None).count()
        self.stdout.write(
            f"The audit trail is as it was sealed: {counted(sealed, 'entry', 'entries')}"
            + (f" in segments up to {last.number}. Newest seal: {last.seal}" if last else ".")
        )
