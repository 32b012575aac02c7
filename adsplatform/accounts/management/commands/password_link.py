"""Prints a one-time link by which a person sets their password, for platforms without a mail server."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from adsplatform.accounts.models import StaffAction, User
from adsplatform.accounts.password_links import password_path
from adsplatform.accounts.staff_actions import record_action


class Command(BaseCommand):
    help = "Print a link by which a person sets their password; it works once. Hand it over to nobody else."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="The person's e-mail address.")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.with_email(email).first()
        if user is None or not user.is_active:
            raise CommandError(f"There is no active person with the e-mail address “{email}”.")
        message = f"A link to set a new password was made for {user.email} on the server."
        record_action(user, None, StaffAction.Kind.PASSWORD_LINK, message)
        self.stdout.write(f"{settings.PUBLIC_URL}{password_path(user)}")
