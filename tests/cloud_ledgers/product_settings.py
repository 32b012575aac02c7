"""Settings of the running product in tests: its own, with the connector Xero led to the double at XERO_DOUBLE."""

import os
from dataclasses import replace

from adsplatform.settings import *  # noqa: F403
from syncs.connectors.xero.connector import VENDOR, Xero
from tests.cloud_ledgers.xero_double import XeroDouble

double = os.environ["XERO_DOUBLE"]
Xero.vendor = replace(
    VENDOR,
    authorize=double + XeroDouble.authorize,
    token=double + XeroDouble.token,
    revoke=double + XeroDouble.revoke,
    api=double,
)
