"""Sizes and rules of the code that neither ruff, mypy nor import-linter checks."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).parent.parent
PACKAGES = ("adsplatform", "enrollments", "syncs")
LONGEST_MODULE, LONGEST_FUNCTION = 400, 60
pytestmark = pytest.mark.untraced
# Names under which a module may hold anything.
JUNK = {"utils", "helpers", "common", "core", "misc"}
MODULES = sorted(
    path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts
)


def nodes_of(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text()))


def test_a_module_says_what_it_is_for():
    texts = {path: path.read_text() for path in MODULES}
    assert [path for path, text in texts.items() if text.strip() and not ast.get_docstring(ast.parse(text))] == []


def test_no_module_and_no_function_is_too_long():
    assert [path for path in MODULES if len(path.read_text().splitlines()) > LONGEST_MODULE] == []
    assert [
        (path, node.name)
        for path in MODULES
        for node in nodes_of(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    ] == []


def test_imports_are_absolute():
    assert [
        (path, node.module)
        for path in MODULES
        for node in nodes_of(path)
        if isinstance(node, ast.ImportFrom) and node.level
    ] == []


def test_every_module_of_the_apps_has_a_layer():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = " ".join(next(contract for contract in contracts if contract["type"] == "layers")["layers"])
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in MODULES
        if path.parts[len(ROOT.parts)] != "adsplatform"
    ]
    covered = tuple(name for name in layers.split() if name not in (":", "|"))
    packages = {"syncs", "enrollments", "syncs.loading", "syncs.reading"}  # which have no code of their own
    assert [
        name
        for name in names
        if name not in packages and not any(name == layer or name.startswith(f"{layer}.") for layer in covered)
    ] == []


def test_only_the_pipeline_turns_an_exception_into_a_failed_sync():
    callers = [path.relative_to(ROOT).as_posix() for path in MODULES if ".fail(" in path.read_text()]
    assert callers == ["syncs/loading/pipeline.py"]


def test_no_module_has_a_meaningless_name():
    assert [path for path in MODULES if JUNK & {path.stem, *path.parent.relative_to(ROOT).parts}] == []


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
