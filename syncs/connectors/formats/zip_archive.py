"""ZIP files: what is in one, read entry by entry, and never trusted."""

import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from syncs.connectors.protocol import ConnectorError, Limits

# Below this, a high compression ratio harms nobody.
RATIO_FROM_BYTES = 10 * 1024**2
# A directory of the ZIP that is longer than this, for each entry allowed, is not read.
DIRECTORY_BYTES_PER_ENTRY = 1_024
NAME_LENGTH = 255
# What zipfile raises on what it cannot read.
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, UnicodeDecodeError, NotImplementedError)

_CLUTTER = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|Thumbs\.db$|desktop\.ini$|\._)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the ZIP: its name for people, and its stem, which tells what kind of records it holds."""

    info: zipfile.ZipInfo
    name: str
    stem: str
    extension: str

    @property
    def is_encrypted(self) -> bool:
        return bool(self.info.flag_bits & 0x41)  # also what ZIP calls strong encryption

    @property
    def is_unknown_compression(self) -> bool:
        # The others can be unpacked too, but not in pieces of a known size.
        return self.info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Archive:
    """An opened ZIP whose bytes are counted while they are unpacked."""

    def __init__(self, content: BinaryIO, *, file: str, limits: Limits):
        self.file, self.limits = file, limits
        self.unpacked = self.packed = 0
        self._check_directory(content)
        with self._damage_is_told():
            self._zip = zipfile.ZipFile(content)
        infos = self._zip.infolist()
        if len(infos) > limits.entries:
            raise self._too_many_entries(len(infos))
        self._check_overlaps(infos)

    def entries(self) -> list[Entry]:
        """The files in it, without folders and what systems leave behind."""
        named = [(info, info.filename.replace("\\", "/")) for info in self._zip.infolist()]
        named = [(info, path) for info, path in named if not path.endswith("/") and not _CLUTTER.search(path)]
        shared = Counter(path.rpartition("/")[2] for _, path in named)
        entries = []
        for info, path in named:
            last = path.rpartition("/")[2]
            display = info.filename if shared[last] > 1 else last
            entries.append(Entry(info, display[-NAME_LENGTH:], *stem_and_extension(path)))
        return entries

    def member(self, path: str) -> Entry | None:
        """The file of exactly that path, or None."""
        info = self._zip.NameToInfo.get(path)
        return Entry(info, self.file, *stem_and_extension(path)) if info else None

    @contextmanager
    def open(self, entry: Entry) -> Iterator[BinaryIO]:
        """The entry's unpacked content, to be read in pieces."""
        self.packed += entry.info.compress_size
        with self._damage_is_told(entry.name), self._zip.open(entry.info) as unpacked:
            yield _Counted(self, entry, unpacked)

    def count(self, size: int) -> None:
        """Take note of unpacked bytes; raises ConnectorError past a limit."""
        self.unpacked += size
        if self.unpacked > self.limits.unpacked_bytes:
            raise self._unusable(
                f"unpacks to more than {_size(self.limits.unpacked_bytes)}, the most that is read. "
                "Split it into several files.",
                "zip_too_big",
            )
        if self.unpacked > RATIO_FROM_BYTES and self.unpacked > self.limits.ratio * self.packed:
            raise self._unusable(
                f"unpacks to more than {self.limits.ratio:,} times its size, as no real data do. "
                "Send the files without the ZIP.",
                "zip_ratio",
            )

    def _check_directory(self, content: BinaryIO) -> None:
        """Refuse a directory too long to be read; where it cannot be found, zipfile will say so."""
        size = content.seek(0, 2)
        content.seek(max(0, size - 65_557))
        tail = content.read()
        content.seek(0)
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) < at + 22:
            return
        directory = struct.unpack_from("<I", tail, at + 12)[0]
        at64 = tail.rfind(b"PK\x06\x06", 0, at)
        if at64 >= 0 and at >= at64 + 56:
            directory = max(directory % 0xFFFFFFFF, struct.unpack_from("<Q", tail, at64 + 40)[0])
        if directory > self.limits.entries * DIRECTORY_BYTES_PER_ENTRY:
            raise self._too_many_entries(None)

    def _check_overlaps(self, infos: list[zipfile.ZipInfo]) -> None:
        """Entries that share bytes make a small ZIP unpack to any size; this Python reads them."""
        end_of_last = 0
        for info in sorted(infos, key=lambda info: info.header_offset):
            if info.header_offset < end_of_last:
                raise self._unusable(
                    "has files that overlap each other, as no program that makes ZIP files does. Make the ZIP again.",
                    "zip_overlapping",
                )
            end_of_last = info.header_offset + zipfile.sizeFileHeader + info.compress_size
        if end_of_last > self._zip.start_dir:
            raise self._damaged()

    def _too_many_entries(self, count: int | None) -> ConnectorError:
        found = "too many" if count is None else f"{count:,}"
        return self._unusable(
            f"holds {found} files; at most {self.limits.entries:,} are read. Put fewer files into it.",
            "zip_entries",
        )

    @contextmanager
    def _damage_is_told(self, name: str = ""):
        try:
            yield
        except DAMAGE as damage:
            raise self._damaged(name) from damage

    def _damaged(self, name: str = "") -> ConnectorError:
        if name:
            return ConnectorError(
                f"The file “{name}” in “{self.file}” is damaged and cannot be unpacked to its end. "
                "Make the ZIP again, then send it again.",
                code="zip_damaged",
                file=name,
            )
        return self._unusable("is not a ZIP file or is damaged. Make it again, then send it again.", "zip_damaged")

    def _unusable(self, what: str, code: str) -> ConnectorError:
        return ConnectorError(f"The file “{self.file}” {what}", code=code, file=self.file)


class _Counted:
    """An entry's unpacked content, whose bytes count towards the limits of the whole."""

    def __init__(self, archive: Archive, entry: Entry, unpacked: BinaryIO):
        self.archive, self.entry, self.unpacked = archive, entry, unpacked
        self.size = 0

    def read(self, size: int) -> bytes:
        data = self.unpacked.read(size)
        self.size += len(data)
        self.archive.count(len(data))
        # zipfile finds out by itself where there is more than was said, but not where there is less.
        if size and not data and self.size != self.entry.info.file_size:
            raise zipfile.BadZipFile
        return data


def stem_and_extension(path: str) -> tuple[str, str]:
    """The last part of a path, either slash, without and with its extension (in lower case, no dot)."""
    last = path.replace("\\", "/").rpartition("/")[2]
    stem, dot, extension = last.rpartition(".")
    return (stem[:NAME_LENGTH], extension.lower()) if dot and stem else (last[:NAME_LENGTH], "")


def _size(count: int) -> str:
    for unit, name in ((1024**3, "GB"), (1024**2, "MB"), (1024, "KB")):
        if count >= unit:
            return f"{count / unit:,.4g} {name}"
    return f"{count:,} bytes"
