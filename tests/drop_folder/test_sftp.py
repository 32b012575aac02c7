"""The SFTP server: whom it is, who may come in, and what happens where it refuses."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import asyncssh
import pytest

from syncs.connectors import connector_named
from syncs.connectors.protocol import ConnectorError, SyncEnd
from tests.drop_folder.folders import SftpTestFolder
from tests.drop_folder.sshd import Sshd
from tests.drop_folder.test_conformance import COMPANIES

SFTP = connector_named("sftp-folder")


def check(of, credentials=None, **settings):
    return SFTP.check(of.settings | settings, of.credentials | (credentials or {}))


def refusal(of, credentials=None, **settings):
    with pytest.raises(ConnectorError) as refused:
        check(of, credentials, **settings)
    return str(refused.value)


def test_a_check_says_what_is_there(sftp_folder):
    assert check(sftp_folder) == (f"“{sftp_folder.path}” at 127.0.0.1 can be read; there is no file to load in it now.")
    for number in range(7):
        sftp_folder.put(f"{number}.csv", COMPANIES)
    assert check(sftp_folder) == (
        f"“{sftp_folder.path}” at 127.0.0.1 has 7 files to load: 0.csv, 1.csv, 2.csv, 3.csv, 4.csv and 2 more."
    )
    assert check(sftp_folder, names="6.*,7.*").endswith(" has 1 file to load: 6.csv.")


def test_the_first_connection_shows_the_key_and_sends_nothing(sftp_folder, sshd):
    assert refusal(sftp_folder, hostKey="") == (
        f"The server “127.0.0.1” shows the key ssh-ed25519 {sshd.fingerprint}. Compare it with what its administrator "
        "says; if it is the same, enter it as the fingerprint of the server’s key. Nothing but that was asked so far."
    )
    # As it was said, and as `ssh-keygen -l` says it; of several keys, the one that is known counts.
    assert check(sftp_folder, hostKey=f"ssh-ed25519 {sshd.fingerprint}")
    assert check(sftp_folder, hostKey=f"2048 {sshd.rsa_fingerprint} root@server (RSA)")


def test_a_changed_key_is_refused():
    with_own_server = Sshd().start()
    try:
        folder = SftpTestFolder(with_own_server)
        old, new = with_own_server.fingerprint, with_own_server.change_host_key()
        assert refusal(folder) == (
            f"The server “127.0.0.1” shows another key, ssh-ed25519 {new}, instead of {old}, which was accepted. "
            "If its administrator has changed the key, enter the new fingerprint; otherwise somebody may stand "
            "between. No password was sent."
        )
        assert "instead of" in refusal(folder, hostKey=f"ecdsa {old}")
        assert check(folder, hostKey=new)
    finally:
        with_own_server.stop()


def test_a_key_without_its_line_breaks_and_one_with_a_passphrase(sftp_folder, sshd):
    in_one_line = sshd.key.replace("\n", "")
    assert check(sftp_folder, {"privateKey": in_one_line})
    locked = asyncssh.import_private_key(sshd.key).export_private_key(passphrase="of the key", rounds=50).decode()
    assert check(sftp_folder, {"privateKey": locked, "passphrase": "of the key"})
    for passphrase in ("", "another"):
        assert refusal(sftp_folder, {"privateKey": locked, "passphrase": passphrase}) == (
            "The private key is locked, and its passphrase is missing or another one."
        )
    assert refusal(sftp_folder, {"privateKey": "PuTTY-User-Key-File-3: ssh-ed25519"}).startswith(
        "The private key cannot be read."
    )


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"host": ""}, "“Address” is empty. Fill it in."),
        ({"port": "ssh"}, "The setting “Port” is “ssh”. Write a whole number from 1 to 65,535."),
        (
            {"hostKey": "abc"},
            "“abc” is not the fingerprint of a key: that begins with SHA256: and has 43 characters more.",
        ),
        ({"quietSeconds": "-1"}, "is “-1”. Write a whole number from 0 to 600."),
        ({"marker": "*"}, "The setting “Marker file” is “*”. Write *.done or a name like ready.txt."),
        ({"processed": "../out"}, "The setting “Folder for loaded files” is “../out”."),
        ({"afterwards": "burn"}, "The setting “After loading” is “burn”. Choose move or keep."),
        ({"host": "10.1.2.3"}, "The server “10.1.2.3” is not on the public internet, so it is not asked."),
        ({"folder": "/nowhere"}, "The folder “/nowhere” at 127.0.0.1 cannot be read: "),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_settings_that_cannot_be_used_are_told(sftp_folder, changed, sentence):
    assert sentence in refusal(sftp_folder, **changed)


def test_a_folder_in_which_nothing_can_be_moved_is_told_before_anything_is_read(sftp_folder):
    sftp_folder.put("companies.csv", COMPANIES)
    with pytest.raises(
        ConnectorError, match="The folder “/proc/done” at 127.0.0.1 is not there and cannot be made: "
    ) as no:
        sftp_folder.read(processed="/proc/done")
    assert not no.value.transient
    # Elsewhere than below the folder is possible.
    elsewhere = sftp_folder.sshd.new_folder()
    items = sftp_folder.read(processed=str(elsewhere))
    source = sftp_folder.source(state={"": items[-1].state}, processed=str(elsewhere))
    SFTP.put_away(source, SyncEnd(is_loaded=True))
    assert [path.name for path in elsewhere.iterdir()] == ["companies.csv"]


def test_it_works_where_the_callers_thread_runs_an_event_loop(sftp_folder):
    async def in_a_loop():
        return check(sftp_folder)

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(asyncio.run, in_a_loop()).result().endswith("there is no file to load in it now.")
