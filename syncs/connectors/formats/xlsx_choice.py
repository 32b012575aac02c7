"""Which sheets of a workbook are read, as which kind of record, and why others are not."""

from collections.abc import Sequence
from dataclasses import dataclass

from syncs.connectors.formats import explanation_sheet
from syncs.connectors.formats.csv_header import UnusableFile
from syncs.connectors.formats.header_search import SEARCHED_LINES, HeaderPlace, KindNames, clean_name, locate_header
from syncs.connectors.formats.xlsx_package import DamagedWorkbook
from syncs.connectors.formats.xlsx_sheet import SheetRow
from syncs.connectors.formats.xlsx_workbook import Sheet, Workbook
from syncs.connectors.protocol import RowProblem, Vocabulary

# A longer name of a sheet is cut; spreadsheets allow 31 characters.
SHEET_NAME_LENGTH = 100
# The sheets not read that are named one by one.
MOST_NAMED = 20


@dataclass(slots=True)
class SheetToRead:
    """A sheet that is read: `name` says which kind its records are, `file` is the place that problems name.

    `place` says which of the sheet's first rows is the header; None where no row has a known name.
    """

    sheet: Sheet
    name: str
    file: str
    first_rows: list[SheetRow]
    place: HeaderPlace | None


@dataclass(slots=True)
class _Found:
    """A sheet with its first rows."""

    sheet: Sheet
    rows: list[SheetRow]
    is_damaged: bool = False

    @property
    def texts(self) -> list[list[str]]:
        return [texts_of(row) for row in self.rows]


class SheetChoice:
    """The sheets to be read, and the problems of those that are not, although they may hold rows.

    A sheet holds the kind of record that its own name says, or else the kind of the file's name if its header is one
    of that kind. Without any such sheet, the first one is read as the file's kind, whatever its header is.
    """

    def __init__(self, workbook: Workbook, name: str, file: str, vocabulary: Vocabulary) -> None:
        self.name, self.file, self.vocabulary = name, file, vocabulary
        self.chosen: list[SheetToRead] = []
        self.problems: list[RowProblem] = []
        found = [one for sheet in workbook.sheets if (one := _look_at(workbook, sheet)) is not None]
        visible = [one for one in found if not one.sheet.is_hidden]
        kinds = [self._kind_of(one) for one in visible]
        if not any(kinds) and visible:
            kinds[0] = name
        for one, kind in zip(visible, kinds, strict=True):
            if kind and one.is_damaged and len(found) == 1:
                raise DamagedWorkbook()
            if kind and not one.is_damaged:
                self._choose(one, kind)
        if len(self.chosen) > 1:
            self._name_places()
        chosen = {id(one.sheet) for one in self.chosen}
        self._report([one for one in found if id(one.sheet) not in chosen])
        if not visible:
            for problem in self.problems:
                problem.kind = "error"

    def _kind_of(self, one: _Found) -> str:
        """The name that says which kind of record a visible sheet holds; empty if it is not to be read."""
        own, others = self.vocabulary.kind_named(one.sheet.name), self.vocabulary.kind_named(self.name)
        if own and (own == others or not others or self._fits(one, own)):
            return one.sheet.name
        if others and self._fits(one, others):
            return self.name
        # A sheet “Notes” in a file of companies may hold notes as records, or just remarks.
        return one.sheet.name if own and self._header(one, own) else ""

    def _fits(self, one: _Found, kind: str) -> bool:
        """Whether the sheet's header has the key of the kind, and more columns of no other kind."""
        header = self._header(one, kind)
        if not self.vocabulary.has_key(kind, header):
            return False
        known = KindNames(kind, self.vocabulary).count(header)
        others = (KindNames(other, self.vocabulary).count(header) for other in self.vocabulary.kinds())
        return known >= min(2, len(header)) and known >= max(others)

    def _header(self, one: _Found, kind: str) -> list[str]:
        """The row with names of the kind's columns; nothing if there is none."""
        place = locate_header(one.texts, KindNames(kind, self.vocabulary))
        return [clean_name(text) for text in one.texts[place.position]] if place else []

    def _choose(self, one: _Found, name: str) -> None:
        place = locate_header(one.texts, KindNames(self.vocabulary.kind_named(name), self.vocabulary))
        self.chosen.append(SheetToRead(one.sheet, name, self.file, one.rows, place))

    def _name_places(self) -> None:
        """Give each of several sheets a place of its own, because their rows have the same numbers."""
        seen: set[str] = set()
        for number, one in enumerate(self.chosen, start=1):
            place = f"{self.file}, sheet “{one.sheet.name[:SHEET_NAME_LENGTH]}”"
            one.file = f"{place} ({number})" if place in seen else place
            seen.add(one.file)

    def _report(self, unread: Sequence[_Found]) -> None:
        for one in unread[:MOST_NAMED]:
            self.problems.append(self._problem(one))
        more = len(unread) - MOST_NAMED
        if more > 0:
            message = f"{more:,} more sheets were not read. Remove those that hold no records."
            self.problems.append(self._remark("", message))

    def _problem(self, one: _Found) -> RowProblem:
        own = one.sheet.name if self.vocabulary.kind_named(one.sheet.name) else self.name
        sheet = f"The sheet “{one.sheet.name[:SHEET_NAME_LENGTH]}”"
        if one.sheet.is_hidden:
            return self._remark(own, f"{sheet} is hidden, so it was not read. Show it if it holds records; if not, "
                                "remove it.")  # fmt: skip
        if one.is_damaged:
            return RowProblem(
                own, self.file, None, "workbook_damaged",
                f"{sheet} is damaged and was not read. Open the workbook in your spreadsheet program, save it, then "
                "send it again.",
            )  # fmt: skip
        if likely := self._likely_kind(one):
            return self._remark(own, f"{sheet} was not read, but its columns are those of {likely}. Give the sheet "
                                "that name, then send the workbook again.")  # fmt: skip
        return self._remark(own, f"{sheet} was not read, because it does not have the columns of a kind of record that "
                            "its name or the file’s says. Name it after the kind of its records; if it holds none, "
                            "remove it.")  # fmt: skip

    def _likely_kind(self, one: _Found) -> str:
        fitting = [kind for kind in self.vocabulary.kinds() if self._fits(one, kind)]
        return f"“{fitting[0]}”" if len(fitting) == 1 else ""

    def _remark(self, name: str, message: str) -> RowProblem:
        return RowProblem(name, self.file, None, "sheets_not_read", message, kind="warning", leaves_unread=True)


def _look_at(workbook: Workbook, sheet: Sheet) -> _Found | None:
    """The sheet with its first rows; None if it has none."""
    if not workbook.can_read(sheet):
        return _Found(sheet, [], is_damaged=True)
    try:
        rows = workbook.first_rows(sheet, SEARCHED_LINES)
    except UnusableFile as unusable:
        if not isinstance(unusable, DamagedWorkbook):
            raise
        return _Found(sheet, [], is_damaged=True)
    if not rows or explanation_sheet.is_explanation(sheet.name, texts_of(rows[0])):
        return None
    return _Found(sheet, rows)


def texts_of(row: SheetRow) -> list[str]:
    """The texts of the row by the position of their column."""
    return [row.cells.get(place, "") for place in range(max(row.cells, default=-1) + 1)]
