"""A preview: the plan is applied, its changes are recorded, and everything is rolled back."""

from collections.abc import Iterator
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import IO, NamedTuple, TypeAlias
from uuid import UUID

from django.db import connection, transaction
from psycopg import sql

from adsplatform.records.specification import Entity, Lookup, ReferenceTo, entities
from syncs.loading.context import MergeContext, erp_key_of
from syncs.loading.control_totals import merge_totals
from syncs.loading.merge import steps
from syncs.loading.staging.problem_log import PROBLEM_COLUMNS, identifiers
from syncs.models import SyncDifference

DIFFERENCES_STORED = 100
# Problems up to this many bytes wait in memory, more of them in a file.
PROBLEM_BYTES_IN_MEMORY = 1024**2
# Deletes are easily overlooked and cannot be undone, so they come before a long list of new records.
ACTIONS = (SyncDifference.Action.DELETE, SyncDifference.Action.UPDATE, SyncDifference.Action.INSERT)

# By wire name, the texts of one record's columns.
Values: TypeAlias = dict[str, str | None]


class _Touched(NamedTuple):
    """A record that the sync inserts, updates or deletes, and the row that causes it, if any."""

    action: SyncDifference.Action
    entity: str
    record_id: UUID
    erp_key: str = ""
    file: str = ""
    line: int | None = None


def rehearse(context: MergeContext) -> dict[str, dict[str, int]]:
    """Apply the plan and roll it back; returns the counts, and stores the first differences and every problem found."""
    last_problem = _last_problem(context)
    savepoint = transaction.savepoint()
    steps.apply_plan(context)
    # Otherwise a violation of a deferred constraint would go unnoticed.
    connection.check_constraints()
    counts = steps.counts(context)
    touched = list(islice(_touched(context), DIFFERENCES_STORED))
    after = _values(context, touched)
    tallies = merge_totals.saved_tallies(context)
    with SpooledTemporaryFile(PROBLEM_BYTES_IN_MEMORY) as problems:
        _save_problems(context, problems, last_problem)
        transaction.savepoint_rollback(savepoint)
        _restore_problems(context, problems)
    merge_totals.restore_tallies(context, tallies)
    before = _values(context, touched)
    SyncDifference.objects.bulk_create(
        _difference(
            context, one, before.get((one.entity, one.record_id), {}), after.get((one.entity, one.record_id), {})
        )
        for one in touched
    )
    return counts


def _difference(context: MergeContext, touched: _Touched, before: Values, after: Values) -> SyncDifference:
    return SyncDifference(
        sync_request=context.sync_request,
        group_key_id=context.sync_request.group_key_id,
        entity=touched.entity,
        action=touched.action,
        # A record without a row in the input is identified by its own key.
        erp_key=touched.erp_key or before.get("erpKey") or "",
        file=touched.file,
        line=touched.line,
        fields=[
            {"name": name, "before": before.get(name), "after": after.get(name)}
            for name in dict.fromkeys([*before, *after])
            if before.get(name) != after.get(name)
        ],
    )


def _touched(context: MergeContext) -> Iterator[_Touched]:
    for action in ACTIONS:
        for staged in context.staged:
            found = context.rows(
                """
                SELECT {id}, {erp_key}, s._file, s._line FROM {plan} p JOIN {stage} s USING (_seq)
                WHERE p.action = {action} ORDER BY s._seq LIMIT {limit}
                """,
                id=sql.SQL("s._id" if action == SyncDifference.Action.INSERT else "p.record_id"),
                erp_key=erp_key_of(staged.entity),
                plan=staged.plan,
                stage=staged.table,
                action=sql.Literal(action.value),
                limit=sql.Literal(DIFFERENCES_STORED),
            )
            for record_id, erp_key, file, line in found:
                yield _Touched(action, staged.entity.name, record_id, erp_key, file[:255], line)
        if action == SyncDifference.Action.DELETE and context.may_miss_records:
            limit = sql.Literal(DIFFERENCES_STORED)
            missing = context.rows("SELECT entity, id FROM missing ORDER BY entity, id LIMIT {limit}", limit=limit)
            for name, record_id in missing:
                yield _Touched(action, name, record_id)


def _values(context: MergeContext, touched: list[_Touched]) -> dict[tuple[str, UUID], Values]:
    """The present values of the records, as texts, by entity and record id."""
    values = {}
    for name in dict.fromkeys(one.entity for one in touched):
        ids = [one.record_id for one in touched if one.entity == name]
        for record_id, record in _records(context, entities()[name], ids).items():
            values[name, record_id] = record
    return values


def _records(context: MergeContext, entity: Entity, ids: list[UUID]) -> dict[UUID, Values]:
    columns: dict[str, sql.Composable] = {}
    for reference in entity.references:
        keys: dict[str, list[sql.Composable]] = {}
        for lookup in reference.lookups:
            if lookup.target_column != "id":
                keys.setdefault(entity.columns[lookup.column].wire, []).append(_key_of(reference, lookup))
        named = {name: sql.SQL("coalesce({})").format(sql.SQL(", ").join(ways)) for name, ways in keys.items()}
        columns = {**named, **columns}
    columns |= {
        column.wire: sql.SQL("trim_scale(r.{})::text" if column.type == "amount" else "r.{}::text").format(
            sql.Identifier(column.field)
        )
        for column in entity.columns.values()
        if column.field
    }
    records = context.rows(
        "SELECT r.id, {columns} FROM {records} r WHERE r.id = ANY(%(ids)s)",
        {"ids": ids},
        columns=sql.SQL(", ").join(columns.values()),
        records=sql.Identifier(entity.table),
    )
    return {record_id: dict(zip(columns, record, strict=True)) for record_id, *record in records}


def _key_of(reference: ReferenceTo, lookup: Lookup) -> sql.Composed:
    """The name of the record that a reference of the record `r` points to."""
    target = entities()[lookup.target]
    return sql.SQL("(SELECT t.{}::text FROM {} t WHERE t.id = r.{})").format(
        sql.Identifier(lookup.target_column), sql.Identifier(target.table), sql.Identifier(reference.field)
    )


# Problems found while applying the plan would be rolled back with it.


def _last_problem(context: MergeContext) -> int:
    (last,) = context.row("SELECT coalesce(max(id), 0) FROM staged_problem")
    return int(last)


def _save_problems(context: MergeContext, file: IO[bytes], after: int) -> None:
    """Write the problems with an id greater than `after` to the file."""
    statement = sql.SQL("COPY (SELECT {} FROM staged_problem WHERE id > {} ORDER BY id) TO STDOUT").format(
        identifiers(PROBLEM_COLUMNS), sql.Literal(after)
    )
    with context.cursor.copy(statement) as copy:
        for chunk in copy:
            file.write(chunk)
    file.seek(0)


def _restore_problems(context: MergeContext, file: IO[bytes]) -> None:
    statement = sql.SQL("COPY staged_problem ({}) FROM STDIN").format(identifiers(PROBLEM_COLUMNS))
    with context.cursor.copy(statement) as copy:
        while chunk := file.read(PROBLEM_BYTES_IN_MEMORY):
            copy.write(chunk)
