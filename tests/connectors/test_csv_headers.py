"""Where the header of a CSV file is found, and what is said of a file that has none."""

import pytest

from syncs.loading.staging.vocabulary import RecordNames
from tests.connectors.reading import read, table

HEADER = "erpKey,companyErpKey,totalAmount,currencyCode"
ROW = "I1,C1,10.00,EUR"


def read_invoices(content, **given):
    return read(content, vocabulary=RecordNames(), **given)


@pytest.mark.parametrize(
    ("above", "message"),
    [
        (
            "Invoices of ACME\n\n",
            "Line 1 (“Invoices of ACME”) stands above the names of the columns, which stand in line 3. The file was "
            "read from there on.",
        ),
        (
            "ACME Ltd\n\nOpen items\n",
            "Lines 1 and 3 (“ACME Ltd” and so on) stand above the names of the columns, which stand in line 4. The "
            "file was read from there on.",
        ),
        (
            "notes\n,,,\nsecond,,,\n",
            "Lines 1 and 3 (“notes” and so on) stand above the names of the columns, which stand in line 4. The file "
            "was read from there on.",
        ),
        (
            "\u200bReport\u200b, January; 2024\n",
            "Line 1 (“Report, January; 2024”) stands above the names of the columns, which stand in line 2. The file "
            "was read from there on.",
        ),
    ],
)
def test_a_header_below_titles_is_found_and_the_titles_are_named(above, message):
    blocks, [warning] = read_invoices(f"{above}{HEADER}\n{ROW}\n")
    line = above.count("\n") + 2
    assert table(blocks) == [(line, ROW.split(","), ROW)]
    assert (warning.kind, warning.code, warning.line, warning.message) == ("warning", "lines_above_header", 1, message)


def test_titles_with_several_cells_might_be_rows():
    _, [one_cell] = read_invoices(f"Invoices,,,\n{HEADER}\n{ROW}\n")
    _, [two_cells] = read_invoices(f"Invoices,2024,,\n{HEADER}\n{ROW}\n")
    assert (one_cell.leaves_unread, two_cells.leaves_unread) == (False, True)


def test_the_delimiter_is_that_of_the_header_not_of_the_title():
    blocks, _ = read_invoices("Invoices, credit notes, and more, of ACME\nerpKey;companyErpKey;notes\nI1;C1;a, b\n")
    assert table(blocks) == [(3, ["I1", "C1", "a, b"], "I1;C1;a, b")]


def test_a_header_in_the_first_line_is_the_header_whatever_follows():
    blocks, problems = read_invoices("erpKey,Remark,Betrag\nI1,x,y\nnotes,erpKey,z\n")
    assert problems == []
    assert blocks[0].columns == ["erpKey", "Remark", "Betrag"]


@pytest.mark.parametrize("rows", [f"{ROW}\n", f"{ROW}\nI2,C1,11.00,EUR\n", "Title\nI1,C1,10.00,\n"])
def test_a_header_below_rows_is_refused(rows):
    blocks, [problem] = read_invoices(f"{rows}{HEADER}\nI9,C1,1,EUR\n")
    line = rows.count("\n") + 1
    assert blocks == []
    assert (problem.kind, problem.line, problem.code) == ("error", None, "header_misplaced")
    assert problem.message == (
        f"The names of the columns stand in line {line}, below lines that look like rows, so nothing was loaded. "
        "Move them into the first line."
    )


@pytest.mark.parametrize("first", [ROW, "I1,C1,5,5", "I1,true,x,x", "I1,31.12.2024,x,x", "2024-01-31,C1,a,b"])
def test_without_a_header_every_line_is_a_row(first):
    blocks, problems = read_invoices(f"{first}\nI2,C1,11.00,EUR\n")
    assert problems == []
    assert blocks[0].columns == ["1", "2", "3", "4"]
    assert [row[0] for row in table(blocks)] == [1, 2]


def test_unknown_names_are_handed_on_even_if_they_are_empty_or_twice_there():
    blocks, problems = read_invoices("Nr;Betrag;;Betrag;\nI1;5;;6\n")
    assert problems == []
    assert blocks[0].columns == ["Nr", "Betrag", "(3)", "Betrag (4)"]


def test_a_single_line_without_a_known_name_is_an_error():
    blocks, [problem] = read_invoices("Nr,Betrag\n")
    assert blocks == []
    assert (problem.kind, problem.line, problem.code) == ("error", None, "header_missing")
    assert problem.message == (
        "The file has a single line, which names no known column, so nothing was loaded from it. Write the names of "
        "the columns into its first line."
    )


@pytest.mark.parametrize(
    "name", ["erpKey\u200b", "\u200eerpKey", "erp\u00adKey", "\ufefferpKey", "\ufeff\ufefferpKey", "\u00a0erpKey\u00a0"]
)
def test_names_are_cleaned_of_what_nobody_sees(name):
    blocks, problems = read_invoices(f"{name},totalAmount\nI1,5\n")
    assert problems == []
    assert blocks[0].columns == ["erpKey", "totalAmount"]


def test_names_that_look_alike_are_the_same_name():
    _, [problem] = read_invoices("erpKey,Caf\u00e9,Cafe\u0301\nI1,5,6\n")
    assert problem.code == "header_duplicated"


@pytest.mark.parametrize(
    "marks",
    [b"\xef\xbb\xbf", b"\xef\xbb\xbf" * 2, b"\xef\xbb\xbf" * 3, "\u00ef\u00bb\u00bf".encode(),
     b"\xef\xbb\xbf" + "\u00ef\u00bb\u00bf".encode()],
)  # fmt: skip
def test_byte_order_marks_are_passed_over_however_many(marks):
    blocks, problems = read_invoices(marks + b'"erpKey",totalAmount\nI1,5\n')
    assert problems == []
    assert table(blocks) == [(2, ["I1", "5"], "I1,5")]


@pytest.mark.parametrize("end", ["\x1a", "\n\x1a", "\r\n\x1a\x1a\x1a", "\n\x1a\n\n", "\r\n\x1a\r\n\x1a\r\n"])
def test_the_end_mark_of_dos_is_passed_over(end):
    blocks, problems = read_invoices(f"erpKey,companyErpKey,notes\nI1,C1,x{end}")
    assert problems == []
    assert table(blocks) == [(2, ["I1", "C1", "x"], "I1,C1,x")]


def test_an_end_mark_within_a_file_is_not_passed_over():
    blocks, problems = read_invoices("erpKey,companyErpKey,notes\nI1,C1,x\n\x1a\nI2,C1,y\n")
    assert [problem.code for problem in problems] == ["too_few_cells"]
    assert [row[0] for row in table(blocks)] == [2, 4]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('[{"erpKey": "I1"}]', "JSON"),
        ('{"erpKey": "I1", "totalAmount": 5}\n{"erpKey": "I2"}\n', "JSON"),
        ('{\n  "invoices": []\n}', "JSON"),
        ('\n  [\n{"erpKey": "I1"}]', "JSON"),
        ('<?xml version="1.0"?>\n<Invoices/>', "XML"),
        ("<Document>\n<Item/></Document>", "XML"),
        ("<!DOCTYPE html>\n<html>", "a web page (HTML)"),
        ("<table><tr><td>erpKey</td></tr></table>", "a web page (HTML)"),
    ],
)
def test_a_file_of_another_kind_is_an_error_that_says_which_kind(text, kind):
    blocks, [problem] = read_invoices(text)
    assert blocks == []
    assert (problem.kind, problem.line, problem.code) == ("error", None, "other_format")
    assert problem.message.startswith(f"The file seems to be {kind}, not CSV, so nothing was loaded from it. ")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7\n", "a PDF"),
        (b"PK\x03\x04\x14\0", "a workbook (XLSX) or a ZIP file"),
        (b"{\\rtf1\\ansi", "a text document (RTF)"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "a workbook from before 2007, or one with a password"),
        (b"\x1f\x8b\x08\0\0", "packed (gzip)"),
    ],
)
def test_a_file_that_is_not_text_is_an_error_that_says_what_it_seems_to_be(content, kind):
    _, [problem] = read_invoices(content)
    assert (problem.kind, problem.code) == ("error", "not_text")
    assert problem.message.startswith(f"The file is not a text file: it seems to be {kind}. ")


@pytest.mark.parametrize(
    "text", ["erpKey,totalAmount\nI1,5\nI2,6\n", "erpKey\ttotal\nI1\t5\n", '"erpKey";"x"\n"I1";"5"\n', "a|b\n1|2"]
)
def test_csv_that_is_named_like_json_lines_is_one_error(text):
    blocks, [problem] = read_invoices(text, format="jsonl")
    assert blocks == []
    assert (problem.kind, problem.line, problem.code) == ("error", None, "other_format")
    assert problem.message == (
        "The file seems to be CSV, not JSON lines, so nothing was loaded from it. Name it invoices.csv, then send it "
        "again."
    )


def test_a_web_page_that_is_named_like_json_lines_is_one_error():
    _, [problem] = read_invoices("<!doctype html>\n<html>\n", format="jsonl")
    assert problem.code == "other_format"
    assert "seems to be a web page (HTML), not JSON lines" in problem.message


def test_a_damaged_first_line_does_not_make_a_file_something_else():
    blocks, [problem] = read_invoices('"erpKey": "I1"}\n{"erpKey": "I2"}\n', format="jsonl")
    assert (problem.line, problem.code) == (1, "bad_json")
    assert [row[0] for row in table(blocks)] == [2]
