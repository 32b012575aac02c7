"""App configuration: builds the second fence after every `migrate`, and warns where it is not up."""

import logging

import psycopg
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import Tags, Warning, register
from django.db import connections
from django.db.models.signals import post_migrate

from adsplatform import database
from adsplatform.accounts import row_security, row_security_policies

logger = logging.getLogger(__name__)


def build_row_security_policies(using, **kwargs):
    """Build what is lacking of the second fence; where we may not, say what to do, and go on without."""
    if not settings.SECOND_FENCE:
        return
    try:
        row_security_policies.build(connections[using])
    except row_security_policies.NotBuilt as reason:
        logger.warning(str(reason))
    row_security.is_up.cache_clear()


def check_row_security(app_configs, **kwargs):
    """Warn, before a deployment, where the second fence is not up; that a database does not answer, others say."""
    if not settings.SECOND_FENCE:
        return []
    try:
        with database.connected() as found:
            reason = row_security_policies.reason(found.cursor())
    except psycopg.OperationalError:
        return []
    return [Warning(reason, id="accounts.W001")] if reason else []


class AccountsConfig(AppConfig):
    name = "adsplatform.accounts"
    label = "accounts"

    def ready(self):
        post_migrate.connect(build_row_security_policies, sender=self)
        register(check_row_security, Tags.security, deploy=True)
