"""Recognises a file by the layouts of import profiles, and says where it differs from the one that it resembles."""

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch

from syncs.connectors.columnar import DELIMITERS
from syncs.connectors.formats.csv_problems import DELIMITER_NAMES
from syncs.connectors.formats.source_file import SourceFile
from syncs.connectors.protocol import ConnectorError, FileLayout, Vocabulary

# The columns that a download of rejected rows adds; by these two it is recognised.
DOWNLOAD_COLUMNS = {"_line", "_code"}
ADDED_COLUMNS = {"_file", "_line", "_column", "_code", "_message"}
# How many lines are searched for a header that has moved.
SEARCHED_LINES = 40
MOST_LINES = SEARCHED_LINES + 20
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
OTHER_ENCODINGS = ("utf-8", "utf-16", "cp1252")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True, slots=True)
class Recognised:
    """A file with the layout by which it is read: the names of its columns, and the lines above its first row.

    `encoding` and `delimiter` are those of the file; the latter is empty for a workbook.
    """

    layout: FileLayout
    columns: tuple[str, ...]
    lines_above: int
    encoding: str = ""
    delimiter: str = ""
    is_download: bool = False


class LayoutContradicted(ConnectorError):
    """The file resembles that of a profile, but is written in another way; nothing of it may be read."""

    def __init__(self, layout: FileLayout, file: str, difference: str) -> None:
        super().__init__(
            f"The file “{file}” does not fit the import profile “{layout.title}”: {difference} Nothing was loaded. "
            "Export the file as it was exported before, or change the profile.",
            code="profile_contradicted",
            file=file,
        )


def joined_names(rows: Sequence[Sequence[str]]) -> list[str]:
    """The names of columns from one or more rows of header, joined by a blank.

    In all rows but the last, an empty cell has the name to its left, as merged cells are stored.
    """
    width = max(map(len, rows), default=0)
    names = [[] for _ in range(width)]  # type: list[list[str]]
    for number, row in enumerate(rows, start=1):
        text = ""
        for place in range(width):
            cell = " ".join(row[place].split()) if place < len(row) else ""
            text = cell if cell or number == len(rows) else text
            if text:
                names[place].append(text)
    return [" ".join(parts) for parts in names]


def rows_above_header(count: int) -> str:
    """The sentence about lines of titles above the header."""
    lines = "Line 1 stands" if count == 1 else f"Lines 1 to {count} stand"
    return f"{lines} above the header, where the import profile knows no records; nothing was loaded from there."


def fits(layout: FileLayout, names: Sequence[str]) -> bool:
    """Whether a header is that of the layout: it has all columns that are used, and few others are new or missing."""
    own, found = _keys(layout, layout.columns), _keys(layout, names)
    return _keys(layout, layout.used) <= found and len(own ^ found) <= max(1, len(own) // 2)


def best(layouts: Sequence[FileLayout], names: Sequence[str], file: str) -> FileLayout | None:
    """The layout that a header fits: preferably the one with exactly these columns, then by the file's name."""
    fitting = [layout for layout in layouts if fits(layout, names)]
    exact = [layout for layout in fitting if _keys(layout, layout.columns) == _keys(layout, names)]
    fitting = exact or fitting
    if len(fitting) > 1:
        named = [layout for layout in fitting if layout.file and fnmatch(file.casefold(), layout.file.casefold())]
        fitting = named or [layout for layout in fitting if not layout.file] or fitting
    if len(fitting) > 1:
        titles = " and ".join(sorted(f"“{layout.title}”" for layout in fitting))
        raise ConnectorError(
            f"The file “{file}” fits several import profiles, {titles}. Nothing was loaded. Give one of them a pattern "
            "of file names (match.file), or remove the others.",
            code="profile_needed",
            file=file,
        )
    return fitting[0] if fitting else None


def resembles(layout: FileLayout, names: Sequence[str]) -> bool:
    """Whether a header has at least half of the layout's columns, and at least two."""
    own = _keys(layout, layout.columns)
    return len(own & _keys(layout, names)) >= max(2, len(own) / 2)


def missing_columns(layout: FileLayout, file: str, names: Sequence[str]) -> LayoutContradicted:
    """The error about a header that lacks columns which the profile uses, or has other columns than it knows."""
    found = _keys(layout, names)
    missing = [f"“{name}”" for name in layout.used if layout.key_of(name) not in found]
    if not missing:
        return LayoutContradicted(layout, file, "most of its columns are not those of the profile.")
    listed = missing[0] if len(missing) == 1 else ", ".join(missing[:-1]) + " and " + missing[-1]
    word = "column" if len(missing) == 1 else "columns"
    return LayoutContradicted(layout, file, f"the {word} {listed}, which the profile uses, cannot be found.")


def is_strictly_readable(vocabulary: Vocabulary, name: str, names: Sequence[str]) -> bool:
    """Whether a file called `name` with this header can be read by our own names of columns."""
    kind = vocabulary.kind_named(name)
    return bool(kind) and vocabulary.has_key(kind, names)


def _keys(layout: FileLayout, names: Sequence[str]) -> set[str]:
    """The keys of the names, without those of empty names and of columns that a download has added."""
    return {layout.key_of(name) for name in names if name.strip().lower() not in ADDED_COLUMNS} - {""}


# Text files.


class _Head:
    """The beginning of a text file, by encoding."""

    def __init__(self, head: bytes) -> None:
        self.head = head
        self.own_encoding = encoding_of(head)
        self._lines: dict[str, list[str]] = {}

    def names(self, encoding: str, header: tuple[int, ...], delimiter: str) -> list[str]:
        """The names in the header at these lines; none if the file is shorter."""
        return joined_names(self.header_rows(encoding, header, delimiter)[0])

    def header_rows(self, encoding: str, header: tuple[int, ...], delimiter: str) -> tuple[list[list[str]], int]:
        """The rows of the header, and the number of its last line."""
        lines = self._lines_in(encoding)[header[0] - 1 :]
        if not delimiter:
            delimiter = max(DELIMITERS, key="".join(lines[:1]).count)
        reader = csv.reader(lines, delimiter=delimiter)
        rows: list[list[str]] = []
        try:
            for row in reader:
                rows.append(row)
                if len(rows) == len(header):
                    return rows, header[0] - 1 + reader.line_num
        except csv.Error:
            pass
        return [], 0

    def _lines_in(self, encoding: str) -> list[str]:
        if (encoding == "utf-16") != (self.own_encoding == "utf-16"):
            # Two bytes a character are never text of one byte a character, nor the other way round.
            return []
        if encoding not in self._lines:
            text = _decoded(self.head, encoding)
            self._lines[encoding] = _LINE.findall(text)[:MOST_LINES]
        return self._lines[encoding]


def recognise_text(head: bytes, file: SourceFile) -> Recognised | None:
    """The layout of a text file that begins like this; None if it is to be read without one.

    Raises LayoutContradicted where the file resembles that of a layout but is written in another way.
    """
    start = _Head(head)
    if download := _download(file.layouts, start, file.name):
        return download
    layouts = [layout for layout in file.layouts if not layout.sheet]
    found = {layout.profile: recognised for layout in layouts if (recognised := _read_by(layout, start))}
    fitting = [layout for layout in layouts if layout.profile in found]
    if fitting:
        chosen = best(fitting, found[fitting[0].profile].columns, file.name)
        return found[chosen.profile] if chosen else None
    for layout in layouts:
        _check_written_otherwise(layout, start, file.name)
    for layout in layouts:
        names = start.names(layout.encoding or start.own_encoding, layout.header, layout.delimiter)
        if resembles(layout, names) and not is_strictly_readable(file.vocabulary, file.stem, names):
            raise missing_columns(layout, file.name, names)
    return None


def _read_by(layout: FileLayout, start: _Head) -> Recognised | None:
    """The file read as the layout says, if its header fits."""
    encoding = layout.encoding or start.own_encoding
    for delimiter in layout.delimiter or DELIMITERS:
        rows, last_line = start.header_rows(encoding, layout.header, delimiter)
        names = joined_names(rows)
        if fits(layout, names):
            return Recognised(layout, tuple(names), last_line, encoding, delimiter)
    return None


def _download(layouts: Sequence[FileLayout], start: _Head, file: str) -> Recognised | None:
    """The file as a download of rejected rows of a file or a sheet with one of the layouts, if it is one."""
    for delimiter in DELIMITERS:
        names = start.names("utf-8", (1,), delimiter)
        if is_download(names) and (layout := best(layouts, names, file)):
            return Recognised(layout, tuple(names), 1, "utf-8", delimiter, is_download=True)
    return None


def is_download(names: Sequence[str]) -> bool:
    return {name.strip().lower() for name in names} >= DOWNLOAD_COLUMNS


def _check_written_otherwise(layout: FileLayout, start: _Head, file: str) -> None:
    """Raise LayoutContradicted where the header fits in another encoding, with another delimiter or at another line."""
    for encoding in dict.fromkeys([layout.encoding or start.own_encoding, *OTHER_ENCODINGS]):
        for delimiter in dict.fromkeys(filter(None, [layout.delimiter, *DELIMITERS])):
            for header in _headers_searched(layout.header):
                if fits(layout, start.names(encoding, header, delimiter)):
                    raise LayoutContradicted(layout, file, _difference(layout, encoding, delimiter, header))


def _headers_searched(header: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    yield header
    for first in range(1, SEARCHED_LINES + 1):
        yield tuple(range(first, first + len(header)))


def _difference(layout: FileLayout, encoding: str, delimiter: str, header: tuple[int, ...]) -> str:
    if layout.encoding and encoding != layout.encoding:
        return f"it is written in {encoding}, and the profile says {layout.encoding}."
    if layout.delimiter and delimiter != layout.delimiter:
        return (
            f"its cells are separated by {DELIMITER_NAMES[delimiter]}, and the profile says by "
            f"{DELIMITER_NAMES[layout.delimiter]}."
        )
    return f"its header is in line {header[0]}, and the profile says in line {layout.header[0]}."


def encoding_of(head: bytes) -> str:
    """The encoding of a file that begins like this: UTF-8 or UTF-16 if it can be, else Windows-1252."""
    if head.startswith(UTF_16_MARKS) or (len(head) > 3 and not head[1] and not head[3]):
        return "utf-16"
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The piece of the file may end in the middle of a character.
        return "utf-8" if error.start > len(head) - 4 and error.start else "cp1252"
    return "utf-8"


def _decoded(head: bytes, encoding: str) -> str:
    if encoding == "utf-16" and not head.startswith(UTF_16_MARKS):
        encoding = "utf-16-le"
    return head.decode(encoding, "replace").removeprefix("\ufeff")
