"""What a reading process sends arrives as it was; what no reading process of ours sends is refused."""

import io
import json
from dataclasses import fields
from uuid import uuid4

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsplatform.records.specification import entities
from syncs.connectors.file_upload import FileUpload
from syncs.connectors.protocol import (
    ABSENT,
    Columns,
    FileHeader,
    Limits,
    RowProblem,
    Rows,
    Source,
)
from syncs.loading.staging.columnar_blocks import to_columnar
from syncs.loading.staging.vocabulary import RecordNames
from syncs.reading import signals
from syncs.reading.messages import MessageError, decode, encode

FILES = {
    "plain.csv": "erpKey,companyName\nC1,Acme\nC2,Bär & Söhne\n",
    "quoted.csv": 'erpKey,companyName,note\nC1,"Acme, ""Inc""",\nC2,"two\nlines",x\nC3,short\n,,\nC4,a,b,c\n',
    "tabs.csv": "erpKey\tcompanyName\nC1\tA\\B\nC2\t\n",
    "flat.jsonl": '{"erpKey": "C1", "isActive": true}\n{"erpKey": "C2", "isActive": null}\n',
    "other.jsonl": (
        '{"erpKey": "C1"}\n{"erpKey": "C2", "address": {"city": ["x", 1, null]}}\nnonsense\n{}\n'
        f'{{"erpKey": "\\ud800", "totalAmount": {2**80}}}\n'
    ),
}


def read(name: str) -> list:
    source = Source(
        app_enrollment_id=uuid4(),
        full=False,
        limits=Limits(10**6, 100, 10, 10**5),
        content=io.BytesIO(FILES[name].encode()),
        file_name=name,
        format=name.partition(".")[2],
        vocabulary=RecordNames(),
    )
    return list(FileUpload().rows(source))


def plain(item) -> dict:
    """An item as values that can be compared, whatever kinds of sequences hold them."""
    found = {"kind": type(item).__name__}
    for field in fields(item):
        value = getattr(item, field.name)
        if isinstance(item, Columns) and field.name == "cells":
            value = [["Series", *column.to_list()] if isinstance(column, pl.Series) else [*column] for column in value]
        elif isinstance(item, Rows) and field.name == "cells":
            value = [[*row] for row in value]
        elif (
            field.name in ("lines", "columns", "letters", "origins", "not_delimited", "also", "exact")
            and value is not None
        ):
            value = [*value]
        found[field.name] = value
    return found


@pytest.mark.parametrize("name", FILES)
def test_what_is_found_in_a_file_arrives_as_it_was(name):
    found = read(name)
    assert {type(item) for item in found} & {Rows, Columns}
    assert [plain(item) for item in decode(encode(found), ())] == [plain(item) for item in found]


cells = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just(ABSENT),
    lambda inner: st.lists(inner.filter(lambda cell: cell is not ABSENT), max_size=3),
    max_leaves=5,
)


@given(st.lists(st.tuples(cells, cells), max_size=5))
def test_any_cells_arrive_as_they_were(rows):
    numbers = list(range(len(rows)))
    sent = Rows("Company", "page", ("a", "b"), rows, numbers, ["raw"] * len(rows), numbers={(1, 1)})
    (arrived,) = decode(encode([sent]), ())
    assert plain(arrived) == plain(sent)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["", "\ufeff", "A\tB"])


@given(st.lists(st.tuples(scalars, scalars | cells, scalars), min_size=1, max_size=5))
def test_rows_load_the_same_when_they_are_sent_as_lines(rows):
    company = entities()["Company"]
    columns = [column for column in company.columns.values() if column.wire in ("erpKey", "companyName", "isActive")]
    numbers = list(range(len(rows)))
    sent = Rows("Company", "page", [column.wire for column in columns], rows, numbers, ["raw"] * len(rows))
    (arrived,) = decode(encode([sent]), ())
    found, expected = (loaded(to_columnar(of, company, columns, is_download=False)) for of in (arrived, sent))
    assert found == expected


def loaded(block) -> dict:
    found = vars(block) | {"cells": [[*cells] for cells in block.cells]}
    return {name: [*value] if name == "lines" else value for name, value in found.items()}


def test_plain_rows_are_sent_as_lines_and_arrive_by_column():
    sent = Rows("Company", "page", ("a", "b"), [("x", None), (1, 2.5), (True, "y")], [1, 2, 3], ["", "", ""])
    (arrived,) = decode(encode([sent]), ())
    assert [column.to_list() for column in arrived.cells] == [["x", "1", "true"], [None, "2.5", "y"]]
    assert (arrived.delimited, arrived.delimiter) == (["x\t", "1\t2.5", "true\ty"], "\t")


def test_rows_of_unequal_lengths_are_left_to_the_sync():
    sent = Rows("Company", "page", ("a", "b"), [("x",), ("y", "z")], [1, 2], ["", ""])
    (arrived,) = decode(encode([sent]), ())
    assert plain(arrived) == plain(sent)


def test_values_that_are_no_cells_arrive_as_their_text():
    sent = Rows("Company", "page", ("a", "b"), [(uuid4(), b"\t"), ({1, 2}, 1.5)], [1, 2], ["", ""])
    (arrived,) = decode(encode([sent]), ())
    assert [type(cell) for cell in arrived.cells[0]] == [str, str]
    assert arrived.cells[1] == [[1, 2], 1.5]


def test_headers_and_signals_arrive():
    sent = [
        FileHeader("Company", "c.csv", ["a"], ";"),
        RowProblem("Company", "c.csv", 3, "bad_json", "It is wrong.", lines=[(3, "x")], also=("Invoice",)),
        signals.Refused("No.", "source_unreadable", "", True, 2.5),
        signals.Ended(),
    ]
    header, problem, refused, ended = decode(encode(sent), ())
    assert (header, problem, ended) == (sent[0], sent[1], sent[3])
    error = refused.error()
    assert (str(error), error.code, error.transient, error.retry_after) == ("No.", "source_unreadable", True, 2.5)
    assert isinstance(signals.Failure("memory").error(), MemoryError)
    assert signals.Failure("system", 28, "No space left on device").error().errno == 28


def columns(**other) -> bytes:
    """The message of two rows of two columns, with other members as a taken-over process could send them."""
    values = {
        "name": "Company", "file": "c.csv", "columns": ["a", "b"], "cells": [], "irregular": [], "lines": [2, 3],
        "raw": ["1,2", "3,4"], "gaps": {}, "delimited": None, "delimiter": ",", "not_delimited": [], "letters": [],
        "origins": [], "exact": [],
    }  # fmt: skip
    return b"M" + msgspec.msgpack.encode([["_Columns", *(values | other).values()]])


def of_lines(text: str, raw: list[str]) -> bytes:
    return b"M" + msgspec.msgpack.encode([["_Lines", "Company", "page", ["a", "b"], text, [1, 2], raw, [], []]])


def texts(*of):
    return ["_Texts", list(of)]


FORGED = {
    "a cell that would break its line of COPY": columns(
        cells=[texts("1", "3\tx"), texts("2", "4")], delimiter="", raw=["1,2", "3,4"]
    ),
    "a cell that would begin a new line": columns(
        cells=[["_Cells", ["1", "3\nx"]], texts("2", "4")], delimiter="", raw=["1,2", "3,4"]
    ),
    "an escape in a row that is not delimited": columns(not_delimited=[0], irregular=[["\\N"], ["2"]]),
    "cells beside lines": columns(cells=[texts("1", "3"), texts("2", "4\t")], delimiter="\t"),
    "no cells": columns(delimiter=""),
    "columns of unequal lengths": columns(cells=[texts("1"), texts("2", "4")], delimiter=""),
    "fewer line numbers": columns(lines=[2]),
    "a line of two": columns(raw=["1,2\n5,6", "3,4"]),
    "more cells than columns": columns(raw=["1,2,9", "3,4"]),
    "a line outside": columns(not_delimited=[7], irregular=[["1"], ["2"]]),
    "line numbers that are texts": columns(lines=["2\t", "3"]),
    "raw lines that are no texts": columns(raw=[b"1,2", "3,4"]),
    "lines in one text that is none": columns(raw=b"1,2\n\xff,4"),
    "a line less in one text": columns(raw=b"1,2"),
    "a line more in one text": columns(raw=b"1,2\n3,4\n"),
    "lines numbered by a text": columns(raw=b"1,2\n3,4", lines="2"),
    "a layout that is not there": b"M"
    + msgspec.msgpack.encode([["_Header", "C", "c", ["a"], ",", 0, False, "", False]]),
    "fewer lines than raw lines": of_lines("1\t2", ["", ""]),
    "half a character in lines": b"J"
    + json.dumps([["_Lines", "Company", "page", ["a", "b"], "\ud800\t2", [1], [""], [], []]]).encode(),
    "a line that lacks a cell": of_lines("1\t2\n3", ["", ""]),
    "a line with a cell more": of_lines("1\t2\n3\t4\t5", ["", ""]),
    "an unknown message": b"M" + msgspec.msgpack.encode([["_Other", 1]]),
    "an unknown type of value": b"M"
    + msgspec.msgpack.encode([["_Rows", "C", "c", ["a"], [[msgspec.msgpack.Ext(9, b"")]], [1], [""], [], [], []]]),
    "a pickle": b"\x80\x04\x95",
    "half a message": columns()[:-3],
    "JSON of something else": b"J" + json.dumps({"a": 1}).encode(),
    "deep JSON": b"J" + b"[" * 100_000,
}


@pytest.mark.parametrize("name", FORGED)
def test_what_no_reading_process_sends_is_refused(name):
    with pytest.raises(MessageError):
        list(decode(FORGED[name], ()))


def test_the_message_that_was_forged_is_good_otherwise():
    (found,) = decode(columns(), ())
    assert [column.to_list() for column in found.cells] == [["1", "3"], ["2", "4"]]
    (found,) = decode(columns(raw=b"1,2\n\xc3\xa9,4", lines=2), ())
    assert [column.to_list() for column in found.cells] == [["1", "é"], ["2", "4"]]
    assert ([*found.raw], found.raw[1:], [*found.lines]) == (["1,2", "é,4"], ["é,4"], [2, 3])
    (found,) = decode(columns(cells=[texts("1", "3"), texts("2", None)], delimiter=""), ())
    assert found.delimited == []
