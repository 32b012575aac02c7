"""The problem documents that operations may answer with."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from rest_framework.permissions import SAFE_METHODS

from adsplatform.rest.operations import Component, Operation, Schema
from adsplatform.rest.problems import TYPES
from adsplatform.rest.viewsets import WireViewSet

# What an example says, by status; a problem's own sentence names the value at fault and what to do.
EXAMPLES = {
    400: "“totl” is no field of this query. Did you mean “totalAmount”?",
    401: "This call needs a credential. Send an API key as Api-Key, or as Authorization: Bearer; a token from sign-in "
    "goes there too.",
    403: "This needs the role Group Owner or Group Admin; yours is Read-Only.",
    404: "There is no sync with the id “0198c1a2-3f6e-7a51-9c7a-2f8f6f0f2d11”.",
    405: "PATCH is not possible here; possible: GET.",
    409: "The sync has finished already.",
    412: "Version 0.9 of the protocol tus is not spoken here, but 1.0.0.",
    413: "The body is larger than what may be sent at once.",
    415: "No file is found in a body of type “text/plain”. Send it as multipart/form-data, in a part named file.",
    424: "The accounting system did not accept the credentials.",
    429: "Too many requests. Try again in 7 seconds.",
    500: "Something went wrong on our side. Nothing was changed.",
    503: "The server is busy with long queries, downloads and inspections of files. Nothing was changed. "
    "Try again in 5 seconds.",
    507: "There is no room for more files at the moment.",
}


def problem_schema() -> Schema:
    """A problem document (RFC 9457)."""
    text = {"type": "string"}
    return {
        "type": "object",
        "description": "What went wrong, as RFC 9457 describes it: `detail` is a sentence for a person.",
        "properties": {
            "type": {**text, "description": "The section of an RFC that explains the status."},
            "title": text,
            "status": {"type": "integer", "format": "int32"},
            "detail": {**text, "description": "What went wrong, with which value, and what to do."},
            "instance": {**text, "description": "The path that was called."},
            "traceId": {**text, "description": "Names the call in our log."},
            "errors": {
                "type": "object",
                "description": "The sentences about each member or parameter at fault.",
                "additionalProperties": {"type": "array", "items": text},
            },
            "messages": {
                "type": "array",
                "items": text,
                "description": "The same sentence, where the published API answers with messages.",
            },
        },
        "required": ["type", "title", "status", "detail", "instance"],
    }


PROBLEM = Component("ProblemDetails", problem_schema)


def problem_response(status: int) -> Schema:
    """The response of one status, for all operations."""
    phrase = HTTPStatus(status).phrase
    example = {
        "type": f"https://www.rfc-editor.org/rfc/{TYPES[status]}",
        "title": phrase,
        "status": status,
        "detail": EXAMPLES[status],
        "instance": "/api/v1/sync",
        "traceId": "5f0c6f1e9c714d7fb4a3a54d2b0d6a1e",
    }
    return {
        "description": phrase,
        "content": {
            "application/problem+json": {
                "schema": {"$ref": f"#/components/schemas/{PROBLEM.name}"},
                "example": example,
            }
        },
    }


def response_name(status: int) -> str:
    return HTTPStatus(status).phrase.replace(" ", "")


def problems_of(view: WireViewSet[Any], method: str, operation: Operation, path: str) -> list[int]:
    """The statuses of the problems that an operation may answer with."""
    return sorted({*_usual(view, method, operation, path), *operation.problems})


def _usual(view: WireViewSet[Any], method: str, operation: Operation, path: str) -> Iterator[int]:
    # A parameter or a body that is not understood; a call too many; a failure of ours.
    yield from (400, 405, 429, 500)
    if view.authentication_classes:
        yield from (401, 403)
        if method in SAFE_METHODS:
            yield 503
    if "{" in path:
        yield 404
    if method not in SAFE_METHODS:
        yield from (404, 409, 413, 415)
    if operation.body is not None:
        yield 507
