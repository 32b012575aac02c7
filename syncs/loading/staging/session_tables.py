"""The temporary tables of a database session; a small sync leaves them empty for the next one.

To make and drop ten tables takes longer than most small syncs take otherwise, and writes 400 rows of the catalog.
"""

from django.db.backends.utils import CursorWrapper
from psycopg import sql

# Deleted rows leave traces in a table, so after this many rows the tables are dropped and made anew.
MOST_ROWS = 10_000


class SessionTables:
    """The tables that a session has: none before its first sync, and without a row between two syncs."""

    def __init__(self) -> None:
        # The session's connection; None where nothing is known of its tables.
        self._session: object = None
        # By name, the columns of the tables that are there.
        self._columns: dict[str, sql.Composable] = {}
        self._used: set[str] = set()
        self._rows = 0

    def begin(self, cursor: CursorWrapper) -> None:
        """Begin a sync; in a session of which nothing is known, drop what an interrupted sync may have left."""
        if self._session is cursor.connection:
            return
        self._forget()
        self._drop_all(cursor)
        # Beyond this size, temporary tables go to disk page by page. It must be set before the session's first one.
        cursor.execute("SET temp_buffers = '128MB'")
        self._session = cursor.connection

    def make(self, cursor: CursorWrapper, name: str, columns: str | sql.Composable) -> None:
        """Have an empty table of these columns."""
        columns = sql.SQL(columns) if isinstance(columns, str) else columns
        if not self._is_there(cursor, name, columns):
            cursor.execute(sql.SQL("CREATE TEMP TABLE {} ({})").format(sql.Identifier(name), columns))

    def filled(self, cursor: CursorWrapper, name: str, columns: sql.Composable) -> sql.Composed:
        """The head of a statement that fills a table by a SELECT, and makes it if need be; `columns` tell its form."""
        head = "INSERT INTO {}" if self._is_there(cursor, name, columns) else "CREATE TEMP TABLE {} AS"
        return sql.SQL(head).format(sql.Identifier(name))

    def end(self, cursor: CursorWrapper, *, rows: int | None) -> None:
        """End a sync: empty the tables that it used for so many rows or, where that is None, drop all there are."""
        if rows is None or self._rows + rows > MOST_ROWS:
            self._forget()
            self._drop_all(cursor)
            return
        if self._used:
            tables = (sql.Identifier("pg_temp", name) for name in sorted(self._used))
            cursor.execute(sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(table) for table in tables))
        self._rows += rows
        self._used.clear()

    def _is_there(self, cursor: CursorWrapper, name: str, columns: sql.Composable) -> bool:
        """Whether the table is there and will be used; one with other columns is dropped."""
        self._used.add(name)
        known = self._columns.get(name)
        if known is not None and known != columns:
            cursor.execute(sql.SQL("DROP TABLE pg_temp.{}").format(sql.Identifier(name)))
        self._columns[name] = columns
        return known == columns

    def _forget(self) -> None:
        self._session, self._rows = None, 0
        self._columns.clear()
        self._used.clear()

    @staticmethod
    def _drop_all(cursor: CursorWrapper) -> None:
        cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'")
        if tables := [sql.Identifier("pg_temp", name) for (name,) in cursor.fetchall()]:
            cursor.execute(sql.SQL("DROP TABLE {}").format(sql.SQL(", ").join(tables)))
