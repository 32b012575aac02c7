"""The messages of a tap, one JSON object in each line (hub.meltano.com/singer/spec)."""

import json
from decimal import Decimal
from typing import Any

import msgspec

from syncs.connectors.protocol import ConnectorError, JsonValue

SHOWN_CHARACTERS = 200


class Message(msgspec.Struct):
    """A message of any type, with the members that its type has. The numbers of a record are exact texts."""

    type: str
    stream: str = ""
    record: dict[str, Any] | None = None
    schema: msgspec.Raw = msgspec.Raw(b"{}")
    value: msgspec.Raw = msgspec.Raw(b"null")
    version: int | None = None

    @property
    def schema_object(self) -> dict[str, Any]:
        """The schema of a stream's records."""
        found = json.loads(bytes(self.schema))
        return found if isinstance(found, dict) else {}

    @property
    def state(self) -> JsonValue:
        """What the tap wants to know the next time."""
        found: JsonValue = json.loads(bytes(self.value))
        return found


def exact_number(text: str) -> str:
    """A number of JSON with a point or an exponent as the text of all its digits."""
    return format(Decimal(text), "f") if "e" in text or "E" in text else text


_decoder = msgspec.json.Decoder(Message, float_hook=exact_number)


def decode(line: bytes, tap: str) -> Message:
    """The message in a line; raises ConnectorError."""
    try:
        return _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _decode_otherwise(line, tap)


def _decode_otherwise(line: bytes, tap: str) -> Message:
    """What the fast decoder does not take, such as half a character, or a number of a hundred digits."""
    try:
        found = json.loads(line, parse_float=exact_number)
        return Message(
            type=found["type"],
            stream=str(found.get("stream", "")),
            record=found.get("record"),
            schema=_raw(found.get("schema", {})),
            value=_raw(found.get("value")),
            version=found.get("version"),
        )
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        shown = line[:SHOWN_CHARACTERS].decode("utf-8", "replace")
        raise ConnectorError(
            f"The tap “{tap}” wrote a line that is no message of Singer: “{shown}”. Ask whoever runs the platform "
            "whether this program is a tap."
        ) from None


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())
