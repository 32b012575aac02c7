"""Settings of the attacked clusters: the product's own, a deterministic source, a mutant if one is named."""

import os

os.environ.setdefault("HTTPS", "false")

from adsplatform.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.chaos.app.Chaos"]  # noqa: F405
