"""What the documents say, taken apart for tests: settings, code, links, anchors."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(path for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")) if path.is_file())
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def documented_settings() -> dict[str, str]:
    """Each variable of docs/configuration.md, with its default as the table words it."""
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.+?) \| ", (ROOT / "docs" / "configuration.md").read_text(), re.MULTILINE)
    assert len(rows) == len(dict(rows)), "A variable is described twice."
    return dict(rows)


def fenced_code(path: Path, language: str) -> list[str]:
    """The code blocks of a document that are marked with a language."""
    return [code for marked, code in _FENCED.findall(path.read_text()) if marked == language]


def without_fenced_code(path: Path) -> str:
    return _FENCED.sub("", path.read_text())


def inline_code(path: Path) -> set[str]:
    """Everything between single backticks, outside of code blocks."""
    return set(re.findall(r"`([^`\n]+)`", without_fenced_code(path)))


def links(path: Path) -> Iterator[str]:
    """Targets of Markdown links and images, outside of code blocks."""
    text = re.sub(r"`[^`\n]*`", "", without_fenced_code(path))
    yield from re.findall(r"\]\(([^)\s]+)\)", text)


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, by GitHub's rules."""
    headings = re.findall(r"^#{1,6} (.+)$", without_fenced_code(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
