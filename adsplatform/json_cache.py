"""The shared cache: a table of the database whose values are JSON.

Django's own stores pickles. Loading a pickle can run any function, so whoever could write a row could run code in every
web process. It also needs four statements to set a value, where one is enough.
"""

import json
import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.db import connections, router
from django.utils import timezone

# How often an added row is a reason to count the rows: counting them each time would take longer than all the rest.
CULL_ONE_IN = 100


class JsonCache(DatabaseCache):
    """Values must be JSON: tuples come back as lists."""

    # Django's classes have these, but not the stubs.
    _table: str
    _cull: Callable[..., None]

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        wanted = {self.make_and_validate_key(key, version=version): key for key in keys}
        with connections[router.db_for_read(self.cache_model_class)].cursor() as cursor:
            cursor.execute(
                f"SELECT cache_key, value FROM {self._table} WHERE cache_key = ANY(%s) AND expires > %s",  # noqa: S608
                [list(wanted), timezone.now()],
            )
            found = cursor.fetchall()
        values = ((wanted[key], _value(text)) for key, text in found)
        return {key: value for key, value in values if value is not None}

    def _base_set(self, mode: str, key: str, value: object, timeout: float | None = DEFAULT_TIMEOUT) -> bool:
        until = self.get_backend_timeout(timeout)
        expires = datetime.max if until is None else datetime.fromtimestamp(until, UTC)
        alias = router.db_for_write(self.cache_model_class)
        with connections[alias].cursor() as cursor:
            if mode == "touch":
                cursor.execute(f"UPDATE {self._table} SET expires = %s WHERE cache_key = %s", [expires, key])  # noqa: S608
                return bool(cursor.rowcount)
            # What `add` finds stays, unless it has expired.
            replaceable = f"WHERE {self._table}.expires < %s" if mode == "add" else ""
            cursor.execute(
                f"INSERT INTO {self._table} (cache_key, value, expires) VALUES (%s, %s, %s) "  # noqa: S608
                "ON CONFLICT (cache_key) DO UPDATE SET value = excluded.value, expires = excluded.expires "
                + replaceable,
                [key, json.dumps(value), expires, *([timezone.now()] if replaceable else [])],
            )
            is_set = bool(cursor.rowcount)
            if secrets.randbelow(CULL_ONE_IN) == 0:
                self._cull_if_full(alias)
        return is_set

    def _cull_if_full(self, alias: str) -> None:
        with connections[alias].cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {self._table}")  # noqa: S608
            (count,) = cursor.fetchone()
            if count > self._max_entries:
                self._cull(alias, cursor, timezone.now(), count)


def _value(text: str) -> Any:
    """The value; None, as for a missing row, where it is none of ours, such as a pickle of an older version."""
    try:
        return json.loads(text)
    except ValueError:
        return None
