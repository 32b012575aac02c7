"""The plan: which staged rows count, and which record each is about."""

from psycopg import sql

from syncs.loading.context import MergeContext, columns_of, comma_prefixed, erp_key_of
from syncs.loading.control_totals.merge_totals import tally_of_removed
from syncs.loading.control_totals.sums import columns_added_up
from syncs.loading.merge.references import match_action, resolution
from syncs.loading.staging.amounts import SKIPPED
from syncs.loading.staging.assignments import changed, too_large
from syncs.loading.staging.small_inputs import ANALYZED_FROM
from syncs.loading.staging.tables import StageTable


def supersede_earlier(context: MergeContext, staged: StageTable) -> None:
    """Remove rows that have the same key as a later row from the stage; each gets a problem that names the last one."""
    key = columns_of(staged.entity.key, "s")
    if not staged.may_repeat():
        return
    if staged.entity.key:
        repeated = "SELECT 1 FROM {stage} s GROUP BY {key} HAVING count(*) > 1"
        if not context.exists(repeated, stage=staged.table, key=key):
            return
    _supersede(context, staged, partition=sql.SQL("PARTITION BY {}").format(key) if staged.entity.key else sql.SQL(""))


def supersede_by_plan(context: MergeContext, staged: StageTable) -> None:
    """The same for an entity whose key contains a reference, after the plan has resolved the reference."""
    references = {reference.field for reference in staged.entity.references}
    key = sql.SQL(", ").join(
        sql.SQL("{}.{}").format(sql.SQL("p" if name in references else "s"), sql.Identifier(name))
        for name in staged.entity.key
    )
    _supersede(
        context,
        staged,
        partition=sql.SQL("PARTITION BY {}").format(key),
        plan=sql.SQL("JOIN {} p USING (_seq)").format(staged.plan),
    )
    if context.superseded[staged.entity.name]:
        context.plan_changes(staged)
        context.run(
            "DELETE FROM {plan} p WHERE NOT EXISTS (SELECT 1 FROM {stage} s WHERE s._seq = p._seq)",
            plan=staged.plan,
            stage=staged.table,
        )


def _supersede(
    context: MergeContext, staged: StageTable, *, partition: sql.Composable, plan: sql.Composable | None = None
) -> None:
    context.superseded[staged.entity.name] = context.log_problems(
        """
        WITH chain AS (
            SELECT _seq, last_value(_seq) OVER later AS last_seq, last_value(s._file) OVER later AS by_file,
                   last_value(s._line) OVER later AS by_line
            FROM {stage} s {plan}
            WINDOW later AS ({partition} ORDER BY _seq ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
        ), removed AS (
            DELETE FROM {stage} s USING chain c WHERE s._seq = c._seq AND c._seq <> c.last_seq
            RETURNING s._seq, s._file, s._line, {erp_key} AS erp_key, c.by_file, c.by_line {amounts}
        ), {tallied}
        {into_problems}
        SELECT {entity}, 'skip', erp_key, _file, _line, '', '', 'superseded',
               format('Superseded by line %%s of %%s, which has the same key.', by_line, by_file), _seq
        FROM removed ORDER BY _seq
        """,
        stage=staged.table,
        plan=plan or sql.SQL(""),
        partition=partition,
        entity=sql.Literal(staged.entity.name),
        erp_key=erp_key_of(staged.entity),
        amounts=comma_prefixed(columns_added_up(staged)),
        tallied=tally_of_removed(staged, SKIPPED),
    )


def plan(context: MergeContext, staged: StageTable) -> None:
    """Make the plan of an entity: for each staged row its record (if any), its references, and the action."""
    entity = staged.entity
    resolutions = [resolution(context, staged, reference) for reference in entity.references]
    ids = [(sql.Identifier(column), id) for each in resolutions for column, id in each.ids]
    context.run(
        """
        {filled_plan}
        SELECT s._seq, s._id, r.id AS record_id, r.row_hash AS existing_hash {references}, {too_large} AS is_too_large,
               CASE WHEN r.id IS NULL THEN 'insert' WHEN {match} = 1 THEN 'leave' WHEN {match} = 2 THEN 'delete'
                    WHEN {changed} THEN 'update' ELSE 'same' END AS action
        FROM (SELECT s.* {ids} FROM {stage} s {joins}) s
        LEFT JOIN {records} r ON {is_same_record}
        """,
        filled_plan=staged.filled_plan(
            context.stage.tables, [column for each in resolutions for column, _ in each.ids]
        ),
        stage=staged.table,
        records=sql.Identifier(entity.table),
        references=comma_prefixed(sql.SQL("s.{}").format(column) for column, _ in ids),
        ids=comma_prefixed(sql.SQL("{} AS {}").format(id, column) for column, id in ids),
        joins=sql.SQL(" ").join(join for each in resolutions for join in each.joins),
        match=match_action(entity),
        changed=changed(staged),
        too_large=too_large(staged),
        is_same_record=_is_same_record(staged),
    )
    analyze_plan(context, staged)


def _is_same_record(staged: StageTable) -> sql.Composable:
    """Whether the row `s` is about the record `r`."""
    if staged.inserted_count:
        # The only records of this kind are those that direct insert has made from rows with other keys.
        return sql.SQL("false")
    keys = [sql.SQL("AND r.{0} = s.{0}").format(sql.Identifier(name)) for name in staged.entity.key]
    return sql.SQL("r.app_enrollment_id = %(enrollment)s {}").format(sql.SQL(" ").join(keys))


def analyze_plan(context: MergeContext, staged: StageTable) -> None:
    """Collect statistics on the columns by which plans are joined and filtered."""
    if staged.lines_read < ANALYZED_FROM:
        return
    fields = ["_seq", "record_id", "action", *(reference.field for reference in staged.entity.references)]
    columns = sql.SQL(", ").join(map(sql.Identifier, fields))
    context.run("ANALYZE {plan} ({columns})", plan=staged.plan, columns=columns)


def meets_unchanged_record(context: MergeContext, staged: StageTable) -> bool:
    """Whether a staged row may be about the same record as an unchanged row: then it is unknown which one counts."""
    unchanged_rows = context.stage.unchanged_rows
    if unchanged_rows.has_duplicates:
        return True
    if not staged.unchanged_count:
        return False
    existing_hash = sql.SQL("SELECT existing_hash AS row_hash FROM {} WHERE existing_hash IS NOT NULL").format(
        staged.plan
    )
    return unchanged_rows.has_matched_any(staged.entity, existing_hash)
