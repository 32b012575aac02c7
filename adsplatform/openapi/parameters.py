"""The parameters of operations: in the path, of queries, and in headers."""

from collections.abc import Iterator, Mapping
from typing import Any

from adsplatform.openapi.field_types import OF_FIELDS
from adsplatform.rest.operations import GUID, TEXT, Operation, Schema, without_null
from adsplatform.rest.viewsets import WireViewSet
from adsplatform.searchlight import Searchlight

# Parameters of paths that are no GUIDs.
OF_PATHS: Mapping[str, Schema] = {
    "detail": {"type": "integer", "format": "int64", "minimum": 1},
    "definition": {**TEXT, "description": "The id of the definition, or the label."},
    "file": {**TEXT, "description": "The name of the file, such as `invoices.csv`."},
}
LARGEST_PAGE_NUMBER = 2**31 - 1


def path_parameter(name: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": OF_PATHS.get(name, GUID)}


def header_parameters(operation: Operation) -> list[Schema]:
    return [
        {"name": name, "in": "header", "required": bool(schema.get("x-required")), "schema": _plain(schema)}
        for name, schema in operation.headers.items()
    ]


def query_parameters(view: WireViewSet[Any], operation: Operation, own: Mapping[str, Schema]) -> list[Schema]:
    """The parameters of Searchlight, where the action takes them, and those of the operation itself."""
    found = dict(_of_searchlight(view.searchlight, operation)) if hasattr(view, "searchlight") else {}
    found |= {name: _parameter(name, schema) for name, schema in own.items()}
    return list(found.values())


def _of_searchlight(searchlight: Searchlight, operation: Operation) -> Iterator[tuple[str, Schema]]:
    if operation.is_page:
        names = [field.name for field in searchlight.fields]
        fields = ", ".join(f"`{name}`" for name in names)
        types = {field.name: OF_FIELDS[field.type] for field in searchlight.fields}
        if names:
            yield (
                "filter",
                {
                    **_query("filter", {**TEXT, "x-fields": types}),
                    "description": "A condition in the language Searchlight, such as `name startswith 'A'`. "
                    f"It may name: {fields}.",
                },
            )
        yield "include", _include(searchlight)
        if names:
            yield (
                "order",
                {
                    **_query("order", {**TEXT, "x-fields": names}),
                    "description": "The fields to sort by, such as `created desc, name`. "
                    "The same fields as in `filter` are possible.",
                },
            )
        yield (
            "pageSize",
            _query(
                "pageSize",
                {
                    "type": "integer",
                    "format": "int32",
                    "minimum": 1,
                    "maximum": searchlight.maximum_size,
                    "default": searchlight.default_size,
                },
            ),
        )
        yield (
            "pageNumber",
            _query(
                "pageNumber",
                {"type": "integer", "format": "int32", "minimum": 0, "maximum": LARGEST_PAGE_NUMBER, "default": 0},
            ),
        )
    elif operation.takes_include:
        yield "include", _include(searchlight)


def _include(searchlight: Searchlight) -> Schema:
    names = list(searchlight.includes.values())
    listed = ", ".join(f"`{name}`" for name in names)
    described = f"What to include, separated by commas: {listed}." if names else "Nothing can be included here."
    return {**_query("include", {**TEXT, "x-includes": names}), "description": described}


def _parameter(name: str, schema: Schema) -> Schema:
    described = {"description": schema["description"]} if "description" in schema else {}
    return {**_query(name, _plain(schema)), **described, "required": bool(schema.get("x-required"))}


def _query(name: str, schema: Schema) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema}


def _plain(schema: Schema) -> Schema:
    """A schema without what belongs to its parameter; a parameter that is not given is absent, not null."""
    plain = {name: value for name, value in schema.items() if name not in ("x-required", "description")}
    if "enum" in plain:
        plain["enum"] = [value for value in plain["enum"] if value is not None]
    return without_null(plain)
