#!/usr/bin/env python
"""Runs Django's management commands for ADS Platform."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "adsplatform.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
