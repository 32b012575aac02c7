"""Reads an import profile from its JSON document, with every member checked."""

import itertools
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from adsplatform.records.checks import quoted
from syncs.import_profiles.profile import (
    DATE_PATTERNS,
    DECIMAL_MARKS,
    DELIMITERS,
    ENCODINGS,
    FORMAT,
    REFERENCE_FIELDS,
    Carry,
    ColumnSource,
    Constant,
    ConstantSource,
    DebitCreditSource,
    DocumentValue,
    FirstSource,
    ImportProfile,
    JoinSource,
    Match,
    ProfileError,
    Read,
    RecordRule,
    Skip,
    SkipEmpty,
    SkipLines,
    SkipTotals,
    Source,
    Style,
    SumSource,
    When,
)
from syncs.import_profiles.profile_checks import check_profile

# What PostgreSQL cannot store.
_NO_TEXT = re.compile("[\0\ud800-\udfff]")

T = TypeVar("T")
# Bounds a document that is meant to make the reader recurse or run long.
MOST_MEMBERS, MOST_TEXT, MOST_DEPTH = 2_000, 1_000, 4


class Part:
    """A value of the document and its place in it, for sentences: `records[0].fields.erpKey`."""

    def __init__(self, value: object, place: str = "") -> None:
        self.value, self.place = value, place

    def fault(self, message: str) -> ProfileError:
        where = f"{self.place}: " if self.place else "The import profile: "
        return ProfileError(where + message, place=self.place)

    def members(self, allowed: str, required: str = "") -> "dict[str, Part]":
        """The members of an object that may have only those `allowed`."""
        found = self.any_members()
        names = allowed.split()
        for name in found:
            if name not in names:
                raise self.fault(f"{quoted(name)} is not known here. Known are: {', '.join(names)}.")
        for name in required.split():
            if name not in found:
                raise self.fault(f"“{name}” is missing.")
        return found

    def any_members(self) -> "dict[str, Part]":
        if not isinstance(self.value, Mapping):
            raise self.fault("an object is expected here.")
        if len(self.value) > MOST_MEMBERS:
            raise self.fault(f"at most {MOST_MEMBERS:,} members may stand here.")
        for name in self.value:
            self._storable(str(name))
        before = f"{self.place}." if self.place else ""
        return {str(name): Part(value, f"{before}{name}") for name, value in self.value.items()}

    def items(self, *, least: int = 0) -> "list[Part]":
        if not isinstance(self.value, list | tuple):
            raise self.fault("a list is expected here.")
        if len(self.value) < least:
            raise self.fault(f"the list needs at least {least} {'entry' if least == 1 else 'entries'}.")
        if len(self.value) > MOST_MEMBERS:
            raise self.fault(f"at most {MOST_MEMBERS:,} entries may stand here.")
        return [Part(value, f"{self.place}[{at}]") for at, value in enumerate(self.value)]

    def text(self, *, most: int = MOST_TEXT) -> str:
        if not isinstance(self.value, str):
            raise self.fault("a text is expected here.")
        if len(self.value) > most:
            raise self.fault(f"the text has {len(self.value):,} characters; at most {most:,} are allowed.")
        return self._storable(self.value)

    def _storable(self, text: str) -> str:
        if at := _NO_TEXT.search(text):
            raise self.fault(f"character {at.start() + 1} of the text is U+{ord(at[0]):04X}, which no text can hold.")
        return text

    def name(self, *, most: int = MOST_TEXT) -> str:
        """A text that is not blank."""
        text = self.text(most=most)
        if not text.strip():
            raise self.fault("the text must not be empty.")
        return text

    def texts(self, *, least: int = 0) -> tuple[str, ...]:
        return tuple(item.text() for item in self.items(least=least))

    def names(self) -> tuple[str, ...]:
        return tuple(item.name() for item in self.items(least=1))

    def one_of(self, known: tuple[str, ...]) -> str:
        text = self.text()
        if text not in known:
            shown = ", ".join("tab" if name == "\t" else name for name in known)
            raise self.fault(f"{quoted(text)} is not known here. Use one of: {shown}.")
        return text

    def whole_number(self, *, least: int | None = None) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.fault("a whole number is expected here.")
        if least is not None and self.value < least:
            raise self.fault(f"the number must be at least {least}.")
        return self.value

    def truth(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.fault("true or false is expected here.")
        return self.value

    def constant(self) -> Constant:
        if not isinstance(self.value, str | int | float | bool):
            raise self.fault("a text, a number, true or false is expected here.")
        return self._storable(self.value) if isinstance(self.value, str) else self.value

    def any_value(self, depth: int = 0) -> DocumentValue:
        """Whatever JSON may hold."""
        if depth > MOST_DEPTH:
            raise self.fault("values are nested too deeply.")
        if isinstance(self.value, list | tuple):
            return [item.any_value(depth + 1) for item in self.items()]
        if isinstance(self.value, Mapping):
            return {name: member.any_value(depth + 1) for name, member in self.any_members().items()}
        return None if self.value is None else self.constant()


def parse(document: object) -> ImportProfile:
    """The profile that a JSON document describes; raises ProfileError where it does not describe one."""
    part = Part(document)
    members = part.members(
        "format name match read styles columns records answers confirmed", "format name match read styles records"
    )
    if members["format"].value != FORMAT:
        raise members["format"].fault(f"the format must be “{FORMAT}”.")
    styles = _style(members["styles"], required="decimal dates")
    columns = (
        {name: _style(style) for name, style in members["columns"].any_members().items()}
        if ("columns" in members)
        else {}
    )
    profile = ImportProfile(
        name=members["name"].name(most=100),
        match=_match(members["match"]),
        read=_read(members["read"]),
        styles=styles,
        columns=columns,
        records=tuple(_record(rule) for rule in members["records"].items(least=1)),
        answers=tuple(map(_answer, _entries(members, "answers"))),
        confirmed=_optional(members, "confirmed", _confirmed, None),
    )
    check_profile(profile)
    return profile


def _optional(members: dict[str, Part], name: str, read: Callable[[Part], T], default: T) -> T:
    return read(members[name]) if name in members else default


def _entries(members: dict[str, Part], name: str) -> list[Part]:
    return members[name].items() if name in members else []


def _match(part: Part) -> Match:
    members = part.members("columns fingerprint file", "columns fingerprint")
    fingerprint = members["fingerprint"].text()
    if not re.fullmatch("[0-9a-f]{16}", fingerprint):
        raise members["fingerprint"].fault("16 digits of 0–9 and a–f are expected here.")
    return Match(members["columns"].texts(least=1), fingerprint, _optional(members, "file", Part.text, ""))


def _read(part: Part) -> Read:
    members = part.members("encoding delimiter sheet header skip carry", "header")
    return Read(
        header=_header(members["header"]),
        encoding=members["encoding"].one_of(ENCODINGS) if "encoding" in members else "",
        delimiter=members["delimiter"].one_of(DELIMITERS) if "delimiter" in members else "",
        sheet=_optional(members, "sheet", Part.text, ""),
        skip=tuple(_skip(item) for item in _entries(members, "skip")),
        carry=tuple(_carry(item) for item in _entries(members, "carry")),
    )


def _header(part: Part) -> tuple[int, ...]:
    if not isinstance(part.value, list | tuple):
        return (part.whole_number(least=1),)
    lines = tuple(item.whole_number(least=1) for item in part.items(least=2))
    if len(lines) > 3 or any(after != line + 1 for line, after in itertools.pairwise(lines)):
        raise part.fault("a header of several lines is given as two or three numbers that follow each other.")
    return lines


def _skip(part: Part) -> Skip:
    members = part.members("line totals empty")
    if len(members) != 1:
        raise part.fault("exactly one of “line”, “totals” and “empty” is expected here.")
    if "line" in members:
        return SkipLines(tuple(item.whole_number(least=1) for item in members["line"].items()))
    if "totals" in members:
        return SkipTotals(members["totals"].name())
    return SkipEmpty(members["empty"].names())


def _carry(part: Part) -> Carry:
    members = part.members("column whereEmpty as", "column whereEmpty as")
    name = members["as"].name()
    if not name.startswith("#"):
        raise members["as"].fault("the name must begin with “#”, like “#group”.")
    return Carry(members["column"].name(), members["whereEmpty"].names(), name)


def _style(part: Part, required: str = "") -> Style:
    members = part.members("decimal thousands dates true false empty wholeMark currencyInCell century", required)

    def texts(name: str) -> tuple[str, ...] | None:
        return members[name].texts() if name in members else None

    thousands = texts("thousands")
    if thousands is not None and any(len(mark) > 1 for mark in thousands):
        raise members["thousands"].fault("each mark is one character.")
    return Style(
        decimal=members["decimal"].one_of(DECIMAL_MARKS) if "decimal" in members else None,
        thousands=thousands,
        dates=members["dates"].one_of(DATE_PATTERNS) if "dates" in members else None,
        true=texts("true"),
        false=texts("false"),
        empty=texts("empty"),
        whole_mark=texts("wholeMark"),
        currency_in_cell=members["currencyInCell"].truth() if "currencyInCell" in members else None,
        century=members["century"].whole_number() if "century" in members else None,
    )


def _record(part: Part) -> RecordRule:
    members = part.members("kind when group lineOf fields", "kind fields")
    fields = members["fields"].any_members()
    if not fields:
        raise members["fields"].fault("at least one field is needed.")
    return RecordRule(
        kind=members["kind"].name(),
        fields={name: _source(source) for name, source in fields.items()},
        when=_when(members["when"]) if "when" in members else None,
        group=_optional(members, "group", Part.names, ()),
        line_of=_optional(members, "lineOf", Part.names, ()),
    )


def _when(part: Part) -> When:
    members = part.members("column in from to filled sign", "column")
    tests = members.keys() - {"column"}
    if tests not in ({"in"}, {"from", "to"}, {"filled"}, {"sign"}):
        raise part.fault("besides “column”, exactly one of “in”, “from” with “to”, “filled” and “sign” is expected.")
    when = When(
        members["column"].name(),
        any_of=members["in"].texts() if "in" in members else None,
        from_number=members["from"].whole_number() if "from" in members else None,
        to_number=members["to"].whole_number() if "to" in members else None,
        filled=members["filled"].truth() if "filled" in members else None,
        sign=members["sign"].one_of(("plus", "minus")) if "sign" in members else "",
    )
    if when.from_number is not None and when.to_number is not None and when.from_number > when.to_number:
        raise part.fault("“from” is greater than “to”.")
    return when


def _source(part: Part, depth: int = 0) -> Source:
    if isinstance(part.value, str):
        return ColumnSource(part.name())
    if depth > MOST_DEPTH:
        raise part.fault("sources are nested too deeply.")
    names = part.any_members().keys()
    if "constant" in names:
        return ConstantSource(part.members("constant")["constant"].constant())
    if "join" in names:
        members = part.members("join with")
        return JoinSource(members["join"].names(), _optional(members, "with", Part.text, ""))
    if "first" in names:
        sources = part.members("first")["first"].items(least=1)
        return FirstSource(tuple(_source(source, depth + 1) for source in sources))
    if "sum" in names:
        return SumSource(part.members("sum")["sum"].names())
    if "debit" in names or "credit" in names:
        members = part.members("debit credit", "debit credit")
        return DebitCreditSource(members["debit"].name(), members["credit"].name())
    if "column" in names:
        return _column_source(part)
    raise part.fault(
        "the source of a field is the name of a column, or an object with one of: constant, column, join, first, sum, "
        "debit and credit."
    )


def _column_source(part: Part) -> ColumnSource:
    members = part.members("column values by negate absolute inverted percent currency sign", "column")
    sign_column, positive = "", None
    negative: tuple[str, ...] = ()
    if "sign" in members:
        sign = members["sign"].members("column negative positive", "column negative")
        sign_column, negative = sign["column"].name(), sign["negative"].texts(least=1)
        positive = sign["positive"].texts() if "positive" in sign else None
    values: dict[str, Constant | None] | None = None
    if "values" in members:
        values = {
            value: None if meaning.value is None else meaning.constant()
            for value, meaning in members["values"].any_members().items()
        }
    return ColumnSource(
        members["column"].name(),
        values=values,
        by=members["by"].one_of(REFERENCE_FIELDS) if "by" in members else "",
        negate=_optional(members, "negate", Part.truth, False),
        absolute=_optional(members, "absolute", Part.truth, False),
        inverted=_optional(members, "inverted", Part.truth, False),
        percent=_optional(members, "percent", Part.truth, False),
        currency=_optional(members, "currency", Part.truth, False),
        sign_column=sign_column,
        negative=negative,
        positive=positive,
    )


def _answer(part: Part) -> Mapping[str, DocumentValue]:
    if "answer" not in part.any_members():
        raise part.fault("“answer” is missing.")
    return _with_texts(part, "what", "evidence")


def _confirmed(part: Part) -> Mapping[str, DocumentValue]:
    return _with_texts(part, "by", "at", "sample")


def _with_texts(part: Part, *names: str) -> Mapping[str, DocumentValue]:
    """An object that is kept as it is, in which these members are texts."""
    members = part.any_members()
    for name in names:
        if name not in members:
            raise part.fault(f"“{name}” is missing.")
        members[name].text()
    return {name: member.any_value() for name, member in members.items()}
