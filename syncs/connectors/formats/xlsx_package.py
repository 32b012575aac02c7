"""A workbook as a package of parts: found by their relationships, parsed in pieces."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from urllib.parse import unquote
from xml.parsers import expat

from syncs.connectors.formats.csv_header import UnusableFile
from syncs.connectors.formats.zip_archive import Archive, Entry, stem_and_extension
from syncs.connectors.protocol import ByteStream

PIECE_BYTES = 256 * 1024
# Where almost every program puts the part that lists the sheets.
USUAL_WORKBOOK = "xl/workbook.xml"


class DamagedWorkbook(UnusableFile):
    """A part of the workbook cannot be read."""

    def __init__(self) -> None:
        super().__init__(
            "workbook_damaged",
            "The file is not a workbook that can be read, or it is damaged. Open it in your spreadsheet program, "
            "save it as “Excel workbook (.xlsx)” or as “CSV UTF-8”, then send it again.",
        )


class PartReader:
    """Parses one XML part; subclasses override `start` and `end`.

    An element in the namespace of the root has its bare name, whatever its prefix. `longest` is how many bytes a tag
    may have.
    """

    def __init__(self, longest: int) -> None:
        self.longest = longest
        # The namespace of the root and a blank, as expat puts it before names; None before the root.
        self.namespace: str | None = None
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._refuse_dtd

    def read(self, content: ByteStream) -> Iterator[None]:
        """Parse piece by piece; the caller collects the results after each."""
        fed = 0
        try:
            while data := content.read(PIECE_BYTES):
                fed += len(data)
                self.parser.Parse(data)
                # The part that the parser has not consumed is a tag without an end.
                if fed - self.parser.CurrentByteIndex > self.longest + PIECE_BYTES:
                    raise DamagedWorkbook()
                yield
            self.parser.Parse(b"", True)
        except expat.ExpatError:
            raise DamagedWorkbook() from None
        self.finish()
        yield

    def read_all(self, content: ByteStream) -> None:
        for _ in self.read(content):
            pass

    def bare_name(self, name: str) -> str:
        """The name of an element without the namespace of the root."""
        if self.namespace is None:
            before, blank, _ = name.rpartition(" ")
            self.namespace = before + blank
        return name.removeprefix(self.namespace)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.start(self.bare_name(name), attributes)

    def _end(self, name: str) -> None:
        self.end(self.bare_name(name))

    def _refuse_dtd(self, *_: object) -> None:
        # No spreadsheet program writes a DTD, and its entities could expand to any size.
        raise DamagedWorkbook()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def finish(self) -> None:
        """The part has been read to its end."""


class Elements(PartReader):
    """The attributes of a small part's elements, by name."""

    def __init__(self) -> None:
        super().__init__(1024**2)
        self.root = ""
        self.found: dict[str, list[dict[str, str]]] = {}
        self.count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.root = self.root or name
        self.count += 1
        if self.count > 200_000:
            raise DamagedWorkbook()
        self.found.setdefault(name, []).append(attributes)


@dataclass(frozen=True, slots=True)
class Relationship:
    """What a part says of another one: its id, its type without the address before it, and the other's path."""

    id: str
    type: str
    path: str


class Package:
    """The parts of a workbook by path.

    Paths are compared as spreadsheet programs compare them: without regard to case, with either slash, with `.` and
    `..` resolved, and percent-encoded characters decoded.
    """

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self._exact: dict[str, Entry] = {}
        self._folded: dict[str, Entry] = {}
        self._opened: set[str] = set()
        for entry in archive.entries():
            path = _resolved(entry.info.filename)
            # Problems name the workbook, not the part.
            part = Entry(entry.info, archive.file, *stem_and_extension(path))
            self._exact[path] = part
            self._folded[path.casefold()] = part

    def part(self, path: str) -> Entry | None:
        """The part of that path, or None."""
        return self._exact.get(path) or self._folded.get(path.casefold())

    def workbook(self) -> str:
        """The path of the part that lists the sheets; empty if the package is no workbook."""
        try:
            listed = self.relationships("")
        except DamagedWorkbook:
            listed = []
        named = [relationship.path for relationship in listed if relationship.type == "officeDocument"]
        for path in [*named, USUAL_WORKBOOK]:
            if self.part(path):
                return path if path == USUAL_WORKBOOK or self._root_of(path) == "workbook" else ""
        return ""

    def relationships(self, path: str) -> list[Relationship]:
        """The relationships of the part, or of the whole package (an empty path)."""
        folder, slash, name = path.rpartition("/")
        listed = f"{folder}{slash}_rels/{name}.rels"
        if self.part(listed) is None:
            return []
        found = self.elements(listed).found.get("Relationship", [])
        return [
            Relationship(
                one.get("Id", ""),
                one.get("Type", "").rpartition("/")[2],
                _resolved(one.get("Target", "").partition("#")[0], folder),
            )
            for one in found
            if one.get("TargetMode", "").casefold() != "external"
        ]

    def elements(self, path: str) -> Elements:
        """The elements of a small part."""
        elements = Elements()
        self.parse(path, elements)
        return elements

    def parse(self, path: str, reader: PartReader) -> None:
        """Read a whole part."""
        with self.open(path) as content:
            reader.read_all(content)

    def open(self, path: str) -> AbstractContextManager[ByteStream]:
        """The content of a part; raises DamagedWorkbook where it is missing or cannot be unpacked."""
        part = self.readable(path)
        if path in self._opened:
            # The limit of the compression ratio must not grow with each reading.
            self.archive.packed -= part.info.compress_size
        self._opened.add(path)
        return self.archive.open(part)

    def readable(self, path: str) -> Entry:
        """The part of that path, if it can be unpacked."""
        part = self.part(path)
        if part is None or part.is_encrypted or part.is_unknown_compression:
            raise DamagedWorkbook()
        return part

    def _root_of(self, path: str) -> str:
        """The name of the part's first element; empty if it is not XML."""
        elements = Elements()
        try:
            with self.open(path) as content:
                next(elements.read(content), None)
        except DamagedWorkbook:
            pass  # what follows the root is not of interest here
        return elements.root


def is_workbook(archive: Archive) -> bool:
    """Whether the ZIP is a workbook, and not a ZIP of files."""
    try:
        return bool(Package(archive).workbook())
    except DamagedWorkbook:
        return False


def _resolved(target: str, folder: str = "") -> str:
    """The path that a target means in a part of the folder."""
    target = unquote(target).replace("\\", "/")
    steps = [] if target.startswith("/") else [step for step in folder.split("/") if step]
    for step in target.split("/"):
        if step == "..":
            steps = steps[:-1]
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps)
