"""Answers as the five SDKs read them: JSON whatever was asked for, nulls left out."""

from datetime import UTC, datetime

import msgspec
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer

_encoder = msgspec.json.Encoder(decimal_format="number", uuid_format="canonical", enc_hook=str)


class WireRenderer(BaseRenderer):
    """JSON in UTF-8, without nulls, stamps in UTC to the millisecond."""

    media_type = "application/json"
    format = "json"
    charset = "utf-8"

    def render(self, data, accepted_media_type=None, renderer_context=None):
        return to_wire(data)


class AlwaysJSON(BaseContentNegotiation):
    """Answers JSON whatever Accept says, and hands every body to the one parser."""

    def select_parser(self, request, parsers):
        return parsers[0]

    def select_renderer(self, request, renderers, format_suffix=None):
        return renderers[0], renderers[0].media_type


def to_wire(data) -> bytes:
    return _encoder.encode(_shown(data))


def stamp(moment: datetime) -> str:
    """A point in time as text: `2025-03-01T14:02:09.120Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _shown(value):
    if isinstance(value, dict):
        return {str(name): _shown(member) for name, member in value.items() if member is not None}
    if isinstance(value, list | tuple):
        return [_shown(item) for item in value]
    if isinstance(value, str):
        # A caller may send half a surrogate pair, and a sentence repeat it; UTF-8 cannot.
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    return stamp(value) if isinstance(value, datetime) else value
