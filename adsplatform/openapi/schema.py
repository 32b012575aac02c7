"""Describes one operation of the API, from what its viewset declares."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, cast

import uritemplate
from drf_spectacular.drainage import warn
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import (
    ResolvedComponent,
    build_array_type,
    force_instance,
    get_doc,
    is_basic_serializer,
    resolve_type_hint,
)
from rest_framework import serializers

from adsplatform.accounts.models import Role
from adsplatform.openapi import authentication  # noqa: F401  (an extension is found once its module is imported)
from adsplatform.openapi.parameters import header_parameters, path_parameter, query_parameters
from adsplatform.openapi.problem_documents import PROBLEM, problem_response, problems_of, response_name
from adsplatform.openapi.wire_models import all_includes, column_of, is_always_present
from adsplatform.rest.operations import (
    OBJECT,
    Component,
    File,
    Operation,
    Schema,
    Shape,
    or_null,
    page_schema,
    without_null,
)
from adsplatform.rest.serializers import WireInput, WireModel
from adsplatform.rest.viewsets import WireViewSet

JSON = "application/json"
Direction = Literal["request", "response"]


class WireSchema(AutoSchema):
    """The description of an operation: parameters, body, answers and problems."""

    @property
    def of(self) -> WireViewSet[Any]:
        """The viewset of the operation."""
        return cast(WireViewSet[Any], self.view)

    @property
    def operation(self) -> Operation:
        return self.of.operation_of(self.of.action)

    def is_excluded(self) -> bool:
        # Pages of the Inbox have endpoints of their own for their scripts.
        return not self.path.startswith("/api/v1/")

    def get_operation_id(self) -> str:
        words = [word.replace("-", "_").replace(".", "_") for word in self._tokenize_path()]
        action = self.of.action
        return "_".join(words if words[-1].lower() == action else [*words, action])

    def get_tags(self) -> list[str]:
        return list(self._tokenize_path()[:1])

    def get_summary(self) -> str:
        return self._sentences()[0].rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]
        roles = self.of.roles.get(self.of.action, frozenset())
        names = ", ".join(role.value for role in Role if role in roles)
        for_whom = f"Roles: {names}." if self.of.authentication_classes else "For everyone, without a credential."
        return "\n\n".join([*self._sentences(), for_whom])

    def _sentences(self) -> list[str]:
        """The summary and what follows it."""
        written = self.of.described(self.of.action)
        if not written:
            written = get_doc(getattr(type(self.of), self.of.action)) or get_doc(type(self.of))
        summary, _, rest = written.partition("\n\n")
        return [" ".join(summary.split()), *([rest] if rest else [])]

    def _get_parameters(self) -> list[Any]:
        of_path = [path_parameter(name) for name in sorted(uritemplate.variables(self.path))]
        own = self._members_of(self.operation.query) if self.operation.query is not None else {}
        return [
            *of_path,
            *query_parameters(self.of, self.operation, own),
            *header_parameters(self.operation),
        ]

    def _members_of(self, shape: Shape) -> Mapping[str, Schema]:
        schema = self._inline(shape)
        required = schema.get("required", ())
        return {name: {**member, "x-required": name in required} for name, member in schema["properties"].items()}

    def _get_request_body(self, direction: Any = "request") -> Any:
        operation = self.operation
        if operation.body is None:
            return None
        if isinstance(operation.body, File):
            return {"content": dict(self._uploads(operation.body)), "required": True}
        schema = self.shape(operation.body, "request")
        content: dict[str, Any] = {"schema": build_array_type(schema) if operation.body_is_list else schema}
        if operation.example is not None:
            content["example"] = operation.example
        return {"content": {JSON: content}, "required": True}

    def _uploads(self, file: File) -> Iterator[tuple[str, Any]]:
        for media_type in file.media_types:
            binary = {"type": "string", "format": "binary"}
            if media_type == "multipart/form-data":
                yield media_type, {"schema": {"type": "object", "properties": {"file": binary}, "required": ["file"]}}
            else:
                yield media_type, {"schema": binary}

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        operation = self.operation
        responses: dict[str, Any] = {str(operation.status): self._success(operation)}
        for status in problems_of(self.of, self.method, operation, self.path):
            name = response_name(status)
            self.shape(PROBLEM, "response")
            self.registry.register_on_missing(
                ResolvedComponent(name, ResolvedComponent.RESPONSE, problem_response(status), WireSchema)
            )
            responses[str(status)] = {"$ref": f"#/components/responses/{name}"}
        return responses

    def _success(self, operation: Operation) -> Schema:
        if operation.is_empty:
            return {"description": "Done."}
        if isinstance(operation.answer, File):
            binary = {"schema": {"type": "string", "format": "binary"}}
            return {"description": "The file.", "content": dict.fromkeys(operation.answer.media_types, binary)}
        schema = self.shape(self._answer(operation), "response")
        described = "The object."
        if operation.is_page:
            schema, described = self._page(schema, operation), "A page."
        elif operation.is_list:
            schema, described = build_array_type(schema), "The list."
        return {"description": described, "content": {JSON: {"schema": schema}}}

    def _answer(self, operation: Operation) -> Shape:
        declared: Shape | None = operation.answer or getattr(self.of, "wire_model", None)  # type: ignore[assignment]
        if declared is None:
            warn(f"The action “{self.of.action}” declares no answer in `operations`.")
            return OBJECT
        return declared

    def _page(self, records: Schema, operation: Operation) -> Schema:
        more = self._resolved(operation.page_members, "response")
        if "$ref" not in records:
            return page_schema(records, more)
        name = f"{records['$ref'].rpartition('/')[2]}FetchResult"
        return self.shape(Component(name, lambda: page_schema(records, more)), "response")

    def shape(self, shape: Shape, direction: Direction) -> Schema:
        """The schema of what a viewset declares; of named ones, a reference to it."""
        if isinstance(shape, Component):
            return self._registered(shape, direction)
        if isinstance(shape, dict):
            schema: Schema = self._resolved(shape, direction)
            return schema
        if is_basic_serializer(shape):
            reference: Schema = self.resolve_serializer(shape, direction).ref
            return reference
        return self._registered(Component(shape.__name__, lambda: resolve_type_hint(shape)), direction)

    def _inline(self, shape: Shape) -> Schema:
        if is_basic_serializer(shape):
            return self._map_basic_serializer(force_instance(shape), "request")
        return shape if isinstance(shape, dict) else resolve_type_hint(shape)

    def _registered(self, component: Component, direction: Direction) -> Schema:
        resolved = ResolvedComponent(component.name, ResolvedComponent.SCHEMA, {}, object=Component)
        if resolved not in self.registry:
            # Before its schema, which may refer to it.
            self.registry.register(resolved)
            resolved.schema = self._resolved(component.schema(), direction)
        reference: Schema = resolved.ref
        return reference

    def _resolved(self, schema: Any, direction: Direction) -> Any:
        """The schema, with references in place of components and serializers."""
        if isinstance(schema, Component | type):
            return self.shape(schema, direction)
        if isinstance(schema, dict):
            return {name: self._resolved(value, direction) for name, value in schema.items()}
        if isinstance(schema, list):
            return [self._resolved(value, direction) for value in schema]
        return schema

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        if isinstance(serializer, WireModel):
            return self._object_read(serializer, direction)
        schema = super()._map_basic_serializer(serializer, direction)
        if isinstance(serializer, WireInput):
            # Null means that a member is not given, or clears it.
            members = schema.get("properties", {})
            schema["properties"] = {
                name: member if name in schema.get("required", ()) else or_null(member)
                for name, member in members.items()
            }
        return schema

    def _object_read(self, serializer: WireModel[Any], direction: Any) -> Any:
        """A model as it is read: with everything that can be included, and without nulls."""
        complete = type(serializer)(context={"includes": all_includes(serializer)})
        properties, required = {}, []
        for name, field in complete.fields.items():
            schema = self._map_serializer_field(field, direction)
            properties[name] = without_null(schema)
            if is_always_present(column_of(complete, field)):
                required.append(name)
        properties |= {
            name: {**schema, "description": "Absent: nothing here fills it."}
            for name, schema in getattr(serializer.Meta, "unfilled", {}).items()
        }
        return {
            "type": "object",
            "description": get_doc(type(serializer)),
            "properties": properties,
            **({"required": required} if required else {}),
        }

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        # A serializer's label is the name of its class in other words.
        if isinstance(field, serializers.Field) and getattr(field, "read_only", False):
            field.label = None
        if isinstance(field.parent, WireModel) and (column := column_of(field.parent, field)) is not None:
            return self._map_model_field(column, direction)
        return super()._map_serializer_field(field, direction, bypass_extensions)
