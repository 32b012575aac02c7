"""App configuration."""

from django.apps import AppConfig


class RestConfig(AppConfig):
    name = "adsplatform.rest"
    label = "rest"
