"""`manage.py search_index`: makes the trigram indexes for searches of records, or removes them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from adsplatform.errors import PlatformError
from adsplatform.records import search_indexes


class Command(BaseCommand):
    help = (
        "Make the trigram indexes by which a part of a key, a name or a number is found quickly. Loading becomes "
        "slower by them, so they are not made by themselves."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--drop", action="store_true", help="Remove them again.")

    def handle(self, *args: Any, drop: bool, **options: Any) -> None:
        try:
            names = search_indexes.drop_indexes() if drop else search_indexes.make_indexes()
        except PlatformError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{'Removed' if drop else 'Made'}: {', '.join(names) or 'nothing'}.")
