"""Renders answers as the five SDKs read them: always JSON, without nulls."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import msgspec
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

_encoder = msgspec.json.Encoder(decimal_format="number", uuid_format="canonical", enc_hook=str)


class WireRenderer(BaseRenderer):
    """JSON in UTF-8, without nulls; points in time are in UTC, to the millisecond."""

    media_type = "application/json"
    format = "json"
    charset = "utf-8"

    def render(
        self,
        data: object,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, object] | None = None,
    ) -> bytes:
        return to_wire(data)


class AlwaysJSON(BaseContentNegotiation):
    """Answers in JSON whatever Accept says, and gives every body to the one parser."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


def to_wire(data: object) -> bytes:
    """The data as JSON in UTF-8."""
    return _encoder.encode(_encodable(data))


def encode(data: object) -> bytes:
    """Data as JSON in UTF-8 in which nothing is null and every point in time is a text already."""
    return _encoder.encode(data)


def stamp(moment: datetime) -> str:
    """A point in time as text: `2025-03-01T14:02:09.120Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _encodable(value: object) -> object:
    if isinstance(value, dict):
        return {str(name): _encodable(member) for name, member in value.items() if member is not None}
    if isinstance(value, list | tuple):
        return [_encodable(item) for item in value]
    if isinstance(value, str):
        # A caller may send half of a surrogate pair, and a sentence may quote it; UTF-8 cannot encode it.
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    return stamp(value) if isinstance(value, datetime) else value
