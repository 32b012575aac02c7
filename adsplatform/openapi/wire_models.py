"""What can be known about the members of a model on the wire."""

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from adsplatform.rest.serializers import WireModel


class EnumSchema(OpenApiSerializerFieldExtension):
    """A member of an enumeration, by its name or its number."""

    target_class = "adsplatform.rest.serializers.Enum"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Any) -> Any:
        members: dict[str, int] = self.target.members
        return {"enum": [*members, *members.values()]}


def all_includes(serializer: WireModel[Any]) -> frozenset[str]:
    """The names of everything that can be included with the model."""
    included = getattr(serializer.Meta, "included", {})
    return frozenset(name for names in included.values() for name in names)


def is_always_present(column: "models.Field[Any, Any] | None") -> bool:
    """Whether each object has the member of a column: it is never null, and no text that may be empty."""
    return column is not None and not column.null and not isinstance(column, models.CharField | models.TextField)


def column_of(serializer: WireModel[Any], field: serializers.Field) -> "models.Field[Any, Any] | None":
    """The column that a member comes from; None if it comes from elsewhere."""
    model, column = getattr(serializer.Meta, "model", None), None
    if model is None or not isinstance(field, serializers.ReadOnlyField):
        return None
    for name in (field.source or "").split("."):
        try:
            column = model._meta.get_field(name)
        except FieldDoesNotExist:
            # An object around the row of the model: the next part names a column.
            continue
        model = column.related_model or model
    return column if isinstance(column, models.Field) else None
