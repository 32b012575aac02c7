"""The fields a query may name: their wire names, where the ORM finds them, and their types."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import models

TYPES = ("text", "integer", "decimal", "double", "boolean", "uuid", "date", "datetime", "enum")
# Of a longer word, only this much is compared with the fields' names.
LONGEST_GUESS = 100

# The first class that fits decides: a DateTimeField is a DateField too.
MODEL_TYPES = (
    (models.UUIDField, "uuid"),
    (models.BooleanField, "boolean"),
    (models.IntegerField, "integer"),
    (models.DecimalField, "decimal"),
    (models.FloatField, "double"),
    (models.DateTimeField, "datetime"),
    (models.DateField, "date"),
    ((models.CharField, models.TextField, models.FileField), "text"),
)


@dataclass(frozen=True)
class Field:
    """One field of a query: `name` is what callers write, `path` what the ORM understands."""

    name: str
    path: str
    type: str
    # For an enum: its members' names and what is stored for each.
    choices: Mapping[str, Any] | None = None
    aliases: tuple[str, ...] = ()

    def __post_init__(self):
        if self.type not in TYPES:
            raise ImproperlyConfigured(f"{self.name}: no type is called “{self.type}”.")
        if (self.type == "enum") != bool(self.choices):
            raise ImproperlyConfigured(f"{self.name}: an enum has choices, and only an enum has.")


class Fields:
    """The fields of one query, its order when none is asked for, and the key that settles every tie."""

    def __init__(self, fields: Iterable[Field], *, default_order: Iterable[str] = (), key: str):
        self._fields = tuple(fields)
        self.default_order = tuple(default_order)
        self.key = key
        self._by_name: dict[str, Field] = {}
        for field in self._fields:
            for name in (field.name, *field.aliases):
                if self._by_name.setdefault(name.upper(), field) is not field:
                    raise ImproperlyConfigured(f"Two fields are called “{name}”.")

    def __iter__(self) -> Iterator[Field]:
        return iter(self._fields)

    @classmethod
    def from_model(
        cls,
        model: type[models.Model],
        names: Iterable[str] | Mapping[str, str],
        *,
        default_order: Iterable[str] = (),
        key: str = "",
    ) -> "Fields":
        """Fields with their types read off a model.

        `names` are wire names in camelCase, or wire names and their ORM paths where they differ.
        """
        paths = names if isinstance(names, Mapping) else {name: _snake_case(name) for name in names}
        fields = [_field_of(model, name, path) for name, path in paths.items()]
        return cls(fields, default_order=default_order, key=key or model._meta.pk.attname)

    def find(self, name: str) -> Field | None:
        """The field of that name or alias, whatever its case."""
        return self._by_name.get(name.upper())

    def nearest(self, name: str) -> Field | None:
        """The field that someone who wrote `name` probably meant."""
        near = difflib.get_close_matches(name[:LONGEST_GUESS].upper(), self._by_name, n=1)
        return self._by_name[near[0]] if near else None

    def known(self) -> str:
        """The names of all fields, as a list to read."""
        return ", ".join(sorted((field.name for field in self), key=str.lower))


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _field_of(model: type[models.Model], name: str, path: str) -> Field:
    *relations, last = path.split("__")
    for relation in relations:
        model = _column(model, relation, name).related_model
    column = _column(model, last, name)
    path = "__".join([*relations, column.attname])
    while column.is_relation:
        column = column.target_field
    type = next((type for classes, type in MODEL_TYPES if isinstance(column, classes)), None)
    if type is None:
        raise ImproperlyConfigured(f"{name}: a query has no type for a {column.__class__.__name__}.")
    # Texts with choices stay texts: callers search in them as in any other text.
    if type == "integer" and column.flatchoices:
        return Field(name, path, "enum", {str(label): value for value, label in column.flatchoices})
    return Field(name, path, type)


def _column(model: type[models.Model], part: str, name: str) -> models.Field:
    column = model._meta.get_field(part)
    if column.many_to_many or column.one_to_many:
        # Over many rows, a test and its negation could both hold, and a row be found twice.
        raise ImproperlyConfigured(f"{name}: “{part}” leads to many rows.")
    return column
