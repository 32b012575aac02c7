"""What documents name exists: commands, files, modules, functions, links and anchors."""

import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from adsplatform import __version__
from tests.docs.documents import DOCUMENTS, ROOT, anchors, fenced_code, inline_code, links, name_of

PACKAGES = ("adsplatform", "enrollments", "syncs", "tests")
PATH = re.compile(r"^(?:adsplatform|enrollments|syncs|tests|docs|deploy|templates|static|\.ci)/[\w./-]*$")
DOTTED = re.compile(rf"^(?:{'|'.join(PACKAGES)})(?:\.\w+)+$")
# Old names may stand in the list of what has changed.
WITHOUT_CHANGELOG = [path for path in DOCUMENTS if path.name != "CHANGELOG.md"]


def each(documents):
    return pytest.mark.parametrize("document", documents, ids=name_of)


def commands(document: Path) -> list[str]:
    """Lines of shell code, and inline code, without comments."""
    lines = [line for code in fenced_code(document, "sh") for line in code.splitlines()]
    return [line.split(" #")[0].strip() for line in [*lines, *inline_code(document)]]


def make_targets() -> set[str]:
    return set(re.findall(r"^([\w.-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@each(DOCUMENTS)
def test_make_targets_exist(document):
    named = {target for line in commands(document) for target in re.findall(r"\bmake (\w+)", line)}
    assert named <= make_targets()


@each(DOCUMENTS)
def test_management_commands_and_their_options_exist(document):
    known = get_commands()
    for line in commands(document):
        for command, rest in re.findall(r"manage\.py (\w+)([^|&;]*)", line):
            assert command in known, line
            options = load_command_class(known[command], command).create_parser("manage.py", command)
            for option in re.findall(r"(--[\w-]+)", rest):
                assert option in options.format_help(), f"{line}: there is no option {option}."


@each(DOCUMENTS)
def test_modules_that_are_run_exist(document):
    for line in commands(document):
        for module in re.findall(r"python -m ([\w.]+)", line):
            assert find_spec(module), f"{line}: there is no module {module}."


@each(WITHOUT_CHANGELOG)
def test_options_of_our_own_modules_exist(document):
    for line in commands(document):
        for module, rest in re.findall(r"python -m (tests\.\w+)(.*)", line):
            source = ROOT / module.replace(".", "/") / "__main__.py"
            for option in re.findall(r"--([\w-]+)", rest):
                assert f'"--{option}"' in source.read_text(), line


@each(WITHOUT_CHANGELOG)
def test_files_and_folders_exist(document):
    named = {text for text in inline_code(document) if PATH.match(text)}
    assert {text for text in named if not (ROOT / text).exists()} == set()


@each(WITHOUT_CHANGELOG)
def test_dotted_names_exist(document):
    for text in inline_code(document):
        if DOTTED.match(text):
            assert is_importable(text), f"There is no {text}."


def is_importable(dotted: str) -> bool:
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:length]))
        except ImportError:
            continue
        return all((found := getattr(found, name, None)) is not None for name in parts[length:])
    return False


@each(DOCUMENTS)
def test_relative_links_and_anchors_resolve(document):
    for link in links(document):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (document.parent / file).resolve() if file else document
        assert target.exists(), f"{link} leads nowhere."
        if anchor:
            assert anchor in anchors(target), f"{link}: there is no such heading."


@each(DOCUMENTS)
def test_external_links_are_https(document):
    assert [link for link in links(document) if re.match(r"[a-z]+:", link) and not link.startswith("https://")] == []


def test_every_document_can_be_reached_from_the_readme():
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        document = waiting.pop()
        if document not in seen:
            seen.add(document)
            targets = (
                (document.parent / link.partition("#")[0]).resolve() for link in links(document) if ":" not in link
            )
            waiting += [target for target in targets if target.suffix == ".md"]
    assert set(DOCUMENTS) <= seen


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


def test_the_changelog_has_this_version():
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert __version__ in headings


def test_every_decision_is_in_the_list():
    folder = ROOT / "docs" / "adr"
    assert {path.name for path in folder.glob("0*.md")} == {
        link for link in links(folder / "README.md") if link.startswith("0")
    }


def test_the_layers_in_the_documents_are_packages():
    text = (ROOT / "docs" / "architecture.md").read_text()
    assert "```mermaid" in text
    reading = re.findall(r"^\d+\. `([\w/]+\.py)`", text, re.MULTILINE)
    assert len(reading) == 10


def test_every_setting_named_in_a_document_exists():
    from tests.docs.documents import documented_settings

    prefixes = ("SYNC_", "KEEP_", "UPLOAD_", "THROTTLE_", "UNPACKED_", "WEB_", "HTTPS")
    for document in WITHOUT_CHANGELOG:
        named = {text.split("=")[0] for text in inline_code(document) if text.isupper() or "=" in text}
        named = {text for text in named if re.fullmatch(r"[A-Z_]+", text) and text.startswith(prefixes)}
        assert named <= documented_settings().keys(), document


def test_pre_commit_runs_the_checks_of_make_lint_and_downloads_nothing():
    recipe = (ROOT / "Makefile").read_text().split("\nlint:")[1].split("\n\n")[0]
    ours = set(re.findall(r"\.venv-test/bin/([\w -]+?)(?: \.)?$", recipe, re.MULTILINE))
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    hooks = config["repos"][0]["hooks"]
    assert {hook["language"] for hook in hooks} == {"system"}
    assert {hook["entry"].removeprefix(".venv-test/bin/") for hook in hooks} == ours
