"""Fixtures: the connector of the loading tests, and a server without the role of row-level security."""

import pytest
from django.db import connection

from adsplatform.accounts import row_security, row_security_policies
from tests.loading.conftest import enrollment, given, sync, uploads  # noqa: F401


@pytest.fixture
def nobody(monkeypatch):
    """The role of requests does not exist, and the server does not let us create one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone()[0]:
            pytest.skip("This user may create roles.")
    monkeypatch.setattr(row_security_policies, "ROW_SECURITY_ROLE", "ads_nobody")
    row_security.is_active.cache_clear()
    yield
    row_security.is_active.cache_clear()
