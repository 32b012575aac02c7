"""Encrypts all connector credentials again with the newest key."""

from django.core.management.base import BaseCommand

from enrollments.models import AppEnrollment


class Command(BaseCommand):
    help = "Encrypt all connector credentials with the first key of CREDENTIALS_KEYS, so that the others can go."

    def handle(self, **options: object) -> None:
        """Encrypt the credentials of each enrollment again, one at a time; safe to run twice."""
        enrollments = AppEnrollment.objects.exclude(encrypted_credentials="")
        count = 0
        for enrollment in enrollments.iterator():
            enrollment.rotate_credentials()
            count += 1
        self.stdout.write(f"{count} enrollments now use the newest key. Older keys can be taken away.")
