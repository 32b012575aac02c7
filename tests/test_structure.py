"""The house: imports point down the floors, and no module grows beyond measure."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("adsplatform", "enrollments", "syncs")
# From the roof down; a module may import what stands on its own line or below. The longest prefix decides.
FLOORS = [
    ["adsplatform.urls", "adsplatform.wsgi"],
    ["*.api", "*.inbox", "*.admin", "*.management", "syncs.apps", "syncs.metrics"],  # also `admin_filters` and the like
    # What the doors share: the wire's spelling, forms and filters, an outcome in words.
    [
        "*.wire",
        "*.forms",
        "*.filters",
        "*.templatetags",
        "adsplatform.browsing",
        "adsplatform.demo",
        "syncs.outcomes",
        "syncs.paging",
        "syncs.downloads",
        "syncs.problems",
        "syncs.upload_limit",
    ],
    ["syncs.ticking"],
    ["syncs.repeats", "syncs.recounting", "syncs.sizes", "syncs.clock", "syncs.freshness"],
    ["syncs.notice_mails", "syncs.retention"],
    ["syncs.services", "syncs.mending", "syncs.rescue"],
    ["syncs.tasks"],
    ["syncs.worker"],
    ["syncs.runner"],
    ["syncs.preview", "syncs.retries", "syncs.ahead"],
    ["syncs.merge", "syncs.results", "syncs.contents"],
    ["syncs.placing", "syncs.rejecting", "syncs.missing"],
    ["syncs.values", "syncs.statements", "syncs.tallying", "syncs.faulty"],
    ["syncs.rejected"],
    ["syncs.models", "syncs.mended", "syncs.notices", "syncs.scheduled", "syncs.control_totals", "syncs.staging"],
    ["syncs.leases"],
    ["syncs.telling"],
    ["syncs.columns", "syncs.blocks", "syncs.known", "syncs.copying", "syncs.raw_lines", "syncs.totals"],
    ["syncs.connectors"],
    ["syncs.rows", "syncs.guarding", "syncs.problem_codes", "syncs.crash_points"],
    ["adsplatform.records", "enrollments.services"],
    ["enrollments.models", "enrollments.schedules"],
    ["adsplatform"],
]
GREATEST_LENGTH = 600


def modules():
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
                yield pytest.param(name, path, id=name)


def floor_of(module):
    """The floor's number, counted from the roof."""
    best = (-1, len(FLOORS))
    for number, patterns in enumerate(FLOORS):
        for pattern in patterns:
            if pattern.startswith("*."):
                hit = re.search(rf"\{pattern[1:]}(_\w+)?(\.|$)", module) and len(module)
            else:
                hit = f"{module}.".startswith(f"{pattern}.") and len(pattern)
            if hit and hit >= best[0]:
                best = (hit, number)
    return best[1]


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path} has a relative import."
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                is_module = (ROOT / full.replace(".", "/")).with_suffix(".py").exists()
                yield full if is_module or (ROOT / full.replace(".", "/")).is_dir() else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize(("name", "path"), list(modules()))
def test_imports_point_down(name, path):
    for imported in imports_of(path):
        if imported.split(".")[0] in PACKAGES:
            assert floor_of(imported) >= floor_of(name), f"{name} must not import {imported}."


@pytest.mark.parametrize(("name", "path"), list(modules()))
def test_a_connector_sees_only_the_record_protocol(name, path):
    if name.startswith("syncs.connectors"):
        ours = {imported for imported in imports_of(path) if imported.split(".")[0] in PACKAGES}
        assert {of for of in ours if not of.startswith(("syncs.connectors", "syncs.rows"))} == set()
        assert not any(imported.split(".")[0] == "django" for imported in imports_of(path))


@pytest.mark.parametrize(("name", "path"), list(modules()))
def test_every_module_says_what_it_is_and_stays_readable(name, path):
    text = path.read_text()
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), f"{name} has no docstring."
    assert len(text.splitlines()) <= GREATEST_LENGTH, f"{name} is too long."


def test_only_the_runner_turns_an_exception_into_a_failed_sync():
    callers = [
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if ".fail(" in path.read_text()
    ]
    assert callers == ["syncs/runner.py"]


def test_there_is_no_junk_drawer():
    junk = {"utils", "helpers", "common", "core", "misc"}
    assert not [name for name, _ in (param.values for param in modules()) if junk & set(name.split("."))]


@pytest.mark.django_db
def test_no_migration_is_missing():
    from django.core.management import call_command

    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
