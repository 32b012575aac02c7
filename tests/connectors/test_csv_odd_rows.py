"""Rows that exports and people write in their own ways: blanks, repeated headers, rows in quotation marks."""

import pytest

from syncs.connectors.protocol import ABSENT
from syncs.loading.staging.vocabulary import RecordNames
from tests.connectors.reading import read, table

HEADER = "erpKey,companyErpKey,notes"


def read_invoices(content, **given):
    return read(content, vocabulary=RecordNames(), **given)


def cells(blocks):
    return [row[1] for row in table(blocks)]


@pytest.mark.parametrize(
    "row",
    [
        '"I1", "C1", "Acme, Ltd"',
        '"I1" , "C1" ,"Acme, Ltd"',
        '  "I1"   ,   "C1"   ,   "Acme, Ltd"   ',
        'I1,"C1", "Acme, Ltd"',
        'I1,\t"C1",\t"Acme, Ltd"',
        '"I1"\t,\u00a0"C1" \t,\u00a0 \t"Acme, Ltd"\u00a0',
    ],
)
def test_blanks_around_quotation_marks_are_read_past(row):
    blocks, problems = read_invoices(f'"erpKey" , "companyErpKey", "notes" \n{row}\nI2,C1,x\n')
    assert problems == []
    assert blocks[0].columns == ["erpKey", "companyErpKey", "notes"]
    assert cells(blocks) == [["I1", "C1", "Acme, Ltd"], ["I2", "C1", "x"]]


def test_blanks_before_a_cell_of_several_lines_are_read_past():
    blocks, problems = read_invoices(f'{HEADER}\n"I1", "C1", "Acme\nC9,C9,C9"\n"I2" , "C1" , "B ""b"", \nx" \n')
    assert problems == []
    assert [(line, row) for line, row, _ in table(blocks)] == [
        (2, ["I1", "C1", "Acme\nC9,C9,C9"]),
        (4, ["I2", "C1", 'B "b", \nx']),
    ]


def test_tabs_before_a_cell_of_several_lines_are_read_past():
    blocks, problems = read_invoices(f'{HEADER}\nI1,C1,\t"Acme,\t""\nC9,\t""x"\n\t"I2",C1,\u00a0"\t"\nI3,C1,6"\n')
    assert problems == []
    assert [(line, row) for line, row, _ in table(blocks)] == [
        (2, ["I1", "C1", 'Acme,\t"\nC9,\t"x']),
        (4, ["I2", "C1", "\t"]),
        (5, ["I3", "C1", '6"']),
    ]


@pytest.mark.parametrize("delimiter", [";", "|"])
def test_tabs_before_quotation_marks_in_the_header_are_read_past(delimiter):
    text = f'"erpKey",\t"companyErpKey" \t,\u00a0"notes"\nI1,C1,\t"x{delimiter}y"\n'
    blocks, problems = read_invoices(text.replace(",", delimiter))
    assert problems == []
    assert blocks[0].columns == ["erpKey", "companyErpKey", "notes"]
    assert cells(blocks) == [["I1", "C1", f"x{delimiter}y"]]


def test_tabs_between_cells_are_no_blanks():
    blocks, problems = read_invoices('erpKey\tcompanyErpKey\tnotes\nI1\t"C1"\t"x\ty"\nI2\t\t"z"\n')
    assert problems == []
    assert cells(blocks) == [["I1", "C1", "x\ty"], ["I2", "", "z"]]


def test_blanks_within_quotation_marks_stay():
    blocks, _ = read_invoices(f'{HEADER}\n"I1",C1,", ""a"" ,"\n')
    assert cells(blocks) == [["I1", "C1", ', "a" ,']]


def test_blanks_around_a_badly_quoted_value_do_not_make_it_good():
    blocks, [problem] = read_invoices(f'{HEADER}\n"I1", "6" nails", x\nI2,C1,y\n')
    assert (problem.line, problem.code) == (2, "stray_quote")
    assert cells(blocks) == [["I2", "C1", "y"]]


@pytest.mark.parametrize(
    "blank", [" , , ", ",,\u00a0", "\u00a0,,", "\t, ,\t", '" "," ",', '"","",""', "   ", ", ,\u2003\u200a", " ,,,, ,"]
)
def test_rows_of_blanks_are_passed_over(blank):
    blocks, problems = read_invoices(f"{HEADER}\n{blank}\nI1,C1,x\n{blank}\n{blank}\nI2,C1,y\n{blank}")
    assert problems == []
    assert [row[0] for row in table(blocks)] == [3, 6]


def test_rows_of_blanks_among_quoted_rows_are_passed_over():
    blocks, problems = read_invoices(f'{HEADER}\n"I1","C1","a\nb"\n , ,\n"I2",C1,\n,\u00a0,\n')
    assert problems == []
    assert [row[0] for row in table(blocks)] == [2, 5]


def test_a_row_with_anything_in_it_is_no_row_of_blanks():
    blocks, _ = read_invoices(f"{HEADER}\n ,,x\n, ,\n")
    assert cells(blocks) == [[" ", "", "x"]]


@pytest.mark.parametrize(
    "again", [HEADER, f"\ufeff{HEADER}", HEADER.upper(), '"erpKey","companyErpKey","notes"', f"{HEADER},,"]
)
def test_a_header_that_stands_there_again_is_passed_over(again):
    if again == HEADER.upper():
        again = "erpKey,COMPANYERPKEY,Notes"
    blocks, [warning] = read_invoices(f"{HEADER}\nI1,C1,x\n{again}\nI2,C1,y\n{again}\nI3,C1,z\n")
    assert (warning.kind, warning.code, warning.line) == ("warning", "header_repeated", 3)
    assert warning.message == "The header stands once more in line 3 and in line 5, and was passed over there."
    assert [row[0] for row in table(blocks)] == [2, 4, 6]


def test_a_header_on_each_page_is_told_once():
    text = f"{HEADER}\n" + "".join(f"I{n},C1,x\n" + (f"{HEADER}\n" if n % 50 == 49 else "") for n in range(20_000))
    blocks, [warning] = read_invoices(text)
    assert warning.message == (
        "The header stands once more in line 52, and in 399 further lines, and was passed over there."
    )
    assert len(table(blocks)) == 20_000


def test_a_header_among_rows_of_several_lines_is_passed_over():
    blocks, [warning] = read_invoices(f'{HEADER}\nI1,C1,"x\n{HEADER}\ny"\n{HEADER}\nI2,C1,z\n')
    assert (warning.code, warning.line) == ("header_repeated", 5)
    assert [(line, row[2]) for line, row, _ in table(blocks)] == [(2, f"x\n{HEADER}\ny"), (6, "z")]


@pytest.mark.parametrize("quoted", [False, True])
def test_nothing_below_a_header_with_other_names_is_loaded(quoted):
    notes = '"a\nb"' if quoted else "a"
    other = "erpKey,notes,companyErpKey"
    blocks, [problem] = read_invoices(f"{HEADER}\nI1,C1,{notes}\n{other}\nI2,{notes},C1\nI3,{notes},C1\n\n")
    line, count = (4, 4) if quoted else (3, 2)
    assert (problem.kind, problem.line, problem.code, problem.row_count) == ("error", line, "other_header", count)
    assert problem.message == (
        f"Line {line} names other columns than the header, so the {count} lines behind it were not loaded. Send them "
        "as a file of their own."
    )
    assert problem.raw.startswith(other)
    assert cells(blocks) == [["I1", "C1", "a\nb" if quoted else "a"]]


def test_a_row_equal_to_a_first_line_without_known_names_is_a_row():
    blocks, problems = read_invoices("X1,Acme\nX1,Acme\nX1,Acme\n")
    assert problems == []
    assert [row[0] for row in table(blocks)] == [2, 3]


def test_a_key_like_a_name_is_a_key():
    blocks, problems = read_invoices(f"{HEADER}\nerpKey,C1,x\nI2,C1,y\n")
    assert problems == []
    assert cells(blocks) == [["erpKey", "C1", "x"], ["I2", "C1", "y"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_file_whose_lines_stand_in_quotation_marks_is_read(delimiter):
    header, rows = HEADER.split(","), [["I1", "C1", f"a{delimiter}b"], ["I2", "C1", 'say "x"'], ["I3", "C1", ""]]
    lines = ['"' + delimiter.join(header) + '"']
    for row in rows:
        quoted = delimiter.join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row)
        lines.append('"' + quoted.replace('"', '""') + '"')
    blocks, [warning] = read_invoices("\r\n".join(lines) + "\r\n")
    assert (warning.kind, warning.code, warning.line) == ("warning", "rows_in_quotes", 2)
    assert blocks[0].columns == header
    assert cells(blocks) == rows
    assert table(blocks)[0][2] == delimiter.join(['"I1"', '"C1"', f'"a{delimiter}b"'])


def test_a_file_of_two_columns_whose_lines_stand_in_quotation_marks_is_read():
    blocks, problems = read_invoices('"erpKey,notes"\n"I1,x"\n"I2"\nI3,y\n')
    assert cells(blocks) == [["I1", "x"], ["I2", ABSENT], ["I3", "y"]]
    assert [problem.code for problem in problems] == ["rows_in_quotes", "cells_missing"]
