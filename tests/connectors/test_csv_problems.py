"""CSV files with something wrong in them: what is said, and what is loaded all the same."""

import time

import pytest

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


def test_an_unclosed_quotation_mark_costs_one_line():
    blocks, [problem] = read('erpKey,name\nI1,"Acme\nI2,Bolt\nI3,"Core"\nI4,Dirk\n')
    assert (problem.line, problem.code, problem.message) == (2, "unclosed_quote", UNCLOSED)
    assert problem.raw == 'I1,"Acme'
    assert [row[0] for row in table(blocks)] == [3, 4, 5]
    assert [row[1][0] for row in table(blocks)] == ["I2", "I3", "I4"]


def test_an_unclosed_quotation_mark_without_a_later_one_costs_one_line():
    rows = [f"I{number},Acme" for number in range(3_000)]
    rows[10] = 'I10,"Acme'
    blocks, problems = read("\n".join(["erpKey,name", *rows]))
    assert told(problems) == [(12, "unclosed_quote", 'I10,"Acme')]
    assert [row[2] for row in table(blocks)] == rows[:10] + rows[11:]
    assert [row[0] for row in table(blocks)] == [*range(2, 12), *range(13, 3_002)]


def test_an_unclosed_quotation_mark_in_the_last_line_is_a_problem():
    blocks, problems = read('erpKey,name\nI1,Acme\nI2,"Bolt')
    assert told(problems) == [(3, "unclosed_quote", 'I2,"Bolt')]
    assert len(blocks[0]) == 1


def test_rows_swallowed_by_an_unclosed_quotation_mark_are_recovered():
    # The quotation mark at the end of line 3 closes the one in line 2, so that the csv module sees one short row.
    blocks, problems = read('erpKey,name,total\nI1,"Acme,5\nI2,5,pipe of 24"\nI3,7,pipe\n')
    assert told(problems) == [(2, "unclosed_quote", 'I1,"Acme,5')]
    assert [row[2] for row in table(blocks)] == ['I2,5,pipe of 24"', "I3,7,pipe"]


def test_swallowed_rows_with_too_many_cells_are_recovered():
    blocks, problems = read('erpKey,name\nI1,"Acme\nI2,6",7\nI3,Core\n')
    assert told(problems) == [(2, "unclosed_quote", 'I1,"Acme'), (3, "too_many_cells", 'I2,6",7')]
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
    blocks, [first, second] = read("erpKey;name;total\nI1,Acme,5\nI2\tBolt\t6\nI3;Core;7\n")
    assert [first.code, second.code] == ["too_few_cells", "too_few_cells"]
    assert first.message == (
        "The row’s cells seem to be separated by a comma, but the header’s by a semicolon. "
        "Separate both alike, then send the file again."
    )
    assert "by a tab" in second.message
    assert [row[0] for row in table(blocks)] == [4]


def test_a_whole_row_in_quotation_marks_is_a_problem_of_its_own():
    blocks, [problem] = read('erpKey,name,total\n"I1,Acme,5"\nI2,Bolt,6\n')
    assert (problem.line, problem.code) == (2, "too_few_cells")
    assert problem.message == (
        "The row has 1 cell, but the header has 3 columns: the whole row stands in quotation marks. "
        "Remove them, then send the file again."
    )
    assert [row[0] for row in table(blocks)] == [3]


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
    blocks, problems = read('erpKey,name\nI1,"' + "x\n" * 1_000 + '"\nI2,Bolt\n')
    assert told(problems)[0] == (2, "unclosed_quote", 'I1,"x')
    assert blocks[-1].cells[-1] == ["I2", "Bolt"] or told(problems)[-1][1] == "unclosed_quote"


def test_a_row_may_span_the_chunks_in_which_a_file_is_read():
    long = "\n".join(["x" * 1_000] * 900)
    blocks, problems = read(f'erpKey,name\nI1,"{long}"\nI2,"{long}"\nI3,Core\n', line_bytes=2_000_000)
    assert problems == []
    assert [(row[0], len(row[1][1])) for row in table(blocks)] == [
        (2, len(long)),
        (902, len(long)),
        (1802, 4),
    ]


def test_a_file_of_unclosed_quotation_marks_ends_in_good_time():
    started = time.monotonic()
    with pytest.raises(ConnectorError) as stopped:
        read("a,b\n" + 'a","\n' * 200_000)
    assert time.monotonic() - started < 10
    assert stopped.value.code == "quotes_unclosed"
    assert str(stopped.value).startswith(
        "The file “invoices.csv” opens quotation marks again and again without closing them, up to line "
    )
    assert str(stopped.value).endswith(". Double those inside values, then send it again.")
    assert len(str(stopped.value)) <= 200


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
