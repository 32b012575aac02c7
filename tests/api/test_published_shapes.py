"""Every shared operation offers at least what the published one does: parameters, members, types, nullability.

`published.json` has the published ones, as the publication of 2025-05-23 states them: of each member the type, with `?`
if it may be null, `!` if callers only read it, and `*` if it is required.
"""

import json
import re
from pathlib import Path

import pytest

from adsplatform.openapi.generator import document

PUBLISHED = json.loads((Path(__file__).parent / "published.json").read_text())
# Models that may be named in a type; notes, attachments and the like are always empty here, so that any list will do.
EMPTY = {"NoteModel", "AttachmentModel"}
# (published model or our schema, member): what is different, and why.
DIFFERENT = {
    ("SyncSubmitModel", "appEnrollmentId"): "nothing can be synced without an enrollment",
    ("ApplicationFields", "notes"): "what is included includes nothing itself",
    ("ApplicationFields", "attachments"): "what is included includes nothing itself",
    ("ApplicationFields", "customFieldDefinitions"): "what is included includes nothing itself",
    ("ApplicationFields", "customFieldValues"): "what is included includes nothing itself",
    ("ApplicationFields", "enrollments"): "what is included includes nothing itself",
    ("FinancialYearSettingModel", "startDate"): "a day of every year, MM-DD, is no date",
    ("FinancialYearSettingModel", "endDate"): "a day of every year, MM-DD, is no date",
}


@pytest.fixture(scope="module")
def openapi():
    return json.loads(document())


def without_names(path):
    return re.sub(r"\{[^}]*\}", "{}", path)


class Comparison:
    """Finds what the published shapes have and ours lack."""

    def __init__(self, openapi):
        self.openapi = openapi
        self.lacking = []
        self.seen = set()

    def resolved(self, schema):
        while "$ref" in schema:
            *_, kind, name = schema["$ref"].split("/")
            schema = self.openapi["components"][kind][name]
        if "allOf" in schema:
            parts = [self.resolved(part) for part in schema["allOf"]]
            properties = {}
            for part in [*parts, schema]:
                properties |= part.get("properties", {})
            schema = {**parts[0], **schema, "properties": properties}
        if "oneOf" in schema:
            (part,) = (part for part in schema["oneOf"] if part != {"type": "null"})
            schema = {**self.resolved(part), "type": ["object", "null"]}
        return schema

    def compare(self, published, ours, where, *, is_input):
        """A published type, such as `[InvoiceModel]`, with our schema."""
        component, ours = ours.get("$ref", "").rpartition("/")[2], self.resolved(ours)
        if published.startswith("["):
            if "array" not in types_of(ours):
                self.lacking.append((where, published, ours))
            elif published[1:-1] not in EMPTY and published[1:-1] != "any":
                self.compare(published[1:-1], ours["items"], where, is_input=is_input)
        elif published in PUBLISHED["schemas"]:
            if published not in EMPTY:
                self.compare_members(published, component, ours, is_input=is_input)
        elif not agree(published, ours):
            self.lacking.append((where, published, ours))

    def compare_members(self, model, component, ours, *, is_input):
        if (model, component, is_input) in self.seen:
            return
        self.seen.add((model, component, is_input))
        properties = ours.get("properties")
        if properties is None:
            if "object" not in types_of(ours):
                self.lacking.append((model, "no object", ours))
            return
        for name, published in PUBLISHED["schemas"][model].items():
            if (is_input and "!" in published) or {(model, name), (component, name)} & set(DIFFERENT):
                continue
            if name not in properties:
                self.lacking.append((model, name, "is missing"))
                continue
            member = properties[name]
            self.compare(published.rstrip("?!*"), member, (model, name), is_input=is_input)
            self.compare_null(model, name, published, ours, is_input=is_input)

    def compare_null(self, model, name, published, ours, *, is_input):
        member = self.resolved(ours["properties"][name])
        takes_null = "null" in types_of(member) or not types_of(member) or None in member.get("enum", ())
        if is_input and "?" in published and not takes_null:
            self.lacking.append((model, name, "null is not taken"))
        if not is_input and "?" not in published and "null" in types_of(member):
            self.lacking.append((model, name, "may be null"))
        if is_input and "*" not in published and name in ours.get("required", ()):
            self.lacking.append((model, name, "is required"))


def types_of(schema):
    found = schema.get("type", [])
    return [found] if isinstance(found, str) else found


def agree(published, ours):
    """Whether a type that is no model is ours: an identifier, a point in time and a number, each in its format."""
    if published == "any" or not (types_of(ours) or ours.get("enum")):
        return True
    if published in ("uuid", "date", "date-time"):
        formats = {ours.get("format"), *(each.get("format") for each in ours.get("anyOf", ()))}
        return published in formats
    if "enum" in ours:
        return True
    return published in types_of(ours)


def operations():
    return [(name, operation) for name, operation in PUBLISHED["operations"].items()]


def ours_of(openapi, name):
    method, path = name.split(" ")
    paths = {without_names(path): found for path, found in openapi["paths"].items()}
    return paths.get(without_names(f"/api/v1/{path}"), {}).get(method.lower())


def test_the_operations_are_there_in_the_published_spelling(openapi):
    missing = {name for name in PUBLISHED["operations"] if ours_of(openapi, name) is None}
    assert missing == set()


def test_every_shared_operation_takes_and_answers_what_is_published(openapi):
    comparison = Comparison(openapi)
    for name, published in operations():
        compare_operation(comparison, name, published, ours_of(openapi, name))
    assert comparison.lacking == []


def compare_operation(comparison, name, published, ours):
    parameters = {each["name"]: each for each in ours["parameters"]} if "parameters" in ours else {}
    for parameter, type_ in published["parameters"].items():
        if parameter not in parameters:
            comparison.lacking.append((name, parameter, "no such parameter"))
        elif not agree(type_, comparison.resolved(parameters[parameter]["schema"])):
            comparison.lacking.append((name, parameter, type_))
    if "body" in published:
        body = ours["requestBody"]["content"]["application/json"]["schema"]
        comparison.compare(published["body"], body, name, is_input=True)
    answer = ours["responses"].get(str(published["status"]))
    if answer is None:
        comparison.lacking.append((name, "status", published["status"]))
    elif published["answer"] != "none":
        schema = answer["content"]["application/json"]["schema"]
        comparison.compare(published["answer"], schema, name, is_input=False)
