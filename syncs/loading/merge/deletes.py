"""Deletes: by rows that ask for it, and of records that a complete input does not contain; and their guard."""

from dataclasses import dataclass

from psycopg import sql

from adsplatform.records.specification import Entity, entities
from adsplatform.wording import counted, plural
from syncs.loading.context import OF_ACCOUNT, MergeContext, erp_key_of, referring_to
from syncs.loading.control_totals.merge_totals import tally_missing
from syncs.loading.merge import gone
from syncs.loading.staging.problem_log import Problem
from syncs.loading.staging.tables import StageTable
from syncs.loading.verdict import Stopped

# The delete guard ignores kinds with fewer records than this: a share of so few says little.
GUARDED_FROM = 20
# For how long the guard adds what earlier syncs of the enrollment have deleted.
GUARDED_HOURS = 24


@dataclass(frozen=True)
class _Deletes:
    """What may be deleted of a kind, with what was deleted of it before: how many of how many records."""

    entity: Entity
    deleted: int
    there: int
    # How many of them earlier syncs have deleted that are no parts of this input.
    earlier: int

    def are_more_than(self, percent: int) -> bool:
        return self.there >= GUARDED_FROM and self.deleted * 100 > percent * self.there

    def __str__(self) -> str:
        return f"{self.deleted:,} of {self.there:,} {self.entity.plural}"


def plan_deletes(context: MergeContext, complete: list[str]) -> Stopped | None:
    """For the kinds that the input contains completely, list the records that it lacks in the table `missing`.

    Returns a verdict if these and the records that rows delete (`onMatchAction` 2) are more than may be deleted,
    together with what earlier syncs of the enrollment have deleted; unless somebody has allowed it.
    """
    deleted = {staged.entity.name: context.actions(staged).get("delete", 0) for staged in context.staged}
    context.may_miss_records = bool(complete or context.stage.gone.named)
    if context.may_miss_records:
        context.run("CREATE TEMP TABLE missing (entity text, id uuid PRIMARY KEY, is_named boolean) ON COMMIT DROP")
    for name in complete:
        deleted[name] = deleted.get(name, 0) + _find_missing(context, entities()[name])
    for name in sorted(context.stage.gone.named):
        deleted[name] = deleted.get(name, 0) + gone.find_named(context, name)
    if context.sync_request.allow_deletes:
        return None
    # All kinds are listed, because the person who allows the deletes must know what will be deleted.
    limit = context.enrollment.delete_limit_percent
    all_deletes = [_with_earlier(context, entities()[name], count) for name, count in deleted.items() if count]
    too_many = [deletes for deletes in all_deletes if deletes.are_more_than(limit)]
    if not too_many:
        return None
    this_sync = "this full sync" if context.sync_request.run_full_sync else "this sync"
    if any(deletes.earlier for deletes in too_many):
        this_sync = f"together with what was deleted in the last {GUARDED_HOURS} hours, {this_sync}"
    return Stopped(
        f"Stopped: {this_sync} would delete {', '.join(map(str, too_many))}, more than the {limit} % that "
        f"{context.enrollment} allows. Nothing was changed.",
        code="delete_guard",
    )


def _find_missing(context: MergeContext, entity: Entity) -> int:
    return context.run(
        """
        INSERT INTO missing SELECT {name}, r.id, false FROM {records} r
        WHERE r.app_enrollment_id = %(enrollment)s AND {is_missing}
        """,
        name=sql.Literal(entity.name),
        records=sql.Identifier(entity.table),
        is_missing=_is_missing(context, entity),
    )


def warn_of_kept(context: MergeContext, incomplete: dict[str, str]) -> None:
    """Say of each kind that the input does not contain completely how many records are kept although it lacks them.

    `incomplete` has the reason by kind. Rejected lines count as lacking: what they are about may not be known.
    """
    problem_log = context.stage.problem_log
    for name, reason in incomplete.items():
        entity = entities()[name]
        (kept,) = context.row(
            "SELECT count(*) FROM {records} r WHERE r.app_enrollment_id = %(enrollment)s AND {is_missing}",
            records=sql.Identifier(entity.table),
            is_missing=_is_missing(context, entity),
        )
        if kept:
            message = (
                f"{counted(kept, entity.singular, entity.plural)} {plural(kept, 'is', 'are')} in the books and not "
                f"among the lines that could be read; {plural(kept, 'it was', 'they were')} kept, because {reason}. "
                "Correct that, then send the full data set again."
            )
            problem_log.add_for_file(
                Problem(entity=name, kind="warning", code="kept_because_incomplete", message=message)
            )
    if incomplete:
        problem_log.flush()


def _is_missing(context: MergeContext, entity: Entity) -> sql.Composed:
    """Whether no row of this input, nor of its earlier parts, is about the record `r`."""
    conditions: list[sql.Composable] = [sql.SQL("true")]
    if staged := context.stage.staged.get(entity.name):
        conditions.append(sql.SQL("NOT EXISTS (SELECT 1 FROM {} p WHERE p.record_id = r.id)").format(staged.plan))
        if staged.inserted_count:
            conditions.append(sql.SQL("r.created_sync_id IS DISTINCT FROM %(sync)s"))
        if staged.unchanged_count:
            conditions.append(context.stage.unchanged_rows.unmatched(entity))
    if entity.name in context.stage.gone.complete:
        conditions.append(gone.not_listed(entity.name))
    if context.parent:
        seen_earlier = sql.SQL(
            "NOT EXISTS (SELECT 1 FROM syncs_seenkey k WHERE k.parent_sync_request_id = %(parent)s "
            "AND k.entity = {} AND k.record_id = r.id)"
        )
        conditions.append(seen_earlier.format(sql.Literal(entity.name)))
    return sql.SQL(" AND ").join(conditions)


def _with_earlier(context: MergeContext, entity: Entity, deleted: int) -> _Deletes:
    """The deletes of a kind with the earlier ones, so that many small syncs delete no more than a large one may."""
    (there,) = context.row(
        "SELECT count(*) FROM {records} WHERE app_enrollment_id = %(enrollment)s",
        records=sql.Identifier(entity.table),
    )
    # The parts of one input are one sync to whoever sends them.
    of_parts = _deleted_by_earlier_parts(context, entity)
    earlier = _deleted_by_earlier_syncs(context, entity)
    return _Deletes(entity, deleted + of_parts + earlier, there + of_parts + earlier, earlier)


def _deleted_by_earlier_parts(context: MergeContext, entity: Entity) -> int:
    if context.parent is None:
        return 0
    (count,) = context.row(
        """
        SELECT coalesce(sum(e.deleted_by_match), 0)
        FROM syncs_syncentityresult e JOIN syncs_syncrequest s USING (sync_request_id)
        WHERE e.entity = {name} AND s.status_code = 'Success'
        AND (s.parent_sync_request_id = %(parent)s OR s.sync_request_id = %(parent)s)
        """,
        name=sql.Literal(entity.name),
    )
    return int(count)


def _deleted_by_earlier_syncs(context: MergeContext, entity: Entity) -> int:
    """What other syncs of the enrollment have deleted lately, since somebody last allowed deletes of that kind."""
    (count,) = context.row(
        """
        WITH deletes AS (
            SELECT s.finished, s.allow_deletes, e.deleted_by_match + e.deleted_as_missing AS deleted,
                   coalesce(s.parent_sync_request_id, s.sync_request_id) AS input
            FROM syncs_syncentityresult e JOIN syncs_syncrequest s USING (sync_request_id)
            WHERE s.app_enrollment_id = %(enrollment)s AND s.status_code = 'Success' AND NOT s.dry_run
            AND s.finished > now() - make_interval(hours => {hours}) AND e.entity = {name}
            AND e.deleted_by_match + e.deleted_as_missing > 0
        )
        SELECT coalesce(sum(d.deleted), 0) FROM deletes d
        WHERE d.input IS DISTINCT FROM %(parent)s
        AND NOT EXISTS (SELECT FROM deletes a WHERE a.allow_deletes AND a.finished >= d.finished)
        """,
        name=sql.Literal(entity.name),
        hours=sql.Literal(GUARDED_HOURS),
    )
    return int(count)


def delete_missing(context: MergeContext) -> None:
    """Delete the missing records, except those to which a remaining record refers."""
    if not context.may_miss_records:
        return
    names = [name for (name,) in context.rows("SELECT DISTINCT entity FROM missing")]
    if not names:
        return
    context.run("ANALYZE missing")
    # A record that stays may itself refer to a missing one, which then stays too.
    while sum(_exclude_referenced(context, name, *by) for name in names for by in referring_to(entities()[name])):
        pass
    for name in names:
        tally_missing(context, name)
        context.deleted_as_missing[name] = context.run(
            "DELETE FROM {records} r USING missing m WHERE m.entity = {name} AND r.id = m.id",
            records=sql.Identifier(entities()[name].table),
            name=sql.Literal(name),
        )


def _exclude_referenced(context: MergeContext, name: str, referring: Entity, field: str) -> int:
    """Exclude missing records to which a remaining one refers, with a warning; returns how many."""
    target = entities()[name]
    return context.log_problems(
        """
        WITH referenced AS (
            DELETE FROM missing m USING {referring} x
            WHERE m.entity = {name} AND x.{field} = m.id AND x.{of_account}
            AND NOT EXISTS (SELECT 1 FROM missing o WHERE o.id = x.id)
            RETURNING m.id, m.is_named
        )
        {into_problems}
        SELECT {name}, 'warning', {erp_key}, '', NULL, '', '', 'kept_because_referenced',
               CASE WHEN k.is_named
               THEN 'The source says that this {kind} is gone, but {others} still refer to it; it was kept.'
               ELSE 'This {kind} is not in the full data set, but {others} still refer to it; it was kept.' END, NULL
        FROM (SELECT DISTINCT id, is_named FROM referenced) k JOIN {records} s USING (id)
        """,
        referring=sql.Identifier(referring.table),
        of_account=OF_ACCOUNT,
        field=sql.Identifier(field),
        name=sql.Literal(name),
        records=sql.Identifier(target.table),
        kind=sql.SQL(target.singular),
        others=sql.SQL(referring.plural),
        erp_key=erp_key_of(target),
    )


def remember_seen(context: MergeContext, names: list[str]) -> None:
    """Store which records of these kinds this part contained, for the deletes after the last part."""
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


def find_referred_deletions(context: MergeContext, staged: StageTable) -> None:
    """Find rows that would delete a record to which others refer."""
    if "delete" not in context.actions(staged):
        return
    for entity, field in referring_to(staged.entity):
        other = context.stage.staged.get(entity.name)
        unless_deleted_too: sql.Composable = sql.SQL("")
        if other:
            unless_deleted_too = sql.SQL(
                "AND NOT EXISTS (SELECT 1 FROM {} o WHERE o.record_id = x.id AND o.action = 'delete')"
            ).format(other.plan)
        parts: dict[str, sql.Composable] = {
            "plan": staged.plan,
            "field": sql.Identifier(field),
            "kind": sql.SQL(staged.entity.singular),
            "others": sql.SQL(entity.plural),
        }
        context.find_faulty(
            """
            INSERT INTO line_problem
            SELECT DISTINCT p._seq, 'onMatchAction', '2', 'still_referenced',
                   'onMatchAction: this {kind} cannot be deleted because {others} refer to it. Delete those first.'
            FROM {plan} p JOIN {table} x ON x.{field} = p.record_id AND x.{of_account}
            WHERE p.action = 'delete' AND x.id <> p.record_id {unless_deleted_too}
            -- Records that were inserted directly come from the same input, which is checked below.
            AND x.created_sync_id IS DISTINCT FROM %(sync)s
            """,
            table=sql.Identifier(entity.table),
            of_account=OF_ACCOUNT,
            unless_deleted_too=unless_deleted_too,
            **parts,
        )
        if other:
            context.find_faulty(
                """
                INSERT INTO line_problem
                SELECT DISTINCT p._seq, 'onMatchAction', '2', 'still_referenced',
                       'onMatchAction: this {kind} cannot be deleted because {others} of the same input refer to '
                       'it. Leave one of them out.'
                FROM {plan} p JOIN {referring} ON o.{field} = p.record_id WHERE p.action = 'delete'
                """,
                referring=_of_same_input(other),
                **parts,
            )


def _of_same_input(staged: StageTable) -> sql.Composable:
    """The references of all records that this input inserts or updates, with the alias `o`."""
    fields = sql.SQL(", ").join(sql.Identifier(reference.field) for reference in staged.entity.references)
    made = sql.SQL("SELECT {} FROM {} WHERE action IN ('insert', 'update')").format(fields, staged.plan)
    if staged.inserted_count:
        made = sql.SQL(
            "{} UNION ALL SELECT {} FROM {} WHERE app_enrollment_id = %(enrollment)s AND created_sync_id = %(sync)s"
        ).format(made, fields, sql.Identifier(staged.entity.table))
    return sql.SQL("({}) o").format(made)
