#!/usr/bin/env python
"""Runs Django's management commands for ADS Platform."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adsplatform.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from environs import EnvError

    try:
        execute_from_command_line(sys.argv)
    except (EnvError, ImproperlyConfigured) as problem:
        # What is wrong stands in the environment, not in the code: a traceback would only hide it.
        sys.exit(str(problem))
