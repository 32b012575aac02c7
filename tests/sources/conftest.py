"""The systems that connectors read here; each is started once."""

import pytest

from tests.sources.tryton.server import tryton_server


@pytest.fixture(scope="session")
def tryton():
    """A Tryton server with the books of a company, which tests change only where they say so."""
    with tryton_server() as server:
        yield server
