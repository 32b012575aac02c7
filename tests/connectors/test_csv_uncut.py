"""Lines that a CSV file yields uncut are those that it yields cut otherwise."""

import io

import pytest

from syncs.connectors import csv_lines
from syncs.connectors.csv_lines import read_csv
from syncs.rows import Limits, RowProblem, TextRows

LIMITS = Limits(unpacked_bytes=1024**3, ratio=200, entries=10, line_bytes=10_000)
PLAIN = "".join(f"I{number},Company {number},\n" for number in range(2_000))


def read(text, uncut):
    content = io.BytesIO(text.encode("utf-8", "surrogateescape"))
    return list(read_csv(content, name="companies", file="c.csv", limits=LIMITS, uncut=uncut))


def told(blocks):
    """Every line with its cells and source text, and every problem, in order of lines."""
    found = []
    for block in blocks:
        if isinstance(block, TextRows):
            found += told(block.exactly())
        elif isinstance(block, RowProblem):
            found.append((block.line or 0, block.code, block.raw))
        else:
            found += zip(block.lines, map(list, block.cells), block.raw, strict=True)
    return sorted(found, key=lambda one: one[0])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "oddity",
    ["", 'Q,"a\nb",x\n', 'Q,"a,b",x\n', "Q,a\n", "Q,a,b,c\n", "Q,a\nQ,a,b,c\n", "\n", ",,\n", "Q,a\tb\\,c\n",
     "Q,\udce4,x\n", "Q,ä,x\n", 'Q,a"b,x\n', f"Q,{'x' * 11_000},y\n", "Q,\u2028,x\n", 'Q,"open,x\n'],
)  # fmt: skip
def test_uncut_lines_are_the_same_lines(monkeypatch, oddity, end):
    monkeypatch.setattr(csv_lines, "UNCUT_BYTES", 16_384)
    text = ("erpKey,companyName,city\n" + PLAIN + oddity + PLAIN + "last,without,end").replace("\n", end)
    blocks = read(text, uncut=True)
    assert told(blocks) == told(read(text, uncut=False))
    assert end == "\r" or any(isinstance(block, TextRows) for block in blocks)


def test_uncut_lines_hold_their_text_and_numbers():
    head, plain = read("erpKey,name\nI0,x\n", uncut=True), []
    assert not any(isinstance(block, TextRows) for block in head)  # what comes with the header is cut
    text = "erpKey,companyName,city\n" + PLAIN * 150
    plain = [block for block in read(text, uncut=True) if isinstance(block, TextRows)]
    lines = text.splitlines()
    for block in plain:
        assert [lines[number - 1].encode() for number in block.lines] == block.raw
    assert plain
