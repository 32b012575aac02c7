"""CSV files as programs and spreadsheets write them."""

import codecs

import pytest

from syncs.connectors.formats.csv_rows import COLUMN_LINES
from syncs.connectors.protocol import ABSENT, BLOCK_BYTES
from tests.connectors.reading import read, table


def test_a_row_has_its_cells_its_line_and_its_text():
    blocks, problems = read("erpKey,name\r\nI1,Acme\r\nI2,\r\n")
    assert problems == []
    assert (blocks[0].name, blocks[0].file, blocks[0].columns) == (
        "invoices",
        "invoices.csv",
        ["erpKey", "name"],
    )
    assert table(blocks) == [(2, ["I1", "Acme"], "I1,Acme"), (3, ["I2", ""], "I2,")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_read(end):
    blocks, _ = read(end.join(["erpKey,name", "I1,Acme", "", "I2,Bolt"]))
    assert table(blocks) == [(2, ["I1", "Acme"], "I1,Acme"), (4, ["I2", "Bolt"], "I2,Bolt")]


def test_the_line_of_a_row_is_where_it_begins_even_after_quoted_line_breaks():
    text = 'erpKey,name\nI1,"Acme\nof\r\nParis"\n\nI2,Bolt\n\n\nI3,"a ""b"""\n'
    blocks, _ = read(text)
    assert table(blocks) == [
        (2, ["I1", "Acme\nof\r\nParis"], 'I1,"Acme\nof\r\nParis"'),
        (6, ["I2", "Bolt"], "I2,Bolt"),
        (9, ["I3", 'a "b"'], 'I3,"a ""b"""'),
    ]


def test_a_line_break_in_the_header_counts_too():
    blocks, _ = read('erpKey,"company\nname"\nI1,Acme\n')
    assert blocks[0].columns == ["erpKey", "company\nname"]
    assert blocks[0].lines == [3]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_the_header(mark):
    blocks, _ = read(f"erpKey{mark}name{mark}total\nI1{mark}Acme{mark}5\n")
    assert table(blocks) == [(2, ["I1", "Acme", "5"], f"I1{mark}Acme{mark}5")]


def test_delimiters_inside_quoted_names_do_not_count():
    blocks, _ = read('"a;b;c;d",e\n1,2\n')
    assert blocks[0].columns == ["a;b;c;d", "e"]


@pytest.mark.parametrize(("said", "mark"), [("sep=;", ";"), ("SEP=^", "^"), ('"sep=;"', ";"), ("sep=\t", "\t")])
def test_a_first_line_may_declare_the_delimiter(said, mark):
    blocks, _ = read(f"{said}\r\nerpKey{mark}name, in full\r\nI1{mark}Acme\r\n")
    assert blocks[0].columns == ["erpKey", "name, in full"]
    assert table(blocks) == [(3, ["I1", "Acme"], f"I1{mark}Acme")]


@pytest.mark.parametrize(
    "encoded",
    [
        "erpKey,name\nI1,Zoë\n".encode(),
        codecs.BOM_UTF8 + "erpKey,name\nI1,Zoë\n".encode(),
        "erpKey,name\nI1,Zoë\n".encode("utf-16"),
        codecs.BOM_UTF16_BE + "erpKey,name\nI1,Zoë\n".encode("utf-16-be"),
    ],
)
def test_unicode_with_and_without_a_byte_order_mark_is_read(encoded):
    blocks, _ = read(encoded)
    assert blocks[0].columns == ["erpKey", "name"]
    assert table(blocks) == [(2, ["I1", "Zoë"], "I1,Zoë")]


def test_nul_characters_and_odd_breaks_stay_in_their_cell():
    blocks, problems = read("erpKey,name\nI1,A\0B\nI2,C\x0bD\u2028E\x85\n")
    assert problems == []
    assert table(blocks) == [
        (2, ["I1", "A\0B"], "I1,A\0B"),
        (3, ["I2", "C\x0bD\u2028E\x85"], "I2,C\x0bD\u2028E\x85"),
    ]


def test_cells_missing_at_the_end_are_absent_not_empty():
    blocks, [problem] = read("erpKey,name,total,tax\nI1,,5,1\nI2,Acme\nI3,Bolt,7\n")
    assert blocks[0].cells == [["I1", "", "5", "1"], ["I2", "Acme", ABSENT, ABSENT], ["I3", "Bolt", "7", ABSENT]]
    assert (problem.kind, problem.line, problem.code) == ("warning", 3, "cells_missing")
    assert problem.message == (
        "2 rows end before the last column, in the lines 3 and 4 (the first has 2 of 4 cells). What is not there was "
        "left as it is in the books."
    )


@pytest.mark.parametrize(
    ("short", "sentence"),
    [
        ([4], "The row ends before the last column (2 of 4 cells). "),
        ([5, 7, 9], "3 rows end before the last column, in the lines 5, 7 and 9 (the first has 2 of 4 cells). "),
        (
            range(3, 40),
            "37 rows end before the last column, in the lines 3, 4, 5, 6, 7 and further ones (the first ",
        ),
        (
            range(12_000, 13_000, 2),
            "500 rows end before the last column, in the lines 12,000, 12,002, 12,004, ",
        ),
    ],
)
def test_rows_that_end_early_are_told_once_with_their_lines(short, sentence):
    rows = [f"I{line},Acme" if line in short else f"I{line},Acme,5,1" for line in range(2, 14_000)]
    _, [problem] = read("\n".join(["erpKey,name,total,tax", *rows, ""]))
    assert (problem.code, problem.line) == ("cells_missing", short[0])
    assert problem.message.startswith(sentence)


def test_empty_cells_beyond_the_header_are_ignored():
    blocks, problems = read("erpKey,name,,\nI1,Acme,,\nI2,Bolt,,,,\n")
    assert problems == []
    assert blocks[0].columns == ["erpKey", "name"]
    assert blocks[0].cells == [["I1", "Acme"], ["I2", "Bolt"]]


def test_rows_without_any_value_are_blank_lines():
    blocks, problems = read("erpKey,name,total\n,,\nI1,Acme,5\n   \n,\n,,,,\n")
    assert problems == []
    assert table(blocks) == [(3, ["I1", "Acme", "5"], "I1,Acme,5")]


def test_blanks_around_names_are_stripped_and_those_in_values_are_not():
    blocks, _ = read(" erpKey , name\nI1, Acme \n")
    assert blocks[0].columns == ["erpKey", "name"]
    assert blocks[0].cells == [["I1", " Acme "]]


def test_quotation_marks_inside_an_unquoted_value_are_part_of_it():
    blocks, problems = read('erpKey,name\nI1,6" nails\n')
    assert problems == []
    assert blocks[0].cells == [["I1", '6" nails']]


def test_a_value_longer_than_the_default_limit_of_the_csv_module_is_read():
    blocks, problems = read(f"erpKey,name\nI1,{'x' * 200_000}\n")
    assert problems == []
    assert len(blocks[0].cells[0][1]) == 200_000


def test_rows_come_in_blocks_of_the_agreed_size():
    rows = [f"I{number},Acme" for number in range(23_456)]
    blocks, _ = read("\n".join(["erpKey,name", *rows]))
    assert [len(block) for block in blocks] == [COLUMN_LINES, COLUMN_LINES, 3_456]
    assert table(blocks) == [(line, text.split(","), text) for line, text in enumerate(rows, start=2)]


def test_big_rows_come_in_smaller_blocks():
    rows = [f"I{number},{'x' * 100_000}" for number in range(200)]
    blocks, _ = read("\n".join(["erpKey,name", *rows]))
    assert len(blocks) > 2
    assert max(sum(map(len, block.raw)) for block in blocks) <= BLOCK_BYTES
    assert [raw for block in blocks for raw in block.raw] == rows


def test_codes_that_look_like_scientific_numbers_stay_text():
    blocks, _ = read("erpKey,purchaseOrderCode\nI1,066E1\nI2,07463\n")
    assert blocks[0].cells == [["I1", "066E1"], ["I2", "07463"]]
