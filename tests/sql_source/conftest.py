"""Real database servers to read from, started once."""

import pytest
from django.db import connection

from tests.sql_source.mariadb import IS_INSTALLED, NOT_INSTALLED, MariaDB
from tests.sql_source.proxy import Proxy
from tests.sql_source.servers import KINDS, mysql_server, postgresql_server


@pytest.fixture(scope="session")
def postgresql(django_db_setup):
    return postgresql_server(connection.settings_dict)


@pytest.fixture(scope="session")
def mysql():
    if not IS_INSTALLED:
        pytest.skip(NOT_INSTALLED)
    mariadb = MariaDB()
    try:
        mariadb.start()
        yield mysql_server(mariadb)
    finally:
        mariadb.stop()


@pytest.fixture(params=KINDS)
def server(request):
    """Each kind of server in turn, with fresh tables."""
    found = request.getfixturevalue(request.param)
    found.renew()
    return found


@pytest.fixture
def proxy(server):
    """A way to the server that can be closed."""
    opened = Proxy(server.port)
    yield opened
    opened.close()
