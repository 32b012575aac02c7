"""The rows of one sheet, parsed in pieces."""

import marshal
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from tempfile import TemporaryFile

import numpy as np

from syncs.connectors.formats.csv_header import UnusableFile
from syncs.connectors.formats.xlsx_cells import MAX_COLUMNS, MAX_ROWS, CellRemark, CellTexts, address_of, unescaped
from syncs.connectors.formats.xlsx_package import DamagedWorkbook, PartReader
from syncs.connectors.formats.xlsx_texts import Texts

EXCERPT = 200
# The most merged ranges that are looked at.
MAX_MERGED = 10_000


@dataclass(slots=True)
class SheetRow:
    """A row of a sheet: its number, its texts by the position of their column, and cells without a value.

    `faults` are pairs of a position and the error that the cell shows, or nothing for a formula without a result.
    `twice` are the positions of cells that the sheet has twice, with different values.
    """

    number: int
    cells: dict[int, str] = field(default_factory=dict)
    faults: list[tuple[int, str]] = field(default_factory=list)
    size: int = 0
    twice: list[int] = field(default_factory=list)

    def add(self, place: int, text: str) -> None:
        if self.cells.setdefault(place, text) != text:
            self.twice.append(place)

    def join(self, other: "SheetRow") -> None:
        """Take the cells of another element for the same row."""
        for place, text in other.cells.items():
            self.add(place, text)
        self.faults += other.faults
        self.twice += other.twice
        self.size += other.size


class SplitRow(UnusableFile):
    """A row stands at several places of the sheet, and a part of it has been handed on already."""

    def __init__(self, number: int) -> None:
        super().__init__(
            "workbook_damaged",
            f"Row {number} of the workbook stands at several places of its sheet. Open the workbook in your "
            "spreadsheet program, save it, then send it again.",
        )


class SheetReader(PartReader):
    """Collects the rows of a sheet that have a value or a fault in `rows`, in the order of the sheet.

    `has_disorder` says that a row came after one with a greater number; `formulas` are the formulas in it. `joins_rows`
    is for a caller that joins the cells of a row which stands at several places, and puts rows in order.
    """

    def __init__(self, longest: int, texts: Texts | None, values: CellTexts, *, joins_rows: bool = False) -> None:
        super().__init__(longest)
        self.texts, self.values, self.joins_rows = texts, values, joins_rows
        self.rows: list[SheetRow] = []
        self.has_disorder = False
        self.formulas = CellRemark()
        self.merged: list[str] = []
        # The row being read, and the one before it, of which further cells may follow.
        self.row: SheetRow | None = None
        self.waiting: SheetRow | None = None
        self.seen = bytearray()
        self.last = 0
        self.number, self.place = 0, -1
        self.suffix = ""
        self.places: dict[str, int] = {}
        self.type = self.style = ""
        self.has_formula = self.has_value = self.is_text = self.is_phonetic = False
        self.pieces: list[str] = []
        self.parser.CharacterDataHandler = self._characters

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._start_cell(attributes)
        elif name == "v" or (name == "t" and not self.is_phonetic):
            self.is_text = self.has_value = True
        elif name == "f":
            self.has_formula = True
        elif name == "rPh":
            self.is_phonetic = True
        elif name == "row":
            self._start_row(_whole(attributes.get("r", "")) or self.number + 1)
        elif name == "mergeCell" and len(self.merged) < MAX_MERGED:
            self.merged.append(attributes.get("ref", ""))

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self.is_text = False
        elif name == "c":
            self._add_cell("".join(self.pieces))
        elif name == "rPh":
            self.is_phonetic = False
        elif name == "row":
            self._end_row()

    def finish(self) -> None:
        self._hand_on(None)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        if self.row is None:
            raise DamagedWorkbook()
        place = self.place + 1
        if address := attributes.get("r"):
            known = self.places.get(address.removesuffix(self.suffix))
            place = self._place_of(address) if known is None else known
        if not 0 <= place < MAX_COLUMNS:
            raise DamagedWorkbook()
        self.place = place
        self.type, self.style = attributes.get("t", "n"), attributes.get("s", "")
        self.has_formula = self.has_value = False
        self.pieces = []

    def _place_of(self, address: str) -> int:
        """The column of a cell; where the address names another row than the one being read, that one begins."""
        place, number = address_of(address)
        if place >= 0 and number != self.number:
            self._end_row()
            self._start_row(number)
        self.places[address.removesuffix(self.suffix)] = place
        return place

    def _start_row(self, number: int) -> None:
        if not 0 < number <= MAX_ROWS:
            raise DamagedWorkbook()
        self.number, self.place, self.row = number, -1, SheetRow(number)
        self.suffix = str(number)

    def _end_row(self) -> None:
        row, self.row = self.row, None
        if row is None or not (row.faults or any(map(str.strip, row.cells.values()))):
            return
        if self.waiting is not None and self.waiting.number == row.number:
            self.waiting.join(row)
        else:
            self._hand_on(row)

    def _hand_on(self, following: SheetRow | None) -> None:
        """Hand on the row that waits, now that another one follows."""
        row, self.waiting = self.waiting, following
        if row is None:
            return
        at, bit = row.number >> 3, 1 << (row.number & 7)
        if at >= len(self.seen):
            self.seen.extend(bytes(max(at - len(self.seen) + 1, 4096)))
        self.has_disorder = self.has_disorder or row.number < self.last
        if self.seen[at] & bit:
            self.has_disorder = True
            if not self.joins_rows:
                raise SplitRow(row.number)
        self.seen[at] |= bit
        self.last = row.number
        self.rows.append(row)

    def _characters(self, text: str) -> None:
        if self.is_text and self.row is not None and self.row.size <= self.longest:
            self.pieces.append(text)
            self.row.size += len(text)

    def _add_cell(self, text: str) -> None:
        if self.row is None:
            raise DamagedWorkbook()
        if self.has_formula:
            self.formulas.add(self.number, str(self.place))
        if self.type == "e":
            self.row.faults.append((self.place, text or "#ERROR"))
            return
        if self.has_formula and not (text or (self.has_value and self.type == "str")):
            self.row.faults.append((self.place, ""))
            return
        if text := self._text_of(text, self.row):
            # For a row over the limit, only the beginning is reported.
            self.row.add(self.place, text if self.row.size <= self.longest else text[:EXCERPT])

    def _text_of(self, text: str, row: SheetRow) -> str:
        style = _whole(self.style)
        if self.type == "n":
            return self.values.number(text, style, self.place, self.number) if text else ""
        if self.type == "b":
            return self.values.boolean(text, self.place)
        if self.type == "s":
            if not text:
                return ""
            place = _whole(text.strip(), -1)
            if self.texts is None or not 0 <= place < len(self.texts):
                raise DamagedWorkbook()
            text = self.texts[place]
            row.size += len(text)
        else:
            text = unescaped(text)
        return self.values.text(text, style, self.place, self.number)


def in_order(rows: Iterable[SheetRow]) -> Iterator[SheetRow]:
    """The rows by their numbers, each number once; they are kept in a temporary file meanwhile."""
    numbers, starts = array("I"), array("Q", [0])
    with TemporaryFile() as file:
        for row in rows:
            data = marshal.dumps((row.number, row.cells, row.faults, row.size, row.twice))
            file.write(data)
            numbers.append(row.number)
            starts.append(starts[-1] + len(data))
        waiting: SheetRow | None = None
        for at in np.argsort(np.frombuffer(numbers, np.uint32), kind="stable") if numbers else ():
            file.seek(starts[at])
            row = SheetRow(*marshal.loads(file.read(starts[at + 1] - starts[at])))  # noqa: S302  # our own bytes
            if waiting is not None and waiting.number == row.number:
                waiting.join(row)
                continue
            if waiting is not None:
                yield waiting
            waiting = row
        if waiting is not None:
            yield waiting


def _whole(text: str, otherwise: int = 0) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise
