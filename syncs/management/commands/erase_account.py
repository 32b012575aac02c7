"""Erases an account with everything that belongs to it."""

from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from adsplatform.accounts.models import Account
from adsplatform.errors import Conflict
from adsplatform.wording import counted
from syncs.services.erasure import erase_account


class Command(BaseCommand):
    """Ask for the account's name before anything is erased."""

    help = "Deletes an account with all its rows, files and people who belong to no other account. It cannot be undone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("group_key", help="The GroupKey of the account.")
        parser.add_argument("--name", help="The account's name, to confirm; without it, you are asked.")

    def handle(self, *, group_key: str, name: str | None, **options: object) -> None:
        account = _account(group_key)
        if name is None:
            self.stdout.write(f"Everything of the account “{account}” ({account.pk}) will be deleted, for good.")
            name = input("Type its name to confirm: ")
        if name != account.name:
            raise CommandError(f"The account is called “{account}”, not “{name}”. Nothing was erased.")
        try:
            erased = erase_account(account)
        except Conflict as conflict:
            raise CommandError(str(conflict)) from conflict
        self.stdout.write(
            f"Erased: {counted(erased['rows'], 'row')}, {counted(erased['files'], 'file')} and "
            f"{counted(erased['people'], 'person', 'people')}. Backups still hold them until they expire."
        )


def _account(group_key: str) -> Account:
    try:
        return Account.objects.get(pk=UUID(group_key))
    except (ValueError, Account.DoesNotExist) as error:
        raise CommandError(f"There is no account with the GroupKey “{group_key}”.") from error
