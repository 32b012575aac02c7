"""A record as Tryton answers it, with its values by type."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias

from syncs.connectors.protocol import ConnectorError

# A row to load: the published names of the columns, and amounts as texts.
Row: TypeAlias = "dict[str, str | int | bool | None]"


def decode(answer: bytes) -> object:
    """What an answer says. Numbers with a point become decimals, and dates and times texts of ISO 8601 in UTC."""
    return json.loads(answer, parse_float=Decimal, object_hook=_typed)


def _typed(members: dict[str, object]) -> object:
    number = {name: value for name, value in members.items() if isinstance(value, int)}
    match members.get("__class__"):
        case "Decimal":
            return Decimal(str(members["decimal"]))
        case "date":
            return f"{number['year']:04d}-{number['month']:02d}-{number['day']:02d}"
        case "datetime":
            day = f"{number['year']:04d}-{number['month']:02d}-{number['day']:02d}"
            time = f"{number['hour']:02d}:{number['minute']:02d}:{number['second']:02d}"
            return f"{day}T{time}.{number['microsecond']:06d}Z"
    return members


class Record:
    """One record of a model, with the fields that were asked for; a field of another model is a record itself."""

    __slots__ = ("model", "values")

    def __init__(self, model: str, values: Mapping[str, object]) -> None:
        self.model, self.values = model, values

    def value(self, name: str) -> object:
        """The value as it is; raises ConnectorError if Tryton has left it out, as it does without the right to read."""
        try:
            return self.values[name]
        except KeyError:
            raise ConnectorError(
                f"Tryton does not answer the field “{name}” of “{self.model}”. "
                "Give the user the right to read it, mostly by the group “Account”."
            ) from None

    @property
    def id(self) -> int:
        return self.integer("id")

    def text(self, name: str) -> str | None:
        """A text, a selection, a date or a time; None if it is empty."""
        value = self.value(name)
        return str(value) if value not in (None, "") else None

    def integer(self, name: str) -> int:
        """A number, or the id of a record that was asked for without its fields."""
        value = self.value(name)
        return value if isinstance(value, int) else 0

    def flag(self, name: str) -> bool:
        return bool(self.value(name))

    def amount(self, name: str) -> Decimal:
        """An amount; zero if it is empty."""
        value = self.value(name)
        return value if isinstance(value, Decimal) else Decimal(value) if isinstance(value, int) else Decimal(0)

    def related(self, name: str) -> "Record | None":
        """The record that the field names, if it names one."""
        value = self.value(name)
        return Record(f"{self.model}.{name}", value) if isinstance(value, dict) else None

    def many(self, name: str) -> "list[Record]":
        """The records that the field lists."""
        value = self.value(name)
        if not isinstance(value, list):
            return []
        return [Record(f"{self.model}.{name}", each) for each in value if isinstance(each, dict)]

    def ids(self, name: str) -> list[int]:
        """The ids that the field lists."""
        value = self.value(name)
        return [each for each in value if isinstance(each, int)] if isinstance(value, list) else []

    def text_of(self, name: str, field: str) -> str | None:
        """A text of the record that the field names; None if it names none."""
        found = self.related(name)
        return found.text(field) if found else None


def digits(amount: Decimal) -> str:
    """An amount as text, never with an exponent, and zero without a sign."""
    return format(amount or Decimal(0), "f")


def stamps(record: Record) -> Row:
    """When the record was made and changed in Tryton."""
    return {"created": record.text("create_date"), "modified": record.text("write_date") or record.text("create_date")}
