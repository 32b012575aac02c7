"""Every regular expression of the code takes time in proportion to its input, whatever that is.

The expressions are collected from the modules, from calls of `re` with a literal, and from the URLs. Those that polars
applies are not: its engine has no backtracking. For each expression, inputs are made of what the expression itself is
made of; those that take longest at 1,500 characters are tried at 50,000 and 100,000.
"""

import ast
import importlib
import itertools
import pkgutil
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

import pytest
from django.urls import URLPattern, get_resolver

import adsplatform
import enrollments
import syncs
from adsplatform.records import number_styles
from adsplatform.records.number_styles import APOSTROPHES, BLANKS
from syncs.connectors.formats import csv_extents, xlsx_formats
from syncs.import_profiles.cell_values import number_pattern

PACKAGES = (adsplatform, enrollments, syncs)
FLAGS = re.IGNORECASE | re.ASCII | re.DOTALL | re.MULTILINE | re.VERBOSE | re.LOCALE
SCREENED, WHOLE = 500, 100_000
# The slowest inputs of the screening that are tried at length, and the most that are screened.
SLOWEST, MOST_INPUTS = 2, 150
# Expressions that only see shorter texts, and how long these are at most.
SHORTER = {
    "adsplatform.records.number_styles._OTHER_NUMBER": number_styles.LONGEST_NUMBER,
    "syncs.connectors.formats.xlsx_formats._TOKEN": xlsx_formats.LONGEST_CODE,
}
# Below this many seconds for 100,000 characters, any growth is harmless.
HARMLESS = 0.25
# A quadratic expression takes longer. The CPU time of all threads of the process counts, so there is room for others.
MOST_SECONDS = 20
METHODS: dict[str, Callable[[re.Pattern[Any], Any], object]] = {
    "match": re.Pattern.match,
    "fullmatch": re.Pattern.fullmatch,
    "search": lambda pattern, text: sum(1 for _ in pattern.finditer(text)),
}
ANCHORED = frozenset({"match", "fullmatch"})


class Expression(NamedTuple):
    where: str
    pattern: re.Pattern[Any]
    methods: frozenset[str]


def modules() -> Iterator[Any]:
    for package in PACKAGES:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in found.name and found.name not in ("adsplatform.serving", "adsplatform.wsgi"):
                yield importlib.import_module(found.name)


def sources() -> dict[Path, str]:
    return {path: path.read_text() for package in PACKAGES for path in Path(package.__path__[0]).rglob("*.py")}


def patterns_in(value: object, depth: int = 3) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, dict):
        yield from (found for one in value.values() for found in patterns_in(one, depth - 1))
    elif depth and isinstance(value, list | tuple | set | frozenset):
        yield from (found for one in value for found in patterns_in(one, depth - 1))


def methods_of(name: str, text: str) -> frozenset[str]:
    """The methods by which the code applies a pattern; the most demanding ones unless each use says which."""
    uses = re.findall(rf"\b{name}\b(?! ?[:=][^=])(?:\[[^\]]*\])?(\.\w+|)", text)
    named = {use.removeprefix(".") for use in uses}
    return frozenset(named) if named and named <= ANCHORED else frozenset({"fullmatch", "search"})


def of_modules() -> Iterator[Expression]:
    texts = {str(path): re.sub(r"^from .* import .*", "", text, flags=re.MULTILINE) for path, text in sources().items()}
    all_text = "\n".join(texts.values())
    for module in modules():
        for name, value in vars(module).items():
            if not name.startswith("__") and (found := list(patterns_in(value))):
                methods = methods_of(name, texts[module.__file__] if name.startswith("_") else all_text)
                yield from (Expression(f"{module.__name__}.{name}", pattern, methods) for pattern in found)


def of_functions() -> Iterator[Expression]:
    """Those that functions put together."""
    built = {
        "csv_extents._cell_pattern": (csv_extents._cell_pattern(";"), "match"),
        "csv_extents._blank_before_quote": (csv_extents._blank_before_quote(";"), "search"),
        "cell_values.number_pattern": (re.compile(number_pattern(",", (".", " "))), "fullmatch"),
        "number_styles.exact": (re.compile(f"[{APOSTROPHES}{BLANKS}.]"), "search"),
    }
    return (Expression(where, pattern, frozenset({method})) for where, (pattern, method) in built.items())


def calls_of_re() -> Iterator[tuple[Path, ast.Call, str]]:
    for path, text in sources().items():
        for node in ast.walk(ast.parse(text)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "re"
                and node.func.attr not in ("escape", "compile")
            ):
                yield path, node, node.func.attr


def of_literals() -> Iterator[Expression]:
    for path, call, method in calls_of_re():
        pattern = call.args[0]
        if isinstance(pattern, ast.Constant):
            flags = sum(
                getattr(re, node.attr)
                for node in ast.walk(call)
                if isinstance(node, ast.Attribute) and node.attr.isupper()
            )
            yield Expression(
                f"{path.name}:{call.lineno}",
                re.compile(pattern.value, flags),
                frozenset({method} if method in ANCHORED else {"search"}),
            )


def of_urls(patterns: list[Any], where: str = "/") -> Iterator[Expression]:
    for entry in patterns:
        yield Expression(f"{where}{entry.pattern}", entry.pattern.regex, frozenset({"search"}))
        if not isinstance(entry, URLPattern):
            yield from of_urls(entry.url_patterns, f"{where}{entry.pattern}")


def expressions() -> list[Expression]:
    found: dict[tuple[object, int], Expression] = {}
    for one in (*of_modules(), *of_literals(), *of_functions(), *of_urls(get_resolver().url_patterns)):
        key = (one.pattern.pattern, one.pattern.flags)
        before = found.get(key)
        found[key] = one._replace(methods=one.methods | before.methods) if before else one
    return list(found.values())


# Inputs from the parts of an expression.


def sample_of(node: Any) -> str:
    """A short text that a part of an expression matches, more or less."""
    kind, value = node
    match kind:
        case sre.LITERAL:
            return chr(value)
        case sre.NOT_LITERAL:
            return "b" if value == ord("a") else "a"
        case sre.ANY:
            return "a"
        case sre.IN:
            return characters_of(value)[0]
        case sre.SUBPATTERN:
            return sample_of_all(value[-1])
        case sre.ATOMIC_GROUP:
            return sample_of_all(value)
        case sre.BRANCH:
            return sample_of_all(value[1][0])
        case sre.MAX_REPEAT | sre.MIN_REPEAT | sre.POSSESSIVE_REPEAT:
            return sample_of_all(value[2]) * max(1, value[0])
    return ""


def sample_of_all(nodes: Any) -> str:
    return "".join(map(sample_of, nodes))


CATEGORIES = {
    sre.CATEGORY_DIGIT: "1", sre.CATEGORY_SPACE: " ", sre.CATEGORY_WORD: "a",
    sre.CATEGORY_NOT_DIGIT: "a", sre.CATEGORY_NOT_SPACE: "a", sre.CATEGORY_NOT_WORD: "-",
}  # fmt: skip


def characters_of(members: Any) -> list[str]:
    found = []
    for kind, value in members:
        if kind is sre.LITERAL:
            found.append(chr(value))
        elif kind is sre.RANGE:
            found += [chr(value[0]), chr(value[1])]
        elif kind is sre.CATEGORY:
            found.append(CATEGORIES[value])
    if members[0][0] is sre.NEGATE:
        return [letter for letter in "a1 -.(\n" if letter not in found] or ["\x7f"]
    return found


def parts_of(nodes: Any) -> Iterator[Any]:
    for node in nodes:
        yield node
        kind, value = node
        if kind is sre.SUBPATTERN:
            yield from parts_of(value[-1])
        elif kind in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            yield from parts_of(value[2])
        elif kind is sre.ATOMIC_GROUP:
            yield from parts_of(value)
        elif kind is sre.BRANCH:
            for branch in value[1]:
                yield from parts_of(branch)
        elif kind in (sre.ASSERT, sre.ASSERT_NOT):
            yield from parts_of(value[1])


def inputs_for(pattern: re.Pattern[Any]) -> Iterator[tuple[str, str, str]]:
    """What comes first, what is repeated, and what comes last."""
    text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    tree = parser.parse(text, pattern.flags & FLAGS & (~re.LOCALE))
    nodes = list(parts_of(tree))
    letters: dict[str, None] = {}
    for kind, value in nodes:
        if kind is sre.LITERAL:
            letters[chr(value)] = None
        elif kind is sre.IN:
            letters |= dict.fromkeys(characters_of(value)[:3])
    alphabet = list(letters | dict.fromkeys(("a", "1", " ", "\n")))[:7]
    heads = list(dict.fromkeys(sample_of_all(tree[:count]) for count in range(len(tree) + 1)))
    bodies = [sample_of_all([node]) for node in nodes if node[0] in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.BRANCH)]
    pumps = list(dict.fromkeys(filter(None, [*alphabet, *bodies, *heads])))
    pairs = map("".join, itertools.permutations(alphabet, 2))
    yield from itertools.product(heads[:6], pumps, ("\x00",))
    yield from itertools.product(heads[:2], pairs, ("\x00", ""))


def seconds_of(expression: Expression, method: str, text: str) -> float:
    subject = text if isinstance(expression.pattern.pattern, str) else text.encode("utf-8", "replace")
    began = time.thread_time()
    METHODS[method](expression.pattern, subject)
    return time.thread_time() - began


def filled(parts: tuple[str, str, str], length: int) -> str:
    first, pump, last = parts
    return first + pump * (length // len(pump)) + last


class TooLong(Exception):
    pass


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    def interrupt(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def fault_of(expression: Expression) -> str:
    parts: tuple[str, str, str] = ("", "", "")
    method = ""
    longest = SHORTER.get(expression.where, WHOLE)
    try:
        for method in sorted(expression.methods):
            with at_most(MOST_SECONDS):
                screened = [
                    (seconds_of(expression, method, filled(parts, min(SCREENED, longest))), parts)
                    for parts in itertools.islice(inputs_for(expression.pattern), MOST_INPUTS)
                ]
            for _, parts in sorted(screened, reverse=True)[:SLOWEST]:
                with at_most(MOST_SECONDS):
                    whole = seconds_of(expression, method, filled(parts, longest))
                    if whole < HARMLESS:
                        continue
                    half = min(seconds_of(expression, method, filled(parts, longest // 2)) for _ in range(3))
                    whole = min(whole, *(seconds_of(expression, method, filled(parts, longest)) for _ in range(2)))
                if whole > 3 * half:
                    return f"{expression.where}: {method} on {parts} takes {half:.3f} s, then {whole:.3f} s"
    except TooLong:
        return f"{expression.where}: {method} on {parts} takes too long"
    return ""


@pytest.mark.untraced
def test_time_grows_with_the_length_of_the_input_only():
    found = expressions()
    assert len(found) > 150
    assert [fault for one in found if (fault := fault_of(one))] == []
