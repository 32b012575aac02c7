"""The fields that a query may name: their wire names, their paths for the ORM, and their types."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Self
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models.fields.reverse_related import ForeignObjectRel

from adsplatform.naming import snake_case

TYPES = ("text", "integer", "decimal", "double", "boolean", "uuid", "date", "datetime", "enum")
# How many characters of an unknown word are compared with the names of the fields.
LONGEST_GUESS = 100

# The Python types of a query's constants.
Value = str | int | float | bool | Decimal | UUID | date | datetime

# The first match decides, because a DateTimeField is a DateField too.
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
    # Of an enum: the names of its members, and the stored value of each.
    choices: Mapping[str, int | str] | None = None
    aliases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise ImproperlyConfigured(f"{self.name}: no type is called “{self.type}”.")
        if (self.type == "enum") != bool(self.choices):
            raise ImproperlyConfigured(f"{self.name}: an enum has choices, and only an enum has.")

    @property
    def is_key(self) -> bool:
        """Whether its texts are ERP keys, which are stored without outer blanks and in Unicode's normal form NFC."""
        return self.type == "text" and self.path.endswith("erp_key")


class Fields:
    """The fields of one query, its default order, and the unique key that breaks every tie of an order."""

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
    ) -> Self:
        """Fields with the types of a model's columns.

        `names` are wire names in camelCase, or wire names and their ORM paths where they differ.
        """
        paths = names if isinstance(names, Mapping) else {name: snake_case(name) for name in names}
        fields = [_field_of(model, name, path) for name, path in paths.items()]
        return cls(fields, default_order=default_order, key=key or model._meta.pk.attname)

    def find(self, name: str) -> Field | None:
        """The field with that name or alias, in any case; None if there is none."""
        return self._by_name.get(name.upper())

    def nearest(self, name: str) -> Field | None:
        """The field whose name is most like `name`; None if none is similar."""
        near = difflib.get_close_matches(name[:LONGEST_GUESS].upper(), self._by_name, n=1)
        return self._by_name[near[0]] if near else None

    def known(self) -> str:
        """The names of all fields, as a list for a sentence."""
        return ", ".join(sorted((field.name for field in self), key=str.lower))


def _field_of(model: type[models.Model], name: str, path: str) -> Field:
    *relations, last = path.split("__")
    for relation in relations:
        related = _single(model, relation, name).related_model
        if related is None:
            raise ImproperlyConfigured(f"{name}: “{relation}” leads to no other table.")
        model = related
    column = _single(model, last, name)
    if not isinstance(column, models.Field):
        raise ImproperlyConfigured(f"{name}: “{last}” is no column of its table.")
    path = "__".join([*relations, column.attname])
    while isinstance(column, models.ForeignKey):
        column = column.target_field
    type = next((type for classes, type in MODEL_TYPES if isinstance(column, classes)), None)
    if type is None:
        raise ImproperlyConfigured(f"{name}: a query has no type for a {column.__class__.__name__}.")
    # A text with choices stays a text: callers search in it as in any other.
    if type == "integer" and column.flatchoices:
        return Field(name, path, "enum", {str(label): value for value, label in column.flatchoices})
    return Field(name, path, type)


def _single(model: type[models.Model], part: str, name: str) -> "models.Field[object, object] | ForeignObjectRel":
    """A column of the model, or a relation to at most one other row."""
    found = model._meta.get_field(part)
    if found.many_to_many or found.one_to_many:
        # With several related rows, a test and its negation could both be true, and a row could be found twice.
        raise ImproperlyConfigured(f"{name}: “{part}” leads to many rows.")
    return found
