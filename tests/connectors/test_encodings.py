"""Files in UTF-8, UTF-16 and Windows-1252: what each is read as, and what is said of the rest."""

import codecs

import pytest

from syncs.connectors.formats import text_lines
from syncs.connectors.protocol import RowProblem
from tests.connectors.reading import read, table

NAMES = "erpKey,name\nI1,Zoë\nI2,Łódź €\n"


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, b""])
def test_utf_8_is_read_with_and_without_a_byte_order_mark(mark):
    blocks, problems = read(mark + NAMES.encode())
    assert problems == []
    assert blocks[0].columns == ["erpKey", "name"]
    assert blocks[0].cells == [["I1", "Zoë"], ["I2", "Łódź €"]]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("has_mark", [True, False])
def test_utf_16_is_read_with_and_without_a_byte_order_mark(encoding, has_mark):
    blocks, problems = read((("\ufeff" if has_mark else "") + NAMES).encode(encoding))
    assert problems == []
    assert blocks[0].cells == [["I1", "Zoë"], ["I2", "Łódź €"]]


def test_windows_1252_is_read_with_one_remark():
    text = "erpKey,name\nI1,Acme\nI2,Zoë – Müller’s “Café” €\nI3,Ærø\n"
    blocks, problems = read(text.encode("cp1252"))
    assert [row[1][1] for row in table(blocks)] == ["Acme", "Zoë – Müller’s “Café” €", "Ærø"]
    assert problems == [
        RowProblem(
            "invoices", "invoices.csv", 3, "encoding_assumed",
            "From line 3 on, the file holds text that is not UTF-8; it was read as Windows-1252. Look whether letters "
            "like ä and é are right; if not, save the file as “CSV UTF-8” and send it again.",
            kind="warning",
        )
    ]  # fmt: skip


def test_windows_1252_in_the_header_is_read():
    blocks, [problem] = read("erpKey,größe\nI1,5\n".encode("cp1252"))
    assert (blocks[0].columns, problem.line) == (["erpKey", "größe"], 1)


def test_line_numbers_do_not_depend_on_the_size_of_chunks(monkeypatch):
    rows = [f"I{at},Zo{'ë' if at % 7 == 5 else 'e'}" for at in range(500)]
    text = "\n".join(["erpKey,name", *rows])
    for size in (1, 3, 7, 64, 1000):
        monkeypatch.setattr(text_lines, "CHUNK_BYTES", size)
        blocks, problems = read(text.encode("cp1252"))
        assert [row[2] for row in table(blocks)] == rows
        assert [(problem.code, problem.line) for problem in problems] == [("encoding_assumed", 7)]


def test_a_byte_that_no_encoding_has_stays_in_its_cell():
    blocks, problems = read(b"erpKey,name\nI1,Caf\x81\nI2,Caf\xe9\n")
    assert [row[1][1] for row in table(blocks)] == ["Caf\udc81", "Café"]
    assert [problem.line for problem in problems] == [3]


def test_a_damaged_line_of_a_utf_8_file_is_not_taken_for_windows_1252():
    text = "erpKey,name\nI1,Zoë\nI2,Łó".encode() + b"\xe9d\n" + "I3,Ł".encode()[:-1]
    blocks, problems = read(text)
    assert problems == []
    assert [row[1][1] for row in table(blocks)] == ["Zoë", "Łó\udce9d", "\udcc5"]


def test_json_lines_are_read_as_windows_1252_too_and_a_bad_byte_is_named():
    blocks, problems = read('{"name": "Zoë"}\n'.encode("cp1252") + b'{"name": "a\x81"}', format="jsonl")
    assert table(blocks) == [(1, ["Zoë"], '{"name": "Zoë"}')]
    assert [(problem.kind, problem.line, problem.code) for problem in problems] == [
        ("warning", 1, "encoding_assumed"),
        ("error", 2, "bad_encoding"),
    ]
    assert problems[1].message == (
        "The line holds the byte 0x81 at character 12, which is not UTF-8 text. Export the file again "
        "as UTF-8, then send it again."
    )
