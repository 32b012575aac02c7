"""The parts of a workbook (.xlsx): its sheets, its texts and formats, the rows of a sheet; parsed in pieces."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import IO
from xml.parsers import expat

from syncs.connectors.formats import explanation_sheet
from syncs.connectors.formats.csv_header import UnusableFile
from syncs.connectors.formats.xlsx_cells import MAX_COLUMNS, column_of, format_of, number_text, unescaped
from syncs.connectors.formats.zip_archive import Archive, Entry
from syncs.connectors.protocol import ByteStream

PIECE_BYTES = 256 * 1024
# Texts beyond this size, in bytes, are in a temporary file.
TEXTS_IN_MEMORY = 32 * 1024**2
MAX_TEXTS = 10_000_000
MAX_ROW_NUMBER = 2**31 - 1
EXCERPT = 200


class DamagedWorkbook(UnusableFile):
    """A part of the workbook cannot be read."""

    def __init__(self) -> None:
        super().__init__(
            "workbook_damaged",
            "The file is not a workbook that can be read, or it is damaged. Open it in your spreadsheet program, "
            "save it as “Excel workbook (.xlsx)” or as “CSV UTF-8”, then send it again.",
        )


@dataclass(slots=True)
class SheetRow:
    """A row of a sheet: its number, its texts by the position of their column, and cells without a value.

    `faults` are pairs of a position and the error that the cell shows, or nothing for a formula without a result.
    """

    number: int
    cells: dict[int, str] = field(default_factory=dict)
    faults: list[tuple[int, str]] = field(default_factory=list)
    size: int = 0


class _Reader:
    """Parses one XML part; subclasses override `start` and `end`, which get names without their prefix.

    `longest` is how many bytes a tag may have.
    """

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self.prefix: str | None = None
        self.parser = expat.ParserCreate()
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
        yield

    def read_all(self, content: ByteStream) -> None:
        for _ in self.read(content):
            pass

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self.prefix is None:
            before, colon, _ = name.rpartition(":")
            self.prefix = before + colon
        self.start(name.removeprefix(self.prefix) if self.prefix else name, attributes)

    def _end(self, name: str) -> None:
        self.end(name.removeprefix(self.prefix) if self.prefix else name)

    def _refuse_dtd(self, *_: object) -> None:
        # No spreadsheet program writes a DTD, and its entities could expand to any size.
        raise DamagedWorkbook()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""


class _Elements(_Reader):
    """The attributes of a small part's elements, by name."""

    def __init__(self) -> None:
        super().__init__(1024**2)
        self.found: dict[str, list[dict[str, str]]] = {}
        self.count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > 200_000:
            raise DamagedWorkbook()
        self.found.setdefault(name, []).append(attributes)


class _Formats(_Elements):
    """The number format of each cell style; of the workbook's two lists of styles, only one is for cells."""

    def __init__(self) -> None:
        super().__init__()
        self.is_cells = False
        self.styles: list[int] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        if name == "cellXfs":
            self.is_cells = True
        elif name == "xf" and self.is_cells:
            self.styles.append(_whole(attributes.get("numFmtId", "0")))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self.is_cells = False

    def formats(self) -> list[str]:
        """The meaning that each style gives to a number, as returned by `format_of`."""
        codes = {_whole(one.get("numFmtId", "0")): one.get("formatCode", "") for one in self.found.get("numFmt", [])}
        return [format_of(number, codes.get(number)) for number in self.styles]


class _TextFile:
    """Texts in a file, by number."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._ends = array("Q")

    def __getitem__(self, place: int) -> str:
        start = self._ends[place - 1] if place else 0
        self._file.seek(start)
        return self._file.read(self._ends[place] - start).decode("utf-8", "surrogatepass")

    def __len__(self) -> int:
        return len(self._ends)

    def append(self, text: str) -> None:
        data = text.encode("utf-8", "surrogatepass")
        self._file.seek(0, 2)
        self._file.write(data)
        self._ends.append((self._ends[-1] if self._ends else 0) + len(data))


class Texts(_Reader):
    """The texts that cells share, by number; `file` is for those that are not in memory."""

    def __init__(self, longest: int, file: IO[bytes]) -> None:
        super().__init__(longest)
        self.file = file
        self.in_memory: list[str] = []
        self.memory_size = 0
        self.in_file: _TextFile | None = None
        self.is_text = self.is_phonetic = False
        self.pieces: list[str] = []
        self.length = 0
        self.parser.CharacterDataHandler = self._characters

    def __getitem__(self, place: int) -> str:
        if place < len(self.in_memory):
            return self.in_memory[place]
        if self.in_file is None:
            raise IndexError(place)
        return self.in_file[place - len(self.in_memory)]

    def __len__(self) -> int:
        return len(self.in_memory) + (0 if self.in_file is None else len(self.in_file))

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "si":
            self.pieces, self.length = [], 0
        elif name == "rPh":
            self.is_phonetic = True
        elif name == "t":
            self.is_text = not self.is_phonetic

    def end(self, name: str) -> None:
        if name == "t":
            self.is_text = False
        elif name == "rPh":
            self.is_phonetic = False
        elif name == "si":
            self._add(unescaped("".join(self.pieces)))

    def _characters(self, text: str) -> None:
        if self.is_text and self.length <= self.longest:
            self.pieces.append(text)
            self.length += len(text)

    def _add(self, text: str) -> None:
        if len(self) >= MAX_TEXTS:
            raise UnusableFile(
                "workbook_too_big",
                f"The workbook holds more than {MAX_TEXTS:,} different texts, the most that are read. "
                "Save the sheet as “CSV UTF-8”, then send that.",
            )
        if self.in_file is not None:
            self.in_file.append(text)
            return
        self.in_memory.append(text)
        self.memory_size += len(text) + 64
        if self.memory_size > TEXTS_IN_MEMORY:
            self.in_file = _TextFile(self.file)


class _Sheet(_Reader):
    """The rows of one sheet."""

    def __init__(self, longest: int, texts: Texts | None, formats: list[str], since_1904: bool) -> None:
        super().__init__(longest)
        self.texts, self.formats, self.since_1904 = texts, formats, since_1904
        self.rows: list[SheetRow] = []
        self.row: SheetRow | None = None
        self.number, self.place = 0, -1
        self.type = self.style = ""
        self.has_formula = self.has_value = self.is_text = self.is_phonetic = False
        self.pieces: list[str] = []
        self.parser.CharacterDataHandler = self._characters

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            place = column_of(attributes["r"]) if "r" in attributes else self.place + 1
            if not 0 <= place < MAX_COLUMNS or self.row is None:
                raise DamagedWorkbook()
            self.place = place
            self.type, self.style = attributes.get("t", "n"), attributes.get("s", "")
            self.has_formula = self.has_value = False
            self.pieces = []
        elif name == "v" or (name == "t" and not self.is_phonetic):
            self.is_text = self.has_value = True
        elif name == "f":
            self.has_formula = True
        elif name == "rPh":
            self.is_phonetic = True
        elif name == "row":
            number = _whole(attributes.get("r", "")) or self.number + 1
            if not self.number < number <= MAX_ROW_NUMBER:
                raise DamagedWorkbook()
            self.number, self.place, self.row = number, -1, SheetRow(number)

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self.is_text = False
        elif name == "c":
            self._add_cell("".join(self.pieces))
        elif name == "rPh":
            self.is_phonetic = False
        elif name == "row":
            if self.row is not None and (self.row.cells or self.row.faults):
                self.rows.append(self.row)
            self.row = None

    def _characters(self, text: str) -> None:
        if self.is_text and self.row is not None and self.row.size <= self.longest:
            self.pieces.append(text)
            self.row.size += len(text)

    def _add_cell(self, text: str) -> None:
        if self.row is None:
            raise DamagedWorkbook()
        if self.type == "e":
            self.row.faults.append((self.place, text or "#ERROR"))
            return
        if self.has_formula and not self.has_value:
            self.row.faults.append((self.place, ""))
            return
        if self.type == "n":
            style = _whole(self.style)
            format = self.formats[style] if style < len(self.formats) else ""
            text = number_text(text, format, since_1904=self.since_1904)
        elif self.type == "s":
            if not text:
                return
            place = _whole(text, -1)
            if self.texts is None or not 0 <= place < len(self.texts):
                raise DamagedWorkbook()
            text = self.texts[place]
            self.row.size += len(text)
        elif self.type == "b":
            text = {"1": "true", "0": "false"}.get(text.strip(), text)
        else:
            text = unescaped(text)
        if text:
            # For a row over the limit, only the beginning is reported.
            self.row.cells[self.place] = text if self.row.size <= self.longest else text[:EXCERPT]


class Workbook:
    """An opened workbook: the rows of its first visible sheet, and the names of the others that have rows.

    `longest` is how many bytes a row may have.
    """

    def __init__(self, archive: Archive, longest: int) -> None:
        self.archive, self.longest = archive, longest
        described = self._elements("xl/workbook.xml")
        targets = {
            one.get("Id"): one.get("Target", "")
            for one in self._elements("xl/_rels/workbook.xml.rels").get("Relationship", [])
            if one.get("Type", "").endswith("/worksheet")
        }
        sheets = []
        for sheet in described.get("sheet", []):
            id = next((value for name, value in sheet.items() if name.endswith(":id") or name == "id"), "")
            if id in targets and sheet.get("state", "visible") == "visible":
                sheets.append((sheet.get("name", ""), _path(targets[id])))
        if not sheets:
            raise DamagedWorkbook()
        properties = described.get("workbookPr", [{}])[0]
        self.since_1904 = properties.get("date1904", "0") in ("1", "true")
        (self.sheet, self._path), *others = sheets
        self.others = [name for name, path in others if self._has_rows(path) and not self._is_explanation(name, path)]

    def rows(self) -> Iterator[SheetRow]:
        """The rows of the sheet that have a value or a fault."""
        return self._rows_of(self._path)

    def _rows_of(self, path: str) -> Iterator[SheetRow]:
        with SpooledTemporaryFile(PIECE_BYTES) as file:
            sheet = self._sheet(file)
            with self.archive.open(self._member(path)) as content:
                for _ in sheet.read(content):
                    yield from sheet.rows
                    sheet.rows.clear()

    def _sheet(self, file: IO[bytes]) -> _Sheet:
        formats: list[str] = []
        texts = None
        if self.archive.member("xl/styles.xml"):
            styles = _Formats()
            self._parse("xl/styles.xml", styles)
            formats = styles.formats()
        if self.archive.member("xl/sharedStrings.xml"):
            texts = Texts(self.longest, file)
            self._parse("xl/sharedStrings.xml", texts)
        return _Sheet(self.longest, texts, formats, self.since_1904)

    def _elements(self, path: str) -> dict[str, list[dict[str, str]]]:
        elements = _Elements()
        self._parse(path, elements)
        return elements.found

    def _parse(self, path: str, reader: _Reader) -> None:
        with self.archive.open(self._member(path)) as content:
            reader.read_all(content)

    def _member(self, path: str) -> Entry:
        member = self.archive.member(path)
        if member is None or member.is_encrypted or member.is_unknown_compression:
            raise DamagedWorkbook()
        return member

    def _is_explanation(self, name: str, path: str) -> bool:
        if name != explanation_sheet.NAME:
            return False
        first = next(self._rows_of(path), None)
        return first is not None and explanation_sheet.is_explanation(
            name, [first.cells.get(place, "") for place in range(max(first.cells, default=-1) + 1)]
        )

    def _has_rows(self, path: str) -> bool:
        if self.archive.member(path) is None:
            return False
        with self.archive.open(self._member(path)) as content:
            return b"<v>" in content.read(PIECE_BYTES)


def _path(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _whole(text: str, otherwise: int = 0) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise
