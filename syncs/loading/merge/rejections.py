"""Rejects the planned rows that cannot be loaded, and then those that refer to them, however long the chain."""

from psycopg import sql

from adsplatform.records.specification import ReferenceTo
from syncs.loading.context import MergeContext, erp_key_of
from syncs.loading.control_totals.merge_totals import tally_of_removed
from syncs.loading.merge.deletes import find_referred_deletions
from syncs.loading.merge.plan import analyze_plan
from syncs.loading.merge.references import plan_columns
from syncs.loading.merge.row_rules import RULES, warn_of_self_references
from syncs.loading.merge.unresolved_references import find_unresolved_references
from syncs.loading.staging.amounts import REJECTED
from syncs.loading.staging.assignments import lookups_used
from syncs.loading.staging.tables import StageTable


def reject_unloadable_rows(context: MergeContext) -> None:
    """Remove every row that breaks a rule from stage and plan, and log its problems."""
    tables, cursor = context.stage.tables, context.cursor
    tables.make(cursor, "line_problem", '_seq bigint, "column" text, value text, code text, message text')
    tables.make(cursor, "rejected_row", "entity text, id uuid, erp_key text, file text, line bigint")
    if context.stage.problem_log.errors:
        context.run(
            """
            INSERT INTO rejected_row SELECT DISTINCT entity, NULL::uuid, erp_key, file, line FROM staged_problem
            WHERE kind = 'error' AND erp_key <> ''
            """
        )
        context.run("ANALYZE rejected_row")
    rejected = 0
    for staged in context.staged:
        for find in (*RULES, find_unresolved_references):
            find(context, staged)
        rejected += _reject(context, staged)
    if rejected:
        _reject_rows_referring_to_rejected(context)
    # A record whose deletion was rejected stays, and what it refers to must not be deleted either.
    while sum(_reject_referred_deletions(context, staged) for staged in context.staged):
        pass
    for staged in context.staged:
        warn_of_self_references(context, staged)


def _reject(context: MergeContext, staged: StageTable) -> int:
    """Log the problems found and remove their rows from stage and plan; returns how many rows."""
    if not context.line_problems:
        return 0
    entity = sql.Literal(staged.entity.name)
    problems = context.log_problems(
        """
        {into_problems}
        SELECT DISTINCT ON (q._seq, q."column", q.code) {entity}, 'error', {erp_key}, s._file, s._line, q."column",
               coalesce(q.value, ''), q.code, q.message, s._seq
        FROM line_problem q JOIN {stage} s USING (_seq) ORDER BY q._seq, q."column", q.code
        """,
        entity=entity,
        erp_key=erp_key_of(staged.entity),
        stage=staged.table,
    )
    if not problems:
        return 0
    context.stage.problem_log.errors += problems
    rejected = context.run(
        """
        WITH removed AS (
            DELETE FROM {stage} s USING (SELECT DISTINCT _seq FROM line_problem) q WHERE s._seq = q._seq
            RETURNING s.*
        ), unplanned AS (
            DELETE FROM {plan} p USING removed WHERE p._seq = removed._seq
        ), {tallied}
        INSERT INTO rejected_row SELECT {entity}, _id, {erp_key}, _file, _line FROM removed s
        """,
        plan=staged.plan,
        stage=staged.table,
        entity=entity,
        erp_key=erp_key_of(staged.entity),
        tallied=tally_of_removed(staged, REJECTED),
    )
    staged.rejected += rejected
    context.plan_changes(staged)
    context.run("TRUNCATE line_problem")
    context.line_problems = 0
    return rejected


def _reject_referred_deletions(context: MergeContext, staged: StageTable) -> int:
    find_referred_deletions(context, staged)
    return _reject(context, staged)


def _reject_rows_referring_to_rejected(context: MergeContext) -> None:
    """Reject rows that refer to new records whose own rows were rejected, however many lie between them."""
    references = _references_to_rejected(context)
    if not references:
        return
    _find_lost_records(context, references)
    for staged, reference in references:
        columns = map(sql.Identifier, plan_columns(staged, reference))
        context.run(
            "UPDATE {plan} SET {cleared} WHERE {field} IN (SELECT id FROM lost_record)",
            plan=staged.plan,
            field=sql.Identifier(reference.field),
            cleared=sql.SQL(", ").join(sql.SQL("{} = NULL").format(column) for column in columns),
        )
    referring = list({staged.entity.name: staged for staged, _ in references}.values())
    for staged in referring:
        # Without new statistics the planner takes cleared references for as rare as before, and joins row by row.
        analyze_plan(context, staged)
        # Rows of a chain may come in any order, and the message of each can name the other.
        context.run(
            "INSERT INTO rejected_row SELECT {entity}, NULL, {erp_key}, _file, _line FROM {stage} s "
            "WHERE _id IN (SELECT id FROM lost_record)",
            entity=sql.Literal(staged.entity.name),
            erp_key=erp_key_of(staged.entity),
            stage=staged.table,
        )
    for staged in referring:
        find_unresolved_references(context, staged)
        _reject(context, staged)


def _find_lost_records(context: MergeContext, references: list[tuple[StageTable, ReferenceTo]]) -> None:
    """List in `lost_record` the ids of new records whose row, or one that it refers to, was rejected."""
    context.run("CREATE TEMP TABLE refers (id uuid, target uuid) ON COMMIT DROP")
    for staged, reference in references:
        context.run(
            "INSERT INTO refers SELECT _id, {field} FROM {plan} WHERE {field} IS NOT NULL",
            plan=staged.plan,
            field=sql.Identifier(reference.field),
        )
    context.run("CREATE INDEX ON refers (target)")
    context.run("ANALYZE refers")
    context.run("ANALYZE rejected_row")
    context.run(
        """
        CREATE TEMP TABLE lost_record ON COMMIT DROP AS
        WITH RECURSIVE lost AS (
            SELECT id FROM rejected_row WHERE id IS NOT NULL
            UNION SELECT refers.id FROM refers JOIN lost ON refers.target = lost.id
        )
        SELECT id FROM lost
        """
    )
    context.run("ANALYZE lost_record")


def _references_to_rejected(context: MergeContext) -> list[tuple[StageTable, ReferenceTo]]:
    """The references of staged rows that may lead to a rejected one, directly or through other rows."""
    reached = {name for (name,) in context.rows("SELECT DISTINCT entity FROM rejected_row WHERE id IS NOT NULL")}
    found: list[tuple[StageTable, ReferenceTo]] = []
    has_grown = True
    while has_grown:
        has_grown = False
        for staged in context.staged:
            for reference in staged.entity.references:
                targets = {lookup.target for lookup in lookups_used(staged, reference)}
                if targets & reached and (staged, reference) not in found:
                    found.append((staged, reference))
                    reached.add(staged.entity.name)
                    has_grown = True
    return found
