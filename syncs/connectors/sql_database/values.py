"""The values of a database as cells: exact texts."""

import json
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal


def text_of(value: object, *, ours: tzinfo, written_in: tzinfo | None = None, field_type: str = "") -> str | None:
    """The value without the loss of a digit; None if it has none.

    A stamp without a zone is in `ours`, or in the one that it is `written_in`. For a field of the type date it is the
    day in `ours`, and for one of the type stamp it is in UTC.
    """
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case datetime():
            aware = value if value.tzinfo else value.replace(tzinfo=written_in or ours)
            if field_type == "stamp":
                return aware.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
            shown = aware.astimezone(ours)
            return shown.date().isoformat() if field_type == "date" else shown.isoformat(" ")
        case date() | time():
            return value.isoformat()
        case dict() | list():
            return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def is_exact(value: object) -> bool:
    """Whether the value is no text, so that it can be read in one way only."""
    return isinstance(value, int | float | Decimal | date)
