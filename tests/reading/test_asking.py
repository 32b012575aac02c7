"""What people try before they enrol is asked by a confined process, which ends with the answer."""

import json
import time

import psutil
import pytest

from syncs import connectors
from syncs.connectors.protocol import ConnectorError, NoVocabulary
from syncs.reading import asking
from syncs.reading.questions import Question
from syncs.reading.signals import Said
from tests.product import eventually
from tests.security import hostile_source
from tests.security.test_confined_readers import REFUSED


@pytest.fixture
def hostile(monkeypatch, settings, tmp_path):
    """The connector that tries what it must not; the process that asks it knows it by its settings."""
    settings.SYNC_OWN_PROCESS = True
    settings.SYNC_READER_ENVIRONMENT = ["HOSTILE_UPLOADS", "HOSTILE_SECRET_FILE", "HOSTILE_ELSEWHERE", "HOSTILE_WAITS"]
    (tmp_path / "secret_key").write_text("a secret")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.security.hostile_settings")
    monkeypatch.setenv("HOSTILE_UPLOADS", str(tmp_path))
    monkeypatch.setenv("HOSTILE_SECRET_FILE", str(tmp_path / "secret_key"))
    monkeypatch.setenv("HOSTILE_ELSEWHERE", str(tmp_path))
    monkeypatch.setitem(connectors.registry, "hostile", hostile_source.Hostile())
    return Question("hostile", {}, {"password": "own password"})


def reading_servers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "syncs.reading" in child.cmdline()]


def test_a_hostile_connector_that_is_tried_reaches_nothing_but_its_source(hostile, settings):
    (answer,) = asking.ask(hostile, NoVocabulary())
    assert isinstance(answer, Said)
    found = json.loads(answer.found)
    assert found["its own credentials"]
    assert found["write to the own folder"] == "done: 1"
    assert {name: found[name] for name in REFUSED if not found[name].startswith("refused: ")} == {}
    assert settings.SECRET_KEY[:12] not in found["secrets in settings"] + found["secrets in environment"]
    left = int(found["leave a process behind"].removeprefix("done: "))
    assert eventually(lambda: not psutil.pid_exists(left))
    assert not reading_servers()


def test_who_asks_waits_no_longer_than_a_person_should(hostile, monkeypatch):
    monkeypatch.setenv("HOSTILE_WAITS", "60")
    monkeypatch.setattr(asking, "MOST_SECONDS", 0.5)
    began = time.monotonic()
    with pytest.raises(ConnectorError, match="had no answer within") as late:
        asking.ask(hostile, NoVocabulary())
    assert late.value.transient
    assert time.monotonic() - began < 50
    assert not reading_servers()
