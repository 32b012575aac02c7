"""Fields of records as people read them, beside their names in files and the API."""

from typing import NamedTuple

from adsplatform.records.display import displayed_kinds
from adsplatform.records.specification import Column, entities


class FieldName(NamedTuple):
    """What people call a field, and its path: Total, `Invoice.totalAmount`."""

    label: str
    path: str


def field_name(path: str) -> FieldName:
    """The name of the field of a path such as `Invoice.totalAmount`; of one that is unknown, the path alone."""
    kind, _, wire = path.partition(".")
    entity = entities().get(kind)
    column = entity.by_wire_name.get(wire.lower()) if entity else None
    return FieldName(label_of(kind, column) if column else "", path)


def label_of(kind: str, column: Column) -> str:
    """What people call a column of a kind of record."""
    return displayed_kinds()[kind].label_of(column.name)
