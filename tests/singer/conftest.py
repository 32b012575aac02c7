"""Our own tap, allowed as an operator allows it."""

import json
import shutil
import tempfile
from pathlib import Path

import pytest

from syncs.connectors.singer import taps
from tests.singer.books import Books


@pytest.fixture
def books(allowing):
    # The tap runs as another user, where the tests are root's.
    folder = Path(tempfile.mkdtemp(prefix="ads-tap-"))
    folder.chmod(0o711)
    found = Books(folder / "books")
    allowing(found.allowed)
    yield found
    shutil.rmtree(folder)


@pytest.fixture
def allowing(settings, monkeypatch):
    """Allow taps in this process, and in those that it starts."""

    def allow(given):
        monkeypatch.setenv("SINGER_TAPS", json.dumps(given))
        taps.allow(given)

    yield allow
    taps.allow(settings.SINGER_TAPS)
