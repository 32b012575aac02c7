"""The product's own settings, and a connector that tries what it must not be able to do."""

from adsplatform.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.security.hostile_source.HostileSource"]  # noqa: F405
