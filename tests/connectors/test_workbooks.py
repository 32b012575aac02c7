"""Workbooks: a sheet, read as the CSV file that would be saved from it."""

import random
import tracemalloc

import pytest

from syncs.connectors import connector_named
from syncs.connectors.formats import xlsx_texts
from syncs.connectors.protocol import ConnectorError, FileHeader, Rows
from tests.connectors.reading import read, source, table, zipped
from tests.samples.sheets import DATE, EXACT, STAMP, TIME, ZEROS, cell, number, sheet, text, workbook


def read_book(content, **given):
    return read(content, format="zip", file_name="invoices.xlsx", **given)


def cells_of(*cells, **given):
    """What the cells of one row are read as."""
    blocks, problems = read_book(workbook(sheet([f"c{at}" for at, _ in enumerate(cells)], cells), **given))
    assert problems == []
    return blocks[0].cells[0]


def test_a_row_has_its_number_its_cells_and_their_letters():
    blocks, problems = read_book(workbook(sheet(["erpKey", "total"], ["I1", number("5")], [], ["I3", None])))
    assert problems == []
    assert (blocks[0].name, blocks[0].file, blocks[0].columns) == ("invoices", "invoices.xlsx", ["erpKey", "total"])
    assert blocks[0].letters == ["A", "B"]
    assert table(blocks) == [(2, ["I1", "5"], "I1,5"), (4, ["I3", ""], "I3,")]


def test_the_header_comes_before_the_rows():
    book = workbook(sheet(["erpKey", "total"], ["I1", number("5")]))
    head, rows = connector_named("file-upload").rows(source(book, format="zip", file_name="invoices.xlsx"))
    assert head == FileHeader("invoices", "invoices.xlsx", ("erpKey", "total"), ",")
    assert isinstance(rows, Rows)


def test_a_workbook_in_a_zip_is_read_beside_other_files():
    book = workbook(sheet(["erpKey"], ["C1"]))
    blocks, problems = read(zipped({"a/Company.XLSX": book, "invoices.csv": "erpKey\nI1\n"}), format="zip")
    assert problems == []
    assert [(block.name, block.file, block.cells) for block in blocks] == [
        ("Company", "Company.XLSX", [["C1"]]),
        ("invoices", "invoices.csv", [["I1"]]),
    ]


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("0.1", "0.1"),
        ("3581", "3581"),
        ("12345678901234567890", "12345678901234567890"),
        ("0.10000000000000001", "0.1"),
        ("3.3000000000000003", "3.3"),
        ("1234567.8900000001", "1234567.89"),
        ("1.5E-3", "0.0015"),
        ("1.2345E+20", "123450000000000000000"),
        ("-7.50", "-7.5"),
        ("5.0", "5"),
        ("-0", "0"),
        ("123456789012345678.25", "123456789012345678.25"),
    ],
)
def test_numbers_are_exact(written, read_as):
    assert cells_of(number(written)) == [read_as]


@pytest.mark.parametrize(
    ("written", "style", "read_as"),
    [
        ("45351", DATE, "2024-02-29"),
        ("1", DATE, "1900-01-01"),
        ("59", DATE, "1900-02-28"),
        ("61", DATE, "1900-03-01"),
        ("44509.503060879628", STAMP, "2021-11-09T12:04:24"),
        ("44509.503060879628", EXACT, "2021-11-09T12:04:24.460"),
        ("44509", STAMP, "2021-11-09T00:00:00"),
        ("44509.99999999999", DATE, "2021-11-10"),
        ("0.75", TIME, "18:00:00"),
        ("-1", DATE, "-1"),
        ("1234", ZEROS, "01234"),
        ("98104", ZEROS, "98104"),
    ],
)
def test_dates_and_leading_zeros_are_what_the_sheet_shows(written, style, read_as):
    assert cells_of(number(written, style)) == [read_as]


def test_a_workbook_may_count_days_from_1904():
    assert cells_of(number("43889", DATE), since_1904=True) == ["2024-02-29"]


def test_every_type_of_cell_is_read():
    assert cells_of(
        cell("b", "1"),
        cell("b", "0"),
        cell("d", "2024-02-29T00:00:00"),
        '<c t="str"><f>A1&amp;B1</f><v>joined</v></c>',
        "<c><f>1+1</f><v>2</v></c>",
        cell("s", "1"),
        text("a_x000D_b & <c>"),
        shared="<si><t>no</t></si><si><r><t>Ri</t></r><rPh><t>x</t></rPh><r><t>ch</t></r></si>",
    ) == ["true", "false", "2024-02-29T00:00:00", "joined", "2", "Rich", "a\rb & <c>"]


def test_prefixed_names_and_rows_without_addresses_are_read():
    plain = (
        '<x:worksheet xmlns:x="m"><x:sheetData><x:row><x:c t="str"><x:v>erpKey</x:v></x:c></x:row>'
        '<x:row><x:c t="str"><x:v>I1</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    blocks, _ = read_book(workbook(plain))
    assert table(blocks) == [(2, ["I1"], "I1")]


def test_errors_in_cells_are_one_problem_of_their_row_and_the_rest_is_read():
    blocks, [problem] = read_book(
        workbook(
            sheet(
                ["erpKey", "total", "tax", "rate"],
                ["I1", cell("e", "#REF!"), cell("e", "#DIV/0!"), "<c><f>A1</f></c>"],
                ["I2", number("5")],
            )
        )
    )
    assert (problem.line, problem.code, problem.column, problem.value) == (2, "cell_error", "total", "#REF!")
    assert problem.message == (
        "Cell B2 shows “#REF!”; cell C2 shows “#DIV/0!”. Correct the formula, then save the workbook again. "
        "Cell D2 holds a formula without its result. Open the workbook in your spreadsheet program, save it, then "
        "send it again."
    )
    assert problem.raw == "I1,#REF!,#DIV/0!,"
    assert [row[0] for row in table(blocks)] == [3]


def test_cells_beyond_the_header_are_a_problem():
    _, [problem] = read_book(workbook(sheet(["erpKey"], ["I1", None, "x", number("1")])))
    assert (problem.line, problem.code) == (2, "too_many_cells")
    assert problem.message == (
        "Cells C2 and D2 are filled in, but the header names no column there. Name the column, or remove what is "
        "too much."
    )


def test_further_sheets_with_something_in_them_are_named():
    book = workbook(sheet(["erpKey"], ["I1"]), sheet(), sheet([number("1")]), names=["Data", "Empty", "More"])
    _, [problem] = read_book(book)
    assert (problem.kind, problem.code) == ("warning", "sheets_not_read")
    assert problem.message == (
        "The sheet “More” was not read, because it does not have the columns of a kind of record that its name or the "
        "file’s says. Name it after the kind of its records; if it holds none, remove it."
    )


@pytest.mark.parametrize(
    ("rows", "code"),
    [([], "file_empty"), ([["erpKey"]], "file_without_rows"), ([["a", "A"], ["1"]], "header_duplicated")],
)
def test_the_header_follows_the_rules_of_csv(rows, code):
    _, [problem] = read_book(workbook(sheet(*rows)))
    assert (problem.line, problem.code) == (None, code)


DOCTYPE = '<!DOCTYPE x [<!ENTITY a "aaaa">]>'


@pytest.mark.parametrize(
    "broken",
    [
        {"xl/workbook.xml": "<workbook>"},
        {"xl/workbook.xml": "<workbook/>"},
        {"xl/_rels/workbook.xml.rels": "<Relationships/>"},
        {"xl/worksheets/sheet1.xml": DOCTYPE + sheet(["erpKey"], ["I1"])},
        {"xl/worksheets/sheet1.xml": '<worksheet><row r="99999999"/></worksheet>'},
        {"xl/worksheets/sheet1.xml": '<worksheet><row><c r="A1" t="s"><v>9</v></c></row></worksheet>'},
        {"xl/worksheets/sheet1.xml": f"<worksheet><row>{'<c/>' * 20_000}</row></worksheet>"},
    ],
)
def test_a_damaged_workbook_is_a_problem(broken):
    blocks, [problem] = read_book(workbook(sheet(["erpKey"], ["I1"]), **broken))
    assert blocks == []
    assert (problem.line, problem.code) == (None, "workbook_damaged")


def test_a_workbook_that_breaks_off_after_some_rows_fails():
    xml = sheet(["erpKey"], *[["I1"]] * 20_000)
    with pytest.raises(ConnectorError) as stopped:
        read_book(workbook(xml[:-100]))
    assert stopped.value.code == "workbook_damaged"


@pytest.mark.parametrize("packed", [False, True])
def test_an_old_or_locked_workbook_is_a_problem(packed):
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    if not packed:
        with pytest.raises(ConnectorError) as stopped:
            read_book(old)
        assert stopped.value.code == "workbook_locked"
        return
    _, [problem] = read(zipped({"invoices.xlsx": old, "companies.csv": "erpKey\nC1\n"}), format="zip")
    assert (problem.file, problem.code) == ("invoices.xlsx", "workbook_locked")


def test_the_limits_of_a_zip_apply_to_a_workbook_too():
    book = workbook(sheet(["erpKey"], *[["x" * 1_000]] * 20_000))
    with pytest.raises(ConnectorError) as stopped:
        read(zipped({"invoices.xlsx": book}), format="zip", unpacked_bytes=10_000_000, ratio=10_000)
    assert stopped.value.code == "zip_too_big"
    with pytest.raises(ConnectorError) as stopped:
        read_book(book, ratio=50)
    assert stopped.value.code == "zip_ratio"


def test_a_tag_or_a_text_without_end_is_not_kept_in_memory():
    bomb = f'<worksheet><row r="1"><c r="A1{"A" * 30_000_000}'
    _, [problem] = read_book(workbook(bomb), line_bytes=1_000_000, ratio=100_000)
    assert problem.code == "workbook_damaged"
    rows = [["erpKey"], ["x" * 3_000_000], ["I2"]]
    blocks, [problem] = read_book(workbook(sheet(*rows)), line_bytes=1_000_000, ratio=100_000)
    assert (problem.line, problem.code) == (2, "line_too_long")
    assert table(blocks) == [(3, ["I2"], "I2")]


def test_shared_texts_are_not_all_kept_in_memory(monkeypatch):
    monkeypatch.setattr(xlsx_texts, "TEXTS_IN_MEMORY", 100_000)
    texts = [f"{random.getrandbits(64)} ü{at}" for at in range(20_000)]
    xml = sheet(["erpKey"], *[[cell("s", str(at))] for at, _ in enumerate(texts)])
    book = workbook(xml, shared="".join(f"<si><t>{one}</t></si>" for one in texts))
    blocks, problems = read_book(book)
    assert problems == []
    assert [cells[0] for block in blocks for cells in block.cells] == texts


def test_a_big_sheet_is_read_in_little_memory():
    book = workbook(sheet(["erpKey", "name"], *[[f"I{at}", "x" * 200] for at in range(60_000)]))
    tracemalloc.start()
    rows = sum(
        len(block)
        for block in connector_named("file-upload").rows(source(book, format="zip", file_name="invoices.xlsx"))
        if isinstance(block, Rows)
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows == 60_000
    assert peak < 30_000_000
