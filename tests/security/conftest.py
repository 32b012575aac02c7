"""A connector of its own, as the tests of loading have it; and a server that lacks the role behind doors."""

import pytest
from django.db import connection

from adsplatform.accounts import row_security, row_security_policies
from tests.loading.conftest import enrollment, sync, uploads  # noqa: F401


@pytest.fixture
def nobody(monkeypatch):
    """The role behind doors is one that is not there, on a server where we may make none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone()[0]:
            pytest.skip("This user may create roles.")
    monkeypatch.setattr(row_security_policies, "ROW_SECURITY_ROLE", "ads_nobody")
    row_security.is_up.cache_clear()
    yield
    row_security.is_up.cache_clear()
