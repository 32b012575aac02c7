"""docs/configuration.md describes every variable that the code reads, no other, with its real default."""

import ast
import re

import pytest

from tests.docs.documents import ROOT, documented_settings

PACKAGES = ("adsplatform", "enrollments", "syncs")
# `env.str("NAME", …)` and the generated secrets of settings.py; `os.environ` elsewhere.
READS = re.compile(r"""env\.\w+\(\s*"([A-Z_]+)"|_secret\(\s*"([A-Z_]+)"|environ(?:\.\w+\(|\[)\s*"([A-Z_]+)\"""")
OF_DJANGO = {"DJANGO_SETTINGS_MODULE"}


def variables_read() -> set[str]:
    found = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            found |= {name for names in READS.findall(path.read_text()) for name in names if name}
    makefile = (ROOT / "Makefile").read_text()
    return (found - OF_DJANGO) | set(re.findall(r"^([A-Z_]+) \?=", makefile, re.MULTILINE))


def defaults_in_settings() -> dict[str, object]:
    """The defaults in settings.py that are written as literals or sums of them."""
    found = {}
    for node in ast.walk(ast.parse((ROOT / "adsplatform" / "settings.py").read_text())):
        is_read = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if not (is_read and isinstance(node.func.value, ast.Name) and node.func.value.id == "env"):
            continue
        name, *default = node.args
        if not isinstance(name, ast.Constant):
            continue
        try:
            found[name.value] = eval(compile(ast.Expression(default[0]), "default", "eval"), {"__builtins__": {}})
        except (IndexError, NameError):
            continue  # Without a default, or with one that depends on another setting.
    return found


def worded(default: object) -> list[str]:
    """How the table may word a default."""
    if isinstance(default, bool):
        return [f"`{str(default).lower()}`"]
    if isinstance(default, int | float):
        return [f"`{default:g}`", f"{default / 1024**2:g} MiB", f"{default / 1024**3:g} GiB", f"`{default}`"]
    if isinstance(default, list) and default:
        return [", ".join(f"`{value}`" for value in default)]
    return [f"`{default}`"] if default else ["none"]


def test_every_variable_is_described_and_no_other():
    assert documented_settings().keys() == variables_read()


@pytest.mark.parametrize(("name", "default"), defaults_in_settings().items())
def test_the_default_is_the_documented_one(name, default):
    said = documented_settings()[name]
    if default in ("", None, [], {}):
        # An empty value stands for something that the table explains in words.
        assert not re.fullmatch(r"`.*`", said) or name in ("UPLOAD_STORAGE_OPTIONS",)
    else:
        assert said.split(" (")[0] in worded(default)


def test_defaults_were_found():
    assert len(defaults_in_settings()) > 50
