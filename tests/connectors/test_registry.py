"""Which connectors there are."""

import subprocess
import sys

import pytest

from syncs.connectors import connector_named, registered, registry
from syncs.connectors.protocol import ConnectorError


def test_every_connector_is_found_by_its_name():
    assert [connector.application.connector for connector in registered()] == [
        "demo-data",
        "file-upload",
        "json-batch",
        "quickbooks",
        "s3-folder",
        "sftp-folder",
        "singer",
        "sql-database",
        "tryton",
        "xero",
    ]
    for connector in registered():
        assert connector_named(connector.application.connector) is connector
        if not connector.application.credentials:
            assert connector.check({}, {}) == ""


def test_the_ids_of_the_applications_never_change():
    assert {connector.application.connector: str(connector.application.app_id) for connector in registered()} == {
        "file-upload": "6d0f7a52-3c0e-4d6b-9a53-1f1d6a4be001",
        "json-batch": "6d0f7a52-3c0e-4d6b-9a53-1f1d6a4be002",
        "demo-data": "6d0f7a52-3c0e-4d6b-9a53-1f1d6a4be003",
        "sql-database": "6d0f7a52-3c0e-4d6b-9a53-1f1d6a4be004",
        "sftp-folder": "6d0f7a52-3c0e-4d6b-9a53-1f1d6a4bed01",
        "s3-folder": "6d0f7a52-3c0e-4d6b-9a53-1f1d6a4bed02",
        "singer": "b7a1c9d2-6a44-4f0e-8c15-52f2f7a9d318",
        "tryton": "3b9b1c52-7d7e-4a61-8a0b-5ce9c1d0b8f4",
        "quickbooks": "5d0e6c1b-93a4-4b58-8a3f-1f7c2e9d4b60",
        "xero": "c2f3a5d8-0f6b-4a55-9a0e-6c4f1e8b7d21",
    }


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(ConnectorError) as stopped:
        connector_named("nobody")
    assert stopped.value.code == "unknown_connector"
    known = ", ".join(sorted(registry))
    assert str(stopped.value) == f"No connector is called “nobody”. Known: {known}."


def test_connectors_need_neither_django_nor_settings():
    code = "import sys, syncs.connectors as c; c.registered(); sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": "."}).returncode == 0
