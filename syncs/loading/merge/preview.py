"""A preview: everything a sync would do to the books is done, looked at and taken back."""

from itertools import islice
from tempfile import SpooledTemporaryFile
from uuid import UUID

from django.db import connection, transaction
from psycopg import sql

from adsplatform.records.specification import Entity, entities
from syncs.loading.context import MergeContext, erp_key_of
from syncs.loading.control_totals import merge_totals
from syncs.loading.merge import steps
from syncs.loading.staging.problem_log import PROBLEM_COLUMNS, identifiers
from syncs.models import SyncDifference

DIFFERENCES_KEPT = 100
KEPT_IN_MEMORY = 1024**2
# What is easily overlooked, and cannot be undone, comes before a long list of what is new.
ACTIONS = (SyncDifference.Action.DELETE, SyncDifference.Action.UPDATE, SyncDifference.Action.INSERT)


def rehearse(context: MergeContext) -> dict[str, dict[str, int]]:
    """Write and take back; returns the counts, keeps the first differences and every problem that was found."""
    before_it = _last_problem(context)
    savepoint = transaction.savepoint()
    steps.apply_plan(context)
    # What is only looked at on commit would not be seen otherwise.
    connection.check_constraints()
    counts = steps.counts(context)
    found = list(islice(_touched(context), DIFFERENCES_KEPT))
    after = _values(context, found)
    totals = merge_totals.put_aside(context)
    with SpooledTemporaryFile(KEPT_IN_MEMORY) as problems:
        _put_aside(context, problems, before_it)
        transaction.savepoint_rollback(savepoint)
        _put_back(context, problems)
    merge_totals.put_back(context, totals)
    before = _values(context, found)
    for difference in found:
        of_record = (difference.entity, difference.record_id)
        was = before.get(of_record, {})
        difference.fields = _changes(was, after.get(of_record, {}))
        # A record that no line is about is named by its own key.
        difference.erp_key = difference.erp_key or was.get("erpKey") or ""
        difference.sync_request, difference.group_key_id = context.sync_request, context.sync_request.group_key_id
    SyncDifference.objects.bulk_create(found)
    return counts


def _touched(context: MergeContext):
    """The records that are not as they were, each as a difference that still lacks its values."""
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
                limit=sql.Literal(DIFFERENCES_KEPT),
            )
            for record_id, erp_key, file, line in found:
                yield _difference(staged.entity.name, action, record_id, erp_key=erp_key, file=file[:255], line=line)
        if action == SyncDifference.Action.DELETE:
            limit = sql.Literal(DIFFERENCES_KEPT)
            missing = context.rows("SELECT entity, id FROM missing ORDER BY entity, id LIMIT {limit}", limit=limit)
            for name, record_id in missing:
                yield _difference(name, action, record_id)


def _difference(entity: str, action, record_id: UUID, **values) -> SyncDifference:
    difference = SyncDifference(entity=entity, action=action, **values)
    difference.record_id = record_id
    return difference


def _values(context: MergeContext, differences: list[SyncDifference]) -> dict[tuple, dict[str, str | None]]:
    """What the records hold now, as texts by the wire's names."""
    values = {}
    for name in dict.fromkeys(difference.entity for difference in differences):
        entity = entities()[name]
        ids = [difference.record_id for difference in differences if difference.entity == name]
        for record_id, record in _records(context, entity, ids).items():
            values[name, record_id] = record
    return values


def _records(context: MergeContext, entity: Entity, ids: list[UUID]) -> dict[UUID, dict[str, str | None]]:
    columns = {
        column.wire: sql.SQL("trim_scale(r.{})::text" if column.type == "amount" else "r.{}::text").format(
            sql.Identifier(column.field)
        )
        for column in entity.columns.values()
        if column.field
    }
    for reference in entity.references:
        keys = {}
        for lookup in reference.lookups:
            if lookup.target_column != "id":
                keys.setdefault(entity.columns[lookup.column].wire, []).append(_key_of(reference, lookup))
        named = {name: sql.SQL("coalesce({})").format(sql.SQL(", ").join(ways)) for name, ways in keys.items()}
        columns = named | columns
    records = context.rows(
        "SELECT r.id, {columns} FROM {records} r WHERE r.id = ANY(%(ids)s)",
        {"ids": ids},
        columns=sql.SQL(", ").join(columns.values()),
        records=sql.Identifier(entity.table),
    )
    return {record_id: dict(zip(columns, record, strict=True)) for record_id, *record in records}


def _key_of(reference, lookup) -> sql.Composable:
    """What a person calls the record that a reference points to."""
    target = entities()[lookup.target]
    return sql.SQL("(SELECT t.{}::text FROM {} t WHERE t.id = r.{})").format(
        sql.Identifier(lookup.target_column), sql.Identifier(target.table), sql.Identifier(reference.field)
    )


def _changes(before: dict, after: dict) -> list[dict]:
    names = dict.fromkeys([*before, *after])
    return [
        {"name": name, "before": before.get(name), "after": after.get(name)}
        for name in names
        if before.get(name) != after.get(name)
    ]


def _last_problem(context: MergeContext) -> int:
    (last,) = context.row("SELECT coalesce(max(id), 0) FROM staged_problem")
    return last


def _put_aside(context: MergeContext, file, after: int):
    """Problems found while writing would be taken back with it."""
    statement = sql.SQL("COPY (SELECT {} FROM staged_problem WHERE id > {} ORDER BY id) TO STDOUT").format(
        identifiers(PROBLEM_COLUMNS), sql.Literal(after)
    )
    with context.cursor.copy(statement) as copy:
        for chunk in copy:
            file.write(chunk)
    file.seek(0)


def _put_back(context: MergeContext, file):
    with context.cursor.copy(
        sql.SQL("COPY staged_problem ({}) FROM STDIN").format(identifiers(PROBLEM_COLUMNS))
    ) as copy:
        while chunk := file.read(KEPT_IN_MEMORY):
            copy.write(chunk)
