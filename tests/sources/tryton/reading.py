"""Reads from Tryton by the connector alone, without the rest of a sync."""

import json
from itertools import groupby

from syncs.connectors import connector_named
from syncs.connectors.protocol import AllKeys, Bookmark, Rows
from tests.connectors.reading import source

# Nothing is read again, and the keys are compared each time.
AT_ONCE = {"overlap": "0", "comparedHours": "0"}


def items_of(credentials, *, full=True, settings=AT_ONCE, **given):
    """Everything that the connector yields."""
    wanted = source(full=full, credentials=credentials, settings=settings, **given)
    return connector_named("tryton").rows(wanted)


def rows_in(items):
    """The rows by name."""
    found = {}
    for item in items:
        if isinstance(item, Rows):
            found.setdefault(item.name, []).extend(map(json.loads, item.raw))
    return found


def states_in(items):
    """The state of each kind, as a sync stores it."""
    return {item.kind: item.state for item in items if isinstance(item, Bookmark)}


def keys_in(items):
    """All keys by name."""
    lists = sorted((item for item in items if isinstance(item, AllKeys)), key=lambda item: item.name)
    return {name: [key for each in parts for key in each.erp_keys] for name, parts in groupby(lists, lambda i: i.name)}
