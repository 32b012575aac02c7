"""Runs the statements of reports, and says where the records behind a figure are."""

from collections.abc import Mapping
from typing import Any, TypeAlias
from urllib.parse import urlencode

from django.db import connection
from psycopg import sql

# Where the records behind a figure are, as it is on the wire.
Source: TypeAlias = dict[str, str | bool]


def read(statement: sql.Composable, parameters: dict[str, object]) -> list[dict[str, Any]]:
    """The rows of a statement, by the names of its columns."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)  # type: ignore[arg-type]
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def source(path: str, sum_of: str, parameters: Mapping[str, object], *, less: str = "") -> Source:
    """The query that answers the records behind a figure: the sum of their member `sum_of`, minus that of `less`."""
    given = {name: value for name, value in parameters.items() if value not in (None, "")}
    found: Source = {"query": f"/api/v1/{path}?{urlencode(given)}", "sumOf": sum_of}
    return found | {"less": less} if less else found


def negated(found: Source) -> Source:
    """The same records for a figure of the other sign."""
    if "less" in found:
        return found | {"sumOf": found["less"], "less": found["sumOf"]}
    rest = {name: value for name, value in found.items() if name != "isSubtracted"}
    return rest if "isSubtracted" in found else rest | {"isSubtracted": True}
