"""Remarks on the cells of a sheet whose texts may not be what was meant."""

from collections.abc import Iterator, Sequence

from syncs.connectors.formats.xlsx_cells import CellRemark, address_of, letters_of
from syncs.connectors.formats.xlsx_workbook import Workbook
from syncs.connectors.protocol import RowProblem, SourceItems

MERGED_NAMED = 5


def remarks_on_cells(
    workbook: Workbook, name: str, file: str, columns: Sequence[str], types: Sequence[str], header_row: int
) -> SourceItems:
    """One warning for each column and cause, about the sheet that was read last.

    `types` are those of the columns, empty for columns that are not loaded.
    """
    remarks = workbook.remarks

    def warning(code: str, message: str, column: str = "", value: str = "") -> RowProblem:
        return RowProblem(name, file, None, code, message, kind="warning", column=column, value=value)

    for place, found in sorted(remarks.shown_otherwise.items()):
        cells = _cells(place, found, "is", "are")
        yield warning(
            "shown_otherwise",
            f"{columns[place]}: {cells} shown by a number format that depends on the computer or hides a part of the "
            f"value, so the value itself was read: {_values(found)}. Format the column as text if it should be "
            "read as it is shown.",
            columns[place],
            found.first[0][1],
        )
    for place, found in sorted(remarks.digits_lost.items()):
        cells = _cells(place, found, "holds a number", "hold numbers")
        yield warning(
            "digits_lost",
            f"{columns[place]}: {cells} of more than 15 digits, of which spreadsheets keep only the first 15: "
            f"{_values(found)}. Compare with the original, and format the column as text before filling it in.",
            columns[place],
            found.first[0][1],
        )
    if workbook.is_to_be_calculated and remarks.formulas.count:
        row, letters = remarks.formulas.first[0]
        count = remarks.formulas.count
        formulas = "1 cell is a formula" if count == 1 else f"{count:,} cells are formulas"
        yield warning(
            "formulas_not_calculated",
            f"{formulas}, the first {letters}{row}, and the workbook asks to be calculated when it "
            "is opened, so the results that were read may be out of date. Open the workbook in your spreadsheet "
            "program, save it, then send it again.",
        )
    if merged := list(_merged_over_columns(remarks.merged, types, header_row)):
        named = ", ".join(merged[:MERGED_NAMED]) + (" and others" if len(merged) > MERGED_NAMED else "")
        yield warning(
            "merged_cells",
            f"Merged cells hold their value only in the first of them; the others were read as empty: {named}. "
            "Unmerge them, and fill each cell in.",
        )


def _cells(place: int, found: CellRemark, one: str, several: str) -> str:
    """The cells with the verb for one or several of them, as the beginning of a sentence."""
    first = f"{letters_of(place)}{found.first[0][0]}"
    return f"cell {first} {one}" if found.count == 1 else f"{found.count:,} cells, the first {first}, {several}"


def _values(found: CellRemark) -> str:
    values = list(dict.fromkeys(text[:50] for _, text in found.first))
    return ", ".join(f"“{value}”" for value in values)


def _merged_over_columns(merged: Sequence[str], types: Sequence[str], header_row: int) -> Iterator[str]:
    """The merged ranges below the header that cover a loaded column with a cell other than their first."""
    for reference in merged:
        first, _, last = reference.partition(":")
        (left, top), (right, bottom) = address_of(first), address_of(last)
        covers = any(types[left if bottom > top else left + 1 : right + 1]) if 0 <= left <= right else False
        if top > header_row and covers:
            yield reference
