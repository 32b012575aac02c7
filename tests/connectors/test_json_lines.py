"""JSONL files: one object a line."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncs.connectors.formats import jsonl_reader
from syncs.connectors.protocol import ABSENT, RowProblem
from tests.connectors.reading import as_cell, read, table

WRITE = 'Write an object, like {"erpKey": "I1"}.'
NOT_LINES = (
    "The file is one JSON document, not JSON lines. Write one object on each line, without a list around "
    "them and without commas between them."
)


def test_an_object_is_a_row_and_its_members_are_columns():
    blocks, problems = read('{"erpKey": "I1", "total": 5}\n\n{"erpKey": "I2", "total": null}\r\n', format="jsonl")
    assert problems == []
    assert (blocks[0].name, blocks[0].file) == ("invoices", "invoices.jsonl")
    assert blocks[0].columns == ["erpKey", "total"]
    assert table(blocks) == [
        (1, ["I1", 5], '{"erpKey": "I1", "total": 5}'),
        (3, ["I2", None], '{"erpKey": "I2", "total": null}'),
    ]


def test_amounts_never_become_floats():
    blocks, _ = read(
        '{"a": 1.10, "b": 123456789012345678901234567890, "c": 1e400, "d": -0.1, "e": true}', format="jsonl"
    )
    assert blocks[0].cells[0] == ["1.10", "123456789012345678901234567890", "1e400", "-0.1", "true"]


def test_members_that_an_object_lacks_are_absent_not_null():
    blocks, _ = read('{"a": 1}\n{"b": 2, "a": null}\n{}\n', format="jsonl")
    assert blocks[0].columns == ["a", "b"]
    assert [list(cells) for cells in blocks[0].cells] == [[1, ABSENT], [None, 2], [ABSENT, ABSENT]]


def test_members_are_one_column_whatever_their_case():
    blocks, problems = read('{"erpKey": "I1", "Total": 1}\n{"TOTAL": 2, "ErpKey": "I2"}\n', format="jsonl")
    assert problems == []
    assert blocks[0].columns == ["erpKey", "Total"]
    assert [list(cells) for cells in blocks[0].cells] == [["I1", 1], ["I2", 2]]


def test_nested_values_come_as_they_are():
    blocks, problems = read('{"dimensions": {"a": [1, {"b:c": "d:e"}]}}', format="jsonl")
    assert problems == []
    assert list(blocks[0].cells[0]) == [{"a": [1, {"b:c": "d:e"}]}]


def test_an_object_in_a_list_of_its_own_is_read():
    blocks, problems = read('[{"erpKey": "I1"}]\n[{"erpKey": "I2"}]', format="jsonl")
    assert problems == []
    assert table(blocks) == [(1, ["I1"], '[{"erpKey": "I1"}]'), (2, ["I2"], '[{"erpKey": "I2"}]')]


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        (
            '{"erpKey": "I1", }',
            "bad_json",
            "The text is not valid JSON at character 18, near “}”. Correct it, or export it again.",
        ),
        (
            '{"erpKey": "I1"',
            "bad_json",
            "The text is not valid JSON because its end is missing. Correct it, or export it again.",
        ),
        ('{"total": NaN}', "bad_json", "The value NaN is not valid JSON. Write a number, or null."),
        ('{"a": -Infinity}', "bad_json", "The value -Infinity is not valid JSON. Write a number, or null."),
        ('"I1"', "bad_json", f"Here stands a text or a number, not an object. {WRITE}"),
        ("12", "bad_json", f"Here stands a number, not an object. {WRITE}"),
        ("1.5", "bad_json", f"Here stands a text or a number, not an object. {WRITE}"),
        ("null", "bad_json", f"Here stands null, not an object. {WRITE}"),
        ("[1, 2]", "bad_json", f"Here stands a list, not an object. {WRITE}"),
        (
            '{"erpKey": "\\ud800"}',
            "bad_json",
            "The line holds half a character, written like \\ud83d without its other half. Correct it, or export it "
            "again.",
        ),
        (
            '{"a": ' * 2_000 + "1" + "}" * 2_000,
            "bad_json",
            "The object is nested too deeply to be read. Write a flat object: one value for each name.",
        ),
        (
            '{"erpKey": "I1", "dimensions": ' + "[" * 900 + "]" * 900 + "}",
            "bad_json",
            "The object is nested too deeply to be read. Write a flat object: one value for each name.",
        ),
        (
            '{"total": ' + "9" * 5_000 + "}",
            "bad_json",
            "The line holds a number of too many digits. Shorten it.",
        ),
        (
            '{"erpKey": "I1", "total": 1, "total": 2}',
            "duplicate_member",
            "The member “total” stands in the object more than once. Keep one of them.",
        ),
        (
            '{"a": {"x": "12:00", "x": "12:00"}}',
            "duplicate_member",
            "The member “x” stands in the object more than once. Keep one of them.",
        ),
        (
            '{"erpKey": "\\u003a", "total": 1, "total": 2}',
            "duplicate_member",
            "The member “total” stands in the object more than once. Keep one of them.",
        ),
        (
            '{"total": 1, "Total": 2}',
            "duplicate_member",
            "The member “Total” stands in the object more than once. Keep one of them.",
        ),
    ],
)
def test_a_bad_line_is_a_problem_and_the_rest_is_read(line, code, message):
    blocks, [problem] = read(f'{{"erpKey": "I0"}}\n{line}\n{{"erpKey": "I2"}}\n', format="jsonl")
    assert (problem.kind, problem.line, problem.code, problem.raw) == ("error", 2, code, line)
    assert problem.message == message
    assert [row[0] for row in table(blocks)] == [1, 3]


def test_a_line_over_the_limit_is_a_problem():
    blocks, [problem] = read('{"a": 1}\n{"a": "' + "x" * 2_000 + '"}\n{"a": 3}', format="jsonl", line_bytes=1_000)
    assert (problem.line, problem.code) == (2, "line_too_long")
    assert problem.message == (
        "The line is longer than 1,000 bytes, the most that one line may have. "
        "Write one object on each line, and shorten this one."
    )
    assert [row[0] for row in table(blocks)] == [1, 3]


@pytest.mark.parametrize(
    "text",
    [
        '[{"erpKey": "I1"}, {"erpKey": "I2"}]',
        '[\n  {"erpKey": "I1"}\n]',
        '{\n  "erpKey": "I1"\n}',
        "[]",
        "\n[" + '{"erpKey": "I1"},' * 100_000,
    ],
)
def test_one_json_document_is_one_problem(text):
    blocks, [problem] = read(text, format="jsonl")
    assert blocks == []
    assert (problem.kind, problem.line, problem.code, problem.message) == (
        "error",
        None,
        "not_json_lines",
        NOT_LINES,
    )


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_file_is_remarked_on(text):
    _, [problem] = read(text, format="jsonl")
    assert problem == RowProblem(
        "invoices",
        "invoices.jsonl",
        None,
        "file_empty",
        "The file is empty, so nothing was loaded from it.",
        kind="warning",
    )


def test_rows_come_in_blocks_of_the_agreed_size():
    blocks, _ = read("\n".join(f'{{"a": {number}}}' for number in range(12_345)), format="jsonl")
    assert [len(block) for block in blocks] == [jsonl_reader.BLOCK_LINES, 2_345]


def test_objects_without_a_member_in_common_do_not_make_a_wide_block():
    lines = [json.dumps({f"m{number}-{member}": 1 for member in range(19)}) for number in range(100)]
    blocks, problems = read("\n".join(lines), format="jsonl")
    assert problems == []
    assert max(len(block.columns) for block in blocks) <= 1_000
    assert sum(map(len, blocks)) == 100


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=4), values, max_size=3),
    max_leaves=8,
)
MEMBERS = st.sampled_from(["erpKey", "name", "a:b", "é", ""])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(MEMBERS, VALUES, min_size=1), min_size=1, max_size=10), st.booleans())
def test_written_objects_come_back(objects, is_ascii):
    lines = [json.dumps(found, ensure_ascii=is_ascii) for found in objects]
    blocks, problems = read("\n".join(lines), format="jsonl")
    assert problems == []
    assert [raw for block in blocks for raw in block.raw] == lines
    assert [
        {name: as_cell(cell) for name, cell in zip(block.columns, cells, strict=True) if cell is not ABSENT}
        for block in blocks
        for cells in block.cells
    ] == [{name: as_cell(cell) for name, cell in found.items()} for found in objects]


TOGETHER_NOT_ALONE = [
    ['{"a": [{}', "{}]}", "{}, {}"],
    ['{"a": 1}, {"a": 2}', '{"a": "', '"}'],
    ['{"a": 1}', '{"a": 1, "a": 2}', '{"b": 1}'],
    ['{"a": 1, "b": 2}', '{"a": 1, "a": 2, "b": 3}', '{"a": 1}'],
    ['{"a": 1}', '{"a" : 1, "a" : 2}', r'{"a": "\":"}'],
    ['{"a": "{"}', '{"a": 1}, {"a": 2}', "1}"],
    ['{"a": 1}}', '{"a": 1'],
]


@pytest.mark.parametrize("lines", TOGETHER_NOT_ALONE)
def test_brackets_of_one_line_never_complete_another(lines):
    assert by_line(lines) == expected(lines)


LINES = st.builds(
    json.dumps,
    st.dictionaries(st.sampled_from(["a", "b", "A", "{", '":', "c d"]), VALUES, max_size=3),
    ensure_ascii=st.booleans(),
    separators=st.sampled_from([(", ", ": "), (",", ":"), (", ", " : ")]),
)
BROKEN = st.builds(
    lambda line, at, mark: line[:at] + mark + line[at + 1 :],
    LINES,
    st.integers(0, 30),
    st.sampled_from(["", "{", "}", "[", "]", '"', ":", ",", "\\", " ", "\t", "\x01"]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(LINES | BROKEN, max_size=12), st.lists(LINES, min_size=1, max_size=2))
def test_many_lines_are_read_as_each_is_alone(lines, repeated):
    lines = ['{"a": 1}', *(line for line in lines + repeated * 40 if line.strip())]
    assert by_line(lines) == expected(lines)


def by_line(lines):
    """What each line was read as: an object, or the code of what is wrong with it."""
    blocks, problems = read("\n".join(lines), format="jsonl")
    found = {problem.line: problem.code for problem in problems if problem.code != "encoding_assumed"}
    for block in blocks:
        for line, cells, raw in zip(block.lines, block.cells, block.raw, strict=True):
            assert raw == lines[line - 1]
            members = zip(map(str.casefold, block.columns), cells, strict=True)
            found[line] = {name: as_cell(cell) for name, cell in members if cell is not ABSENT}
    return found


def expected(lines):
    """The same, each line read by itself and by Python's own reader."""

    def members(pairs):
        if len(dict(pairs)) < len(pairs):
            raise LookupError
        return dict(pairs)

    def refuse(constant):
        raise ValueError(constant)

    found = {}
    for number, line in enumerate(lines, 1):
        try:
            # A lone surrogate can be decoded, but not be encoded.
            json.dumps(json.loads(line, parse_constant=refuse), ensure_ascii=False).encode()
            value = json.loads(line, object_pairs_hook=members, parse_float=str)
        except LookupError:
            value = "duplicate_member"
        except ValueError:
            value = "bad_json"
        if isinstance(value, list) and len(value) == 1:
            (value,) = value
        if isinstance(value, dict):
            folded = {name.casefold(): as_cell(cell) for name, cell in value.items()}
            value = folded if len(folded) == len(value) else "duplicate_member"
        found[number] = value if isinstance(value, (dict, str)) else "bad_json"
    return found
