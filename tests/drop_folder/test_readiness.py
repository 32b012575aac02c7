"""When files are complete: nothing has changed for a while, or there is a marker."""

import itertools
import time

import pytest

from syncs.connectors import connector_named
from syncs.connectors.drop_folder import connector, readiness
from syncs.connectors.drop_folder.s3_client import S3Prefix
from syncs.connectors.drop_folder.sftp_client import SftpDirectory
from syncs.connectors.protocol import Bookmark, Columns, ConnectorError, RowProblem, Rows, SyncEnd
from tests.drop_folder.test_conformance import COMPANIES


def read(folder, **given):
    """The files that rows came from, what is said of others, and the state."""
    items = folder.read(**given)
    files = sorted({item.file for item in items if isinstance(item, Rows | Columns)})
    said = {item.file: item.message for item in items if isinstance(item, RowProblem)}
    [state] = [item.state for item in items if isinstance(item, Bookmark)]
    return files, said, {"": state}


def put_away(folder, state, **settings):
    source = folder.source(state=state, **settings)
    connector_named(folder.connector).put_away(source, SyncEnd(is_loaded=True))


def test_a_file_that_still_grows_waits_and_stops_no_other(folder, monkeypatch):
    numbers = itertools.count(1)

    def wait(opened, seconds):
        number = next(numbers)
        if number <= 2:
            folder.put("invoices.csv", "erpKey\n" + "I1\n" * number, seconds=number)

    monkeypatch.setattr(readiness, "MOST_LOOKS", 2)
    monkeypatch.setattr({"sftp-folder": SftpDirectory, "s3-folder": S3Prefix}[folder.connector], "wait", wait)
    folder.put("companies.csv", COMPANIES)
    files, said, _ = read(folder, quietSeconds="30")
    assert files == ["companies.csv"]
    assert said == {
        "invoices.csv": "“invoices.csv” is still being written, so nothing was loaded from it yet. The next sync looks "
        "again."
    }
    files, said, _ = read(folder, quietSeconds="30")
    assert (files, said) == (["companies.csv", "invoices.csv"], {})
    # Nobody waits where nothing is new.
    monkeypatch.undo()
    folder.read(state={"": folder.read()[-1].state}, quietSeconds="600")


def test_a_sync_waits_until_nothing_has_changed_for_a_while(sftp_folder):
    sftp_folder.put("companies.csv", COMPANIES)
    began = time.monotonic()
    assert read(sftp_folder, quietSeconds="1")[0] == ["companies.csv"]
    assert time.monotonic() - began >= 1


def test_each_file_waits_for_its_own_marker(folder):
    folder.put("companies.csv", COMPANIES)
    folder.put("contacts.csv", COMPANIES)
    folder.put("invoices.csv", "erpKey\nI1\n")
    folder.put("companies.csv.done", "")
    folder.put("invoices.done", "")
    files, said, state = read(folder, marker="*.done")
    assert files == ["companies.csv", "invoices.csv"]
    assert said["contacts.csv"].startswith("“contacts.csv” waits for its marker “contacts.csv.done”")
    put_away(folder, state, marker="*.done")
    assert folder.names() == [
        "contacts.csv", "processed/companies.csv", "processed/companies.csv.done", "processed/invoices.csv",
        "processed/invoices.done",
    ]  # fmt: skip


@pytest.mark.parametrize("afterwards", ["move", "keep"])
def test_all_files_wait_for_one_marker_that_counts_once(sftp_folder, afterwards):
    given = {"marker": "ready.txt", "afterwards": afterwards}
    sftp_folder.put("companies.csv", COMPANIES)
    files, said, _ = read(sftp_folder, **given)
    assert (files, list(said)) == ([], ["companies.csv"])
    sftp_folder.put("ready.txt", "", seconds=1)
    sftp_folder.put("invoices.csv", "erpKey\nI1\n", seconds=2)
    files, said, state = read(sftp_folder, **given)
    assert files == ["companies.csv"]
    assert "came after the marker “ready.txt”" in said["invoices.csv"]
    put_away(sftp_folder, state, **given)
    files, said, _ = read(sftp_folder, state=state, **given)
    assert (files, list(said)) == ([], ["invoices.csv"])
    sftp_folder.put("ready.txt", "", seconds=3)
    assert read(sftp_folder, state=state, **given)[0] == ["invoices.csv"]


def test_in_a_full_sync_nothing_is_deleted_while_a_file_waits(sftp_folder):
    sftp_folder.put("companies.csv", COMPANIES)
    [waiting] = [item for item in sftp_folder.read(full=True, marker="*.done") if isinstance(item, RowProblem)]
    assert waiting.leaves_unread
    assert waiting.name == "companies"


def test_more_files_than_can_be_remembered_are_refused(sftp_folder, monkeypatch):
    monkeypatch.setattr(connector, "MOST_STATE_BYTES", 100)
    for number in range(5):
        sftp_folder.put(f"companies_{number}.csv", COMPANIES)
    with pytest.raises(ConnectorError, match="The folder has 5 files, more than can be remembered"):
        sftp_folder.read()
