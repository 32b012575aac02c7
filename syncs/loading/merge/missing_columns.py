"""Sentences about values that rows lack altogether: the file may have no such column, or the row ends before it."""

from collections.abc import Collection

from psycopg import sql

from syncs.loading.context import MergeContext
from syncs.loading.staging.assignments import line_has
from syncs.loading.staging.header_mapping import column_named
from syncs.loading.staging.tables import StageTable


def missing_value(context: MergeContext, staged: StageTable, columns: Collection[str], who: str) -> sql.Composable:
    """The sentence about the row `s`, which lacks the columns, of which the first is named; `who` needs the value."""
    wire = staged.entity.columns[next(iter(columns))].wire
    sentence = sql.Literal(f"{wire} is missing, but every {who} needs it. Add the column and fill it in.")
    files = _files_with(context, staged, columns)
    if not files:
        return sentence
    return sql.SQL("CASE WHEN s._file = ANY({}) AND NOT {} THEN {} ELSE {} END").format(
        sql.Literal(files),
        line_has(staged, columns),
        sql.Literal(
            f"{wire} is missing, because the row ends before that column, but every {who} needs it. Complete the row."
        ),
        sentence,
    )


def _files_with(context: MergeContext, staged: StageTable, columns: Collection[str]) -> list[str]:
    """The files whose header has one of the columns."""
    entity = staged.entity
    found = []
    for (name, file), head in context.stage.files.heads.items():
        named = {column.name for column in (column_named(entity, text) for text in head.columns) if column}
        if name == entity.name and not named.isdisjoint(columns):
            # The statement has parameters, so a percent sign has to be doubled.
            found.append(file.replace("%", "%%"))
    return found
