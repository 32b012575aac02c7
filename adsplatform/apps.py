"""The project as an app, so that Django finds its management commands."""

from django.apps import AppConfig
from django.core.checks import Tags, register


class AdsPlatformConfig(AppConfig):
    name = "adsplatform"

    def ready(self) -> None:
        # django-q2's and REST framework's modules can only be imported when the settings are read.
        from adsplatform import deployment_checks
        from adsplatform.cluster import messages

        messages.replace_packages()
        register(deployment_checks.check_deployment, Tags.security, deploy=True)
