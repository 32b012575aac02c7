"""A folder on another machine, as the readers of drop folders need it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Protocol

# The most files that a folder may have: all of them are looked at in every sync.
MOST_FILES = 10_000
# How long a server may be silent.
CONNECT_SECONDS, ANSWER_SECONDS = 20.0, 60.0
CHUNK_BYTES = 4 * 1024**2


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file as it was seen; what has another size, time or version is another file.

    `time` is when it was changed, in ISO format and UTC. `version` is the store's own mark of the content, if any.
    """

    name: str
    size: int
    time: str
    version: str = ""


class FileChanged(Exception):
    """The file is gone, or another one than was seen."""


class RemoteFolder(Protocol):
    """An open folder. Every method raises ConnectorError where the server cannot do what is asked."""

    # For people: where the folder is.
    place: str

    def files(self) -> list[RemoteFile]:
        """The files in it, without those in folders below."""

    def wait(self, seconds: float) -> None:
        """Wait, with the connection open."""

    def fetch(self, file: RemoteFile, into: IO[bytes]) -> None:
        """Bring the file's content; raises FileChanged."""

    def prepare(self, folders: Sequence[str]) -> None:
        """See to it that files can be moved into these folders."""

    def move(self, file: RemoteFile, folder: str) -> str:
        """Move the file into a folder, where it gets another name if its own is taken; returns the name.

        Nothing is overwritten. Raises FileChanged.
        """

    def put(self, folder: str, name: str, content: bytes) -> None:
        """Write a file of ours into a folder."""


def other_name(name: str, mark: str) -> str:
    """The name with a mark before its ending, for where the name is taken."""
    stem, dot, ending = name.rpartition(".")
    return f"{stem}-{mark}.{ending}" if dot and stem else f"{name}-{mark}"
