"""Which sheets of a workbook are read, as which kind of record, and why others are not."""

from collections.abc import Sequence
from dataclasses import dataclass

from syncs.connectors.formats import explanation_sheet
from syncs.connectors.formats.header_search import SEARCHED_LINES, KindNames, clean_name, locate_header
from syncs.connectors.formats.source_file import SourceFile
from syncs.connectors.formats.xlsx_package import DamagedWorkbook
from syncs.connectors.formats.xlsx_sheet import SheetRow
from syncs.connectors.formats.xlsx_workbook import Sheet, Workbook
from syncs.connectors.protocol import RowProblem

# A longer name of a sheet is cut; spreadsheets allow 31 characters.
SHEET_NAME_LENGTH = 100
# The sheets not read that are named one by one.
MOST_NAMED = 20


@dataclass(slots=True)
class SheetToRead:
    """A sheet that is read: `name` says which kind its records are, `file` is the place that problems name."""

    sheet: Sheet
    name: str
    file: str


@dataclass(slots=True)
class _Found:
    """A sheet that has rows, or is damaged.

    `name` says which kind of record it holds, if it is to be read; `likely` is the kind whose columns it has, if not.
    """

    sheet: Sheet
    name: str = ""
    likely: str = ""
    is_damaged: bool = False


class SheetChoice:
    """The sheets to be read, and the problems of those that are not, although they may hold rows.

    A sheet holds the kind of record that its own name says, or else the kind of the file's name if its header is one
    of that kind. Without any such sheet, the first one is read as the file's kind, whatever its header is.
    """

    def __init__(self, workbook: Workbook, file: SourceFile) -> None:
        self.name, self.file, self.vocabulary = file.stem, file.name, file.vocabulary
        self.chosen: list[SheetToRead] = []
        self.problems: list[RowProblem] = []
        found = [one for sheet in workbook.sheets if (one := self._look_at(workbook, sheet)) is not None]
        visible = [one for one in found if not one.sheet.is_hidden]
        if len(found) == 1 and found[0].is_damaged:
            raise DamagedWorkbook()
        if visible and not any(one.name for one in visible):
            visible[0].name = file.stem
        self.chosen = [
            SheetToRead(one.sheet, one.name, file.name) for one in visible if one.name and not one.is_damaged
        ]
        if len(self.chosen) > 1:
            self._name_places()
        chosen = {id(one.sheet) for one in self.chosen}
        self._report([one for one in found if id(one.sheet) not in chosen])
        if not visible:
            for problem in self.problems:
                problem.kind = "error"

    def _look_at(self, workbook: Workbook, sheet: Sheet) -> _Found | None:
        """What a sheet seems to hold; None if it has no rows."""
        if not workbook.can_read(sheet):
            return _Found(sheet, is_damaged=True)
        try:
            rows = [texts_of(row) for row in workbook.first_rows(sheet, SEARCHED_LINES)]
        except DamagedWorkbook:
            return _Found(sheet, is_damaged=True)
        if not rows or explanation_sheet.is_explanation(sheet.name, rows[0]):
            return None
        name = self._name_for(sheet, rows)
        fitting = (
            [] if name or sheet.is_hidden else [kind for kind in self.vocabulary.kinds() if self._fits(rows, kind)]
        )
        return _Found(sheet, name, fitting[0] if len(fitting) == 1 else "")

    def _name_for(self, sheet: Sheet, rows: Sequence[Sequence[str]]) -> str:
        """The name that says which kind of record a visible sheet holds; empty if it is not to be read."""
        own, others = self.vocabulary.kind_named(sheet.name), self.vocabulary.kind_named(self.name)
        if own and (own == others or not others or self._fits(rows, own)):
            return sheet.name
        if others and self._fits(rows, others):
            return self.name
        # A sheet “Notes” in a file of companies may hold notes as records, or just remarks.
        return sheet.name if own and self._header(rows, own) else ""

    def _fits(self, rows: Sequence[Sequence[str]], kind: str) -> bool:
        """Whether a sheet's header has the key of the kind, and more columns of no other kind."""
        header = self._header(rows, kind)
        if not self.vocabulary.has_key(kind, header):
            return False
        known = KindNames(kind, self.vocabulary).count(header)
        others = (KindNames(other, self.vocabulary).count(header) for other in self.vocabulary.kinds())
        return known >= min(2, len(header)) and known >= max(others)

    def _header(self, rows: Sequence[Sequence[str]], kind: str) -> list[str]:
        """The row with names of the kind's columns; nothing if there is none."""
        place = locate_header(rows, KindNames(kind, self.vocabulary))
        return [clean_name(text) for text in rows[place.position]] if place else []

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
        if one.likely:
            return self._remark(own, f"{sheet} was not read, but its columns are those of “{one.likely}”. Give the "
                                "sheet that name, then send the workbook again.")  # fmt: skip
        return self._remark(own, f"{sheet} was not read, because it does not have the columns of a kind of record that "
                            "its name or the file’s says. Name it after the kind of its records; if it holds none, "
                            "remove it.")  # fmt: skip

    def _remark(self, name: str, message: str) -> RowProblem:
        return RowProblem(name, self.file, None, "sheets_not_read", message, kind="warning", leaves_unread=True)


def texts_of(row: SheetRow) -> list[str]:
    """The texts of the row by the position of their column."""
    return [row.cells.get(place, "") for place in range(max(row.cells, default=-1) + 1)]
