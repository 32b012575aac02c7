"""Serializers: models on the wire, with members in camelCase going out and in any case coming in."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import URLValidator
from rest_framework import serializers
from rest_framework.settings import api_settings

from adsplatform.accounts.services import Caller
from adsplatform.errors import PlatformError
from adsplatform.naming import camel_case

LISTED_SENTENCES = 5
# Each object of a list takes queries of its own.
LONGEST_LIST = 100

_Instance = TypeVar("_Instance")


class InvalidInput(PlatformError):
    """Members or parameters that are not accepted; `errors` maps each to its sentences."""

    title = "One or more validation errors occurred."

    def __init__(self, errors: dict[str, list[str]]):
        self.errors = errors
        sentences = [sentence for each in errors.values() for sentence in each]
        more = len(sentences) - LISTED_SENTENCES
        listed = " ".join(sentences[:LISTED_SENTENCES])
        super().__init__(f"{listed} And {more:,} more." if more > 0 else listed)


class WireModel(serializers.Serializer[_Instance]):
    """An object on the wire: the attributes in `Meta.fields`, as members in camelCase.

    An optional member is declared as a field and named in `Meta.included`, with the includes that ask for it; `load`
    fetches what such members need, once for a whole page, into the serializer's context.
    """

    # Attributes whose names differ from those of their members.
    SOURCES: ClassVar[dict[str, str]] = {"group_key": "group_key_id"}

    class Meta:
        fields: Sequence[str] = ()
        included: Mapping[str, Collection[str]] = {}

    @classmethod
    def load(cls, records: Sequence[_Instance], includes: frozenset[str], caller: Caller) -> dict[str, object]:
        """What members need beyond the records, by the name under which `self.context` has it."""
        return {}

    def get_fields(self) -> dict[str, serializers.Field]:
        declared = super().get_fields()
        # An included object includes nothing itself.
        includes = self.context.get("includes", frozenset()) if self._is_outermost() else frozenset()
        asked_for = [name for name, by in getattr(self.Meta, "included", {}).items() if includes & by]
        return {
            camel_case(name): declared.get(name) or self._attribute(name) for name in (*self.Meta.fields, *asked_for)
        }

    def _is_outermost(self) -> bool:
        above = self.parent
        return above is None or (isinstance(above, serializers.ListSerializer) and above.parent is None)

    def _attribute(self, name: str) -> serializers.Field:
        source = self.SOURCES.get(name, name)
        return serializers.ReadOnlyField(source=None if source == camel_case(name) else source)

    def to_representation(self, instance: _Instance) -> dict[str, Any]:
        # An empty text stands for null, and the wire leaves out nulls.
        return {name: value for name, value in super().to_representation(instance).items() if value != ""}


class WireInput(serializers.Serializer):
    """What a caller sends: members in any case; an object may stand in a list of one; null may mean “not set”.

    Fields have the names that our code uses; on the wire they are in camelCase.
    """

    @classmethod
    def read(cls, data: object, *, partial: bool = False) -> dict[str, Any]:
        """The values of one object by the names of our code; raises InvalidInput."""
        values: dict[str, Any] = _validated(cls(data={} if data is None else data, partial=partial), "")
        return values

    @classmethod
    def read_changes(cls, data: object) -> dict[str, Any]:
        """The values of the members that are given; there must be at least one."""
        changes = cls.read(data, partial=True)
        if not changes:
            names = ", ".join(cls().fields)
            raise PlatformError(f"There is nothing to change. These members can be: {names}.")
        return changes

    @classmethod
    def read_list(cls, data: object) -> list[dict[str, Any]]:
        """The values of each object of a list; a single object counts as a list of one."""
        items = data if isinstance(data, list) else [data]
        if not items:
            raise PlatformError("The list is empty. Send at least one object in it.")
        if len(items) > LONGEST_LIST:
            raise PlatformError(f"The list has {len(items):,} objects; at most {LONGEST_LIST} can be sent at once.")
        values: list[dict[str, Any]] = _validated(cls(data=items, many=True), "$")
        return values

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = {}
        for name, field in super().get_fields().items():
            wire_name = camel_case(name)
            if wire_name != name and field.source is None:
                field.source = name
            field.error_messages |= {"required": "This is missing.", "blank": "This must not be empty."}
            fields[wire_name] = field
        return fields

    def to_internal_value(self, data: object) -> Any:
        if isinstance(data, list) and len(data) == 1:
            data = data[0]
        if not isinstance(data, Mapping):
            raise serializers.ValidationError(
                {api_settings.NON_FIELD_ERRORS_KEY: ["An object with named members is expected here."]}
            )
        given = {str(name).lower(): value for name, value in data.items()}
        known = {
            name: given[name.lower()]
            for name, field in self.fields.items()
            if name.lower() in given and not self._is_absent(field, given[name.lower()])
        }
        return super().to_internal_value(known)

    def _is_absent(self, field: serializers.Field, value: object) -> bool:
        """The Ruby SDK writes null for every member that is not set, so null clears a member only in a PATCH."""
        return value is None and not (self.root.partial and field.allow_null)


class AnyCaseBoolean(serializers.BooleanField):
    """A boolean that may be written as text, in any case: `True`, `true`, `TRUE`."""

    def to_internal_value(self, data: Any) -> bool:
        return super().to_internal_value(data.strip().lower() if isinstance(data, str) else data)


class ClearableText(serializers.CharField):
    """A text that null and the empty text both clear, to the value of `cleared`."""

    def __init__(self, *, cleared: str | None = "", max_length: int | None = None):
        self.cleared = cleared
        super().__init__(required=False, allow_null=True, allow_blank=True, max_length=max_length)

    def run_validation(self, data: Any = serializers.empty) -> str | None:
        return super().run_validation(data) or self.cleared


class ClearableAddress(ClearableText):
    """An address of the web, which a person may be led to, so that it can hold no script."""

    is_web_address = URLValidator(schemes=["http", "https"])

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            self.is_web_address(text)
        except DjangoValidationError as error:
            raise serializers.ValidationError(
                f"“{text}” is no address of the web. Write all of it, like https://erp.example.com/start."
            ) from error
        return text


class Guid(serializers.UUIDField):
    """A GUID; the all-zero one, which .NET sends for none, becomes None."""

    def run_validation(self, data: Any = serializers.empty) -> UUID | None:
        value: UUID | None = super().run_validation(data)
        return value if value is None or value.int else None

    def to_internal_value(self, data: object) -> UUID:
        return super().to_internal_value(str(data))


class Enum(serializers.Field):
    """A member of an enumeration by its name or number, in any case."""

    def __init__(self, members: Mapping[str, int], *, default: int):
        self.members = members
        super().__init__(default=default)

    def to_internal_value(self, data: object) -> int:
        for name, number in self.members.items():
            if str(data).strip().lower() in (name.lower(), str(number)):
                return number
        known = ", ".join(f"{name} ({number})" for name, number in self.members.items())
        raise serializers.ValidationError(f"“{data}” is none of the possible values: {known}.")


def _joined(path: str, name: str | int) -> str:
    if isinstance(name, int):
        return f"{path}[{name}]"
    if name == api_settings.NON_FIELD_ERRORS_KEY:
        return path or "$"
    return f"{path}.{name}" if path else name


def _validated(serializer: serializers.BaseSerializer, path: str) -> Any:
    if not serializer.is_valid():
        raise InvalidInput(dict(_flat(serializer.errors, path)))
    return serializer.validated_data


def _flat(errors: Any, path: str) -> Iterator[tuple[str, list[str]]]:
    """DRF's nested errors as pairs of a path (`$[1].appId`) and its sentences."""
    if isinstance(errors, Mapping):
        for name, inner in errors.items():
            yield from _flat(inner, _joined(path, name))
    elif any(isinstance(error, Mapping | list) for error in errors):
        for position, inner in enumerate(errors):
            if inner:
                yield from _flat(inner, f"{path}[{position}]")
    else:
        yield path, [f"{path}: {error}" for error in errors]
