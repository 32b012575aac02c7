"""The project itself as an app, so that its management commands are found."""

from django.apps import AppConfig


class AdsPlatformConfig(AppConfig):
    name = "adsplatform"
