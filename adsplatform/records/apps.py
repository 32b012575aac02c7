"""App configuration."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "adsplatform.records"
    label = "records"
