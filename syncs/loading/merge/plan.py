"""Which staged lines count, and which record each is about: the plan."""

from psycopg import sql

from adsplatform.records.specification import Entity, Lookup, ReferenceTo, entities
from syncs.loading.context import (
    PROBLEM_INTO,
    MergeContext,
    columns_of,
    comma_prefixed,
    erp_key_of,
)
from syncs.loading.control_totals.merge_totals import needed_for_totals, tally_of_gone
from syncs.loading.staging.amounts import SKIPPED
from syncs.loading.staging.assignments import changed, line_has, lookups_used, too_large
from syncs.loading.staging.tables import StageTable


def supersede_earlier(context: MergeContext, staged: StageTable):
    """Of lines with the same key, leave the last; the others are skipped, each naming its successor."""
    key = columns_of(staged.entity.key, "s")
    if not staged.may_repeat():
        return
    if staged.entity.key:
        repeated = "SELECT 1 FROM {stage} s GROUP BY {key} HAVING count(*) > 1"
        if not context.exists(repeated, stage=staged.table, key=key):
            return
    _supersede(context, staged, partition=sql.SQL("PARTITION BY {}").format(key) if staged.entity.key else sql.SQL(""))


def supersede_by_plan(context: MergeContext, staged: StageTable):
    """The same for an entity whose key holds a reference, once the reference is known."""
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
    context.run(
        "DELETE FROM {plan} p WHERE NOT EXISTS (SELECT 1 FROM {stage} s WHERE s._seq = p._seq)",
        plan=staged.plan,
        stage=staged.table,
    )


def _supersede(context: MergeContext, staged: StageTable, *, partition, plan=None):
    context.superseded[staged.entity.name] = context.run(
        """
        WITH chain AS (
            SELECT _seq, last_value(_seq) OVER later AS last_seq, last_value(s._file) OVER later AS by_file,
                   last_value(s._line) OVER later AS by_line
            FROM {stage} s {plan}
            WINDOW later AS ({partition} ORDER BY _seq ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
        ), gone AS (
            DELETE FROM {stage} s USING chain c WHERE s._seq = c._seq AND c._seq <> c.last_seq
            RETURNING s._seq, s._file, s._line, {erp_key} AS erp_key, c.by_file, c.by_line {amounts}
        ), {tallied}
        {into_problems}
        SELECT {entity}, 'skip', erp_key, _file, _line, '', '', 'superseded',
               format('Superseded by line %%s of %%s, which has the same key.', by_line, by_file), _seq
        FROM gone ORDER BY _seq
        """,
        stage=staged.table,
        plan=plan or sql.SQL(""),
        partition=partition,
        entity=sql.Literal(staged.entity.name),
        erp_key=erp_key_of(staged.entity),
        into_problems=PROBLEM_INTO,
        amounts=comma_prefixed(needed_for_totals(staged)),
        tallied=tally_of_gone(staged, SKIPPED),
    )


def plan(context: MergeContext, staged: StageTable):
    """For each staged line: its record, if there is one, what it refers to, and what is to be done."""
    entity = staged.entity
    found, joins, kept = [], [], []
    for reference in entity.references:
        ways = list(enumerate(lookups_used(staged, reference)))
        ids = [_found_id(reference, at) for at, _ in ways]
        joins += [_join(context, reference, at, lookup) for at, lookup in ways]
        # What each way has found is asked for only where there are several.
        apart = ways if len(ways) > 1 else []
        found += [sql.SQL("{} AS {}").format(ids[at], _found_as(reference, at)) for at, _ in apart]
        found.append(
            sql.SQL("{} AS {}").format(
                sql.SQL("coalesce({})").format(sql.SQL(", ").join(ids)) if ids else sql.SQL("NULL::uuid"),
                sql.Identifier(reference.field),
            )
        )
        kept += [sql.SQL("s.{}").format(_found_as(reference, at)) for at, _ in apart]
        kept.append(sql.SQL("s.{}").format(sql.Identifier(reference.field)))
    context.run(
        """
        CREATE TEMP TABLE {plan} ON COMMIT DROP AS
        SELECT s._seq, s._id, r.id AS record_id, r.row_hash AS met {kept}, {too_large} AS is_too_large,
               CASE WHEN r.id IS NULL THEN 'insert' WHEN {match} = 1 THEN 'leave' WHEN {match} = 2 THEN 'delete'
                    WHEN {changed} THEN 'update' ELSE 'same' END AS action
        FROM (SELECT s.* {found} FROM {stage} s {joins}) s
        LEFT JOIN {records} r ON {is_met}
        """,
        plan=staged.plan,
        stage=staged.table,
        records=sql.Identifier(entity.table),
        kept=comma_prefixed(kept),
        found=comma_prefixed(found),
        joins=sql.SQL(" ").join(joins),
        match=_match(entity),
        changed=changed(staged),
        too_large=too_large(staged),
        is_met=_is_met(staged),
    )
    analyze_plan(context, staged)


def _is_met(staged: StageTable) -> sql.Composable:
    """Whether the line `s` is about the record `r`."""
    if staged.inserted_count:
        # The books had no record of this kind before those that were inserted early, from rows with other keys.
        return sql.SQL("false")
    keys = [sql.SQL("AND r.{0} = s.{0}").format(sql.Identifier(name)) for name in staged.entity.key]
    return sql.SQL("r.app_enrollment_id = %(enrollment)s {}").format(sql.SQL(" ").join(keys))


def analyze_plan(context: MergeContext, staged: StageTable):
    """Let the planner know how many lines there are of what."""
    fields = ["_seq", "record_id", "action", *(reference.field for reference in staged.entity.references)]
    columns = sql.SQL(", ").join(map(sql.Identifier, fields))
    context.run("ANALYZE {plan} ({columns})", plan=staged.plan, columns=columns)


def meets_unchanged_record(context: MergeContext, staged: StageTable) -> bool:
    """Whether a staged row may be about the record of an unchanged row: which of the two counts is then not known."""
    unchanged_rows = context.stage.unchanged_rows
    if unchanged_rows.has_duplicates:
        return True
    if not staged.unchanged_count:
        return False
    met = sql.SQL("SELECT met AS row_hash FROM {} WHERE met IS NOT NULL").format(staged.plan)
    return unchanged_rows.has_matched_any(staged.entity, met)


def _found_as(reference: ReferenceTo, at: int) -> sql.Identifier:
    """Where the plan keeps what one way of naming the target has found."""
    return sql.Identifier(f"{reference.field}_{at}")


def _found_id(reference: ReferenceTo, at: int) -> sql.Composable:
    return sql.SQL("coalesce({}.id, {}.id)").format(_alias("books", reference, at), _alias("stage", reference, at))


def _alias(where: str, reference: ReferenceTo, at: int) -> sql.Identifier:
    return sql.Identifier(f"{reference.field}_{where}_{at}")


def _join(context: MergeContext, reference: ReferenceTo, at: int, lookup: Lookup) -> sql.Composable:
    """Joins that look a reference up in the books and, should it be new, among this sync's own lines."""
    target = entities()[lookup.target]
    by_id = lookup.target_column == "id"
    # Only a key is sure to name one record; of several with the same code, the oldest counts.
    unique = by_id or lookup.target_column in target.key
    when = sql.SQL("")
    if lookup.when:
        when = sql.SQL("AND s.{} = {}").format(sql.Identifier(lookup.when[0]), sql.Literal(lookup.when[1]))
    parts = {"column": sql.Identifier(lookup.target_column), "named": sql.Identifier(lookup.column), "when": when}
    alias = _alias("books", reference, at)
    there = context.stage.staged.get(target.name)
    if there and not there.has(lookup.target_column):
        there = None
    if not unique:
        return sql.SQL(
            "LEFT JOIN (SELECT DISTINCT ON (key) key, id FROM ({found}) f ORDER BY key, id) {alias} "
            "ON {alias}.key = s.{named} {when} {no_stage}"
        ).format(found=_named_by(lookup, there), alias=alias, no_stage=_no_stage(reference, at), **parts)
    books = sql.SQL(
        "LEFT JOIN (SELECT {column} AS key, id FROM {table} WHERE {whose}) {alias} ON {alias}.key = s.{named} {when}"
    ).format(
        table=sql.Identifier(target.table),
        # A platform id may be of any record of the account, an ERP key only of this enrollment's.
        whose=sql.SQL("group_key = %(group_key)s" if by_id else "app_enrollment_id = %(enrollment)s"),
        alias=alias,
        **parts,
    )
    if there is None or by_id:
        return sql.SQL("{} {}").format(books, _no_stage(reference, at))
    return sql.SQL(
        "{books} LEFT JOIN (SELECT {column} AS key, _id AS id FROM {stage}) {alias} ON {alias}.key = s.{named} {when}"
    ).format(books=books, stage=there.table, alias=_alias("stage", reference, at), **parts)


def _no_stage(reference: ReferenceTo, at: int) -> sql.Composable:
    return sql.SQL("LEFT JOIN (SELECT NULL::uuid AS id) {} ON false").format(_alias("stage", reference, at))


def _named_by(lookup: Lookup, there: StageTable | None) -> sql.Composable:
    """What the records will be called, once this sync's own lines, if `there`, have renamed some and added others."""
    target = entities()[lookup.target]
    column, table = sql.Identifier(lookup.target_column), sql.Identifier(target.table)
    if there is None:
        return sql.SQL("SELECT {} AS key, id FROM {} WHERE app_enrollment_id = %(enrollment)s").format(column, table)
    return sql.SQL(
        "SELECT CASE WHEN r.id IS NULL OR ({match} = 0 AND {renames}) THEN s.{column} ELSE r.{column} END AS key, "
        "coalesce(r.id, s._id) AS id FROM (SELECT * FROM {table} WHERE app_enrollment_id = %(enrollment)s) r "
        "FULL JOIN {stage} s ON r.erp_key = s.erp_key"
    ).format(
        column=column,
        table=table,
        stage=there.table,
        match=_match(target),
        renames=line_has(there, [lookup.target_column]),
    )


def _match(entity: Entity) -> sql.Composable:
    """What the line `s` wants done with a record that exists."""
    return sql.SQL("coalesce(s.on_match_action, 0)" if "on_match_action" in entity.columns else "0")
