"""In a reading process a tap reaches its own environment, its folder and servers, and nothing else."""

import json
import os
from contextlib import ExitStack

import pytest

from adsplatform.local import landlock, seccomp
from syncs.connectors.protocol import Columns, ConnectorError, NoVocabulary
from syncs.reading import client
from syncs.reading.asking import ask
from syncs.reading.launcher import ReadingServer
from syncs.reading.questions import Question
from syncs.reading.signals import Said
from tests.product import eventually
from tests.singer.books import TAP, credentials_of, settings_of, source_of
from tests.singer.test_reading import rows_in

pytestmark = pytest.mark.skipif(
    not (landlock.version() and seccomp.is_available()), reason="This system has no Landlock or no seccomp."
)


@pytest.fixture
def reading(books):
    """Reads a source in a process of a reading server."""
    server = ReadingServer()
    server.start()

    def read(source, opened):
        return client.items_of(source, opened, connector="singer", sync_id="a sync", fetches_data=True)

    yield read
    server.stop()
    client.server.requests = None


def test_a_tap_is_confined_as_its_reader_is(reading):
    with ExitStack() as opened:
        found = rows_in(reading(source_of(does="look_around", process=os.getpid()), opened))
    assert [row["erpKey"] for row in found["companies"]] == ["mode 600"]


def test_cancelling_ends_a_tap_with_all_that_it_has_started(reading, books):
    with ExitStack() as opened:
        items = reading(source_of(does="wait"), opened)
        while not isinstance(next(items), Columns):
            pass
        # It may start its own Python again, and nothing else.
        assert eventually(lambda: len(books.processes()) == 2, seconds=20)
    assert eventually(lambda: not books.processes(), seconds=10)


def test_a_tap_that_is_tried_in_the_inbox_is_confined_too(books, settings):
    settings.SYNC_OWN_PROCESS = True
    credentials = credentials_of(token="a token")
    tried = settings_of("companies", does="look_around", process=os.getpid())
    said, *found = ask(Question("singer", tried, credentials, rows=20), NoVocabulary())
    assert said == Said(f"The tap “{TAP}” offers 1 of its 3 streams: companies.")
    assert [row["erpKey"] for row in rows_in(found)["companies"]] == ["mode 600"]
    with pytest.raises(ConnectorError, match=r"the password “\[secret\]” is wrong"):
        ask(Question("singer", tried, {"secrets": json.dumps({"password": "another"})}), NoVocabulary())
