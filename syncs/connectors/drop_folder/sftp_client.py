"""A folder on a server that speaks SFTP, by asyncssh.

The server is known by its key alone, whose fingerprint is in the settings. Nothing of this machine is used besides what
is given: no key, no agent, no configuration of a user.
"""

import asyncio
import contextlib
import os
import posixpath
import re
import time
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Thread
from typing import IO, TypeVar, cast

import asyncssh

from syncs.connectors import addresses
from syncs.connectors.drop_folder.remote import (
    ANSWER_SECONDS,
    CHUNK_BYTES,
    CONNECT_SECONDS,
    MOST_FILES,
    FileChanged,
    RemoteFile,
    other_name,
)
from syncs.connectors.protocol import ConnectorError

T = TypeVar("T")
# What a server may show its key by, the best first; certificates are not among them, and nothing with SHA-1.
ALGORITHMS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_PEM = re.compile(r"\s*(-----BEGIN [A-Z0-9 ]+-----)(.*?)(-----END [A-Z0-9 ]+-----)\s*", re.DOTALL)
# What the server says of a single file; everything else of it is about the connection.
_MISSING = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)
_TRANSIENT = (OSError, asyncssh.DisconnectError, asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection)
MOST_NAMES = 100
# asyncssh wants to know the name of this process's user, which may have none; it is not sent.
_OWN_USER = ("LOGNAME", "ads-platform")
os.environ.setdefault(*_OWN_USER)
# It would tell of each connection and each try to sign in; what matters is in the sentences.
asyncssh.set_log_level("WARNING")


@dataclass(frozen=True, slots=True)
class Login:
    """How to sign in; `host_key` has the fingerprint of the server's key, empty where it is not known yet."""

    host: str
    port: int
    host_key: str
    user: str
    password: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    passphrase: str = field(default="", repr=False)

    @property
    def fingerprint(self) -> str:
        """The fingerprint alone; raises ConnectorError if there is something else."""
        if not self.host_key:
            return ""
        if found := FINGERPRINT.search(self.host_key):
            return found[0]
        raise ConnectorError(
            f"“{self.host_key[:100]}” is not the fingerprint of a key: that begins with SHA256: and has 43 characters "
            "more.",
            code="bad_setting",
        )

    @property
    def algorithms(self) -> list[str]:
        """Those by which the server is asked for its key: if it has several, the kind that is known comes first."""
        words = self.host_key.replace(self.fingerprint, "").casefold()
        known = next((kind for kind in ("ed25519", "ecdsa", "rsa") if kind in words), "")
        return sorted(ALGORITHMS, key=lambda algorithm: known not in algorithm)

    @property
    def key(self) -> asyncssh.SSHKey | None:
        """The private key, if there is one."""
        if not self.private_key.strip():
            return None
        try:
            return asyncssh.import_private_key(_with_lines(self.private_key), self.passphrase or None)
        except (asyncssh.KeyEncryptionError, asyncssh.KeyImportError) as error:
            if isinstance(error, asyncssh.KeyEncryptionError) or "passphrase" in str(error).casefold():
                raise ConnectorError(
                    "The private key is locked, and its passphrase is missing or another one.", code="bad_setting"
                ) from None
            raise ConnectorError(
                "The private key cannot be read. Enter all of its file, from “-----BEGIN” to “-----END …-----”; a key "
                "for PuTTY has to be exported as an OpenSSH key before.",
                code="bad_setting",
            ) from None


class _Client(asyncssh.SSHClient):
    """Compares the server's key with the one that is known, and remembers what it showed."""

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self.shown = ""

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.shown = f"{key.get_algorithm()} {key.get_fingerprint()}"
        return bool(self.fingerprint) and key.get_fingerprint() == self.fingerprint


class _Loop:
    """An event loop in a thread of its own: the caller's may have one, and the server's questions are answered."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="sftp", daemon=True)
        self._thread.start()

    def run(self, work: Awaitable[T], *, seconds: float | None = None) -> T:
        return asyncio.run_coroutine_threadsafe(_limited(work, seconds), self._loop).result()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class SftpDirectory:
    """An open folder of the server; see `RemoteFolder`."""

    def __init__(self, login: Login, path: str, loop: _Loop, client: asyncssh.SFTPClient) -> None:
        self.login, self.path, self._loop, self._client = login, path, loop, client
        self.place = f"“{path or '.'}” at {login.host}"

    def files(self) -> list[RemoteFile]:
        with self._as_sentences(f"The folder {self.place} cannot be read"):
            return self._run(self._listed())

    async def _listed(self) -> list[RemoteFile]:
        found: list[RemoteFile] = []
        async for entry in self._client.scandir(self.path or "."):
            name = str(entry.filename)
            # A name that cannot be shown is not one that can be remembered.
            if entry.attrs.type != asyncssh.FILEXFER_TYPE_REGULAR or "/" in name or not name.isprintable():
                continue
            found.append(_file(name, entry.attrs))
            if len(found) > MOST_FILES:
                raise ConnectorError(
                    f"The folder {self.place} has more than {MOST_FILES:,} files. Move older ones elsewhere.",
                    code="bad_setting",
                )
        return found

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def fetch(self, file: RemoteFile, into: IO[bytes]) -> None:
        with self._as_sentences(f"The file “{file.name}” in {self.place} cannot be read"):
            try:
                self._run(self._fetched(file, into), seconds=None)
            except _MISSING:
                raise FileChanged(file.name) from None

    async def _fetched(self, file: RemoteFile, into: IO[bytes]) -> None:
        await self._check(file)
        async with self._client.open(self._path_of(file.name), "rb") as remote:
            # A file that grows without end is none that was seen.
            while into.tell() <= file.size and (
                chunk := await asyncio.wait_for(remote.read(CHUNK_BYTES), ANSWER_SECONDS)
            ):
                into.write(cast(bytes, chunk))
        await self._check(file)
        if into.tell() != file.size:
            raise FileChanged(file.name)

    async def _check(self, file: RemoteFile) -> None:
        try:
            attributes = await asyncio.wait_for(self._client.stat(self._path_of(file.name)), ANSWER_SECONDS)
        except _MISSING:
            raise FileChanged(file.name) from None
        if _file(file.name, attributes) != file:
            raise FileChanged(file.name)

    def prepare(self, folders: Sequence[str]) -> None:
        for folder in folders:
            path = posixpath.join(self.path, folder)
            with self._as_sentences(f"The folder “{path}” at {self.login.host} is not there and cannot be made"):
                if not self._run(self._client.isdir(path)):
                    self._run(self._client.mkdir(path))

    def move(self, file: RemoteFile, folder: str) -> str:
        with self._as_sentences(f"The file “{file.name}” in {self.place} cannot be moved to “{folder}”"):
            self._run(self._check(file))
            name = self._run(self._free_name(folder, file.name))
            # Unlike a rename by POSIX, this one overwrites nothing.
            self._run(self._client.rename(self._path_of(file.name), self._path_of(name, folder)))
            return name

    async def _free_name(self, folder: str, name: str) -> str:
        mark = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        for number in range(MOST_NAMES):
            candidate = name if not number else other_name(name, mark if number == 1 else f"{mark}-{number}")
            if not await self._client.exists(self._path_of(candidate, folder)):
                return candidate
        raise ConnectorError(f"No name is free for “{name}” in “{folder}”.")

    def put(self, folder: str, name: str, content: bytes) -> None:
        with self._as_sentences(f"The file “{name}” cannot be written into “{folder}” at {self.login.host}"):
            self._run(self._written(self._path_of(name, folder), content))

    async def _written(self, path: str, content: bytes) -> None:
        async with self._client.open(path, "wb") as remote:
            await remote.write(content)

    def _path_of(self, name: str, folder: str = "") -> str:
        return posixpath.join(self.path, folder, name)

    def _run(self, work: Awaitable[T], *, seconds: float | None = ANSWER_SECONDS) -> T:
        return self._loop.run(work, seconds=seconds)

    @contextmanager
    def _as_sentences(self, failed: str) -> Iterator[None]:
        try:
            yield
        except _TRANSIENT as error:
            raise ConnectorError(f"{failed}: {_words_of(error)}.", transient=True) from None
        except asyncssh.SFTPError as error:
            raise ConnectorError(
                f"{failed}: {_words_of(error)}. Check the settings, and what “{self.login.user}” may do there."
            ) from None


@contextmanager
def open_sftp(login: Login, path: str) -> Iterator[SftpDirectory]:
    """Connect, compare the server's key, sign in; raises ConnectorError."""
    key, client = login.key, _Client(login.fingerprint)
    with contextlib.closing(_Loop()) as loop:
        connection = _connection(login, key, client, loop)
        try:
            yield SftpDirectory(login, path.rstrip("/") or path, loop, loop.run(_sftp(connection, login)))
        finally:
            with contextlib.suppress(Exception):
                loop.run(_closed(connection), seconds=1)


def _connection(
    login: Login, key: asyncssh.SSHKey | None, client: _Client, loop: _Loop
) -> asyncssh.SSHClientConnection:
    opened = addresses.connect(login.host, login.port, seconds=CONNECT_SECONDS)
    opened.setblocking(False)
    try:
        return loop.run(
            asyncssh.connect(
                login.host,
                login.port,
                sock=opened,
                client_factory=lambda: client,
                # Neither files of this machine's user nor what was accepted elsewhere.
                known_hosts=lambda host, address, port: ([], [], []),
                config=None,
                agent_path=None,
                x509_trusted_certs=None,
                x509_trusted_cert_paths=[],
                gss_auth=False,
                gss_kex=False,
                client_keys=[key] if key else None,
                server_host_key_algs=login.algorithms,
                username=login.user,
                password=login.password or None,
                login_timeout=CONNECT_SECONDS,
                keepalive_interval=15,
                keepalive_count_max=3,
            ),
            seconds=CONNECT_SECONDS + 5,
        )
    except asyncssh.HostKeyNotVerifiable:
        raise _other_key(login, client.shown) from None
    except asyncssh.PermissionDenied:
        raise ConnectorError(
            f"The server “{login.host}” did not let “{login.user}” in. Check the user, and the password or the key."
        ) from None
    except asyncssh.KeyExchangeFailed as error:
        raise ConnectorError(
            f"The server “{login.host}” and the platform have no way in common to encrypt: {error.reason}."
        ) from None
    except (asyncssh.Error, OSError) as error:
        raise ConnectorError(
            f"The server “{login.host}” does not speak SFTP at port {login.port}, or broke off: {_words_of(error)}.",
            transient=True,
        ) from None
    finally:
        if client.shown == "":
            opened.close()


async def _sftp(connection: asyncssh.SSHClientConnection, login: Login) -> asyncssh.SFTPClient:
    try:
        return await asyncio.wait_for(connection.start_sftp_client(path_errors="surrogateescape"), CONNECT_SECONDS)
    except (asyncssh.ChannelOpenError, asyncssh.SFTPError) as error:
        raise ConnectorError(
            f"The server “{login.host}” lets “{login.user}” in, but not by SFTP: {_words_of(error)}."
        ) from None
    except (asyncssh.Error, OSError) as error:
        raise ConnectorError(f"The server “{login.host}” broke off: {_words_of(error)}.", transient=True) from None


def _other_key(login: Login, shown: str) -> ConnectorError:
    """The error of a server that does not show the key that is known, or of which none is known yet."""
    if not login.fingerprint:
        return ConnectorError(
            f"The server “{login.host}” shows the key {shown}. Compare it with what its administrator says; if it is "
            "the same, enter it as the fingerprint of the server’s key. Nothing but that was asked so far.",
            code="bad_setting",
        )
    return ConnectorError(
        f"The server “{login.host}” shows another key, {shown}, instead of {login.fingerprint}, which was accepted. If "
        "its administrator has changed the key, enter the new fingerprint; otherwise somebody may stand between. No "
        "password was sent.",
        code="bad_setting",
    )


def _file(name: str, attributes: asyncssh.SFTPAttrs) -> RemoteFile:
    changed = datetime.fromtimestamp(int(attributes.mtime or 0), UTC)
    return RemoteFile(name, attributes.size or 0, changed.isoformat())


async def _closed(connection: asyncssh.SSHClientConnection) -> None:
    connection.abort()
    await connection.wait_closed()


async def _limited(work: Awaitable[T], seconds: float | None) -> T:
    return await asyncio.wait_for(work, seconds)


def _with_lines(key: str) -> str:
    """A key whose line breaks were lost in a form with them, and any other as it is."""
    found = _PEM.fullmatch(key.replace("\r\n", "\n"))
    if not found or "\n" in found[2].strip():
        return key.replace("\r\n", "\n").strip() + "\n"
    body = re.sub(r"\s", "", found[2])
    return "\n".join((found[1], *re.findall(".{1,64}", body), found[3], ""))


def _words_of(error: Exception) -> str:
    """What the server said, without a full stop."""
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    text = getattr(error, "reason", "") or getattr(error, "strerror", "") or str(error) or "the connection was lost"
    return " ".join(text.split())[:300].rstrip(".")
