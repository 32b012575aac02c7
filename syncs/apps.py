"""App configuration: publishes the connectors to the catalogue after every `migrate`."""

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models.signals import post_migrate


def publish_connectors(**kwargs: object) -> None:
    """Create or update the catalogue entry of every registered connector, so that a new one needs no migration."""
    from enrollments.services import publish_application
    from syncs import connectors

    for connector in connectors.registered():
        publish_application(connector.application)


class SyncsConfig(AppConfig):
    name = "syncs"

    def ready(self) -> None:
        from syncs.connectors import addresses
        from syncs.connectors.singer import taps

        post_migrate.connect(publish_connectors, sender=self)
        try:
            addresses.allow(settings.CONNECTOR_ALLOWED_ADDRESSES)
        except ValueError as error:
            raise ImproperlyConfigured(f"CONNECTOR_ALLOWED_ADDRESSES: {error}.") from None
        try:
            taps.allow(settings.SINGER_TAPS)
        except ValueError as error:
            raise ImproperlyConfigured(f"SINGER_TAPS: {error}.") from None
