"""Whatever a CSV writer writes is read back: the same cells, the right lines, the exact text."""

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncs.connectors.formats import csv_rows, text_lines
from tests.connectors.reading import read, table

CELL = st.text(st.sampled_from('ab",;|\t\n\r é€\x0b\u2028\0'), max_size=8)


@st.composite
def tables(draw):
    width = draw(st.integers(1, 5))
    return draw(st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=30))


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(text_lines, "CHUNK_BYTES", 7)
    monkeypatch.setattr(csv_rows, "BLOCK_ROWS", 3)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables(), st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n", "\r"]))
def test_written_tables_come_back(small_pieces, rows, delimiter, end):
    text = io.StringIO(newline="")
    # All cells are quoted, because writers and readers disagree on single CRs and NULs in unquoted cells.
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow([f"column{number}" for number in range(len(rows[0]))])
    expected = []
    for row in rows:
        start = text.tell()
        line = 1 + breaks(text.getvalue())
        writer.writerow(row)
        if any(map(str.strip, row)):
            expected.append((line, row, text.getvalue()[start:].removesuffix(end)))

    blocks, problems = read(f"sep={delimiter}{end}" + text.getvalue())

    assert [problem for problem in problems if problem.kind == "error"] == []
    assert table(blocks) == [(line + 1, row, raw) for line, row, raw in expected]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from('a",\n\r;'), max_size=60))
def test_no_text_is_lost_whatever_is_in_it(small_pieces, text):
    blocks, problems = read("a,b\n" + text)
    lines = io.StringIO("a,b\n" + text, newline="").readlines()
    told = set()
    for problem in problems:
        if problem.line:
            told |= set(range(problem.line, problem.line + 1 + breaks(problem.raw)))
        if problem.row_count > 1:
            assert problem == problems[-1]
    for line, _, raw in table(blocks):
        assert "".join(lines[line - 1 :]).startswith(raw)
        told |= set(range(line, line + 1 + breaks(raw)))
    silent = [line for number, line in enumerate(lines[1:], start=2) if number not in told]
    assert all(not line.strip(',"\r\n') for line in silent)


def breaks(text):
    return len(io.StringIO(text + "x", newline="").readlines()) - 1
