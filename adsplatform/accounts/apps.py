"""App configuration."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "adsplatform.accounts"
    label = "accounts"
