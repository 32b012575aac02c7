"""Rows by column, whatever their cells have; and small blocks that are joined."""

from collections import OrderedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adsplatform.records.checks import as_text
from adsplatform.records.specification import entity_named
from syncs.connectors.blocks import combine_blocks
from syncs.connectors.protocol import (
    ABSENT,
    BLOCK_BYTES,
    BLOCK_ROWS,
    ConnectorError,
    FileHeader,
    RowProblem,
    Rows,
)
from syncs.loading.staging.block_checker import ColumnChecks
from syncs.loading.staging.columnar_blocks import to_columnar
from syncs.loading.staging.copy_format import copy_lines
from syncs.loading.staging.header_mapping import map_columns

NAMES = ["erpKey", "companyName", "companyType", "isActive"]
CELLS = st.sampled_from(
    ["", "a", " ", "x\ty", "one\ntwo", "\\N", '"', "é", "\ud800", "a\rb", "a\0b", None, 5, True, ABSENT]
)
SAFE_CELLS = st.sampled_from(["", "a", " ", '"', "é", "\ufeffa", "#", None, 5, True])


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.lists(st.tuples(*[cells] * len(NAMES)), min_size=1, max_size=8) for cells in (CELLS, SAFE_CELLS)))
def test_a_block_has_the_text_of_every_cell(rows):
    entity = entity_named("companies")
    columns, _ = map_columns(entity, "f", NAMES)
    block = to_columnar(
        Rows("companies", "f", NAMES, rows, list(range(len(rows))), [""] * len(rows)),
        entity,
        columns,
        is_download=False,
    )
    for column, name, given_cells in zip(columns, NAMES, zip(*rows, strict=True), strict=True):
        if column not in block.columns:
            assert all(cell is ABSENT for cell in given_cells), name
            continue
        found = list(block.cells[block.columns.index(column)])
        assert [cell or "" for cell in found] == ["" if cell is ABSENT else as_text(cell) for cell in given_cells]
        gaps = block.gaps.get(column.name, [False] * len(rows))
        assert gaps == [cell is ABSENT for cell in given_cells]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(*[SAFE_CELLS] * len(NAMES)), min_size=1, max_size=8))
def test_lines_for_copy_are_the_checked_cells(rows):
    entity = entity_named("companies")
    columns, _ = map_columns(entity, "f", NAMES)
    block = to_columnar(
        Rows("companies", "f", NAMES, rows, list(range(len(rows))), [""] * len(rows)),
        entity,
        columns,
        is_download=False,
    )
    checked, faults, changed, _ = ColumnChecks().check(block)
    good = [at for at in range(len(rows)) if at not in faults]
    lines, wanted = block.copy_lines(checked, changed), copy_lines(checked)
    assert [lines[at] for at in good] == [wanted[at] for at in good]


def block(first, count, name="companies", columns=("erpKey",)):
    lines = list(range(first, first + count))
    return Rows(name, "f", columns, [(f"C{line}",) for line in lines], lines, [str(line) for line in lines])


def test_pages_of_one_kind_are_joined_to_one_block():
    pages = [block(1, 2), block(3, 1), block(4, 2)]
    [whole] = combine_blocks(pages)
    assert (whole.lines, whole.raw) == ([1, 2, 3, 4, 5], ["1", "2", "3", "4", "5"])
    assert whole.cells == [("C1",), ("C2",), ("C3",), ("C4",), ("C5",)]
    assert [len(page) for page in pages] == [2, 1, 2], "a connector's own lists are left alone"


def test_blocks_that_differ_in_anything_are_not_joined():
    problem, head = RowProblem("companies", "f", 4, "bad_json", "…"), FileHeader("companies", "f", ["erpKey"], ",")
    found = [block(1, 1), block(2, 1, name="invoices"), block(3, 1, columns=("code",)), problem, head, block(5, 1)]
    assert list(combine_blocks(found)) == found


def test_a_block_that_is_large_enough_is_yielded():
    sizes = [len(whole) for whole in combine_blocks(block(1, 1_000) for _ in range(12))]
    assert sizes == [BLOCK_ROWS, BLOCK_ROWS, 2_000]


def test_joined_blocks_of_long_rows_have_a_limited_size():
    def pages():
        for line in range(1, 9):
            page = block(line, 1)
            page.raw = ["x" * (BLOCK_BYTES // 3)]
            yield page

    assert [len(whole) for whole in combine_blocks(pages())] == [3, 3, 2]


def test_rows_read_before_the_source_broke_off_are_yielded():
    def breaking_off():
        yield block(1, 1)
        yield block(2, 1)
        raise ConnectorError("It broke off.")

    found = combine_blocks(breaking_off())
    assert next(found).lines == [1, 2]
    with pytest.raises(ConnectorError):
        next(found)


def check(name, names, rows):
    entity = entity_named(name)
    columns, _ = map_columns(entity, "f", names)
    places = list(range(1, len(rows) + 1))
    block = to_columnar(Rows(name, "f", names, rows, places, [""] * len(rows)), entity, columns, is_download=False)
    checked, faults, changed, _ = ColumnChecks().check(block)
    codes = {at: [(column.wire, fault.code) for column, fault in found] for at, found in faults.items()}
    return block, block.copy_lines(checked, changed), codes


@pytest.mark.parametrize("nested", [{"en": "Bolt"}, ["Bolt", "Nut"], {}, [], OrderedDict(en="Bolt")])
def test_an_object_in_place_of_a_text_is_a_fault(nested):
    rows = [("C1", "Acme", "Customer", True), ("C2", nested, "Customer", True)]
    _, _, codes = check("companies", NAMES, rows)
    assert codes == {1: [("companyName", "nested_value")]}


@pytest.mark.parametrize(("name", "column"), [
    ("journalEntryLines", "dimensions"), ("invoices", "taxSummary"), ("companies", "companyIdentifiers"),
])  # fmt: skip
@pytest.mark.parametrize("other", ["", ABSENT])
def test_a_column_of_objects_accepts_them(name, column, other):
    block, lines, codes = check(name, ["erpKey", column], [("K1", [{"a": 'say "b"'}]), ("K2", other)])
    assert (block.nested, codes) == ({}, {})
    # As COPY takes it, a backslash stands for itself when there are two.
    assert lines[0].split(b"\t")[-1] == b'[{"a": "say \\\\"b\\\\""}]'
