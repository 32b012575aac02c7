"""The project as an app, so that Django finds its management commands."""

from django.apps import AppConfig


class AdsPlatformConfig(AppConfig):
    name = "adsplatform"

    def ready(self) -> None:
        # django-q2's modules can only be imported when the settings are read.
        from adsplatform.cluster import messages

        messages.replace_packages()
