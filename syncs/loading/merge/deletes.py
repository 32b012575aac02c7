"""What a complete input does not contain: found, guarded, deleted."""

from psycopg import sql

from adsplatform.records.specification import Entity, entities
from syncs.loading.context import OF_ACCOUNT, PROBLEM_INTO, MergeContext, erp_key_of, referring_to
from syncs.loading.control_totals.merge_totals import tally_missing
from syncs.loading.verdict import Stopped

# Of fewer records of a kind, the share that is missing means nothing.
GUARDED_FROM = 20


def find_missing(context: MergeContext, complete: list[str]) -> Stopped | None:
    """List the records that the input does not contain, of the kinds it holds completely.

    Returns a verdict where they are more than may be deleted, unless somebody has allowed it.
    """
    context.run("CREATE TEMP TABLE missing (entity text, id uuid PRIMARY KEY) ON COMMIT DROP")
    too_many = []
    for name in complete:
        entity, staged = entities()[name], context.stage.staged.get(name)
        not_here = not_earlier = sql.SQL("true")
        if staged:
            not_here = sql.SQL("NOT EXISTS (SELECT 1 FROM {} p WHERE p.record_id = r.id)").format(staged.plan)
            if staged.inserted_count:
                not_here = sql.SQL("{} AND r.created_sync_id IS DISTINCT FROM %(sync)s").format(not_here)
            if staged.unchanged_count:
                not_here = sql.SQL("{} AND {}").format(not_here, context.stage.unchanged_rows.unmatched(entity))
        if context.parent:
            not_earlier = sql.SQL(
                "NOT EXISTS (SELECT 1 FROM syncs_seenkey k WHERE k.parent_sync_request_id = %(parent)s "
                "AND k.entity = {} AND k.record_id = r.id)"
            ).format(sql.Literal(name))
        found = context.run(
            """
            INSERT INTO missing SELECT {name}, r.id FROM {records} r
            WHERE r.app_enrollment_id = %(enrollment)s AND {not_here} AND {not_earlier}
            """,
            name=sql.Literal(name),
            records=sql.Identifier(entity.table),
            not_here=not_here,
            not_earlier=not_earlier,
        )
        if not context.sync_request.allow_deletes:
            too_many += _too_many(context, entity, found)
    if too_many:
        # All of them: whoever allows the deletes is to know what is deleted.
        return Stopped(
            f"Stopped: this full sync would delete {', '.join(too_many)}, more than the "
            f"{context.enrollment.delete_limit_percent} % that {context.enrollment} allows. Nothing was changed.",
            code="delete_guard",
        )
    return None


def _too_many(context: MergeContext, entity: Entity, missing: int) -> list[str]:
    """The figures of a kind of which more is missing than may be deleted."""
    if not missing:
        return []
    (there,) = context.row(
        "SELECT count(*) FROM {records} WHERE app_enrollment_id = %(enrollment)s",
        records=sql.Identifier(entity.table),
    )
    if there < GUARDED_FROM or missing * 100 <= context.enrollment.delete_limit_percent * there:
        return []
    return [f"{missing:,} of {there:,} {entity.plural}"]


def delete_missing(context: MergeContext):
    """Delete what a complete input does not contain, but for what a remaining record still refers to."""
    names = [name for (name,) in context.rows("SELECT DISTINCT entity FROM missing")]
    if not names:
        return
    context.run("ANALYZE missing")
    # What is kept may itself refer to something missing, which is then kept too.
    while sum(_keep_referred(context, name, *by) for name in names for by in referring_to(entities()[name])):
        pass
    for name in names:
        tally_missing(context, name)
        context.deleted_as_missing[name] = context.run(
            "DELETE FROM {records} r USING missing m WHERE m.entity = {name} AND r.id = m.id",
            records=sql.Identifier(entities()[name].table),
            name=sql.Literal(name),
        )


def _keep_referred(context: MergeContext, name: str, referring: Entity, field: str) -> int:
    target = entities()[name]
    return context.run(
        """
        WITH kept AS (
            DELETE FROM missing m USING {referring} x
            WHERE m.entity = {name} AND x.{field} = m.id AND x.{of_account}
            AND NOT EXISTS (SELECT 1 FROM missing o WHERE o.id = x.id)
            RETURNING m.id
        )
        {into_problems}
        SELECT {name}, 'warning', {erp_key}, '', NULL, '', '', 'kept_because_referenced',
               'This {kind} is not in the full data set, but {others} still refer to it; it was kept.', NULL
        FROM (SELECT DISTINCT id FROM kept) k JOIN {records} s USING (id)
        """,
        referring=sql.Identifier(referring.table),
        of_account=OF_ACCOUNT,
        field=sql.Identifier(field),
        name=sql.Literal(name),
        records=sql.Identifier(target.table),
        kind=sql.SQL(target.singular),
        others=sql.SQL(referring.plural),
        erp_key=erp_key_of(target),
        into_problems=PROBLEM_INTO,
    )


def remember_seen(context: MergeContext, names: list[str]):
    """Keep which records of these kinds this part contained, for the deletes after the last part."""
    for staged in context.staged:
        if staged.entity.name not in names:
            continue
        context.run(
            """
            INSERT INTO syncs_seenkey (parent_sync_request_id, entity, record_id)
            SELECT %(parent)s, {entity}, coalesce(record_id, _id) FROM {plan}
            """,
            entity=sql.Literal(staged.entity.name),
            plan=staged.plan,
        )
