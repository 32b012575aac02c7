"""An opened workbook: its sheets, and their rows."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import chain, islice
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Self

from syncs.connectors.formats.xlsx_cells import CellRemark, CellTexts
from syncs.connectors.formats.xlsx_formats import GENERAL, NumberFormat, number_format
from syncs.connectors.formats.xlsx_package import PIECE_BYTES, DamagedWorkbook, Elements, Package
from syncs.connectors.formats.xlsx_sheet import SheetReader, SheetRow, in_order
from syncs.connectors.formats.xlsx_texts import Texts
from syncs.connectors.formats.zip_archive import Archive

# The sheets that hold no cells.
_WITHOUT_CELLS = {"chartsheet", "dialogsheet"}


@dataclass(slots=True)
class Sheet:
    """A sheet of the workbook; `path` is that of its part, empty where the workbook lacks it."""

    name: str
    path: str
    is_hidden: bool = False
    # Whether the rows do not stand in the order of their numbers.
    has_disorder: bool = False


@dataclass(slots=True)
class SheetRemarks:
    """What there is to say about the cells of a sheet that was read, by the position of the column."""

    shown_otherwise: dict[int, CellRemark] = field(default_factory=dict)
    digits_lost: dict[int, CellRemark] = field(default_factory=dict)
    formulas: CellRemark = field(default_factory=CellRemark)
    merged: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SampleSize:
    """The most rows and columns of a sample, and the most cells, which count from the first column of each row."""

    rows: int
    columns: int
    cells: int


@dataclass(frozen=True, slots=True)
class SheetSample:
    """The first rows of a sheet, and the positions of the columns that have number cells, dates apart."""

    rows: list[SheetRow]
    number_columns: frozenset[int]
    is_whole: bool


class _Formats(Elements):
    """The number format of each cell style; of the workbook's two lists of styles, only one is for cells."""

    def __init__(self) -> None:
        super().__init__()
        self.list = ""
        self.styles: list[int] = []
        self.codes: dict[int, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        super().start(name, attributes)
        if name in ("cellXfs", "numFmts"):
            self.list = name
        elif name == "xf" and self.list == "cellXfs":
            self.styles.append(_number(attributes.get("numFmtId", "0")))
        elif name == "numFmt" and self.list == "numFmts":
            self.codes[_number(attributes.get("numFmtId", "0"))] = attributes.get("formatCode", "")

    def end(self, name: str) -> None:
        if name == self.list:
            self.list = ""

    def formats(self) -> list[NumberFormat]:
        """The format of each style."""
        known = {number: number_format(number, self.codes.get(number)) for number in set(self.styles)}
        return [known[number] for number in self.styles]


class _NotedNumbers(CellTexts):
    """Makes texts of numbers, and notes in which columns there are numbers that are no dates."""

    def __init__(self, formats: list[NumberFormat], since_1904: bool) -> None:
        super().__init__(formats, since_1904)
        self.numbers: set[int] = set()

    def number(self, text: str, style: str, place: int, row: int) -> str:
        if not self.by_style.get(style, GENERAL).kind:
            self.numbers.add(place)
        return super().number(text, style, place, row)


class Workbook(AbstractContextManager["Workbook"]):
    """The sheets of a workbook in their order, and the rows of each.

    `longest` is how many bytes a row may have. `is_to_be_calculated` says that the results of formulas may be out of
    date, because a program wrote them without calculating.
    """

    def __init__(self, archive: Archive, longest: int) -> None:
        self.package, self.longest = Package(archive), longest
        self._path = self.package.workbook()
        if not self._path:
            raise DamagedWorkbook()
        described = self.package.elements(self._path).found
        relationships = self.package.relationships(self._path)
        self._others = {relationship.type: relationship.path for relationship in relationships}
        self.sheets = list(_sheets(described.get("sheet", []), {one.id: (one.type, one.path) for one in relationships}))
        if not any(self.package.part(sheet.path) for sheet in self.sheets):
            raise DamagedWorkbook()
        properties = described.get("workbookPr", [{}])[0]
        self.since_1904 = properties.get("date1904", "0").strip().lower() in ("1", "true", "on")
        calculation = described.get("calcPr", [{}])[0]
        self.is_to_be_calculated = calculation.get("fullCalcOnLoad", "0") in ("1", "true")
        self._text_file = SpooledTemporaryFile(PIECE_BYTES)  # noqa: SIM115  # closed with the workbook
        self._texts: Texts | None = None
        self._formats: list[NumberFormat] | None = None
        self.remarks = SheetRemarks()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._text_file.close()

    def can_read(self, sheet: Sheet) -> bool:
        """Whether the sheet's part is there and can be unpacked."""
        part = self.package.part(sheet.path)
        return part is not None and not part.is_encrypted and not part.is_unknown_compression

    def first_rows(self, sheet: Sheet, count: int) -> list[SheetRow]:
        """The first rows of the sheet that have a value or a fault; also finds out whether they are in order.

        They are fewer if together they are longer than one row may be.
        """
        rows: list[SheetRow] = []
        reader = self._reader(CellTexts(self._all_formats(), self.since_1904), joins_rows=True)
        # Disorder can only be found in what is read, which is at least the first piece.
        for found in self._pieces(sheet, reader):
            rows += found
            if len(rows) >= count or reader.has_disorder or sum(row.size for row in rows) > self.longest:
                break
        if reader.has_disorder:
            sheet.has_disorder = True
            rows = list(islice(self.rows(sheet), count))
        return rows[:count]

    def rows(
        self,
        sheet: Sheet,
        *,
        texts: Iterable[int] = (),
        loaded: Iterable[int] = (),
        notes_decimals: bool = False,
    ) -> Iterator[SheetRow]:
        """The rows of the sheet that have a value or a fault; afterwards, `remarks` are about this sheet.

        The columns at the positions `texts` get what the sheet shows; `loaded` are those that are not ignored. With
        `notes_decimals`, rows note all their numbers that have decimals.
        """
        values = CellTexts(self._all_formats(), self.since_1904)
        values.texts, values.loaded = frozenset(texts), frozenset(loaded)
        reader = self._reader(values, joins_rows=sheet.has_disorder)
        reader.notes_decimals = notes_decimals
        self.remarks = SheetRemarks(values.shown_otherwise, values.digits_lost, reader.formulas, reader.merged)
        rows = (row for found in self._pieces(sheet, reader) for row in found)
        return in_order(rows) if sheet.has_disorder else rows

    def sample(self, sheet: Sheet, most: SampleSize) -> SheetSample:
        """The first rows of the sheet, without their cells beyond the columns of that size."""
        values = _NotedNumbers(self._all_formats(), self.since_1904)
        reader = self._reader(values, joins_rows=sheet.has_disorder)
        rows: list[SheetRow] = []
        cells = 0
        is_whole = True
        for row in chain.from_iterable(self._pieces(sheet, reader)):
            row.cells = {place: text for place, text in row.cells.items() if place < most.columns}
            cells += max(row.cells, default=-1) + 1
            if len(rows) == most.rows or cells > most.cells:
                is_whole = False
                break
            rows.append(row)
        rows.sort(key=lambda row: row.number)
        return SheetSample(rows, frozenset(values.numbers), is_whole)

    def _pieces(self, sheet: Sheet, reader: SheetReader) -> Iterator[list[SheetRow]]:
        with self.package.open(sheet.path) as content:
            for _ in reader.read(content):
                rows, reader.rows = reader.rows, []
                yield rows

    def _reader(self, values: CellTexts, *, joins_rows: bool) -> SheetReader:
        return SheetReader(self.longest, self._shared_texts(), values, joins_rows=joins_rows)

    def _all_formats(self) -> list[NumberFormat]:
        if self._formats is None:
            self._formats = []
            if path := self._beside("styles", "styles.xml"):
                styles = _Formats()
                self.package.parse(path, styles)
                self._formats = styles.formats()
        return self._formats

    def _shared_texts(self) -> Texts | None:
        if self._texts is None and (path := self._beside("sharedStrings", "sharedStrings.xml")):
            self._texts = Texts(self.longest, self._text_file)
            self.package.parse(path, self._texts)
        return self._texts

    def _beside(self, type: str, usual_name: str) -> str:
        """The path of the part of that type, or of that name beside the workbook's; empty if there is none."""
        folder, slash, _ = self._path.rpartition("/")
        paths = (self._others.get(type, ""), f"{folder}{slash}{usual_name}")
        return next((path for path in paths if path and self.package.part(path)), "")


def _sheets(listed: list[dict[str, str]], targets: dict[str, tuple[str, str]]) -> Iterator[Sheet]:
    for one in listed:
        id = next((value for name, value in one.items() if name == "id" or name.endswith(" id")), "")
        type, path = targets.get(id, ("", ""))
        if type not in _WITHOUT_CELLS:
            yield Sheet(one.get("name", ""), path, one.get("state", "visible") != "visible")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
