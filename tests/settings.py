"""The project's settings, but for plain http, as test clients and live servers speak it."""

import os

os.environ["HTTPS"] = "false"
# The systems that connectors read in tests are on this machine.
os.environ["CONNECTOR_ALLOWED_ADDRESSES"] = "127.0.0.1,::1"

from adsplatform.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Most tests look into their own transaction, which another process cannot see.
SYNC_OWN_PROCESS = False
