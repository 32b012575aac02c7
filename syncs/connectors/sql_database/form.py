"""The form of a SQL database, and what its values mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from syncs.connectors.protocol import Choice, ConnectorError, Field
from syncs.connectors.record_kinds import KINDS
from syncs.connectors.sql_database import mysql, postgresql
from syncs.connectors.sql_database.snapshot import Login
from syncs.connectors.sql_database.statements import Select, select_of

SERVERS = {
    "postgresql": ("PostgreSQL", postgresql.open_postgresql, postgresql.PORT),
    "mysql": ("MariaDB or MySQL", mysql.open_mysql, mysql.PORT),
}
SERVER = Field(
    "server",
    "Database server",
    "choice",
    is_required=True,
    default="postgresql",
    group="Database",
    choices=tuple(Choice(value, label) for value, (label, _, _) in SERVERS.items()),
)
HOST = Field("host", "Address", "address", "The name or the address of the server.", is_required=True, group="Database")
PORT = Field("port", "Port", "number", "Empty: 5432 for PostgreSQL, 3306 for MariaDB and MySQL.", group="Database")
DATABASE = Field("database", "Name of the database", is_required=True, group="Database")
ENCRYPTION = Field(
    "encryption",
    "Encryption",
    "choice",
    default="offered",
    group="Database",
    choices=(
        Choice("offered", "If the server offers it"),
        Choice("always", "Always"),
        Choice("verified", "Always, and the server’s certificate is checked"),
    ),
)
ZONE = Field(
    "timeZone",
    "Time zone of stamps without one",
    help_text="As in “Europe/Berlin”: the zone of the clock by which the database’s dates with times are written.",
    default="UTC",
    group="Reading",
)
OVERLAP = Field(
    "overlapMinutes",
    "Overlap, in minutes",
    "number",
    "Changes of so many minutes before the last sync are read again, because a transaction may be committed long after "
    "it has stamped its rows.",
    default="5",
    group="Reading",
)
DELETES = Field(
    "deletesEveryDays",
    "Look for deleted records every … days",
    "number",
    "Reads the keys of all rows, and deletes the records that are no longer among them. 0: in every sync.",
    default="1",
    group="Reading",
)
SECONDS = Field(
    "seconds", "Seconds that one SELECT may take", "number", default="3600", group="Reading"
)  # fmt: skip
SELECTS = {
    kind: Field(
        f"select{kind}",
        kind,
        "sql",
        group="SELECTs",
    )
    for kind in KINDS
}
SETTINGS = (SERVER, HOST, PORT, DATABASE, ENCRYPTION, ZONE, OVERLAP, DELETES, SECONDS, *SELECTS.values())
USER = Field("username", "User", help_text="One who may only read is safer: nothing is ever written.", is_required=True)
PASSWORD = Field("password", "Password", "password", is_secret=True)
CREDENTIALS = (USER, PASSWORD)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the settings say of reading."""

    selects: tuple[Select, ...]
    overlap: timedelta
    deletes_every: timedelta


def server_in(settings: Mapping[str, str]) -> str:
    """The kind of server; raises ConnectorError."""
    server = settings.get(SERVER.name) or SERVER.default
    if server not in SERVERS:
        raise _wrong(SERVER, server, f"Choose one of {', '.join(SERVERS)}.")
    return server


def login_in(settings: Mapping[str, str], credentials: Mapping[str, str]) -> Login:
    """How to sign in; raises ConnectorError for a value that cannot be used."""
    for field, values in ((HOST, settings), (DATABASE, settings), (USER, credentials)):
        if not values.get(field.name, "").strip():
            raise ConnectorError(f"“{field.label}” is empty. Fill it in.", code="bad_setting")
    encryption = settings.get(ENCRYPTION.name) or ENCRYPTION.default
    if encryption not in postgresql.SSL_MODES:
        raise _wrong(ENCRYPTION, encryption, f"Choose one of {', '.join(postgresql.SSL_MODES)}.")
    _, _, port = SERVERS[server_in(settings)]
    return Login(
        host=settings[HOST.name].strip(),
        port=_number(PORT, settings, 1, 65_535) if settings.get(PORT.name) else port,
        database=settings[DATABASE.name].strip(),
        user=credentials[USER.name],
        password=credentials.get(PASSWORD.name, ""),
        encryption=encryption,
        zone=_zone(settings.get(ZONE.name) or ZONE.default),
        seconds=_number(SECONDS, settings, 1, 604_800),
    )


def plan_in(settings: Mapping[str, str]) -> Plan:
    """What is to be read; raises ConnectorError for a value that cannot be used."""
    texts = {kind: settings.get(field.name, "") for kind, field in SELECTS.items()}
    return Plan(
        selects=tuple(select_of(kind, text) for kind, text in texts.items() if text.strip()),
        overlap=timedelta(minutes=_number(OVERLAP, settings, 0, 525_600)),
        deletes_every=timedelta(days=_number(DELETES, settings, 0, 3_650)),
    )


def _number(field: Field, settings: Mapping[str, str], least: int, most: int) -> int:
    text = (settings.get(field.name) or field.default).strip()
    if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most:
        return int(text)
    raise _wrong(field, text, f"Write a whole number from {least:,} to {most:,}.")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name.strip())
    except (KeyError, ValueError, OSError):
        raise _wrong(ZONE, name, "Write the name of a zone, like Europe/Berlin or UTC.") from None


def _wrong(field: Field, value: str, advice: str) -> ConnectorError:
    return ConnectorError(f"The setting “{field.label}” is “{value}”. {advice}", code="bad_setting")
