"""App configuration: sets up row-level security after every `migrate`, and warns if it is not set up."""

import logging

import psycopg
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections
from django.db.models.signals import post_migrate

from adsplatform import database
from adsplatform.accounts import row_security, row_security_policies

logger = logging.getLogger(__name__)


def set_up_row_security(using: str, **kwargs: object) -> None:
    """Set up what is missing; if that is not allowed, log what to do and continue without row-level security."""
    if not settings.SECOND_FENCE:
        return
    try:
        row_security_policies.set_up(connections[using])
    except row_security_policies.NotSetUp as reason:
        logger.warning(str(reason))
    row_security.is_active.cache_clear()


def check_row_security(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    """Warn before a deployment if row-level security is not set up; other checks report an unreachable database."""
    if not settings.SECOND_FENCE:
        return []
    try:
        with database.connected() as connection:
            reason = row_security_policies.why_inactive(connection.cursor())
    except psycopg.OperationalError:
        return []
    return [Warning(reason, id="accounts.W001")] if reason else []


class AccountsConfig(AppConfig):
    name = "adsplatform.accounts"
    label = "accounts"

    def ready(self) -> None:
        post_migrate.connect(set_up_row_security, sender=self)
        register(check_row_security, Tags.security, deploy=True)
