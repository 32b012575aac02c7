"""Staged rows become records: one named SQL statement per step, all in the caller's transaction.

The order: later lines supersede earlier ones of the same key; every staged line is given its record and its
references (the plan); lines that refer to nothing are rejected, and so are those that refer to them; then what
changed is updated, what is new is inserted, what must go is deleted.
"""

from psycopg import sql

from syncs.loading.context import PROBLEM_INTO, MergeContext, comma_prefixed, erp_key_of
from syncs.loading.control_totals.merge_totals import add_up_lines, carry_into_books
from syncs.loading.merge.deletes import delete_missing
from syncs.loading.merge.plan import meets_unchanged_record, plan, supersede_by_plan, supersede_earlier
from syncs.loading.merge.row_rules import reject_what_cannot_be_placed
from syncs.loading.staging.assignments import inserts, updates
from syncs.loading.staging.tables import StageTable
from syncs.loading.staging.unchanged_rows import has_other_rules
from syncs.loading.verdict import ReadAgain, Shortcut


def make_plan(context: MergeContext) -> ReadAgain | None:
    """Decide what is to be done with every staged row; no record is touched.

    Returns a verdict where that cannot be decided because rows were skipped as unchanged.
    """
    for staged in context.staged:
        if not staged.entity.has_reference_in_key:
            supersede_earlier(context, staged)
    for staged in context.staged:
        plan(context, staged)
        if meets_unchanged_record(context, staged):
            return ReadAgain(without=Shortcut.SKIP_UNCHANGED_ROWS)
    reject_what_cannot_be_placed(context)
    for staged in context.staged:
        if staged.entity.has_reference_in_key:
            supersede_by_plan(context, staged)
    return None


def apply_plan(context: MergeContext) -> None:
    """Change the records as planned."""
    add_up_lines(context)
    for staged in context.staged:
        note_left(context, staged)
        update_changed(context, staged)
        renew_row_hashes(context, staged)
    for staged in context.staged:
        insert_new(context, staged)
    for staged in context.staged:
        delete_matched(context, staged)
    delete_missing(context)
    carry_into_books(context)
    if "CustomField" in context.stage.staged:
        define_custom_fields(context)
    if "BaseCurrency" in context.stage.staged:
        set_base_currency(context)


def counts(context: MergeContext) -> dict[str, dict[str, int]]:
    """What became of each entity's lines, by the names of SyncEntityResult."""
    found = {staged.entity.name: _counts(context, staged) for staged in context.staged}
    for name, deleted in context.deleted_as_missing.items():
        found.setdefault(name, {})["deleted_as_missing"] = deleted
    return found


def _counts(context: MergeContext, staged: StageTable) -> dict[str, int]:
    actions = dict(context.rows("SELECT action, count(*) FROM {plan} GROUP BY action", plan=staged.plan))
    return {
        "lines_read": staged.lines_read,
        "inserted": actions.get("insert", 0) + staged.inserted_count,
        "updated": actions.get("update", 0),
        "unchanged": actions.get("same", 0) + staged.unchanged_count,
        "deleted_by_match": actions.get("delete", 0),
        "skipped": actions.get("leave", 0) + context.superseded.get(staged.entity.name, 0),
        "rejected": staged.rejected,
    }


def note_left(context: MergeContext, staged: StageTable):
    """Say of each line that met an existing record and was told to leave it, that it did."""
    if not staged.has("on_match_action"):
        return
    context.run(
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
        into_problems=PROBLEM_INTO,
    )


def update_changed(context: MergeContext, staged: StageTable):
    """Update the records that differ from their line."""
    pairs = list(updates(staged))
    if not pairs:
        return
    context.run(
        """
        UPDATE {records} r SET {assignments}, row_hash = s._hash, modified = now(), modified_sync_id = %(sync)s
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


def renew_row_hashes(context: MergeContext, staged: StageTable):
    """Give unchanged records the digest by today's rules, so that their lines are known next time.

    Only where theirs is by other rules, or they have none: a source that sends its records now in this form, now in
    that, is not to rewrite them each time.
    """
    foreign = sql.SQL("p.action = 'same' AND _hash IS NOT NULL AND {}").format(
        has_other_rules(sql.SQL("met"), sql.SQL("_hash"))
    )
    # Apart, for how many they are is beyond the planner.
    renewed = context.run(
        """
        CREATE TEMP TABLE foreign_digest ON COMMIT DROP AS
        SELECT p.record_id, s._hash FROM {plan} p JOIN {stage} s USING (_seq) WHERE {foreign}
        """,
        plan=staged.plan,
        stage=staged.table,
        foreign=foreign,
    )
    if renewed:
        context.run("ANALYZE foreign_digest")
        context.run(
            "UPDATE {records} r SET row_hash = f._hash FROM foreign_digest f WHERE r.id = f.record_id",
            records=sql.Identifier(staged.entity.table),
        )
    context.run("DROP TABLE foreign_digest")


def insert_new(context: MergeContext, staged: StageTable):
    """Insert the records that are not there yet; the join leaves them nearly in the order of their lines."""
    pairs = list(inserts(staged))
    if not pairs:
        # No line of any file had a column that could be loaded.
        return
    context.run(
        """
        INSERT INTO {records} (id, group_key, app_enrollment_id, created, modified, created_sync_id,
                               modified_sync_id, row_hash, {columns})
        SELECT s._id, %(group_key)s, %(enrollment)s, now(), now(), %(sync)s, %(sync)s, s._hash, {values}
        FROM {plan} p JOIN {stage} s USING (_seq) WHERE p.action = 'insert'
        """,
        records=sql.Identifier(staged.entity.table),
        plan=staged.plan,
        stage=staged.table,
        columns=sql.SQL(", ").join(sql.Identifier(name) for name, _ in pairs),
        values=sql.SQL(", ").join(value for _, value in pairs),
    )


def delete_matched(context: MergeContext, staged: StageTable):
    """Delete the records whose line says so (`onMatchAction` 2)."""
    if staged.has("on_match_action"):
        context.run(
            "DELETE FROM {records} r USING {plan} p WHERE p.action = 'delete' AND r.id = p.record_id",
            records=sql.Identifier(staged.entity.table),
            plan=staged.plan,
        )


def define_custom_fields(context: MergeContext):
    """Give every label that is new its definition."""
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


def set_base_currency(context: MergeContext):
    """A BaseCurrency sets the currency of the whole account."""
    context.run(
        """
        UPDATE accounts_account a SET base_currency_code = s.base_currency_code
        FROM {stage} s WHERE a.group_key = %(group_key)s
        """,
        stage=context.stage.staged["BaseCurrency"].table,
    )
