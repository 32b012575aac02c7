"""A web server for all tests of a module."""

import pytest

from tests.callers import Program
from tests.web_server.gunicorns import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory, database_url):
    started = Server(tmp_path_factory.mktemp("var"), database_url)
    yield started
    started.process.terminate()
    started.process.wait(40)


@pytest.fixture
def program():
    return Program()
