"""ZIP files from strangers: their entries, unpacked within limits."""

import re
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from isal import isal_zlib

from syncs.connectors.formats.file_kinds import ZIP, kind_of
from syncs.connectors.protocol import ByteStream, ConnectorError, Limits

# Below this size, a high compression ratio does no harm.
RATIO_FROM_BYTES = 10 * 1024**2
# A longer directory, for each entry that is allowed, is not read.
DIRECTORY_BYTES_PER_ENTRY = 1_024
NAME_LENGTH = 255
# The header that precedes the content of an entry, without its name.
LOCAL_HEADER_BYTES = 30
END_OF_DIRECTORY_BYTES = 22
# How much of a file that is no ZIP is looked at.
START_BYTES = 64
# The most zeros between the entries, as some programs write them to align the content.
MAX_PADDING_BYTES = 64 * 1024
# The errors that zipfile raises for a damaged file.
DAMAGE: tuple[type[Exception], ...] = (
    zipfile.BadZipFile, zlib.error, EOFError, struct.error, UnicodeDecodeError, NotImplementedError,
    isal_zlib.error,  # type: ignore[assignment]  # its stub says that it is an error, not a class
)  # fmt: skip

_CLUTTER = re.compile(
    r"(^|/)(__MACOSX/|\.(Spotlight-V100|Trashes|fseventsd)/|\.DS_Store$|(eh)?Thumbs\.db$|desktop\.ini$|\._)",
    re.IGNORECASE,
)
# Office programs leave such a file beside one that is open; it is too small to have rows.
_LOCK_FILE = re.compile(r"(^|/)(~\$[^/]*|\.~lock\.[^/]*#)$")
LOCK_FILE_BYTES = 1_024


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the ZIP: its name for people, and its stem, which says what kind of records it contains."""

    info: zipfile.ZipInfo
    name: str
    stem: str
    extension: str

    @property
    def is_encrypted(self) -> bool:
        return bool(self.info.flag_bits & 0x41)  # encrypted, or strongly encrypted

    @property
    def is_unknown_compression(self) -> bool:
        # Python can unpack other methods too, but not in chunks of a known size.
        return self.info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Archive:
    """An opened ZIP whose bytes are counted while they are unpacked."""

    def __init__(self, content: IO[bytes], *, file: str, limits: Limits) -> None:
        self.file, self.limits = file, limits
        self.unpacked = self.packed = 0
        self._content = content
        self._check_directory(content)
        with self._reports_damage():
            self._zip = zipfile.ZipFile(content)
        infos = self._zip.infolist()
        if len(infos) > limits.entries:
            raise self._too_many_entries(len(infos))
        self._check_overlaps(infos)
        self._infos = infos

    def entries(self) -> list[Entry]:
        """The files in it, without folders and without the files that operating systems add."""
        named = [(info, _without_invisible(info.filename).replace("\\", "/")) for info in self._zip.infolist()]
        named = [(info, path) for info, path in named if not path.endswith("/") and not _is_clutter(info, path)]
        shared = Counter(path.rpartition("/")[2] for _, path in named)
        entries = []
        for info, path in named:
            last = path.rpartition("/")[2]
            display = _without_invisible(info.filename) if shared[last] > 1 else last
            entries.append(Entry(info, display[-NAME_LENGTH:], *stem_and_extension(path)))
        return entries

    def member(self, path: str) -> Entry | None:
        """The file with exactly that path, or None."""
        info = self._zip.NameToInfo.get(path)
        return Entry(info, self.file, *stem_and_extension(path)) if info else None

    @contextmanager
    def open(self, entry: Entry) -> Iterator[ByteStream]:
        """The entry's unpacked content, which counts towards the limits while it is read."""
        self.packed += entry.info.compress_size
        with self._reports_damage(entry.name), self._zip.open(entry.info) as unpacked:
            if entry.info.compress_type == zipfile.ZIP_DEFLATED:
                # Unpacks the same in a third of the time, half of what reading a file takes otherwise.
                unpacked._decompressor = isal_zlib.decompressobj(-zlib.MAX_WBITS)  # type: ignore[attr-defined]
            yield _CountedContent(self, entry, unpacked)

    def count(self, size: int) -> None:
        """Count unpacked bytes; raises ConnectorError beyond a limit."""
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

    def _check_directory(self, content: IO[bytes]) -> None:
        """Refuse a directory that is too long to be read. If there is none, zipfile raises an error."""
        size = content.seek(0, 2)
        content.seek(max(0, size - 65_557))
        tail = content.read()
        content.seek(0)
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) < at + END_OF_DIRECTORY_BYTES:
            return
        directory = struct.unpack_from("<I", tail, at + 12)[0]
        at64 = tail.rfind(b"PK\x06\x06", 0, at)
        if at64 >= 0 and at >= at64 + 56:
            directory = max(directory % 0xFFFFFFFF, struct.unpack_from("<Q", tail, at64 + 40)[0])
        if directory > self.limits.entries * DIRECTORY_BYTES_PER_ENTRY:
            raise self._too_many_entries(None)

    def _check_overlaps(self, infos: list[zipfile.ZipInfo]) -> None:
        """Refuse entries that share bytes: they make a small ZIP unpack to any size, and this Python reads them."""
        end_of_last = 0
        for info in sorted(infos, key=lambda info: info.header_offset):
            if info.header_offset < end_of_last:
                raise self._unusable(
                    "has files that overlap each other, as no program that makes ZIP files does. Make the ZIP again.",
                    "zip_overlapping",
                )
            end_of_last = info.header_offset + LOCAL_HEADER_BYTES + info.compress_size
        if end_of_last > self._zip.start_dir:
            raise self._damaged()

    def has_unlisted_content(self) -> bool:
        """Whether the file holds something that its directory does not list, such as another ZIP in front of it.

        Zeros, and the program that a self-extracting ZIP begins with, are not content.
        """
        end_of_last = 0
        with self._reports_damage():
            for info in sorted(self._infos, key=lambda info: info.header_offset):
                if self._has_content(end_of_last, info.header_offset):
                    return True
                end_of_last = self._end_of(info)
            return self._has_content(end_of_last, self._zip.start_dir) or self._has_content(*self._after_directory())

    def _end_of(self, info: zipfile.ZipInfo) -> int:
        """Where an entry ends, with the record of its sizes that may follow it."""
        self._content.seek(info.header_offset)
        name_bytes, extra_bytes = struct.unpack_from("<HH", self._content.read(LOCAL_HEADER_BYTES), 26)
        end = info.header_offset + LOCAL_HEADER_BYTES + int(name_bytes) + int(extra_bytes) + info.compress_size
        if info.flag_bits & 0x08:
            self._content.seek(end)
            end += 16 if self._content.read(4) == b"PK\x07\x08" else 12
            # Large entries have sizes of 8 bytes.
            self._content.seek(end)
            if self._content.read(4) not in (b"PK\x03\x04", b"PK\x01\x02"):
                end += 8
        return end

    def _after_directory(self) -> tuple[int, int]:
        """Where the ZIP ends, and where the file ends."""
        size = self._content.seek(0, 2)
        start = max(0, size - 65_557)
        self._content.seek(start)
        tail = self._content.read()
        at = tail.rfind(b"PK\x05\x06")
        return start + at + END_OF_DIRECTORY_BYTES + int(struct.unpack_from("<H", tail, at + 20)[0]), size

    def _has_content(self, start: int, end: int) -> bool:
        self._content.seek(start)
        found = self._content.read(min(max(end - start, 0), MAX_PADDING_BYTES))
        is_program = start == 0 and found.startswith(b"MZ")
        return not is_program and (end - start > MAX_PADDING_BYTES or bool(found.strip(b"\0\r\n")))

    def _too_many_entries(self, count: int | None) -> ConnectorError:
        found = "too many" if count is None else f"{count:,}"
        return self._unusable(
            f"holds {found} files; at most {self.limits.entries:,} are read. Put fewer files into it.",
            "zip_entries",
        )

    @contextmanager
    def _reports_damage(self, name: str = "") -> Iterator[None]:
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
        self._content.seek(0)
        kind = kind_of(self._content.read(START_BYTES).decode("utf-8", "surrogateescape"))
        if kind and kind != ZIP:
            return self._unusable(
                f"is not a ZIP file: it seems to be {kind}. Put CSV, JSONL or XLSX files into one, then send it again.",
                "zip_damaged",
            )
        return self._unusable("is not a ZIP file or is damaged. Make it again, then send it again.", "zip_damaged")

    def _unusable(self, what: str, code: str) -> ConnectorError:
        return ConnectorError(f"The file “{self.file}” {what}", code=code, file=self.file)


class _CountedContent:
    """An entry's unpacked content; what is read of it counts towards the limits of the archive."""

    def __init__(self, archive: Archive, entry: Entry, unpacked: ByteStream) -> None:
        self._archive, self._entry, self._unpacked = archive, entry, unpacked
        self._size = 0

    def read(self, size: int, /) -> bytes:
        data = self._unpacked.read(size)
        self._size += len(data)
        self._archive.count(len(data))
        # zipfile itself notices more content than the directory says, but not less.
        if size and not data and self._size != self._entry.info.file_size:
            raise zipfile.BadZipFile
        return data


def _without_invisible(name: str) -> str:
    """The name without control and format characters, such as those that turn the direction of what follows."""
    return "".join(letter for letter in name if unicodedata.category(letter) not in ("Cc", "Cf", "Zl", "Zp"))


def _is_clutter(info: zipfile.ZipInfo, path: str) -> bool:
    """Whether a file is one that programs add by themselves."""
    is_lock_file = info.file_size <= LOCK_FILE_BYTES and _LOCK_FILE.search(path)
    return bool(is_lock_file or _CLUTTER.search(path))


def stem_and_extension(path: str) -> tuple[str, str]:
    """The last part of a path (with either slash), split into its stem and its extension in lower case."""
    last = path.replace("\\", "/").rpartition("/")[2]
    stem, dot, extension = last.rpartition(".")
    return (stem[:NAME_LENGTH], extension.strip().lower()) if dot and stem else (last[:NAME_LENGTH], "")


def _size(count: int) -> str:
    for unit, name in ((1024**3, "GB"), (1024**2, "MB"), (1024, "KB")):
        if count >= unit:
            return f"{count / unit:,.4g} {name}"
    return f"{count:,} bytes"
