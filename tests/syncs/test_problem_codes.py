"""The catalogue of problems: every code that some module can produce is in it, and no other."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from syncs.problem_codes import CHAPTERS, CODES, title_of

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for path in [*ROOT.glob("syncs/**/*.py"), ROOT / "adsplatform/records/checks.py"]
    if path.name not in ("problem_codes.py", "filters.py")
]
TREES = {path: ast.parse(path.read_text()) for path in SOURCES}
# Words in SQL that are quoted and lower case but not codes.
KINDS = {"error", "skip", "warning", "insert", "update", "delete", "leave", "same"}
CODE = re.compile("[a-z]+(_[a-z0-9]+)*")


def places_of_code():
    """By name of each function and class that takes a `code`: the positions of that argument."""
    places = {}
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                names = [argument.arg for argument in node.args.args if argument.arg not in ("self", "cls")]
                add(places, node.name, names)
            elif isinstance(node, ast.ClassDef):
                own = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"]
                if own:
                    names = [argument.arg for argument in own[0].args.args[1:]]
                else:
                    names = [one.target.id for one in node.body if isinstance(one, ast.AnnAssign)]
                add(places, node.name, names)
    return places


def add(places, name, names):
    if "code" in names:
        places.setdefault(name, set()).add(names.index("code"))


def literals(node):
    """The texts that an expression can have as its value."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)
    elif isinstance(node, ast.Name):
        yield from constants().get(node.id, ())


@cache
def constants():
    """The texts of all constants that are one, by name."""
    found = {}
    for tree in TREES.values():
        for node in tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                    found.setdefault(name, set()).add(text)
    return found


def codes_of(tree, places):
    """The codes in a module: in calls, defaults of parameters, assignments and SQL."""
    for node in ast.walk(tree):
        match node:
            case ast.Call():
                yield from codes_of_call(node, places)
            case ast.FunctionDef():
                yield from codes_of_defaults(node)
            case ast.Assign():
                yield from codes_of_assignment(node)
            case ast.Constant(value=str(text)) if "INSERT INTO line_problem" in text or "{into_problems}" in text:
                yield from (each for each in re.findall(r"'([a-z_]+)'", text) if each not in KINDS)


def codes_of_call(node, places):
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    for place in places.get(name, ()):
        if place < len(node.args):
            yield from literals(node.args[place])
    for keyword in node.keywords:
        if keyword.arg == "code":
            yield from literals(keyword.value)


def codes_of_defaults(node):
    positional = [*node.args.posonlyargs, *node.args.args]
    with_default = positional[len(positional) - len(node.args.defaults) :]
    pairs = zip([*with_default, *node.args.kwonlyargs], [*node.args.defaults, *node.args.kw_defaults], strict=True)
    for argument, default in pairs:
        if argument.arg == "code" and default is not None:
            yield from literals(default)


def codes_of_assignment(node):
    for target in node.targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = zip(target.elts, node.value.elts, strict=True)
            for value in (value for one, value in pairs if getattr(one, "id", "") == "code"):
                yield from literals(value)
        elif getattr(target, "id", "") == "code":
            yield from literals(node.value)


def produced():
    places = places_of_code()
    return {code for tree in TREES.values() for code in codes_of(tree, places) if CODE.fullmatch(code)}


def test_the_catalogue_has_exactly_the_codes_that_can_occur():
    found = produced()
    assert found - CODES.keys() == set(), "not in the catalogue"
    assert CODES.keys() - found == set(), "in the catalogue, but nothing produces it"


def test_every_entry_is_complete_and_unique():
    entries = [entry for chapter in CHAPTERS.values() for entry in chapter]
    assert len(entries) == len(CODES)
    assert len({entry.title for entry in entries}) == len(entries)
    for entry in entries:
        assert not entry.title.endswith(".")
        assert entry.title[0].isupper()
        assert entry.cause.endswith(".")
        assert entry.remedy.endswith((".", "”."))
        assert len(entry.code) <= 50


def test_a_code_that_left_the_catalogue_is_shown_as_words():
    assert title_of("bad_number") == "Not a number"
    assert title_of("some_old_code") == "Some old code"


@pytest.mark.django_db
def test_programs_get_the_catalogue_without_a_credential(client):
    answer = client.get("/api/v1/Definitions/problem-codes")
    assert answer.status_code == 200
    found = answer.json()
    assert found["totalCount"] == len(CODES)
    assert found["records"][0] == {
        "code": "required_empty",
        "title": "A required value is empty",
        "chapter": "Values",
        "cause": "The cell is blank, but every record of the kind needs the value; a record without its ERP key cannot "
        "be told from another.",
        "remedy": "Fill the cell in.",
        "who": "Sender",
        "isPermanent": True,
    }
    assert (
        client.get("/api/v1/Definitions/problem-codes?pageSize=2&pageNumber=1").json()["records"]
        == (found["records"][2:4])
    )
