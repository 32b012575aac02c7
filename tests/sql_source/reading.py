"""Reads a SELECT as the connector does."""

from datetime import UTC, datetime
from functools import partial

from syncs.connectors.protocol import Columns, FileHeader
from syncs.connectors.sql_database.form import SERVERS, login_in
from syncs.connectors.sql_database.statements import BEGINNING, select_of
from syncs.loading.staging.vocabulary import RecordNames

DAY = datetime(2026, 7, 1, tzinfo=UTC)


def snapshot_of(server, credentials=None, **settings):
    """A snapshot of the server's database, with other settings or credentials where they are given."""
    settings = server.settings | settings
    _, open_snapshot, _ = SERVERS[settings["server"]]
    return open_snapshot(login_in(settings, server.credentials | (credentials or {})))


def read(server, text, *, kind="Invoice", since=BEGINNING, limit=None, **settings):
    """Columns, rows of cells and raw lines of a SELECT."""
    with snapshot_of(server, **settings) as snapshot:
        types = partial(RecordNames().known_columns, kind)
        head, *blocks = snapshot.blocks(select_of(kind, text), since, types, limit)
    assert isinstance(head, FileHeader)
    assert all(isinstance(block, Columns) for block in blocks)
    rows = [row for block in blocks for row in zip(*(cells.to_list() for cells in block.cells), strict=True)]
    return list(head.columns), rows, [line for block in blocks for line in block.raw]
