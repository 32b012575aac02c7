"""CSV files with something wrong in them: what is said, and what is loaded all the same."""

import time

import pytest

from syncs.connectors.formats import text_lines
from syncs.connectors.protocol import ConnectorError, RowProblem
from tests.connectors.reading import read, table

DOUBLE_IT = 'Double every quotation mark inside the value, like "6"" nails".'
STRAY = f"A value has text after its closing quotation mark. {DOUBLE_IT}"
UNCLOSED = (
    "A value opens with a quotation mark that is not closed. Close it, or double it if it belongs to the "
    'value, like "6"" nails".'
)


def told(problems):
    return [(problem.line, problem.code, problem.raw) for problem in problems]


def test_a_row_with_too_many_cells_is_left_out():
    blocks, problems = read("erpKey;name\nI1;Acme;5;;6\nI2;Bolt\n")
    assert problems == [
        RowProblem(
            "invoices",
            "invoices.csv",
            2,
            "too_many_cells",
            "The row has 3 cells more than the header has columns (2). Put a value that contains a semicolon "
            "in quotation marks, or remove what is too much.",
            raw="I1;Acme;5;;6",
        )
    ]
    assert table(blocks) == [(3, ["I2", "Bolt"], "I2;Bolt")]


def test_one_cell_too_many_is_one_cell():
    _, [problem] = read("erpKey,name\nI1,Acme,5\n")
    assert problem.message.startswith("The row has 1 cell more than the header has columns (2). Put a value that")


def test_text_after_a_closing_quotation_mark_is_a_problem_and_the_rest_is_read():
    blocks, [problem] = read('erpKey,name\nI1,"6" nails"\nI2,"Bolt"\n')
    assert (problem.line, problem.code, problem.message) == (2, "stray_quote", STRAY)
    assert problem.raw == 'I1,"6" nails"'
    assert table(blocks) == [(3, ["I2", "Bolt"], 'I2,"Bolt"')]


def test_lines_from_an_open_quotation_mark_to_a_badly_closed_one_are_no_rows():
    blocks, [problem] = read('erpKey,name\nI1,"Acme\nI2,Bolt\nI3,"Core"\nI4,Dirk\n')
    assert (problem.line, problem.code, problem.row_count) == (2, "unclosed_quote", 1)
    assert problem.raw == 'I1,"Acme\nI2,Bolt\nI3,"Core"'
    assert problem.message == (
        "A value opens with a quotation mark that is not closed before line 4, so lines 2 to 4 were read as one row, "
        'which cannot be loaded. Close it, or double it if it belongs to the value, like "6"" nails".'
    )
    assert table(blocks) == [(5, ["I4", "Dirk"], "I4,Dirk")]


@pytest.mark.parametrize("row", [0, 10, 999, 2_998])
def test_nothing_behind_a_quotation_mark_that_is_never_closed_is_a_row(row):
    rows = [f"I{number},Acme" for number in range(3_000)]
    rows[row] = f'I{row},"Acme'
    blocks, [problem] = read("\n".join(["erpKey,name", *rows]))
    count = 3_000 - row
    assert (problem.kind, problem.line, problem.code, problem.row_count) == ("error", row + 2, "unclosed_quote", count)
    assert problem.raw.startswith(rows[row])
    assert problem.message == (
        f"In line {row + 2:,}, a value opens with a quotation mark that is not closed up to the end of the file, so "
        f"none of the {count:,} lines from there on was loaded. "
        'Close it, or double it if it belongs to the value, like "6"" nails".'
    )
    assert [line[2] for line in table(blocks)] == rows[:row]
    assert list(problem.lines) == [(number + 2, rows[number]) for number in range(row, 3_000)]


def test_an_unclosed_quotation_mark_in_the_last_line_is_a_problem():
    blocks, problems = read('erpKey,name\nI1,Acme\nI2,"Bolt')
    assert told(problems) == [(3, "unclosed_quote", 'I2,"Bolt')]
    assert len(blocks[0]) == 1


def test_rows_that_quotation_marks_hold_together_are_one_problem():
    # The quotation mark at the end of line 3 closes the one in line 2.
    blocks, problems = read('erpKey,name,total\nI1,"Acme,5\nI2,5,pipe of 24"\nI3,7,pipe\n')
    assert told(problems) == [(2, "unclosed_quote", 'I1,"Acme,5\nI2,5,pipe of 24"')]
    assert [row[2] for row in table(blocks)] == ["I3,7,pipe"]


def test_quotation_marks_that_do_not_count_are_named():
    _, [problem] = read("erpKey,name\nI1,“Acme, Inc”\n")
    assert problem.message.endswith('Only straight quotation marks (") count, not “.')


def test_a_row_of_several_lines_with_too_many_cells_is_one_problem():
    blocks, problems = read('erpKey,name\nI1,"Acme\nI2,6",7\nI3,Core\n')
    assert told(problems) == [(2, "too_many_cells", 'I1,"Acme\nI2,6",7')]
    assert [row[2] for row in table(blocks)] == ["I3,Core"]


def test_a_short_row_with_a_line_break_in_quotes_is_no_problem():
    blocks, problems = read('erpKey,name,total,date\nI1,"Acme\nof Paris, France"\nI2,Bolt,5,\n')
    assert [problem.code for problem in problems] == ["cells_missing"]
    assert [row[0] for row in table(blocks)] == [2, 4]


def test_a_row_of_one_cell_is_no_record():
    blocks, [problem] = read("erpKey,name,total\nI1,Acme,5\nTotal\nI2,Bolt,6\n")
    assert (problem.kind, problem.line, problem.code, problem.raw) == ("error", 3, "too_few_cells", "Total")
    assert problem.message == (
        "The row has 1 cell, but the header has 3 columns. Remove the line if it is a title or a total, or fill it in."
    )
    assert [row[0] for row in table(blocks)] == [2, 4]


def test_rows_with_another_delimiter_than_the_header_are_a_problem_of_their_own():
    blocks, [first, second, third] = read("erpKey;name;total\nI1,Acme,5\nI2\tBolt\t6\nI3;Core;7\nI4,Dirk; Ltd,8\n")
    assert [problem.code for problem in (first, second, third)] == ["other_delimiter"] * 3
    assert first.message == (
        "The row’s cells seem to be separated by a comma, but the header’s by a semicolon. "
        "Separate both alike, then send the file again."
    )
    assert "by a tab" in second.message
    assert (third.line, third.raw) == (5, "I4,Dirk; Ltd,8")
    assert [row[0] for row in table(blocks)] == [4]


@pytest.mark.parametrize("row", ["I1;C1;C1;1,50", "I1;C1;C1;1", "I1;C1;a, b;1,5", "I1|C1|C1|1,50"])
def test_a_decimal_comma_does_not_hide_another_delimiter(row):
    blocks, [problem] = read(f"erpKey,companyErpKey,customerErpKey,total\n{row}\nI2,C1,C1,2\n")
    assert (problem.line, problem.code) == (2, "other_delimiter")
    assert [row[0] for row in table(blocks)] == [3]


def test_rows_that_stand_in_quotation_marks_as_a_whole_are_read_with_a_warning():
    text = 'erpKey,name,total\n"I1,Acme,5"\nI2,Bolt,6\n"I3,""Core, Ltd"",7"\n"I4,""Dirk\nInc"",8"\n'
    blocks, [warning] = read(text)
    assert (warning.kind, warning.line, warning.code) == ("warning", 2, "rows_in_quotes")
    assert warning.message == (
        "From line 2 on, whole rows stand in quotation marks. They were read as if the marks were not there. Look "
        "whether every value is in its column."
    )
    assert table(blocks) == [
        (2, ["I1", "Acme", "5"], "I1,Acme,5"),
        (3, ["I2", "Bolt", "6"], "I2,Bolt,6"),
        (4, ["I3", "Core, Ltd", "7"], 'I3,"Core, Ltd",7'),
        (5, ["I4", "Dirk\nInc", "8"], 'I4,"Dirk\nInc",8'),
    ]


@pytest.mark.parametrize("row", ['"I1,Acme"', '"I1,Acme,5,6"', "'I1,Acme,5'"])
def test_a_row_in_quotation_marks_that_does_not_fit_is_no_record(row):
    blocks, problems = read(f"erpKey,name,total\n{row}\nI2,Bolt,6\n")
    assert [row[0] for row in table(blocks) if row[1][0] == "I2"] == [3]
    assert problems == [] or problems[0].code == "too_few_cells"


def test_a_last_line_that_breaks_off_is_not_half_a_record():
    blocks, [problem] = read("erpKey,name,total\nI1,Acme,5\nI2,Bo")
    assert (problem.kind, problem.line, problem.code) == ("error", 3, "line_cut_off")
    assert problem.message == (
        "The last line has 2 cells of 3 and no end: the file was probably cut off. Export it again, then send it again."
    )
    assert [row[0] for row in table(blocks)] == [2]


def test_a_row_of_a_thousand_lines_is_read_and_a_longer_one_is_not():
    blocks, problems = read('erpKey,name\nI1,"' + "\n" * 999 + '"\nI2,Bolt\n')
    assert problems == []
    assert [row[0] for row in table(blocks)] == [2, 1002]
    blocks, [problem] = read('erpKey,name\nI1,"' + "x\n" * 1_000 + '"\nI2,Bolt\n')
    assert (problem.line, problem.code, problem.row_count) == (2, "row_too_long", 1)
    assert problem.message == (
        "The row goes on over 1,001 lines, because a value in quotation marks does. A row may have at most 1,000 "
        "lines and 1,048,576 bytes, so it was not loaded. Shorten the value; or close its quotation mark, if that "
        "was forgotten."
    )
    assert table(blocks) == [(1003, ["I2", "Bolt"], "I2,Bolt")]


@pytest.mark.parametrize("lines", [1_001, 1_500, 5_000, 25_000])
@pytest.mark.parametrize("inner", ["C9,Ghost,Customer", 'He said ""C9,Ghost,Customer""', '""', ""])
def test_lines_in_quotation_marks_are_never_rows_however_many(lines, inner):
    text = f'erpKey,name,type\nC1,Acme,x\nC2,"{inner}' + f"\n{inner}" * (lines - 1) + '",y\nC3,Bolt,z\n'
    blocks, [problem] = read(text)
    assert (problem.line, problem.code) == (3, "row_too_long")
    assert f"over {lines:,} lines" in problem.message
    assert table(blocks) == [(2, ["C1", "Acme", "x"], "C1,Acme,x"), (3 + lines, ["C3", "Bolt", "z"], "C3,Bolt,z")]


def test_a_quoted_cell_of_too_many_bytes_is_one_problem():
    text = 'erpKey,name\nC1,"' + "\n".join(["C9,Ghost" * 10] * 500) + '"\nC2,"Bolt\nLtd"\n'
    blocks, [problem] = read(text, line_bytes=10_000)
    assert (problem.line, problem.code) == (2, "row_too_long")
    assert [row[0] for row in table(blocks)] == [502]


@pytest.mark.parametrize("chunk", [16, 500, 70_000])
def test_rows_over_the_limit_are_the_same_in_whatever_pieces_a_file_is_read(chunk, monkeypatch):
    monkeypatch.setattr(text_lines, "CHUNK_BYTES", chunk)
    text = 'erpKey,name\nC1,"' + "\n".join(["C9,Ghost"] * 3_000) + '"\nC2,"6" nails\nC3,"Core"\nC4,Dirk\nC5,"x\ny\n'
    blocks, problems = read(text)
    assert [(problem.line, problem.code) for problem in problems] == [
        (2, "row_too_long"),
        (3_002, "stray_quote"),
        (3_005, "unclosed_quote"),
    ]
    assert [row[0] for row in table(blocks)] == [3_003, 3_004]


def test_a_long_line_within_quotation_marks_belongs_to_its_row():
    long = "x" * 5_000
    text = f'erpKey,name\nC1,"a\nC8,Ghost\n{long}\nC9,Ghost\nend"\nC2,Bolt\n'
    blocks, [problem] = read(text, line_bytes=1_000)
    assert (problem.line, problem.code) == (2, "row_too_long")
    assert [row[0] for row in table(blocks)] == [7]


def test_a_long_line_may_open_and_close_quotation_marks():
    long = "x" * 5_000
    text = f'erpKey,name\nC1,"{long}\nC9,Ghost\n{long}"\nC2,Bolt\nC3,"{long}"\nC4,Core\n'
    blocks, problems = read(text, line_bytes=1_000)
    assert [(problem.line, problem.code) for problem in problems] == [(2, "row_too_long"), (6, "line_too_long")]
    assert [row[0] for row in table(blocks)] == [5, 7]


def test_a_row_may_span_the_chunks_in_which_a_file_is_read():
    long = "\n".join(["x" * 1_000] * 900)
    blocks, problems = read(f'erpKey,name\nI1,"{long}"\nI2,"{long}"\nI3,Core\n', line_bytes=2_000_000)
    assert problems == []
    assert [(row[0], len(row[1][1])) for row in table(blocks)] == [
        (2, len(long)),
        (902, len(long)),
        (1802, 4),
    ]


@pytest.mark.parametrize("line", ['a","', 'a,"6" nails"', '"a" b,"', "a,\"'"])
def test_a_file_of_stray_quotation_marks_ends_in_good_time(line):
    started = time.process_time()
    _, problems = read("a,b\n" + f"{line}\n" * 100_000)
    assert time.process_time() - started < 20
    assert {problem.code for problem in problems} <= {"stray_quote", "unclosed_quote", "row_too_long", "too_many_cells"}


def test_a_line_over_the_limit_is_a_problem_and_not_kept_in_memory():
    text = f"erpKey,name\nI1,Acme\nI2,{'x' * 5_000_000}\nI3,Core\n"
    blocks, [problem] = read(text, line_bytes=100_000)
    assert (problem.line, problem.code) == (3, "line_too_long")
    assert problem.message == (
        "The line is longer than 100,000 bytes, the most that one line may have. "
        "Check that the file has line breaks, and shorten the line."
    )
    assert problem.raw == "I2," + "x" * 197
    assert [(row[0], row[2]) for row in table(blocks)] == [(2, "I1,Acme"), (4, "I3,Core")]


def test_long_lines_among_short_ones_and_at_the_end_are_problems():
    text = "erpKey\r\n" + "".join(f"{'x' * (2_000 if n % 3 == 0 else 5)}\r\n" for n in range(9)) + "y" * 2_000
    blocks, problems = read(text, line_bytes=1_000)
    assert [problem.line for problem in problems] == [2, 5, 8, 11]
    assert [row[0] for row in table(blocks)] == [3, 4, 6, 7, 9, 10]


@pytest.mark.parametrize(
    ("text", "code", "column", "message"),
    [
        (
            "erpKey,name,ErpKey\nI1,A,B\n",
            "header_duplicated",
            "erpKey",
            "The header in line 1 names the column “erpKey” twice. Keep one column of that name.",
        ),
        (
            "sep=;\n\na;b;a;A\n",
            "header_duplicated",
            "a",
            "The header in line 3 names the column “a” 3 times. Keep one column of that name.",
        ),
        (
            "erpKey,,name\nI1,,B\n",
            "header_blank",
            "",
            "Column 2 has no name in the header in line 1. Name it or remove it.",
        ),
        (
            ",,\nI1,,B\n",
            "header_blank",
            "",
            "The header in line 1 names no column. Write the columns’ names into the first line.",
        ),
        (
            'erpKey,"name\nI1,B\n',
            "header_unreadable",
            "",
            "The header in line 1 cannot be read: a quotation mark stands in a wrong place or is not closed. "
            "Correct the header, then send the file again.",
        ),
        (
            ",".join(f"c{number}" for number in range(1_001)) + "\n1\n",
            "too_many_columns",
            "",
            "The header in line 1 names 1,001 columns; at most 1,000 can be read. Remove those that are not needed.",
        ),
        (
            "PK\x03\x04\x14\0[Content_Types].xml",
            "not_text",
            "",
            "The file is not a text file: it seems to be a workbook (XLSX) or a ZIP file. Name it after what it is, or "
            "save it as “CSV UTF-8”, then send it again.",
        ),
        (
            "x" * 2_000_000,
            "line_too_long",
            "",
            "The header is longer than 1,048,576 bytes, the most that one line may have. "
            "Check that the file has line breaks.",
        ),
    ],
)
def test_a_file_with_an_unusable_header_is_not_read(text, code, column, message):
    blocks, [problem] = read(text)
    assert blocks == []
    assert (problem.kind, problem.line, problem.code, problem.column) == ("error", None, code, column)
    assert problem.message == message


def test_the_encoding_of_a_file_that_is_not_text_is_not_remarked_on():
    _, problems = read(b"PK\x03\x04\x14\0\xff\xfe\x90 \xe4\n")
    assert [problem.code for problem in problems] == ["not_text"]


def test_the_encoding_of_a_file_without_a_usable_header_is_remarked_on():
    _, problems = read("größe,größe\nI1,2\n".encode("cp1252"))
    assert [problem.code for problem in problems] == ["encoding_assumed", "header_duplicated"]


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff", "sep=;\n"])
def test_an_empty_file_is_remarked_on(text):
    blocks, [problem] = read(text)
    assert blocks == []
    assert problem == RowProblem(
        "invoices",
        "invoices.csv",
        None,
        "file_empty",
        "The file is empty, so nothing was loaded from it.",
        kind="warning",
    )


@pytest.mark.parametrize("text", ["erpKey,name", "erpKey,name\n\n,\n"])
def test_a_header_alone_is_remarked_on(text):
    blocks, [problem] = read(text)
    assert blocks == []
    assert (problem.kind, problem.code) == ("warning", "file_without_rows")
    assert problem.message == "The file has a header and no rows, so nothing was loaded from it."


def test_a_file_with_only_bad_rows_is_not_called_a_file_without_rows():
    _, problems = read("erpKey\nI1,2\n")
    assert [problem.code for problem in problems] == ["too_many_cells"]


def test_a_utf_16_file_that_was_cut_off_fails():
    with pytest.raises(ConnectorError) as stopped:
        read("erpKey\nI1\n".encode("utf-16") + b"x")
    assert str(stopped.value) == (
        "The file “invoices.csv” ends in the middle of a character, so it was probably cut off. "
        "Export it again, then send it again."
    )
