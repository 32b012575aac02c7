"""Small files that would take much time or memory to inspect."""

import csv

import pytest

from tests.import_profiles.inspecting import inspect_one
from tests.samples.sheets import MAIN, sheet, workbook
from tests.security.test_hostile_uploads import MEGABYTE, measured_memory

HEADER = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in ("erpKey", "companyName", "isActive"))


def far_cells(column, count=25_000):
    """A workbook in which every row has one cell more, which stands in that column."""
    rows = "".join(
        f'<row r="{row}"><c r="A{row}"><v>{row}</v></c><c r="{column}{row}"><v>1</v></c></row>'
        for row in range(2, count + 2)
    )
    return workbook(f'<worksheet xmlns="{MAIN}"><sheetData><row r="1">{HEADER}</row>{rows}</sheetData></worksheet>')


# The last column there is, and the last one that is looked at.
@pytest.mark.parametrize("column", ["XFD", "ALL"])
def test_cells_far_to_the_right_take_little_memory(column):
    content = far_cells(column)
    with measured_memory() as measured:
        one = inspect_one(content, "companies.xlsx").file
    assert measured.peak < 100 * MEGABYTE
    assert [found.name for found in one.columns] == ["erpKey", "companyName", "isActive"]
    assert not one.is_whole


def test_a_small_sheet_with_a_cell_far_to_the_right_is_looked_at_as_a_whole():
    one = inspect_one(workbook(sheet(["erpKey", "companyName", *["x"] * 997], ["C1"])), "companies.xlsx").file
    assert (len(one.columns), one.is_whole) == (999, True)


@pytest.fixture
def longest_field():
    """Python's own limit, which only processes that load files have raised."""
    before = csv.field_size_limit(131_072)
    yield
    csv.field_size_limit(before)


@pytest.mark.parametrize("line", ["1" * 1_000_000 + ",2", "2," + "1" * 1_000_000, "a\rb,2"])
def test_a_line_that_cannot_be_split_is_no_reason_to_fail(longest_field, line):
    one = inspect_one(f"name,amount\nA,1.50\n{line}\nB,2.50\n").file
    assert (one.delimiter, [found.name for found in one.columns]) == (",", ["name", "amount"])
