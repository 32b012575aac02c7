"""The rows of one sheet, parsed in pieces."""

import marshal
import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from tempfile import TemporaryFile

import numpy as np

from syncs.connectors.formats.csv_header import UnusableFile
from syncs.connectors.formats.xlsx_cells import (
    MAX_COLUMNS,
    MAX_ROWS,
    CellRemark,
    CellTexts,
    address_of,
    letters_of,
    unescaped,
)
from syncs.connectors.formats.xlsx_package import DamagedWorkbook, PartReader
from syncs.connectors.formats.xlsx_texts import Texts

EXCERPT = 200
_DECIMAL = re.compile(r"-?[0-9]*\.[0-9]+")
# The most merged ranges that are looked at.
MAX_MERGED = 10_000


@dataclass(slots=True)
class SheetRow:
    """A row of a sheet: its number, its texts by the position of their column, and cells without a value.

    `faults` are pairs of a position and the error that the cell shows, or nothing for a formula without a result.
    `twice` are the positions of cells that the sheet has twice, with different values, and `numbers` those of numbers
    with three decimals, which another text like them might not be; or with any decimals, if these are noted.
    """

    number: int
    cells: dict[int, str] = field(default_factory=dict)
    faults: list[tuple[int, str]] = field(default_factory=list)
    size: int = 0
    twice: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    def add(self, place: int, text: str) -> None:
        if self.cells.setdefault(place, text) is not text and self.cells[place] != text:
            self.twice.append(place)

    def join(self, other: "SheetRow") -> None:
        """Take the cells of another element for the same row."""
        for place, text in other.cells.items():
            self.add(place, text)
        self.faults += other.faults
        self.twice += other.twice
        self.numbers += other.numbers
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
        # Whether all numbers with a decimal point are noted, because texts may be written with a comma.
        self.notes_decimals = False
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
        # The bare names of elements by their full ones.
        self.names: dict[str, str] = {}
        self.type = self.style = ""
        self.has_formula = self.has_value = self.is_text = self.is_phonetic = False
        self.pieces: list[str] = []
        self.parser.CharacterDataHandler = self._characters

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        # Most elements are cells and their values, so these take as few calls as possible.
        name = self.names.get(name) or self._bare_name(name)
        if name == "c":
            place = self.place + 1
            if address := attributes.get("r"):
                known = self.places.get(address.removesuffix(self.suffix))
                place = self._place_of(address) if known is None else known
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
        else:
            self.start(name, attributes)

    def _end(self, name: str) -> None:
        name = self.names.get(name) or self._bare_name(name)
        if name in ("v", "t"):
            self.is_text = False
        elif name == "c":
            self._add_cell("".join(self.pieces))
        elif name == "rPh":
            self.is_phonetic = False
        elif name == "row":
            self._end_row()

    def _bare_name(self, name: str) -> str:
        bare = self.names[name] = self.bare_name(name)
        return bare

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self._start_row(_whole(attributes.get("r", "")) or self.number + 1)
        elif name == "rPh":
            self.is_phonetic = True
        elif name == "mergeCell" and len(self.merged) < MAX_MERGED:
            self.merged.append(attributes.get("ref", ""))

    def finish(self) -> None:
        self._hand_on(None)

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
        row, place = self.row, self.place
        if row is None:
            raise DamagedWorkbook()
        if self.has_formula or self.type == "e":
            self._note_formula(row, text)
        if not text or self.type == "e":
            return
        if self.type == "n":
            text = self.values.number(text, self.style, place, row.number)
            if text[-4:-3] == "." or (self.notes_decimals and _DECIMAL.fullmatch(text)):
                row.numbers.append(place)
        elif self.type == "s":
            text = self._shared_text(text)
            row.size += len(text)
            if self.values.changes_texts:
                text = self.values.text(text, self.style, place, row.number)
        elif self.type == "b":
            text = self.values.boolean(text, place)
        else:
            text = self.values.text(unescaped(text), self.style, place, row.number)
        if row.size > self.longest:
            text = text[:EXCERPT]  # of a row over the limit, only the beginning is reported
        if text:
            row.add(place, text)

    def _note_formula(self, row: SheetRow, text: str) -> None:
        """Note a formula, and that it or a cell has no value but an error."""
        if self.has_formula:
            self.formulas.add(row.number, letters_of(self.place))
        if self.type == "e":
            row.faults.append((self.place, text or "#ERROR"))
        elif not (text or (self.has_value and self.type == "str")):
            row.faults.append((self.place, ""))

    def _shared_text(self, number: str) -> str:
        place = _whole(number.strip(), -1)
        if self.texts is None or not 0 <= place < len(self.texts):
            raise DamagedWorkbook()
        return self.texts[place]


def in_order(rows: Iterable[SheetRow]) -> Iterator[SheetRow]:
    """The rows by their numbers, each number once; they are kept in a temporary file meanwhile."""
    numbers, starts = array("I"), array("Q", [0])
    with TemporaryFile() as file:
        for row in rows:
            data = marshal.dumps((row.number, row.cells, row.faults, row.size, row.twice, row.numbers))
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
