"""Models on the wire: members in camelCase going out, in any case coming in."""

from collections.abc import Mapping

from rest_framework import serializers
from rest_framework.settings import api_settings

from adsplatform.errors import PlatformError
from adsplatform.naming import camel_case

SHOWN_SENTENCES = 5
# Each object takes queries of its own.
LONGEST_LIST = 100


class InvalidInput(PlatformError):
    """Members or parameters that cannot be taken as they are; `errors` maps each to its sentences."""

    title = "One or more validation errors occurred."

    def __init__(self, errors: dict[str, list[str]]):
        self.errors = errors
        sentences = [sentence for each in errors.values() for sentence in each]
        more = len(sentences) - SHOWN_SENTENCES
        shown = " ".join(sentences[:SHOWN_SENTENCES])
        super().__init__(f"{shown} And {more:,} more." if more > 0 else shown)


class WireModel(serializers.Serializer):
    """What an object looks like on the wire: its attributes in `Meta.fields`, as members in camelCase.

    Members that must be asked for are declared as fields and named in `Meta.included`, with the includes that
    show them; `load` fetches what those need for a whole page at once, into the serializer's context.
    """

    # Attributes that are not called as the wire calls them.
    SOURCES = {"group_key": "group_key_id"}

    class Meta:
        fields = ()
        included = {}

    @classmethod
    def load(cls, records, includes: frozenset[str], caller) -> dict[str, object]:
        """What members need beyond the records, by the name under which `self.context` has it."""
        return {}

    def get_fields(self):
        declared = super().get_fields()
        # What is included shows nothing further of its own.
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

    def to_representation(self, instance):
        # An empty text is our null; on the wire both are left out.
        return {name: value for name, value in super().to_representation(instance).items() if value != ""}


class WireInput(serializers.Serializer):
    """What a caller sends: members in any case, an object perhaps in a list, null where nothing was meant.

    Fields are named as our code names them; on the wire they are in camelCase.
    """

    @classmethod
    def read(cls, data, *, partial: bool = False) -> dict:
        """The values of one object by our names; raises InvalidInput."""
        return cls._checked(cls(data={} if data is None else data, partial=partial), "")

    @classmethod
    def read_changes(cls, data) -> dict:
        """The values of those members that are given, at least one."""
        changes = cls.read(data, partial=True)
        if not changes:
            names = ", ".join(cls().fields)
            raise PlatformError(f"There is nothing to change. These members can be: {names}.")
        return changes

    @classmethod
    def read_list(cls, data) -> list[dict]:
        """The values of a list of objects, or of one that stands alone."""
        data = data if isinstance(data, list) else [data]
        if not data:
            raise PlatformError("The list is empty. Send at least one object in it.")
        if len(data) > LONGEST_LIST:
            raise PlatformError(f"The list has {len(data):,} objects; at most {LONGEST_LIST} can be sent at once.")
        return cls._checked(cls(data=data, many=True), "$")

    @staticmethod
    def _checked(serializer, path: str):
        if not serializer.is_valid():
            raise InvalidInput(dict(_flat(serializer.errors, path)))
        return serializer.validated_data

    def get_fields(self):
        fields = {}
        for name, field in super().get_fields().items():
            wire_name = camel_case(name)
            if wire_name != name and field.source is None:
                field.source = name
            field.error_messages |= {"required": "This is missing.", "blank": "This must not be empty."}
            fields[wire_name] = field
        return fields

    def to_internal_value(self, data):
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

    def _is_absent(self, field, value) -> bool:
        """Ruby writes null for every member that was not set; only a PATCH clears with it."""
        return value is None and not (self.root.partial and field.allow_null)


class AnyCaseBoolean(serializers.BooleanField):
    """`True`, `true`, `TRUE`: the SDKs do not agree."""

    def to_internal_value(self, data):
        return super().to_internal_value(data.strip().lower() if isinstance(data, str) else data)


class ClearableText(serializers.CharField):
    """A text that null and the empty text both clear: to "", or to what `cleared` says."""

    def __init__(self, *, cleared: str | None = "", **options):
        self.cleared = cleared
        super().__init__(required=False, allow_null=True, allow_blank=True, **options)

    def run_validation(self, data=serializers.empty):
        return super().run_validation(data) or self.cleared


class Guid(serializers.UUIDField):
    """A GUID; the all-zero one is how .NET says that there is none."""

    def to_internal_value(self, data):
        value = super().to_internal_value(str(data))
        return value if value.int else None


class Enum(serializers.Field):
    """A member of an enumeration by its name or number, in any case."""

    def __init__(self, members: Mapping[str, int], **options):
        self.members = members
        super().__init__(**options)

    def to_internal_value(self, data):
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


def _flat(errors, path: str):
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
