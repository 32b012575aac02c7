"""Sheets of a workbook that are recognised by the layout of an import profile."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from syncs.connectors.formats.layouts import (
    LayoutContradicted,
    best,
    fits,
    is_download,
    is_strictly_readable,
    joined_names,
    missing_columns,
    resembles,
)
from syncs.connectors.formats.source_file import SourceFile
from syncs.connectors.formats.xlsx_choice import texts_of
from syncs.connectors.formats.xlsx_workbook import Sheet, Workbook
from syncs.connectors.protocol import FileLayout, RowProblem

# How many rows are searched for a header.
FIRST_ROWS = 60


@dataclass(frozen=True, slots=True)
class LayoutSheet:
    """A sheet with the layout by which it is read: the names of its columns, and the last row of its header."""

    sheet: Sheet
    layout: FileLayout
    columns: tuple[str, ...]
    header_row: int
    is_download: bool = False

    @property
    def exact(self) -> list[int]:
        """The places of the columns of which the workbook's own value counts."""
        return self._places_of(self.layout.exact)

    @property
    def decimal_commas(self) -> list[int]:
        """The places of the columns whose numbers are written with a decimal comma."""
        return self._places_of(self.layout.decimal_commas)

    def _places_of(self, names: Sequence[str]) -> list[int]:
        wanted = set(map(self.layout.key_of, names))
        return [place for place, name in enumerate(self.columns) if self.layout.key_of(name) in wanted]


def recognise_sheets(workbook: Workbook, file: SourceFile) -> list[LayoutSheet]:
    """The visible sheets that are read by a layout; none if the workbook is to be read without one.

    Raises LayoutContradicted where no sheet fits, but one resembles that of a layout.
    """
    of_workbooks = [layout for layout in file.layouts if not layout.delimiter and not layout.encoding]
    found: list[LayoutSheet] = []
    differences: list[LayoutContradicted] = []
    for sheet in workbook.sheets if file.layouts else ():
        if sheet.is_hidden or not workbook.can_read(sheet):
            continue
        rows = {row.number: texts_of(row) for row in workbook.first_rows(sheet, FIRST_ROWS)}
        names = {layout.profile: _names(rows, layout.header) for layout in of_workbooks}
        of_sheet = [layout for layout in of_workbooks if layout.sheet in ("", sheet.name)]
        fitting = [layout for layout in of_sheet if fits(layout, names[layout.profile])]
        download = _names(rows, (1,))
        if is_download(download) and (layout := best(file.layouts, download, file.name)):
            found.append(LayoutSheet(sheet, layout, tuple(download), 1, is_download=True))
        elif fitting and (layout := best(fitting, names[fitting[0].profile], file.name)):
            found.append(LayoutSheet(sheet, layout, tuple(names[layout.profile]), layout.header[-1]))
        else:
            differences += filter(None, (_difference(layout, sheet, rows, file.name) for layout in of_workbooks))
            differences += [
                missing_columns(layout, file.name, names[layout.profile])
                for layout in of_sheet
                if resembles(layout, names[layout.profile])
                and not is_strictly_readable(file.vocabulary, sheet.name, names[layout.profile])
                and not is_strictly_readable(file.vocabulary, file.stem, names[layout.profile])
            ]
    if differences and not found:
        raise differences[0]
    return found


def _difference(layout: FileLayout, sheet: Sheet, rows: dict[int, list[str]], file: str) -> LayoutContradicted | None:
    """The error about a sheet that has the columns of a layout, but in another row or under another name."""
    for first in [layout.header[0], *rows]:
        if fits(layout, _names(rows, tuple(range(first, first + len(layout.header))))):
            if layout.sheet not in ("", sheet.name):
                said = f"its sheet is called “{sheet.name[:100]}”, and the profile says “{layout.sheet[:100]}”."
            else:
                said = f"its header is in row {first}, and the profile says in row {layout.header[0]}."
            return LayoutContradicted(layout, file, said)
    return None


def other_sheets(workbook: Workbook, found: Sequence[LayoutSheet], file: str) -> Iterator[RowProblem]:
    """The warnings about sheets with something in them that were not read."""
    read = {id(one.sheet) for one in found}
    for sheet in workbook.sheets:
        if id(sheet) in read or (workbook.can_read(sheet) and not workbook.first_rows(sheet, 1)):
            continue
        message = (
            f"The sheet “{sheet.name[:100]}” was not read, because no import profile describes it. Remove it if it "
            "holds no records."
        )
        yield RowProblem("", file, None, "sheets_not_read", message, kind="warning", leaves_unread=True)


def places_of(found: Sequence[LayoutSheet], file: str) -> list[str]:
    """The place that problems of each sheet name: the file, and the sheet where there are several."""
    return [file if len(found) == 1 else f"{file}, sheet “{one.sheet.name[:100]}”" for one in found]


def _names(rows: dict[int, list[str]], header: tuple[int, ...]) -> list[str]:
    return joined_names([rows.get(number, []) for number in header])
