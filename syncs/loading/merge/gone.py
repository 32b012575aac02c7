"""Records that a source says are gone, and kinds of record of which it suddenly has none."""

from psycopg import sql

from adsplatform.records.specification import Entity, entities
from adsplatform.wording import counted, plural
from syncs.loading.context import MergeContext, comma_prefixed
from syncs.loading.control_totals.merge_totals import tally_of_removed
from syncs.loading.control_totals.sums import columns_added_up
from syncs.loading.staging.amounts import SKIPPED
from syncs.loading.staging.problem_log import Problem
from syncs.loading.staging.tables import StageTable
from syncs.loading.verdict import ReadAgain, Shortcut


def supersede_by_deletion(context: MergeContext, staged: StageTable) -> None:
    """Remove rows from the stage of which the source says later that their record is gone."""
    name = staged.entity.name
    if name not in context.stage.gone.named:
        return
    removed = context.log_problems(
        """
        WITH removed AS (
            DELETE FROM {stage} s USING gone_key g
            WHERE g.entity = {entity} AND g.erp_key = s.erp_key AND s._seq < g.seq
            RETURNING s._seq, s._file, s._line, s.erp_key {amounts}
        ), {tallied}
        {into_problems}
        SELECT {entity}, 'skip', erp_key, _file, _line, '', '', 'superseded',
               'Superseded: the source says later that this {kind} is gone.', _seq
        FROM removed ORDER BY _seq
        """,
        stage=staged.table,
        entity=sql.Literal(name),
        kind=sql.SQL(staged.entity.singular),
        amounts=comma_prefixed(columns_added_up(staged)),
        tallied=tally_of_removed(staged, SKIPPED),
    )
    context.superseded[name] = context.superseded.get(name, 0) + removed


def meets_unchanged_record(context: MergeContext) -> ReadAgain | None:
    """A verdict if a record that is gone has a row that was skipped as unchanged: it is unknown which came later."""
    for name in context.stage.gone.named:
        hashes = sql.SQL("SELECT r.row_hash FROM {} r {} AND r.row_hash IS NOT NULL").format(
            sql.Identifier(entities()[name].table), _named(context, entities()[name])
        )
        if context.stage.unchanged_rows.has_matched_any(entities()[name], hashes):
            return ReadAgain(without=Shortcut.SKIP_UNCHANGED_ROWS)
    return None


def find_named(context: MergeContext, name: str) -> int:
    """List the records that the source names as gone in the table `missing`; returns how many."""
    entity = entities()[name]
    unless_made_anew: sql.Composable = sql.SQL("")
    if staged := context.stage.staged.get(name):
        unless_made_anew = sql.SQL("AND NOT EXISTS (SELECT FROM {} p WHERE p.record_id = r.id)").format(staged.plan)
    return context.run(
        """
        INSERT INTO missing (entity, id, is_named) SELECT DISTINCT {name}, r.id, true
        FROM {records} r {named} {unless_made_anew} ON CONFLICT DO NOTHING
        """,
        name=sql.Literal(name),
        records=sql.Identifier(entity.table),
        named=_named(context, entity),
        unless_made_anew=unless_made_anew,
    )


def _named(context: MergeContext, entity: Entity) -> sql.Composable:
    return sql.SQL("JOIN gone_key g ON g.entity = {} AND g.erp_key = r.erp_key WHERE r.app_enrollment_id = {}").format(
        sql.Literal(entity.name), sql.Literal(context.enrollment.pk)
    )


def not_listed(name: str) -> sql.Composable:
    """Whether the source's list of all keys lacks the record `r`."""
    return sql.SQL("NOT EXISTS (SELECT FROM source_key k WHERE k.entity = {} AND k.erp_key = r.erp_key)").format(
        sql.Literal(name)
    )


def warn_of_empty_kinds(context: MergeContext) -> None:
    """Say which kinds of record the books hold of which the source, read as a whole, has none; these are kept."""
    for name in context.kinds_expected:
        staged = context.stage.staged.get(name)
        if (staged and staged.lines_read) or context.stage.gone.listed.get(name):
            continue
        entity = entities()[name]
        (there,) = context.row(
            "SELECT count(*) FROM {records} WHERE app_enrollment_id = %(enrollment)s",
            records=sql.Identifier(entity.table),
        )
        if there:
            message = (
                f"The source has no {entity.plural} any more, and the books hold "
                f"{counted(there, entity.singular, entity.plural)}; {plural(there, 'it was', 'they were')} kept. See "
                "whether the connection may still read them, and whether they are chosen in its settings."
            )
            context.stage.problem_log.add_for_file(
                Problem(entity=name, kind="warning", code="none_of_kind", message=message)
            )
    context.stage.problem_log.flush()
