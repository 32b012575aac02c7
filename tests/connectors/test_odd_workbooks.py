"""Workbooks that no usual program writes, but that spreadsheet programs open."""

import io
import zipfile

import pytest

from syncs.connectors.protocol import ConnectorError
from syncs.loading.staging.vocabulary import RecordNames
from tests.connectors.reading import read, table
from tests.samples.sheets import MAIN, RELATIONS, cell, number, sheet, workbook

SHARED = "<si><t>erpKey</t></si><si><t>city</t></si><si><t>C1</t></si><si><t>Rome</t></si>"
BOOK = workbook(
    sheet([cell("s", "0"), cell("s", "1")], [cell("s", "2"), cell("s", "3")]), names=["Data"], shared=SHARED
)
STRICT = "http://purl.oclc.org/ooxml"


def read_book(content, name="companies.xlsx", **given):
    return read(content, format="zip", file_name=name, **{"vocabulary": RecordNames()} | given)


def changed(rename=None, replace=None, book=BOOK):
    """The workbook with its parts renamed, and texts of them replaced."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(packed, "w") as new:
        for info in old.infolist():
            text = old.read(info).decode()
            for before, after in (replace or {}).items():
                text = text.replace(before, after)
            new.writestr((rename or {}).get(info.filename, info.filename), text)
    return packed.getvalue()


def with_relationships(path, target, book=BOOK):
    """The workbook with `_rels/.rels` that name the target as the workbook, which is the part of that path."""
    packed = io.BytesIO(changed({"xl/workbook.xml": path}, book=book))
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(
            "_rels/.rels",
            f'<Relationships><Relationship Id="r1" Type="{RELATIONS}/officeDocument" Target="{target}"/>'
            "</Relationships>",
        )
    return packed.getvalue()


def at_root(book=BOOK):
    """The workbook with all its parts in the ZIP's root folder."""
    paths = {
        "xl/workbook.xml": "book.xml",
        "xl/_rels/workbook.xml.rels": "_rels/book.xml.rels",
        "xl/worksheets/sheet1.xml": "one.xml",
        "xl/sharedStrings.xml": "texts.xml",
        "xl/styles.xml": "styles.xml",
    }
    texts = f'<Relationship Id="t" Type="{RELATIONS}/sharedStrings" Target="/texts.xml"/></Relationships>'
    moved = changed(paths, {"worksheets/sheet1.xml": "one.xml", "</Relationships>": texts}, book)
    return with_relationships("book.xml", "/book.xml", moved)


ODD = {
    "another case": changed({"xl/sharedStrings.xml": "xl/SHAREDSTRINGS.xml", "xl/workbook.xml": "XL/Workbook.xml"}),
    "backslashes": changed({name: name.replace("/", "\\") for name in zipfile.ZipFile(io.BytesIO(BOOK)).namelist()}),
    "a leading slash": changed({name: "/" + name for name in zipfile.ZipFile(io.BytesIO(BOOK)).namelist()}),
    "in the root": at_root(),
    "an absolute target": changed(replace={'Target="worksheets/': 'Target="/xl/worksheets/'}),
    "a target with dots": changed(replace={'Target="worksheets/': 'Target="../xl/./other/../worksheets/'}),
    "a target with backslashes": changed(replace={'Target="worksheets/': 'Target="worksheets\\'}),
    "a blank in the path": changed(
        {"xl/worksheets/sheet1.xml": "xl/worksheets/my sheet.xml"}, {"sheet1.xml": "my%20sheet.xml"}
    ),
    "an escaped blank in both": changed(
        {"xl/worksheets/sheet1.xml": "xl/worksheets/my%20sheet.xml"}, {"sheet1.xml": "my%20sheet.xml"}
    ),
    "strict": changed(
        replace={MAIN: f"{STRICT}/spreadsheetml/main", RELATIONS: f"{STRICT}/officeDocument/relationships"}
    ),
    "prefixes of several kinds": workbook(
        f'<w:worksheet xmlns:w="{MAIN}" xmlns="{MAIN}" xmlns:x="{MAIN}"><sheetData><x:row r="1"><w:c r="A1" t="s">'
        '<v>0</v></w:c><c r="B1" t="s"><x:v>1</x:v></c></x:row><row r="2"><c r="A2" t="s"><v>2</v></c>'
        '<c r="B2" t="s"><v>3</v></c></row></sheetData></w:worksheet>',
        shared=SHARED,
    ),
    "lower case": changed(replace={f'r="{address}"': f'r="{address.lower()}"' for address in ("A1", "B1", "A2", "B2")}),
    "no addresses": changed(replace={f' r="{address}"': "" for address in ("A1", "B1", "A2", "B2", "1", "2")}),
    "rows without numbers": changed(replace={'<row r="1">': "<row>", '<row r="2">': "<row>"}),
    "rows in reverse": workbook(
        f'<worksheet xmlns="{MAIN}"><row r="2"><c r="A2" t="s"><v>2</v></c><c r="B2" t="s"><v>3</v></c></row>'
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row></worksheet>',
        shared=SHARED,
    ),
    "several elements for a row": workbook(
        f'<worksheet xmlns="{MAIN}"><row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="1">'
        '<c r="B1" t="s"><v>1</v></c></row><row r="2"><c r="A2" t="s"><v>2</v></c></row>'
        '<row r="2"><c r="B2" t="s"><v>3</v></c></row></worksheet>',
        shared=SHARED,
    ),
    "rows torn apart": workbook(
        f'<worksheet xmlns="{MAIN}"><row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2">'
        '<c r="B2" t="s"><v>3</v></c></row><row r="1"><c r="B1" t="s"><v>1</v></c></row>'
        '<row r="2"><c r="A2" t="s"><v>2</v></c></row></worksheet>',
        shared=SHARED,
    ),
    "cells of other rows": workbook(
        f'<worksheet xmlns="{MAIN}"><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c>'
        '<c r="A2" t="s"><v>2</v></c><c r="B2" t="s"><v>3</v></c></row></worksheet>',
        shared=SHARED,
    ),
    "columns in reverse": workbook(
        f'<worksheet xmlns="{MAIN}"><row r="1"><c r="B1" t="s"><v>1</v></c><c r="A1" t="s"><v>0</v></c></row>'
        '<row r="2"><c r="B2" t="s"><v>3</v></c><c r="A2" t="s"><v>2</v></c></row></worksheet>',
        shared=SHARED,
    ),
    "UTF-16": changed(),
}  # fmt: skip


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_workbook_is_read_as_spreadsheet_programs_read_it(kind):
    book = ODD[kind]
    if kind == "UTF-16":
        packed = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(BOOK)) as old, zipfile.ZipFile(packed, "w") as new:
            for info in old.infolist():
                new.writestr(info, old.read(info).decode().encode("utf-16"))
        book = packed.getvalue()
    blocks, problems = read_book(book)
    assert problems == []
    assert [block.columns for block in blocks] == [["erpKey", "city"]]
    assert table(blocks) == [(2, ["C1", "Rome"], "C1,Rome")]


@pytest.mark.parametrize("kind", ["another case", "backslashes", "in the root"])
def test_such_a_workbook_is_recognised_without_an_ending(kind):
    blocks, problems = read_book(ODD[kind], name="companies")
    assert (problems, [len(block) for block in blocks]) == ([], [1])


def test_a_document_of_another_kind_is_no_workbook():
    document = with_relationships("word/document.xml", "word/document.xml")
    document = changed(replace={"<workbook ": "<document ", "</workbook>": "</document>"}, book=document)
    _, [problem] = read_book(document)
    assert problem.code == "workbook_damaged"


def test_a_row_torn_apart_far_below_stops_the_sync():
    """A part of the row has been handed on already, so it can no longer be put together."""
    rows = "".join(f'<row r="{at}"><c r="A{at}" t="str"><v>C{at}</v></c></row>' for at in range(2, 20_000))
    torn = '<row r="9"><c r="B9" t="str"><v>Rome</v></c></row>'
    header = '<row r="1"><c r="A1" t="str"><v>erpKey</v></c><c r="B1" t="str"><v>city</v></c></row>'
    with pytest.raises(ConnectorError, match="Row 9 of the workbook stands at several places of its sheet"):
        read_book(workbook(f'<worksheet xmlns="{MAIN}">{header}{rows}{torn}</worksheet>'))


def test_a_row_out_of_order_far_below_is_read_where_it_stands():
    rows = "".join(f'<row r="{at}"><c r="A{at}" t="str"><v>C{at}</v></c></row>' for at in range(3, 20_000))
    late = '<row r="2"><c r="A2" t="str"><v>C2</v></c></row>'
    header = '<row r="1"><c r="A1" t="str"><v>erpKey</v></c></row>'
    blocks, problems = read_book(workbook(f'<worksheet xmlns="{MAIN}">{header}{rows}{late}</worksheet>'))
    assert problems == []
    assert table(blocks)[-1] == (2, ["C2"], "C2")


def test_a_cell_that_stands_twice_is_a_problem_unless_both_are_equal():
    twice = (
        '<row r="2"><c r="A2" t="str"><v>C1</v></c><c r="A2" t="str"><v>C2</v></c></row>'
        '<row r="3"><c r="A3" t="str"><v>C3</v></c><c r="A3" t="str"><v>C3</v></c></row>'
    )
    header = '<row r="1"><c r="A1" t="str"><v>erpKey</v></c></row>'
    blocks, [problem] = read_book(workbook(f'<worksheet xmlns="{MAIN}">{header}{twice}</worksheet>'))
    assert table(blocks) == [(3, ["C3"], "C3")]
    assert (problem.line, problem.code) == (2, "cell_error")
    assert problem.message.startswith("Cell A2 stands in the sheet twice, with different values.")


def test_rows_of_blanks_are_passed_over():
    blocks, problems = read_book(workbook(sheet([" "], ["erpKey"], ["\u00a0", " "], ["C1"], ["  "])))
    assert (problems, table(blocks)) == ([], [(4, ["C1"], "C1")])


def test_a_sheet_whose_part_is_missing_is_a_problem():
    book = workbook(sheet(["erpKey"], ["C1"]), sheet(["erpKey"], ["C2"]))
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(packed, "w") as new:
        for info in old.infolist():
            if not info.filename.endswith("sheet2.xml"):
                new.writestr(info, old.read(info))
    blocks, [problem] = read_book(packed.getvalue())
    assert table(blocks) == [(2, ["C1"], "C1")]
    assert (problem.kind, problem.line, problem.code) == ("error", None, "workbook_damaged")
    assert problem.message.startswith("The sheet “Sheet2” is damaged and was not read.")


def test_a_chart_is_no_sheet():
    book = workbook(sheet(["erpKey"], ["C1"]), sheet(["any"]))
    blocks, problems = read_book(
        changed(replace={'/worksheet" Target="worksheets/sheet2': '/chartsheet" Target="worksheets/sheet2'}, book=book)
    )
    assert (problems, len(blocks)) == ([], 1)


def test_a_formula_without_its_result_is_a_problem_and_an_empty_text_is_none():
    book = workbook(
        sheet(
            ["erpKey", "city"],
            ["C1", "<c><f>1+1</f><v></v></c>"],
            ["C2", "<c><f>1+1</f></c>"],
            ["C3", '<c t="str"><f>""</f><v></v></c>'],
            ["C4", '<c t="str"><f>"x"</f><v>x</v></c>'],
        )
    )
    blocks, problems = read_book(book)
    assert [(problem.line, problem.code) for problem in problems] == [(2, "cell_error"), (3, "cell_error")]
    assert table(blocks) == [(4, ["C3", ""], "C3,"), (5, ["C4", "x"], "C4,x")]


def test_text_columns_get_what_is_shown_and_others_the_exact_value():
    header = ["erpKey", "city", "isActive", "companyName", "anything"]
    book = workbook(
        sheet(header, [number("12", 6), number("0.19", 7), cell("b", "1"), cell("b", "0"), number("12", 6)]),
        formats=['"C-"0000', "0%"],
    )
    blocks, problems = read_book(book)
    assert (problems, table(blocks)[0][1]) == ([], ["C-0012", "19%", "true", "FALSE", "12"])


def test_a_column_shown_otherwise_is_told_once():
    rows = [[f"C{at}", number(f"{at}.5", 6)] for at in range(1, 5)]
    _, [problem] = read_book(workbook(sheet(["erpKey", "city"], *rows), formats=["0.00"]))
    assert (problem.code, problem.column, problem.value) == ("shown_otherwise", "city", "1.5")
    assert problem.message == (
        "city: 4 cells, the first B2, are shown by a number format that depends on the computer or hides a part of "
        "the value, so the value itself was read: “1.5”, “2.5”, “3.5”. Format the column as text if it should be read "
        "as it is shown."
    )


@pytest.mark.parametrize(
    ("written", "is_lost"),
    [
        ("123456789012345", False),
        ("1234567890123450", True),
        ("4.0063813339310001E+17", True),
        ("0.1234567890123456", False),
    ],
)
def test_numbers_of_more_than_15_digits_are_told_once_a_column(written, is_lost):
    _, problems = read_book(workbook(sheet(["erpKey", "x"], [number(written), number(written)], [number(written)])))
    assert [(problem.code, problem.column) for problem in problems] == [("digits_lost", "erpKey")] * is_lost


@pytest.mark.parametrize(
    ("merged", "is_told"),
    [("B2:B4", True), ("A2:B2", True), ("A1:B1", False), ("C2:C9", False), ("B2:C2", False), ("bad", False)],
)
def test_merged_cells_are_told_where_a_column_loses_values(merged, is_told):
    book = workbook(sheet(["erpKey", "city", "unknown"], ["C1", "Rome"], merged=[merged]))
    _, problems = read_book(book)
    assert ["merged_cells" in problem.code for problem in problems] == [True] * is_told


@pytest.mark.parametrize("calculation", ["", 'fullCalcOnLoad="1"'])
def test_formulas_are_told_only_where_nobody_calculated_them(calculation):
    book = workbook(sheet(["erpKey", "city"], ["C1", "<c><f>1</f><v>0</v></c>"]), calculation=calculation)
    _, problems = read_book(book)
    assert [problem.code for problem in problems] == ["formulas_not_calculated"] * bool(calculation)


def test_a_sheet_with_a_bad_header_is_a_problem_of_it_alone():
    book = workbook(
        sheet(["erpKey", "city"], ["C1", "Rome"]),
        sheet(["erpKey", None, "city"], ["C2", None, "Oslo"]),
        sheet(["erpKey", "city"], ["C3", "Bern"]),
    )
    blocks, [problem] = read_book(book)
    assert [block.cells for block in blocks] == [[["C1", "Rome"]], [["C3", "Bern"]]]
    assert (problem.file, problem.line, problem.code) == ("companies.xlsx, sheet “Sheet2”", None, "header_blank")
