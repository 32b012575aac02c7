"""OpenSSH's server, started for the tests: an unprivileged process with its own keys, on a free port."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import asyncssh

from tests.product import eventually, free_port

PROGRAM = "/usr/sbin/sshd"
IS_INSTALLED = Path(PROGRAM).exists()
NOT_INSTALLED = "OpenSSH’s server is not installed here: apt-get install openssh-server"
# Of the files that tests put there, long ago enough for any clock.
MODIFIED = 1_700_000_000


class Sshd:
    """A server whose only user is the one it runs as, who signs in by `key`; files are put into its folders."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="ads-sshd-"))
        self.folder.chmod(0o711)
        # As root it would need a folder of the system, and could read everything.
        self._user = {"user": "www-data", "group": "www-data"} if os.geteuid() == 0 else {}
        self.user = self._user.get("user") or pwd.getpwuid(os.geteuid()).pw_name
        self.port = free_port()
        self.key = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
        self._process = None
        self._number = 0

    def start(self):
        own = self.make(self.folder / "own")
        authorized = own / "authorized_keys"
        authorized.write_bytes(asyncssh.import_private_key(self.key).export_public_key())
        for kind in ("ed25519", "rsa"):
            self._new_host_key(kind)
        config = own / "config"
        config.write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {own}/ed25519\nHostKey {own}/rsa\nPidFile none\n"
            f"AuthorizedKeysFile {authorized}\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            "KbdInteractiveAuthentication no\nSubsystem sftp internal-sftp\nForceCommand internal-sftp\n"
        )
        self._serve()
        return self

    def _new_host_key(self, kind):
        path = self.folder / "own" / kind
        given = {"key_size": 2048} if kind == "rsa" else {}
        key = asyncssh.generate_private_key("ssh-rsa" if kind == "rsa" else "ssh-ed25519", **given)
        path.write_bytes(key.export_private_key())
        path.chmod(0o600)
        self._own(path)
        return key.get_fingerprint()

    def _serve(self):
        self._process = subprocess.Popen(
            [PROGRAM, "-D", "-E", str(self.folder / "own" / "log"), "-f", str(self.folder / "own" / "config")],
            cwd="/",
            **(self._user and self._user | {"extra_groups": ()}),
        )
        assert eventually(self._listens), (self.folder / "own" / "log").read_text()

    def _listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def change_host_key(self):
        """Another key from now on, as after a new installation; returns its fingerprint."""
        self._end()
        fingerprint = self._new_host_key("ed25519")
        self._serve()
        return fingerprint

    @property
    def fingerprint(self):
        return asyncssh.read_private_key(self.folder / "own" / "ed25519").get_fingerprint()

    @property
    def rsa_fingerprint(self):
        return asyncssh.read_private_key(self.folder / "own" / "rsa").get_fingerprint()

    def make(self, folder):
        """A folder that the server's user may write to."""
        folder.mkdir(parents=True, exist_ok=True)
        self._own(folder)
        return folder

    def new_folder(self):
        self._number += 1
        return self.make(self.folder / f"in{self._number}")

    def put(self, folder, name, content, seconds=0):
        """A file that has been there for long; `seconds` later than others."""
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        os.utime(path, (MODIFIED + seconds, MODIFIED + seconds))
        self._own(path)

    def _own(self, path):
        if self._user:
            shutil.chown(path, **self._user)

    def settings(self, folder, **more):
        return {
            "host": "127.0.0.1",
            "port": str(self.port),
            "hostKey": self.fingerprint,
            "folder": str(folder),
            "quietSeconds": "0",
        } | more

    @property
    def credentials(self):
        return {"username": self.user, "privateKey": self.key}

    def _end(self):
        if self._process:
            self._process.kill()
            self._process.wait()

    def stop(self):
        self._end()
        shutil.rmtree(self.folder, ignore_errors=True)
