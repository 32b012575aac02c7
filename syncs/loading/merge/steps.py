"""Staged rows become records: one named SQL statement per step, all in the caller's transaction.

The order: later rows supersede earlier ones of the same key; the plan finds each row's record and references; rows
that refer to nothing are rejected, and so are rows that refer to them; then changed records are updated, new ones
inserted, and others deleted.
"""

from psycopg import sql

from syncs.loading.context import MergeContext, comma_prefixed, erp_key_of
from syncs.loading.control_totals.merge_totals import add_to_books, has_amounts, tally_plan
from syncs.loading.merge import gone
from syncs.loading.merge.deletes import delete_missing
from syncs.loading.merge.plan import meets_unchanged_record, plan, supersede_by_plan, supersede_earlier
from syncs.loading.merge.record_counts import add_to_counts
from syncs.loading.merge.rejections import reject_unloadable_rows
from syncs.loading.staging.assignments import inserts, updates
from syncs.loading.staging.tables import StageTable
from syncs.loading.staging.unchanged_rows import has_other_rules
from syncs.loading.verdict import ReadAgain, Shortcut


def make_plan(context: MergeContext) -> ReadAgain | None:
    """Decide what to do with every staged row; no record is touched.

    Returns a verdict if that cannot be decided because rows were skipped as unchanged.
    """
    for staged in context.staged:
        if not staged.entity.has_reference_in_key:
            supersede_earlier(context, staged)
        gone.supersede_by_deletion(context, staged)
    if verdict := gone.meets_unchanged_record(context):
        return verdict
    for staged in context.staged:
        plan(context, staged)
        if meets_unchanged_record(context, staged):
            return ReadAgain(without=Shortcut.SKIP_UNCHANGED_ROWS)
    reject_unloadable_rows(context)
    for staged in context.staged:
        if staged.entity.has_reference_in_key:
            supersede_by_plan(context, staged)
    return None


def apply_plan(context: MergeContext) -> None:
    """Change the records as planned."""
    tally_plan(context)
    for staged in context.staged:
        actions = context.actions(staged)
        if "leave" in actions:
            log_records_left(context, staged)
        if "update" in actions:
            update_changed(context, staged)
        if "same" in actions:
            renew_row_hashes(context, staged)
    more = {staged.entity.name: staged.inserted_count + insert_new(context, staged) for staged in context.staged}
    fewer = {staged.entity.name: delete_matched(context, staged) for staged in context.staged}
    delete_missing(context)
    add_to_counts(context, more, fewer, context.deleted_as_missing)
    if has_amounts(context):
        add_to_books(context)
    if "CustomField" in context.stage.staged:
        define_custom_fields(context)
    if "BaseCurrency" in context.stage.staged:
        set_base_currency(context)


def counts(context: MergeContext) -> dict[str, dict[str, int]]:
    """The counts of each entity's rows, by the field names of SyncEntityResult."""
    found = {staged.entity.name: _counts(context, staged) for staged in context.staged}
    for name, deleted in context.deleted_as_missing.items():
        found.setdefault(name, {})["deleted_as_missing"] = deleted
    return found


def _counts(context: MergeContext, staged: StageTable) -> dict[str, int]:
    actions = context.actions(staged)
    return {
        "lines_read": staged.lines_read,
        "inserted": actions.get("insert", 0) + staged.inserted_count,
        "updated": actions.get("update", 0),
        "unchanged": actions.get("same", 0) + staged.unchanged_count,
        "deleted_by_match": actions.get("delete", 0),
        "skipped": actions.get("leave", 0) + context.superseded.get(staged.entity.name, 0),
        "rejected": staged.rejected,
    }


def log_records_left(context: MergeContext, staged: StageTable) -> None:
    """Log every row that is skipped because its `onMatchAction` says to leave an existing record as it is."""
    context.log_problems(
        """
        {into_problems}
        SELECT {entity}, 'skip', {erp_key}, _file, _line, 'onMatchAction', '1', 'left_as_it_is',
               'The {kind} exists already and was left as it is, because onMatchAction is 1.', _seq
        FROM {plan} p JOIN {stage} s USING (_seq) WHERE p.action = 'leave' ORDER BY _seq
        """,
        plan=staged.plan,
        stage=staged.table,
        entity=sql.Literal(staged.entity.name),
        erp_key=erp_key_of(staged.entity),
        kind=sql.SQL(staged.entity.singular),
    )


def update_changed(context: MergeContext, staged: StageTable) -> None:
    """Update the records that differ from their row."""
    pairs = list(updates(staged))
    if not pairs:
        return
    context.run(
        """
        UPDATE {records} r SET {assignments}, row_hash = s._hash, modified = now(), modified_sync_id = %(sync)s,
               modified_file = s._file, modified_line = s._line
        FROM (SELECT s.* {references}, p.record_id FROM {plan} p JOIN {stage} s USING (_seq)
              WHERE p.action = 'update') s
        WHERE r.id = s.record_id
        """,
        records=sql.Identifier(staged.entity.table),
        plan=staged.plan,
        stage=staged.table,
        references=comma_prefixed(
            sql.SQL("p.{}").format(sql.Identifier(reference.field)) for reference in staged.entity.references
        ),
        assignments=sql.SQL(", ").join(sql.SQL("{} = {}").format(sql.Identifier(name), value) for name, value in pairs),
    )


def renew_row_hashes(context: MergeContext, staged: StageTable) -> None:
    """Store the row hash by the current rules in unchanged records, so that their rows count as unchanged next time.

    Only if the record has none, or one by other rules: a source that alternates between two forms of its rows
    must not rewrite the records every time.
    """
    is_outdated = sql.SQL("p.action = 'same' AND _hash IS NOT NULL AND {}").format(
        has_other_rules(sql.SQL("existing_hash"), sql.SQL("_hash"))
    )
    # Counted, because the planner would look for a first one row by row.
    (outdated,) = context.row(
        "SELECT count(*) FROM {plan} p JOIN {stage} s USING (_seq) WHERE {is_outdated}",
        plan=staged.plan,
        stage=staged.table,
        is_outdated=is_outdated,
    )
    if not outdated:
        return
    # In a separate table, because the planner cannot estimate how many there are.
    context.run(
        """
        CREATE TEMP TABLE outdated_hash ON COMMIT DROP AS
        SELECT p.record_id, s._hash FROM {plan} p JOIN {stage} s USING (_seq) WHERE {is_outdated}
        """,
        plan=staged.plan,
        stage=staged.table,
        is_outdated=is_outdated,
    )
    context.run("ANALYZE outdated_hash")
    context.run(
        "UPDATE {records} r SET row_hash = o._hash FROM outdated_hash o WHERE r.id = o.record_id",
        records=sql.Identifier(staged.entity.table),
    )
    context.run("DROP TABLE outdated_hash")


def insert_new(context: MergeContext, staged: StageTable) -> int:
    """Insert the records that do not exist yet, roughly in the order of their rows; returns how many."""
    pairs = list(inserts(staged))
    if not pairs or "insert" not in context.actions(staged):
        # No file had a column that could be loaded, or no record is new.
        return 0
    return context.run(
        """
        INSERT INTO {records} (id, group_key, app_enrollment_id, created, modified, created_sync_id,
                               modified_sync_id, modified_file, modified_line, row_hash, {columns})
        SELECT s._id, %(group_key)s, %(enrollment)s, now(), now(), %(sync)s, %(sync)s, s._file, s._line, s._hash,
               {values}
        FROM {plan} p JOIN {stage} s USING (_seq) WHERE p.action = 'insert'
        """,
        records=sql.Identifier(staged.entity.table),
        plan=staged.plan,
        stage=staged.table,
        columns=sql.SQL(", ").join(sql.Identifier(name) for name, _ in pairs),
        values=sql.SQL(", ").join(value for _, value in pairs),
    )


def delete_matched(context: MergeContext, staged: StageTable) -> int:
    """Delete the records whose row says so (`onMatchAction` 2); returns how many."""
    if "delete" not in context.actions(staged):
        return 0
    return context.run(
        "DELETE FROM {records} r USING {plan} p WHERE p.action = 'delete' AND r.id = p.record_id",
        records=sql.Identifier(staged.entity.table),
        plan=staged.plan,
    )


def define_custom_fields(context: MergeContext) -> None:
    """Add a definition for every label that has none."""
    context.run(
        """
        INSERT INTO enrollments_customfielddefinition (custom_field_definition_id, group_key, app_id,
            app_enrollment_id, table_key, custom_field_label, data_type, sort_order, value, created, modified)
        SELECT DISTINCT ON (s.table_key, s.custom_field_label) s._id, %(group_key)s, e.app_id, %(enrollment)s,
               s.table_key, s.custom_field_label, CASE WHEN s.numeric_value IS NULL THEN 'String' ELSE 'Number' END,
               0, '', now(), now()
        FROM {stage} s, enrollments_appenrollment e
        WHERE e.app_enrollment_id = %(enrollment)s ORDER BY s.table_key, s.custom_field_label, s._seq
        ON CONFLICT DO NOTHING
        """,
        stage=context.stage.staged["CustomField"].table,
    )


def set_base_currency(context: MergeContext) -> None:
    """Set the account's currency to that of the BaseCurrency row."""
    context.run(
        """
        UPDATE accounts_account a SET base_currency_code = s.base_currency_code
        FROM {stage} s WHERE a.group_key = %(group_key)s
        """,
        stage=context.stage.staged["BaseCurrency"].table,
    )
