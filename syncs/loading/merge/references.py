"""Resolves references: the single rule by which the records that rows refer to are looked up.

A row names a record in the column of a lookup. The name leads to a record of the books or to a row of the same input
that will become one. A platform id may be that of any record of the account; any other name is looked up among the
enrollment's own records. If several records have one name, which is possible for all names except keys, the oldest
counts.
"""

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from psycopg import sql

from adsplatform.records.specification import Entity, Lookup, ReferenceTo, entities
from syncs.loading.context import MergeContext
from syncs.loading.staging.assignments import line_has, lookups_used
from syncs.loading.staging.tables import StageTable


def records_by_name(lookup: Lookup) -> sql.Composed:
    """A query of (key, id): the records of the books that the lookup may lead to, by the name in rows."""
    is_visible = "group_key = %(group_key)s" if _is_by_id(lookup) else "app_enrollment_id = %(enrollment)s"
    return sql.SQL("SELECT {} AS key, id FROM {} WHERE {}").format(
        sql.Identifier(lookup.target_column), sql.Identifier(entities()[lookup.target].table), sql.SQL(is_visible)
    )


def rows_by_name(context: MergeContext, lookup: Lookup) -> sql.Composed | None:
    """A query of (key, id): the rows of this input that the lookup may lead to; None if there are none."""
    table = context.stage.staged.get(lookup.target)
    # Nobody can know the platform id of a new record yet.
    if table is None or _is_by_id(lookup) or not table.has(lookup.target_column):
        return None
    return sql.SQL("SELECT {} AS key, _id AS id FROM {}").format(sql.Identifier(lookup.target_column), table.table)


def is_in_books(lookup: Lookup, name: str, *, enrollment: UUID | None, group_key: UUID) -> bool:
    """Whether a name leads to a record of the books; without an enrollment only a platform id can."""
    key: str | UUID = name
    if _is_by_id(lookup):
        try:
            key = UUID(name)
        except ValueError:
            return False
    query = sql.SQL("SELECT EXISTS (SELECT FROM ({}) r WHERE r.key = %(key)s)").format(records_by_name(lookup))
    with connection.cursor() as cursor:
        cursor.execute(query, {"enrollment": enrollment, "group_key": group_key, "key": key})
        return bool(cursor.fetchone()[0])


def applies(lookup: Lookup) -> sql.Composable:
    """Whether the row `s` is of the kind for which the lookup counts."""
    if lookup.when is None:
        return sql.SQL("true")
    column, value = lookup.when
    return sql.SQL("s.{} = {}").format(sql.Identifier(column), sql.Literal(value))


def is_by_unique_key(lookup: Lookup) -> bool:
    """Whether the lookup names a record by its whole key."""
    return (lookup.target_column,) == entities()[lookup.target].key


def name_called(lookup: Lookup) -> str:
    """The word for what the lookup names the target by."""
    return {"code": "code", "id": "platform id"}.get(lookup.target_column, "key")


def _is_by_id(lookup: Lookup) -> bool:
    return lookup.target_column == "id"


# References in the plan.


class Resolution(NamedTuple):
    """The SQL by which a query over the rows `s` finds the ids of a reference: its joins, and (column, id) pairs."""

    joins: list[sql.Composable]
    ids: list[tuple[str, sql.Composable]]


def plan_columns(staged: StageTable, reference: ReferenceTo) -> list[str]:
    """The plan's columns for a reference: its id and, if rows use several lookups, the result of each one."""
    count = len(lookups_used(staged, reference))
    return [reference.field, *(plan_column(reference, at) for at in range(count) if count > 1)]


def plan_column(reference: ReferenceTo, at: int) -> str:
    """The plan's column for the result of one of several lookups in use."""
    return f"{reference.field}_{at}"


def resolution(context: MergeContext, staged: StageTable, reference: ReferenceTo) -> Resolution:
    """Look a reference up by every lookup in use; the first that finds a record counts."""
    joins: list[sql.Composable] = []
    found: list[sql.Composable] = []
    for at, lookup in enumerate(lookups_used(staged, reference)):
        ids: list[sql.Composable] = []
        for where, records in _searched(context, lookup):
            alias = sql.Identifier(f"{reference.field}_{where}_{at}")
            ids.append(sql.SQL("{}.id").format(alias))
            joins.append(
                sql.SQL("LEFT JOIN ({}) {} ON {}.key = s.{} AND {}").format(
                    records, alias, alias, sql.Identifier(lookup.column), applies(lookup)
                )
            )
        found.append(_first(ids))
    columns = plan_columns(staged, reference)
    return Resolution(joins, list(zip(columns, [_first(found), *found][: len(columns)], strict=True)))


def _first(ids: list[sql.Composable]) -> sql.Composable:
    return sql.SQL("coalesce({})").format(sql.SQL(", ").join(ids)) if ids else sql.SQL("NULL::uuid")


def _searched(context: MergeContext, lookup: Lookup) -> Iterator[tuple[str, sql.Composable]]:
    """Queries of (key, id) in which a name is looked up; each has at most one row per name."""
    records, rows = records_by_name(lookup), rows_by_name(context, lookup)
    if is_by_unique_key(lookup) or _is_by_id(lookup):
        yield "books", records
        if rows is not None:
            yield "stage", rows
    else:
        if rows is not None:
            records = _named_afterwards(lookup, context.stage.staged[lookup.target])
        yield "books", sql.SQL("SELECT DISTINCT ON (key) key, id FROM ({}) f ORDER BY key, id").format(records)


def _named_afterwards(lookup: Lookup, target: StageTable) -> sql.Composed:
    """A query of (key, id): the names of records after the target's rows have renamed some and added others."""
    return sql.SQL(
        "SELECT CASE WHEN r.id IS NULL OR ({match} = 0 AND {renames}) THEN s.{column} ELSE r.{column} END AS key, "
        "coalesce(r.id, s._id) AS id FROM (SELECT * FROM {table} WHERE app_enrollment_id = %(enrollment)s) r "
        "FULL JOIN {stage} s ON r.erp_key = s.erp_key"
    ).format(
        column=sql.Identifier(lookup.target_column),
        table=sql.Identifier(target.entity.table),
        stage=target.table,
        match=match_action(target.entity),
        renames=line_has(target, [lookup.target_column]),
    )


def match_action(entity: Entity) -> sql.SQL:
    """What the row `s` asks to do with an existing record: 0 to update it, 1 to leave it, 2 to delete it."""
    return sql.SQL("coalesce(s.on_match_action, 0)" if "on_match_action" in entity.columns else "0")
