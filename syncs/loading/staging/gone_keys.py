"""The keys of records that are gone, as the source says: named one by one, or not among all keys of a kind."""

import polars as pl
from psycopg import sql

from adsplatform.records.checks import as_text, printable
from adsplatform.records.specification import Entity, entity_named
from syncs.connectors.protocol import AllKeys, ConnectorError, Deleted
from syncs.loading.staging.copy_thread import CopyThread

TABLES = """
    CREATE TEMP TABLE gone_key (entity text, erp_key text, seq bigint);
    CREATE TEMP TABLE source_key (entity text, erp_key text);
"""


class GoneKeys:
    """Collects the keys in the tables `gone_key` and `source_key`, which are made when first needed.

    `seq` of a gone key is the number of the next row: rows from there on are about a record that was made anew.
    """

    def __init__(self, copy_thread: CopyThread) -> None:
        self.copy_thread = copy_thread
        # The kinds of which records were named as gone.
        self.named: set[str] = set()
        # Of the kinds whose keys are listed, how many were, and whether the list has come to its end.
        self.listed: dict[str, int] = {}
        # The kinds of which all records are among the rows.
        self.in_rows: set[str] = set()
        self._ended: set[str] = set()
        self.has_tables = False

    @property
    def complete(self) -> list[str]:
        """The kinds of which all keys are known."""
        return sorted(self._ended)

    def add(self, found: Deleted | AllKeys, next_row: int) -> None:
        """Add keys; raises ConnectorError for a kind whose records have no ERP key of their own."""
        if isinstance(found, AllKeys) and found.are_in_rows:
            if kind := entity_named(found.name):
                self.in_rows.add(kind.name)
            return
        entity = _entity(found.name)
        self._make_tables()
        keys = [printable(as_text(key)).strip() for key in found.erp_keys]
        if isinstance(found, Deleted):
            self.named.add(entity.name)
            self._copy("gone_key", entity, keys, seq=next_row)
            return
        if entity.name in self._ended:
            raise ConnectorError(f"The connector lists the keys of {entity.plural} twice. Nothing was changed.")
        self.listed[entity.name] = self.listed.get(entity.name, 0) + len(keys)
        if found.is_last:
            self._ended.add(entity.name)
        self._copy("source_key", entity, keys)

    def _make_tables(self) -> None:
        if not self.has_tables:
            self.has_tables = True
            self.copy_thread.wait()
            self.copy_thread.cursor.execute(TABLES)

    def _copy(self, table: str, entity: Entity, keys: list[str], **more: int) -> None:
        if keys:
            frame = pl.DataFrame({"entity": [entity.name] * len(keys), "erp_key": keys})
            frame = frame.with_columns(**{name: pl.lit(str(value)) for name, value in more.items()})
            columns = sql.SQL(", ").join(map(sql.Identifier, frame.columns))
            statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
            self.copy_thread.add(statement, frame, null="\\N")


def _entity(name: str) -> Entity:
    entity = entity_named(name)
    if entity is None or tuple(entity.key) != ("erp_key",):
        raise ConnectorError(
            f"The connector says that records of “{name}” are gone, which have no ERP key of their own. "
            "Nothing was changed."
        )
    return entity
