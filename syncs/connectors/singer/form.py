"""The form of a tap's enrollment, and what its values mean."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from syncs.connectors.addresses import resolve
from syncs.connectors.protocol import ConnectorError, Field
from syncs.connectors.singer.taps import Tap, tap_named

Config: TypeAlias = dict[str, Any]

TAP = Field(
    "tap",
    "Tap",
    "choice",
    "Whoever runs the platform decides which there are (SINGER_TAPS).",
    is_required=True,
)
CONFIG = Field(
    "config",
    "Configuration",
    "json",
    "A JSON object with the tap’s own settings, as its documentation has them, without passwords, keys and tokens.",
    default="{}",
)
STREAMS = Field(
    "streams",
    "Streams",
    "lines",
    "The streams to read, one in a line. Empty: all of which an import profile, or our own names, say what they are. "
    "Test names those that there are.",
)
INCREMENTAL = Field(
    "incremental",
    "Streams read by changes",
    "lines",
    "For taps that leave the choice: in each line a stream, a colon, and the column by which its changes are found, "
    "like “public-invoices: updated_at”.",
)
SETTINGS = (TAP, CONFIG, STREAMS, INCREMENTAL)
SECRETS = Field(
    "secrets",
    "Secret configuration",
    "json",
    "A JSON object with the tap’s passwords, keys and tokens, under their names in its configuration.",
    is_secret=True,
)
CREDENTIALS = (SECRETS,)
# The names of members of a configuration that hold the address of a server; others are known by their values.
HOSTS = ("host", "hostname")
_URL = re.compile(r"\s*[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the settings say: the tap, its configuration with and without secrets, and the streams."""

    tap: Tap
    settings: Config = field(repr=False)
    secrets: Config = field(repr=False)
    streams: tuple[str, ...]
    incremental: Mapping[str, str]

    @property
    def config(self) -> Config:
        """The whole configuration: a secret object's members are laid over those of the same object."""
        return merged(self.settings, self.secrets)

    def masked(self, text: str) -> str:
        """The text without secrets."""
        for secret in sorted(texts_in(self.secrets), key=len, reverse=True):
            # Shorter ones are part of too many words.
            if len(secret) >= 4:
                text = text.replace(secret, "[secret]").replace(json.dumps(secret)[1:-1], "[secret]")
        return text


def plan_in(settings: Mapping[str, str], credentials: Mapping[str, str]) -> Plan:
    """What is to be read; raises ConnectorError for a value that cannot be used."""
    plan = Plan(
        tap=tap_named(settings.get(TAP.name, "").strip()),
        settings=object_in(CONFIG, settings),
        secrets=object_in(SECRETS, credentials),
        streams=tuple(_lines(settings, STREAMS)),
        incremental=dict(_pairs(settings)),
    )
    _check_addresses(plan.config)
    return plan


def object_in(field: Field, values: Mapping[str, str]) -> Config:
    """The JSON object that is the value of a field; raises ConnectorError."""
    text = values.get(field.name, "").strip() or "{}"
    try:
        found = json.loads(text)
    except ValueError as error:
        place = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise ConnectorError(
            f"“{field.label}” is no JSON{place}. Write an object in {{}}.", code="bad_setting"
        ) from None
    except RecursionError:
        found = None
    if not isinstance(found, dict):
        raise ConnectorError(f"“{field.label}” is no JSON object. Write one in {{}}.", code="bad_setting")
    return found


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> Config:
    """Two configurations as one, in which `above` counts."""
    both = dict(below)
    for name, value in above.items():
        present = both.get(name)
        both[name] = merged(present, value) if isinstance(present, dict) and isinstance(value, dict) else value
    return both


def texts_in(value: object) -> Iterator[str]:
    """All texts in a value of JSON."""
    match value:
        case str():
            yield value
        case dict():
            for member in value.values():
                yield from texts_in(member)
        case list():
            for member in value:
                yield from texts_in(member)


def _lines(settings: Mapping[str, str], field: Field) -> Iterator[str]:
    for line in settings.get(field.name, "").splitlines():
        if line.strip():
            yield line.strip()


def _pairs(settings: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for line in _lines(settings, INCREMENTAL):
        stream, colon, column = line.rpartition(":")
        if not colon or not stream.strip() or not column.strip():
            raise ConnectorError(
                f"In “{INCREMENTAL.label}” there is the line “{line}”. Write a stream, a colon and a column.",
                code="bad_setting",
            )
        yield stream.strip(), column.strip()


def _check_addresses(config: object, name: str = "") -> None:
    """Refuse a configuration that names a server which connectors may not reach; raises ConnectorError.

    A tap opens its connections itself, so this looks at what people enter only.
    """
    match config:
        case dict():
            for member, value in config.items():
                _check_addresses(value, str(member).lower())
        case list():
            for value in config:
                _check_addresses(value, name)
        case str() if _URL.match(config):
            try:
                host = urlsplit(config.strip()).hostname
            except ValueError:
                raise ConnectorError(
                    f"The configuration has a wrong address as “{name}”.", code="bad_setting"
                ) from None
            if host:
                resolve(host, 0)
        case str() if name in HOSTS and config.strip():
            resolve(config, 0)
