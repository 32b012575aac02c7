"""An SFTP server that does what OpenSSH's does not: signs in by password, forbids, loses files, breaks off."""

import asyncio
import threading

import asyncssh
import pytest

from syncs.connectors import connector_named
from syncs.connectors.protocol import ConnectorError, Rows, SyncEnd
from tests.drop_folder.folders import Folder
from tests.drop_folder.test_conformance import COMPANIES

SFTP = connector_named("sftp-folder")


class Server(asyncssh.SSHServer):
    """Lets in whoever knows the password."""

    def password_auth_supported(self):
        return True

    def validate_password(self, username, password):
        return password == "correct horse"


class Faulty(asyncssh.SFTPServer):
    """Serves a folder; `faults` are what it does otherwise."""

    faults = set()

    def rename(self, oldpath, newpath):
        if "no moves" in self.faults:
            raise asyncssh.SFTPPermissionDenied("Only reading is allowed here.")
        return super().rename(oldpath, newpath)

    def open(self, path, pflags, attrs):
        if "gone" in self.faults:
            raise asyncssh.SFTPNoSuchFile("It was here just now.")
        return super().open(path, pflags, attrs)

    def scandir(self, path):
        if "breaks off" in self.faults:
            self.channel.get_connection().abort()
        return super().scandir(path)


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """The port of the server, which runs in a thread."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    Faulty.key = asyncssh.generate_private_key("ecdsa-sha2-nistp256")

    async def start():
        return await asyncssh.create_server(Server, "127.0.0.1", 0, server_host_keys=[Faulty.key], sftp_factory=Faulty)

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    yield server.get_port()
    loop.call_soon_threadsafe(loop.stop)


@pytest.fixture
def folder(port, tmp_path, monkeypatch):
    """A folder of the server, with a file of companies."""
    monkeypatch.setattr(Faulty, "faults", set())
    found = Folder()
    found.connector, found.path = "sftp-folder", tmp_path
    found.settings = {
        "host": "127.0.0.1", "port": str(port), "hostKey": Faulty.key.get_fingerprint(), "folder": str(tmp_path),
        "quietSeconds": "0",
    }  # fmt: skip
    found.credentials = {"username": "ads", "password": "correct horse"}
    (tmp_path / "companies.csv").write_text(COMPANIES)
    return found


def test_a_password_lets_in_and_another_one_does_not(folder):
    assert SFTP.check(folder.settings, folder.credentials).endswith(" has 1 file to load: companies.csv.")
    for credentials in ({"password": "wrong"}, {"password": ""}):
        with pytest.raises(ConnectorError) as refused:
            SFTP.check(folder.settings, folder.credentials | credentials)
        assert str(refused.value) == (
            "The server “127.0.0.1” did not let “ads” in. Check the user, and the password or the key."
        )
        assert not refused.value.transient


def test_a_file_that_cannot_be_moved_is_told_and_not_read_again(folder):
    state = {"": folder.read()[-1].state}
    Faulty.faults = {"no moves"}
    with pytest.raises(
        ConnectorError, match="The file “companies.csv” .* cannot be moved to “processed”: Only reading"
    ):
        SFTP.put_away(folder.source(state=state), SyncEnd(is_loaded=True))
    items = folder.read(state=state)
    assert not [item for item in items if isinstance(item, Rows)]
    assert items[0].code == "file_not_moved"


def test_a_server_that_breaks_off_is_tried_again(folder):
    Faulty.faults = {"breaks off"}
    with pytest.raises(ConnectorError) as broken:
        folder.read()
    assert broken.value.transient


def test_a_file_that_vanishes_while_it_is_read_is_no_failure(folder):
    Faulty.faults = {"gone"}
    waiting, bookmark = folder.read()
    assert (waiting.code, bookmark.state) == ("file_waits", {"files": {}})


def test_a_password_that_is_wrong_for_a_server_with_another_key_is_not_sent(folder):
    other = asyncssh.generate_private_key("ecdsa-sha2-nistp256").get_fingerprint()
    with pytest.raises(ConnectorError, match="shows another key, ecdsa-sha2-nistp256 SHA256:.* No password was sent"):
        SFTP.check(folder.settings | {"hostKey": other}, folder.credentials)
