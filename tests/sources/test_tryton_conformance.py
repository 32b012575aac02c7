"""Tryton does what every connector has to do."""

import socket
from dataclasses import replace

import pytest

from syncs.connectors import connector_named
from syncs.connectors.testing import Case, ConnectorSuite
from syncs.loading.staging.vocabulary import RecordNames
from tests.connectors.reading import source
from tests.product import free_port
from tests.sources.tryton.proxy import proxy
from tests.sources.tryton.reading import AT_ONCE
from tests.sources.tryton.server import tryton_server

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def server():
    """A server with books that a test changes."""
    with tryton_server() as running:
        yield running


@pytest.fixture
def silent():
    """An address that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def breaking(server):
    """The address of a proxy that breaks off after some answers."""
    with proxy(server.port) as between:
        between.faults = [None] * 8 + ["cut"] * 100
        yield between.address


class TestTryton(ConnectorSuite):
    @pytest.fixture
    def case(self, server, silent, breaking):
        def of(**changed):
            credentials = server.by_key | changed
            given = source(full=True, credentials=credentials, settings=AT_ONCE, vocabulary=RecordNames())
            return replace(given, content=None)

        return Case(
            connector_named("tryton"),
            of(),
            broken=of(serverName=breaking),
            refused=of(authToken="wrong"),
            away=of(serverName=f"http://127.0.0.1:{free_port()}"),
            silent=of(serverName=silent),
            silent_seconds=90,
            change=lambda: server.books("change"),
            keys={"financialAccountBalanceHistories": ("financialAccountErpKey", "financialYear", "periodNumber")},
        )
