"""Creates the demo account, or its missing parts."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from enrollments.demo_account import ensure_demo_account


class Command(BaseCommand):
    help = "Create the demo account, or what is missing of it, and write how to sign in to var/demo.json."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default="", help="The address of the web server, noted in var/demo.json.")

    def handle(self, *, url: str, verbosity: int, **options: object) -> None:
        ensure_demo_account(url)
        if verbosity:
            self.stdout.write(f"How to sign in stands in {settings.VAR_DIR / 'demo.json'}.")
