"""What a viewset declares about its actions for the document of the API, besides what its code declares already."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

from rest_framework.serializers import BaseSerializer

# A JSON Schema. A value in it may be a `Component`, which stands for a reference to it.
Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
GUID: Schema = {"type": "string", "format": "uuid"}
OBJECT: Schema = {"type": "object", "additionalProperties": True}


@dataclass(frozen=True)
class Component:
    """A named schema. It is a function, because components may refer to one another."""

    name: str
    schema: Callable[[], Schema] = field(compare=False)


# What has a schema: a serializer, a TypedDict, a component or a schema itself.
Shape = type[BaseSerializer[Any]] | type | Component | Schema


class ActionResult(TypedDict):
    """What was done, in sentences."""

    messages: list[str]


@dataclass(frozen=True)
class File:
    """A body or an answer that is a file of one of these media types."""

    media_types: tuple[str, ...]


@dataclass(frozen=True)
class Operation:
    """One action: what it takes and what it answers.

    Without `answer` it answers an object of the viewset's model, or a page of them if it is a query.
    """

    body: Shape | File | None = None
    # Whether the body is a list of such objects.
    body_is_list: bool = False
    # Parameters in the query and in headers, besides those of all queries.
    query: Shape | None = None
    headers: Mapping[str, Schema] = field(default_factory=dict)
    answer: Shape | File | None = None
    # Whether the answer is an array of such objects, or a page of them.
    is_list: bool = False
    is_page: bool = False
    # Members that only the answer of a page has, besides those of every FetchResult.
    page_members: Mapping[str, Any] = field(default_factory=dict)
    # Whether the answer to one object can include more.
    takes_include: bool = False
    # Whether the answer has no body.
    is_empty: bool = False
    status: int = 200
    # Problems besides those that every such operation may answer with.
    problems: tuple[int, ...] = ()
    # An example of the body.
    example: object = None


def or_null(schema: Schema) -> Schema:
    """A schema that takes null too."""
    if "enum" in schema:
        return {**schema, "enum": list(dict.fromkeys([*schema["enum"], None]))}
    if "$ref" in schema:
        return {"oneOf": [schema, {"type": "null"}]}
    if "type" not in schema:
        return schema
    return {**schema, "type": list(dict.fromkeys([*_types(schema), "null"]))}


def without_null(schema: Schema) -> Schema:
    """What an answer may have in place of a schema that takes null: nulls are left out of answers."""
    of_answers = {name: value for name, value in schema.items() if name not in ("readOnly", "nullable", "title")}
    kept = [name for name in _types(schema) if name != "null"]
    return {**of_answers, "type": kept[0] if len(kept) == 1 else kept} if kept else of_answers


def _types(schema: Schema) -> list[str]:
    found = schema.get("type", [])
    return [found] if isinstance(found, str) else list(found)


def page_schema(records: object, more: Mapping[str, Any]) -> Schema:
    """A FetchResult of such records."""
    return {
        "type": "object",
        "properties": {
            "totalCount": {
                "type": "integer",
                "format": "int32",
                "description": "How many there are on all pages.",
            },
            "pageSize": {"type": "integer", "format": "int32"},
            "pageNumber": {
                "type": "integer",
                "format": "int32",
                "description": "The number that was asked for; absent if none was.",
            },
            "records": {"type": "array", "items": records},
            **more,
        },
        "required": ["totalCount", "pageSize", "records"],
    }
