"""The schema of each type of a query's fields, which are the types of the members of records."""

from collections.abc import Mapping

from adsplatform.rest.operations import Schema

OF_FIELDS: Mapping[str, Schema] = {
    "text": {"type": "string"},
    "enum": {"type": "string"},
    "integer": {"type": "integer", "format": "int32"},
    # Exact: to be read as a decimal, not as a floating-point number.
    "decimal": {"type": "number", "format": "decimal"},
    "double": {"type": "number", "format": "double"},
    "boolean": {"type": "boolean"},
    "uuid": {"type": "string", "format": "uuid"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "json": {},
}
