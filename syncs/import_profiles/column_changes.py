"""Changes that a person makes to a profile's document: which column fills which fields, and constant values."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from adsplatform.records.specification import Column, entities
from syncs.import_profiles.header_names import key_of
from syncs.import_profiles.profile import ProfileError

# A profile as a document, and one of its sources, as JSON holds them.
Document = Mapping[str, Any]
Source = Any


@dataclass(frozen=True, slots=True)
class Target:
    """A field of a kind of record: `Invoice.totalAmount`."""

    kind: str
    field: str

    @classmethod
    def parse(cls, text: str) -> "Target":
        """The target that a text names; raises ProfileError for one that cannot be loaded."""
        kind, _, field = text.partition(".")
        entity = entities().get(kind)
        if entity is None or field.lower() not in entity.by_wire_name:
            raise ProfileError(f"“{text}” is no field that can be loaded. Choose another one.")
        return cls(kind, entity.by_wire_name[field.lower()].wire)

    def __str__(self) -> str:
        return f"{self.kind}.{self.field}"

    @property
    def column(self) -> Column:
        return entities()[self.kind].by_wire_name[self.field.lower()]


@dataclass(frozen=True, slots=True)
class Use:
    """How a column of the file is used: the field, and whether the column alone fills it."""

    target: Target
    is_alone: bool


def uses_of(document: Document, column: str) -> tuple[Use, ...]:
    """The fields that a column of the file fills, each once."""
    found: dict[Target, bool] = {}
    for kind, field, source in _sources(document):
        if any(_is_same(column, name) for name in _columns_of(source)):
            target = Target(kind, field)
            found[target] = found.get(target, True) and _is_alone(source)
    return tuple(Use(target, is_alone) for target, is_alone in found.items())


def constants_of(document: Document) -> dict[Target, Any]:
    """The constant values that every record of a kind gets; those that differ between its rules are left out."""
    found: dict[Target, list[Any]] = {}
    for kind, field, source in _sources(document):
        is_constant = isinstance(source, Mapping) and "constant" in source
        found.setdefault(Target(kind, field), []).append(source["constant"] if is_constant else None)
    return {
        target: values[0]
        for target, values in found.items()
        if values[0] is not None and values.count(values[0]) == len(values)
    }


def with_column(document: Document, column: str, targets: Sequence[Target]) -> dict[str, Any]:
    """The document with a column that fills these fields and, of those that it fills alone, no others.

    Raises ProfileError where another column fills one of them already, or where no record of the kind is made.
    """
    changed: dict[str, Any] = deepcopy(dict(document))
    present = {use.target: use for use in uses_of(document, column)}
    for target, use in present.items():
        if target not in targets and use.is_alone:
            for rule in _rules(changed, target.kind):
                source = rule["fields"].get(target.field)
                if source is not None and any(_is_same(column, name) for name in _columns_of(source)):
                    del rule["fields"][target.field]
    for target in targets:
        if target not in present:
            _fill(changed, target, column)
    return changed


def with_constant(document: Document, target: Target, value: str | None) -> dict[str, Any]:
    """The document with a constant for a field; None removes the one that it has."""
    changed: dict[str, Any] = deepcopy(dict(document))
    rules = list(_rules(changed, target.kind))
    if not rules:
        raise ProfileError(f"The file yields no {entities()[target.kind].singular}, so “{target.field}” cannot be set.")
    for rule in rules:
        source = rule["fields"].get(target.field)
        is_constant = isinstance(source, Mapping) and "constant" in source
        if value is None:
            if is_constant:
                del rule["fields"][target.field]
        elif source is None or is_constant:
            rule["fields"][target.field] = {"constant": constant_of(target, value)}
        else:
            names = ", ".join(f"“{name}”" for name in _columns_of(source))
            raise ProfileError(f"“{target.field}” is filled from {names} already. Leave that column out first.")
    return changed


def constant_of(target: Target, value: str) -> str | bool:
    """A value as the document has it: true and false for a column of flags, else the text."""
    text = value.strip()
    if target.column.type != "boolean":
        return text
    if text.lower() not in ("true", "false"):
        raise ProfileError(f"“{target.field}” is true or false, not “{text}”.")
    return text.lower() == "true"


def _fill(document: dict[str, Any], target: Target, column: str) -> None:
    rules = list(_rules(document, target.kind))
    if not rules:
        raise ProfileError(
            f"The file yields no {entities()[target.kind].singular}, so “{column}” cannot fill “{target}”."
        )
    for rule in rules:
        source = rule["fields"].get(target.field)
        if source is not None and not (isinstance(source, Mapping) and "constant" in source):
            names = ", ".join(f"“{name}”" for name in _columns_of(source))
            raise ProfileError(
                f"“{target.field}” is filled from {names} already. Choose one of the two, and leave the other out."
            )
        rule["fields"][target.field] = column


def _rules(document: Document, kind: str) -> Iterator[dict[str, Any]]:
    yield from (rule for rule in document.get("records", ()) if rule["kind"] == kind)


def _sources(document: Document) -> Iterator[tuple[str, str, Source]]:
    for rule in document.get("records", ()):
        for field, source in rule["fields"].items():
            yield rule["kind"], field, source


def _columns_of(source: Source) -> Iterator[str]:
    """The names of the file's columns that a source refers to."""
    if isinstance(source, str):
        yield source
    elif isinstance(source, Mapping):
        if isinstance(source.get("sign"), Mapping):
            yield source["sign"]["column"]
        for name in ("column", "debit", "credit"):
            if name in source:
                yield source[name]
        for name in ("join", "sum", "first"):
            for part in source.get(name, ()):
                yield from _columns_of(part)


def _is_alone(source: Source) -> bool:
    return isinstance(source, str) or (isinstance(source, Mapping) and "column" in source)


def _is_same(one: str, other: str) -> bool:
    return one == other or (not other.startswith("#") and key_of(one) == key_of(other))
