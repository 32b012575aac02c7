"""The body of a batch: lists of records under their batch keys."""

import io
import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncs.connectors import connector_named, json_batch
from syncs.connectors.protocol import ABSENT, ConnectorError, RowProblem
from tests.connectors.reading import as_cell, read, source, table


def batch(body, **given):
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return read(text, connector="json-batch", format="batch", file_name="batch.json", **given)


def refused(body, **given):
    with pytest.raises(ConnectorError) as stopped:
        batch(body, **given)
    assert len(str(stopped.value)) <= 200
    return stopped.value.code, str(stopped.value)


def test_the_line_of_a_record_is_its_position_in_its_list():
    blocks, problems = batch(
        """{"appEnrollmentId": null, "isFullSync": true,
        "companies": [{"erpKey": "C1"}, {"erpKey":"C2", "total": 1.10}],
        "Invoices": [ {"erpKey": "I1"} ], "payments": null, "contacts": []}"""
    )
    assert problems == []
    assert [(block.name, block.file, block.columns) for block in blocks] == [
        ("companies", "batch", ["erpKey", "total"]),
        ("Invoices", "batch", ["erpKey"]),
    ]
    assert table(blocks) == [
        (1, ["C1", ABSENT], '{"erpKey": "C1"}'),
        (2, ["C2", "1.10"], '{"erpKey":"C2", "total": 1.10}'),
        (1, ["I1"], '{"erpKey": "I1"}'),
    ]


def test_records_and_the_body_may_be_wrapped_as_ruby_does():
    blocks, problems = batch([{"invoices": [[{"erpKey": "I1"}], [{"erpKey": "I2"}]]}])
    assert problems == []
    assert [cells for _, cells, _ in table(blocks)] == [["I1"], ["I2"]]


def test_the_envelope_is_not_data_whatever_its_case():
    blocks, problems = batch(
        {
            "AppEnrollmentId": "x",
            "IsFullSync": False,
            "currentBatch": 1,
            "totalBatches": 2,
            "parentSyncRequestId": "y",
        }
    )
    assert (blocks, problems) == ([], [])


def test_an_unknown_list_comes_under_its_own_name():
    blocks, _ = batch({"widgets": [{"erpKey": "W1"}]})
    assert [block.name for block in blocks] == ["widgets"]


def test_a_list_that_comes_twice_is_read_to_its_end():
    blocks, _ = batch('{"invoices": [{"erpKey": "I1"}], "companies": [], "invoices": [{"erpKey": "I2"}]}')
    assert [(row[0], row[1]) for row in table(blocks)] == [(1, ["I1"]), (2, ["I2"])]


@pytest.mark.parametrize(("value", "kind"), [({"erpKey": "I1"}, "error"), (5, "warning"), ("x", "warning")])
def test_a_member_that_is_not_a_list_is_a_problem(value, kind):
    blocks, problems = batch({"invoices": value, "companies": [{"erpKey": "C1"}]})
    assert problems == [
        RowProblem(
            "invoices",
            "batch",
            None,
            "not_a_list",
            "The member “invoices” is not a list of records, so nothing was loaded from it. "
            "Put the records into a list, or leave the member out.",
            kind=kind,
            column="invoices",
        )
    ]
    assert [block.name for block in blocks] == ["companies"]


def test_a_record_that_is_not_an_object_is_a_problem_and_the_rest_is_read():
    blocks, problems = batch('{"invoices": [{"erpKey": "I1"}, "I2", null, {"erpKey": "I4", "a": 1, "a": 2}, [], {}]}')
    assert [(problem.line, problem.code, problem.raw) for problem in problems] == [
        (2, "bad_json", '"I2"'),
        (3, "bad_json", "null"),
        (4, "duplicate_member", '{"erpKey": "I4", "a": 1, "a": 2}'),
        (5, "bad_json", "[]"),
    ]
    assert (
        problems[0].message == 'Here stands a text or a number, not an object. Write an object, like {"erpKey": "I1"}.'
    )
    assert problems[2].message == "The member “a” stands in the object more than once. Keep one of them."
    assert [row[0] for row in table(blocks)] == [1, 6]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "The batch cannot be read: it ends where “{” should stand. Send all of it."),
        (
            "[1]",
            "The batch cannot be read: it is not valid JSON where “{” should stand, near “1]”. "
            "Correct it, then send it again.",
        ),
        (
            '{"invoices": [{"erpKey": "I1"}, {"erpKey" "I2"}, {"erpKey": "I3", "name": "Acme"}]}',
            'The batch cannot be read: it is not valid JSON in record 2 of “invoices”, near “"I2"}, '
            '{"erpKey": "I”. Correct it, then send it again.',
        ),
        (
            '{"invoices": [{"erpKey": "I1"} {"erpKey": "I2"}]}',
            'The batch cannot be read: it is not valid JSON where “,” should stand, near “{"erpKey": "I2"}]}'
            "”. Correct it, then send it again.",
        ),
        (
            '{"invoices": [{"erpKey": "I1"},',
            "The batch cannot be read: it ends in record 2 of “invoices”. Send all of it.",
        ),
        (
            '{"invoices": [{"erpKey": "I1"}]} x',
            "The batch cannot be read: it is not valid JSON after its end, near “x”. Correct it, then send it again.",
        ),
        (
            "{invoices: []}",
            "The batch cannot be read: it is not valid JSON where the name of a member should stand, "
            "near “invoices: []}”. Correct it, then send it again.",
        ),
        (
            '{"invoices": [{"total": NaN}]}',
            "The batch cannot be read: record 1 of “invoices” holds “NaN”. Send a number, or null.",
        ),
        (
            '{"invoices": [{"total": ' + "9" * 5_000 + "}]}",
            "The batch cannot be read: record 1 of “invoices” holds a number of too many digits. Shorten it.",
        ),
        (
            '{"invoices": [' + "[" * 100_000,
            "The batch cannot be read: record 1 of “invoices” is nested too deeply. Send flat records.",
        ),
    ],
)
def test_a_body_that_is_not_json_fails(body, message):
    assert refused(body) == ("bad_json", message)


def test_a_record_over_the_limit_fails():
    assert refused({"invoices": [{"name": "x" * 2_000_000}]}) == (
        "line_too_long",
        "The batch cannot be read: record 1 of “invoices” is longer than 1,048,576 bytes, or is not closed. "
        "Correct it, then send again.",
    )


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_the_body_may_be_cut_anywhere_while_it_is_read(monkeypatch, size):
    monkeypatch.setattr(json_batch, "CHUNK_BYTES", size)
    body = {
        "currentBatch": 12345,
        "companies": [{"erpKey": "Zoë “C1”", "isActive": True, "n": 123456}],
        "invoices": [{"total": 1.25, "dimensions": {"a": [1, 2]}}, {"total": None}],
    }
    text = b"\xef\xbb\xbf" + json.dumps(body, ensure_ascii=False, indent=1).encode()
    blocks, problems = batch(text)
    assert problems == []
    assert [[cell for cell in cells if cell is not ABSENT] for _, cells, _ in table(blocks)] == [
        ["Zoë “C1”", True, 123456],
        ["1.25", {"a": [1, 2]}],
        [None],
    ]


def test_memory_is_bounded_by_the_block_not_by_the_body():
    record = json.dumps({f"column{number}": "x" * 40 for number in range(20)})
    body = io.BytesIO(('{"invoices": [' + ",".join([record] * 20_000) + "]}").encode())
    tracemalloc.start()
    rows = sum(map(len, connector_named("json-batch").rows(source(body, format="batch"))))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows == 20_000
    assert body.getbuffer().nbytes > 20_000_000
    assert peak < 60 * 1024**2


VALUES = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["}", "{", "]", '":', "a : b"])
)
RECORDS = st.dictionaries(st.sampled_from(["a", "b", "{", '":']), VALUES | st.lists(VALUES, max_size=2), max_size=3)
STYLES = st.sampled_from([(", ", ": "), (",", ":"), (", ", " : ")])


@settings(max_examples=200, deadline=None)
@given(st.lists(RECORDS, min_size=1, max_size=20), STYLES, st.sampled_from([None, 1]), st.integers(1, 200))
def test_records_come_back_however_they_are_written_and_cut(records, separators, indent, size):
    lists = [("payments", records), ("invoices", records * 3)]
    text = json.dumps(dict(lists), separators=separators, indent=indent)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(json_batch, "CHUNK_BYTES", size)
        blocks, problems = batch(text)
    assert problems == []
    for name, wanted in lists:
        rows = [row for block in blocks if block.name == name for row in rows_of(block)]
        assert [line for line, _, _ in rows] == list(range(1, len(wanted) + 1))
        assert [record for _, record, _ in rows] == [
            {name: as_cell(cell) for name, cell in record.items()} for record in wanted
        ]
        assert [json.loads(raw) for _, _, raw in rows] == wanted


def rows_of(block):
    for line, cells, raw in zip(block.lines, block.cells, block.raw, strict=True):
        members = zip(block.columns, cells, strict=True)
        yield line, {name: as_cell(cell) for name, cell in members if cell is not ABSENT}, raw


def test_a_list_whose_records_all_have_other_members_is_not_read_to_its_end():
    code, sentence = refused({"companies": [{f"m{number}": [1]} for number in range(3_000)]})
    assert code == "too_many_members"
    assert sentence.startswith("The list “companies” has objects with more than 2,000 different members, up to line ")


def test_a_list_of_what_is_no_record_is_not_read_to_its_end():
    assert refused('{"companies": [' + "0," * 20_000 + "0]}") == (
        "bad_json",
        "The batch cannot be read: more than 10,000 elements of “companies” are no records. Send objects.",
    )
