#!/usr/bin/env python
"""Runs Django's management commands for ADS Platform."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adsplatform.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError
    from environs import EnvError

    try:
        execute_from_command_line(sys.argv)
    except (EnvError, ImproperlyConfigured) as problem:
        # A setting is wrong, not the code: a traceback would only hide what to do.
        sys.exit(str(problem))
    except OperationalError:
        from adsplatform import database

        if missing := database.explain_missing():
            sys.exit(missing)
        raise
