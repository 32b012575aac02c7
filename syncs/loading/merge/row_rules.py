"""Which planned lines cannot be loaded, judged against the books and against each other."""

from psycopg import sql

from adsplatform.records.specification import Lookup, ReferenceTo, entities
from syncs.loading.context import OF_ACCOUNT, PROBLEM_INTO, MergeContext, erp_key_of, referring_to
from syncs.loading.control_totals.merge_totals import tally_of_gone
from syncs.loading.merge.plan import analyze_plan
from syncs.loading.merge.references import itself_rejected, not_found
from syncs.loading.staging.amounts import REJECTED
from syncs.loading.staging.assignments import inserts, line_has, lookups_used, updates, worked_out
from syncs.loading.staging.tables import StageTable


def reject_what_cannot_be_placed(context: MergeContext):
    """Reject lines with a faulty reference, key or gap, then those that refer to a rejected line, to the end."""
    context.run(
        """
        CREATE TEMP TABLE line_problem (_seq bigint, "column" text, value text, code text, message text)
        ON COMMIT DROP
        """
    )
    context.run(
        """
        CREATE TEMP TABLE rejected_line ON COMMIT DROP AS
        SELECT DISTINCT entity, NULL::uuid AS id, erp_key, file, line FROM staged_problem
        WHERE kind = 'error' AND erp_key <> ''
        """
    )
    context.run("ANALYZE rejected_line")
    for staged in context.staged:
        find_wrong_network_ids(context, staged)
        find_gaps_of_new_records(context, staged)
        find_amounts_too_large(context, staged)
        find_disagreeing_references(context, staged)
        find_unresolved_references(context, staged)
        find_applied_to_itself(context, staged)
        _remove_rejected(context, staged)
    _reject_what_refers_to_rejected(context)
    # A record whose deletion was rejected may be what keeps another one.
    while sum(_reject_referred_deletions(context, staged) for staged in context.staged):
        pass
    for staged in context.staged:
        remark_on_self_references(context, staged)


def find_wrong_network_ids(context: MergeContext, staged: StageTable):
    """A line that gives a platform id must give that of the record its key names."""
    if not staged.has("network_id"):
        return
    context.run(
        """
        INSERT INTO line_problem
        SELECT s._seq, 'networkId', s.network_id::text, 'network_id_mismatch',
               format('networkId: “%%s” is not the platform id of the {kind} with this key. Leave networkId empty, '
                      'or correct one of the two.', s.network_id)
        FROM {stage} s JOIN {plan} p USING (_seq)
        WHERE s.network_id IS NOT NULL AND s.network_id IS DISTINCT FROM p.record_id
        """,
        stage=staged.table,
        plan=staged.plan,
        kind=sql.SQL(staged.entity.singular),
    )


def find_gaps_of_new_records(context: MergeContext, staged: StageTable):
    """What may be absent where a record exists is needed where it is new."""
    for column in staged.entity.columns.values():
        if not column.is_needed_where_new or column.name in (staged.always or ()):
            continue
        lacks = sql.SQL("true")
        if staged.has(column.name):
            lacks = sql.SQL("NOT {}").format(line_has(staged, [column.name]))
        context.run(
            """
            INSERT INTO line_problem
            SELECT s._seq, {wire}, '', 'required_missing',
                   {wire} || ' is missing, but every new {kind} needs it. Add the column and fill it in.'
            FROM {plan} p JOIN {stage} s USING (_seq) WHERE p.action = 'insert' AND {lacks}
            """,
            stage=staged.table,
            plan=staged.plan,
            wire=sql.Literal(column.wire),
            lacks=lacks,
            kind=sql.SQL(staged.entity.singular),
        )


def find_amounts_too_large(context: MergeContext, staged: StageTable):
    """An amount in base currency that is worked out must fit its column."""
    if not context.exists("SELECT 1 FROM {plan} WHERE is_too_large", plan=staged.plan):
        return
    columns = worked_out(staged)
    new, changed = dict(inserts(staged)), dict(updates(staged))
    (rate,) = {column.assumed.product_of[1] for column in columns}
    context.run(
        """
        INSERT INTO line_problem
        SELECT s._seq, a.wire, '', 'number_too_large',
               format('%%s: %%s times {rate_wire} has more than 20 digits before the decimal point. Check both.',
                      a.wire, a.amount)
        FROM {plan} p JOIN {stage} s USING (_seq) LEFT JOIN {records} r ON r.id = p.record_id
        CROSS JOIN LATERAL (VALUES {amounts}) a (wire, amount, value)
        WHERE p.is_too_large AND p.action IN ('insert', 'update') AND abs(a.value) >= 1e20
        """,
        stage=staged.table,
        plan=staged.plan,
        records=sql.Identifier(staged.entity.table),
        rate_wire=sql.SQL(staged.entity.columns[rate].wire),
        amounts=sql.SQL(", ").join(
            sql.SQL("({}, {}, CASE p.action WHEN 'insert' THEN {} ELSE {} END)").format(
                sql.Literal(column.wire),
                sql.Literal(staged.entity.columns[column.assumed.product_of[0]].wire),
                new.get(column.field, sql.SQL("NULL")),
                changed[column.field],
            )
            for column in columns
        ),
    )


def find_disagreeing_references(context: MergeContext, staged: StageTable):
    """Where a line names a record in two ways, both must name the same one."""
    for reference in staged.entity.references:
        lookups = lookups_used(staged, reference)
        if len(lookups) < 2:
            continue
        for at, lookup in enumerate(lookups):
            if lookup.when:
                continue
            context.run(
                """
                INSERT INTO line_problem
                SELECT s._seq, {wire}, s.{named}::text, 'reference_disagrees',
                       format('%%s: “%%s” does not name the same {target} as the line''s other reference to it. '
                              'Correct one of them, or leave one empty.', {wire}, s.{named})
                FROM {plan} p JOIN {stage} s USING (_seq)
                WHERE p.{resolved} IS NOT NULL AND s.{named} IS NOT NULL AND p.{own} IS DISTINCT FROM p.{resolved}
                """,
                stage=staged.table,
                plan=staged.plan,
                named=sql.Identifier(lookup.column),
                wire=sql.Literal(staged.entity.columns[lookup.column].wire),
                resolved=sql.Identifier(reference.field),
                own=sql.Identifier(f"{reference.field}_{at}"),
                target=sql.SQL(entities()[lookup.target].singular),
            )


def find_applied_to_itself(context: MergeContext, staged: StageTable):
    """What settles one record with another must name two: nothing is settled with itself."""
    for name, other in staged.entity.model.MUST_DIFFER:
        references = {reference.field: reference for reference in staged.entity.references}
        one, two = references[f"{name}_id"], references[f"{other}_id"]
        named = next(iter(lookups_used(staged, one)), None)
        if named is None:
            continue
        context.run(
            """
            INSERT INTO line_problem
            SELECT s._seq, {wire}, s.{named}::text, 'applied_to_itself',
                   format('%%s: “%%s” is applied to itself. Correct one of the two keys.', {wire}, s.{named})
            FROM {plan} p JOIN {stage} s USING (_seq) WHERE p.{one} = p.{two}
            """,
            plan=staged.plan,
            stage=staged.table,
            named=sql.Identifier(named.column),
            wire=sql.Literal(staged.entity.columns[named.column].wire),
            one=sql.Identifier(one.field),
            two=sql.Identifier(two.field),
        )


def remark_on_self_references(context: MergeContext, staged: StageTable):
    """A record above itself is how some systems write “nothing above it”: it loads, and is told."""
    for reference in staged.entity.references:
        for lookup in lookups_used(staged, reference):
            if lookup.target != staged.entity.name:
                continue
            parts = {
                "plan": staged.plan,
                "stage": staged.table,
                "itself": sql.SQL("s.{} IS NOT NULL AND p.{} = coalesce(p.record_id, p._id)").format(
                    sql.Identifier(lookup.column), sql.Identifier(reference.field)
                ),
            }
            found = context.run(
                """
                {into_problems}
                SELECT {entity}, 'warning', {erp_key}, s._file, s._line, {wire}, s.{named}::text, 'self_reference',
                       format('%%s: this {kind} names itself. It was loaded so; leave the cell empty if there is '
                              'nothing above it.', {wire}), s._seq
                FROM {plan} p JOIN {stage} s USING (_seq)
                WHERE {itself} ORDER BY s._seq
                """,
                into_problems=PROBLEM_INTO,
                entity=sql.Literal(staged.entity.name),
                erp_key=erp_key_of(staged.entity),
                wire=sql.Literal(staged.entity.columns[lookup.column].wire),
                named=sql.Identifier(lookup.column),
                kind=sql.SQL(staged.entity.singular),
                **parts,
            )
            if found:
                # It is to be told the next time too, so that the line must not pass for known then.
                context.run(
                    "UPDATE {stage} s SET _hash = NULL FROM {plan} p WHERE p._seq = s._seq AND {itself}", **parts
                )


def find_unresolved_references(context: MergeContext, staged: StageTable):
    """A line must not refer to what is neither in the books nor among the lines that load."""
    for reference in staged.entity.references:
        lookups = lookups_used(staged, reference)
        for lookup in lookups:
            _find_unresolved(context, staged, reference, lookup)
        if reference.required:
            _find_unnamed(context, staged, reference, lookups)


def _find_unresolved(context: MergeContext, staged: StageTable, reference: ReferenceTo, lookup: Lookup):
    when, named = sql.SQL("true"), sql.SQL("s.{}").format(sql.Identifier(lookup.column))
    if lookup.when:
        when = sql.SQL("s.{} = {}").format(sql.Identifier(lookup.when[0]), sql.Literal(lookup.when[1]))
    context.run(
        """
        INSERT INTO line_problem
        SELECT s._seq, {wire}, s.{named}::text, 'reference_not_found',
               CASE WHEN q.line IS NULL THEN {not_found} ELSE {rejected} END
        FROM {plan} p JOIN {stage} s USING (_seq)
        LEFT JOIN (
            SELECT DISTINCT ON (erp_key) erp_key, file, line FROM rejected_line
            WHERE entity = {target_name} AND {by_key} ORDER BY erp_key, line
        ) q ON q.erp_key = s.{named}::text
        WHERE p.{resolved} IS NULL AND s.{named} IS NOT NULL AND {when}
        """,
        stage=staged.table,
        plan=staged.plan,
        named=sql.Identifier(lookup.column),
        when=when,
        wire=sql.Literal(staged.entity.columns[lookup.column].wire),
        resolved=sql.Identifier(reference.field),
        not_found=not_found(lookup, named, staged.entity),
        rejected=itself_rejected(lookup, named, staged.entity),
        target_name=sql.Literal(lookup.target),
        by_key=sql.Literal(lookup.target_column == "erp_key"),
    )


def _find_unnamed(context: MergeContext, staged: StageTable, reference: ReferenceTo, lookups: list[Lookup]):
    """A required reference that a line names in no way, or with a kind that cannot be referred to."""
    kinds = [lookup.when[1] for lookup in reference.lookups if lookup.when]
    if kinds:
        named_in = reference.lookups[0].when[0]
        condition = sql.SQL("s.{} <> ALL ({})").format(sql.Identifier(named_in), sql.Literal(kinds))
        value = sql.SQL("s.{}").format(sql.Identifier(named_in))
        wire = staged.entity.columns[named_in].wire
        code = "unknown_kind"
        message = sql.SQL("{} || left({}, 100) || {}").format(
            sql.Literal(f"{wire}: “"),
            value,
            sql.Literal(f"” is no kind of record that can be referred to. Write one of {', '.join(kinds)}."),
        )
    else:
        condition = sql.SQL(" AND ").join(
            [sql.SQL("s.{} IS NULL").format(sql.Identifier(lookup.column)) for lookup in lookups] or [sql.SQL("true")]
        )
        value = sql.SQL("''")
        wire = staged.entity.columns[reference.lookups[0].column].wire
        code = "reference_missing"
        message = sql.Literal(
            f"{wire} is missing, but every {staged.entity.singular} needs it. Add the column and fill it in."
        )
    lines = sql.SQL("true")
    if not kinds and reference.field not in staged.entity.key:
        # On a record that is there, a reference stays as it is, unless the line empties it.
        lines = sql.SQL("p.action = 'insert'")
        if lookups:
            emptied = line_has(staged, [lookup.column for lookup in lookups])
            lines = sql.SQL("({} OR p.action = 'update' AND {})").format(lines, emptied)
    context.run(
        """
        INSERT INTO line_problem SELECT s._seq, {wire}, {value}, {code}, {message}
        FROM {plan} p JOIN {stage} s USING (_seq)
        WHERE p.{resolved} IS NULL AND {lines} AND {condition}
        """,
        stage=staged.table,
        plan=staged.plan,
        wire=sql.Literal(wire),
        value=value,
        code=sql.Literal(code),
        message=message,
        resolved=sql.Identifier(reference.field),
        lines=lines,
        condition=condition,
    )


def _remove_rejected(context: MergeContext, staged: StageTable) -> int:
    """Turn the problems found into details, and take their lines out of stage and plan; says how many."""
    entity = sql.Literal(staged.entity.name)
    problems = context.run(
        """
        {into_problems}
        SELECT DISTINCT ON (q._seq, q."column", q.code) {entity}, 'error', {erp_key}, s._file, s._line, q."column",
               coalesce(q.value, ''), q.code, q.message, s._seq
        FROM line_problem q JOIN {stage} s USING (_seq) ORDER BY q._seq, q."column", q.code
        """,
        into_problems=PROBLEM_INTO,
        entity=entity,
        erp_key=erp_key_of(staged.entity),
        stage=staged.table,
    )
    if not problems:
        return 0
    context.stage.problem_log.errors += problems
    rejected = context.run(
        """
        WITH gone AS (
            DELETE FROM {stage} s USING (SELECT DISTINCT _seq FROM line_problem) q WHERE s._seq = q._seq
            RETURNING s.*
        ), unplanned AS (
            DELETE FROM {plan} p USING gone WHERE p._seq = gone._seq
        ), {tallied}
        INSERT INTO rejected_line SELECT {entity}, _id, {erp_key}, _file, _line FROM gone s
        """,
        plan=staged.plan,
        stage=staged.table,
        entity=entity,
        erp_key=erp_key_of(staged.entity),
        tallied=tally_of_gone(staged, REJECTED),
    )
    staged.rejected += rejected
    context.run("TRUNCATE line_problem")
    return rejected


def _reject_what_refers_to_rejected(context: MergeContext):
    """Reject lines that refer to new records whose own lines were rejected, however many lie between them."""
    referring = _references_to_rejected(context)
    if not referring:
        return
    context.run("CREATE TEMP TABLE refers (id uuid, target uuid) ON COMMIT DROP")
    for staged, reference in referring:
        context.run(
            "INSERT INTO refers SELECT _id, {field} FROM {plan} WHERE {field} IS NOT NULL",
            plan=staged.plan,
            field=sql.Identifier(reference.field),
        )
    context.run("CREATE INDEX ON refers (target)")
    context.run("ANALYZE refers")
    context.run("ANALYZE rejected_line")
    context.run(
        """
        CREATE TEMP TABLE falling ON COMMIT DROP AS
        WITH RECURSIVE falling AS (
            SELECT id FROM rejected_line WHERE id IS NOT NULL
            UNION SELECT refers.id FROM refers JOIN falling ON refers.target = falling.id
        )
        SELECT id FROM falling
        """
    )
    context.run("ANALYZE falling")
    for staged, reference in referring:
        ways = lookups_used(staged, reference)
        names = [reference.field] + [f"{reference.field}_{at}" for at, _ in enumerate(ways) if len(ways) > 1]
        context.run(
            "UPDATE {plan} SET {cleared} WHERE {field} IN (SELECT id FROM falling)",
            plan=staged.plan,
            field=sql.Identifier(reference.field),
            cleared=sql.SQL(", ").join(sql.SQL("{} = NULL").format(sql.Identifier(name)) for name in names),
        )
    staged_ones = {staged.entity.name: staged for staged, _ in referring}.values()
    for staged in staged_ones:
        # Else the planner takes what was cleared for as rare as it was, and joins row by row.
        analyze_plan(context, staged)
        # So that a line that falls with another one can name it, whichever comes first.
        context.run(
            "INSERT INTO rejected_line SELECT {entity}, NULL, {erp_key}, _file, _line FROM {stage} s "
            "WHERE _id IN (SELECT id FROM falling)",
            entity=sql.Literal(staged.entity.name),
            erp_key=erp_key_of(staged.entity),
            stage=staged.table,
        )
    for staged in staged_ones:
        find_unresolved_references(context, staged)
        _remove_rejected(context, staged)


def _references_to_rejected(context: MergeContext) -> list[tuple[StageTable, ReferenceTo]]:
    """The references of staged lines that may lead to a rejected one, directly or through other lines."""
    reached = {name for (name,) in context.rows("SELECT DISTINCT entity FROM rejected_line WHERE id IS NOT NULL")}
    found = []
    grown = True
    while grown:
        grown = False
        for staged in context.staged:
            for reference in staged.entity.references:
                targets = {lookup.target for lookup in lookups_used(staged, reference)}
                if targets & reached and (staged, reference) not in found:
                    found.append((staged, reference))
                    reached.add(staged.entity.name)
                    grown = True
    return found


def _reject_referred_deletions(context: MergeContext, staged: StageTable) -> int:
    find_referred_deletions(context, staged)
    return _remove_rejected(context, staged)


def find_referred_deletions(context: MergeContext, staged: StageTable):
    """A record that others refer to cannot be deleted by a line."""
    if not staged.has("on_match_action"):
        return
    if not context.exists("SELECT 1 FROM {plan} WHERE action = 'delete'", plan=staged.plan):
        return
    for entity, field in referring_to(staged.entity):
        other = context.stage.staged.get(entity.name)
        unless_deleted_too = sql.SQL("")
        if other:
            unless_deleted_too = sql.SQL(
                "AND NOT EXISTS (SELECT 1 FROM {} o WHERE o.record_id = x.id AND o.action = 'delete')"
            ).format(other.plan)
        parts = {
            "plan": staged.plan,
            "field": sql.Identifier(field),
            "kind": sql.SQL(staged.entity.singular),
            "others": sql.SQL(entity.plural),
        }
        context.run(
            """
            INSERT INTO line_problem
            SELECT DISTINCT p._seq, 'onMatchAction', '2', 'still_referenced',
                   'onMatchAction: this {kind} cannot be deleted because {others} refer to it. Delete those first.'
            FROM {plan} p JOIN {table} x ON x.{field} = p.record_id AND x.{of_account}
            WHERE p.action = 'delete' AND x.id <> p.record_id {unless_deleted_too}
            -- What was inserted ahead is of the same input.
            AND x.created_sync_id IS DISTINCT FROM %(sync)s
            """,
            table=sql.Identifier(entity.table),
            of_account=OF_ACCOUNT,
            unless_deleted_too=unless_deleted_too,
            **parts,
        )
        if other:
            context.run(
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
    """What lines make or change, as `o`, with what it refers to."""
    fields = sql.SQL(", ").join(sql.Identifier(reference.field) for reference in staged.entity.references)
    made = sql.SQL("SELECT {} FROM {} WHERE action IN ('insert', 'update')").format(fields, staged.plan)
    if staged.inserted_count:
        made = sql.SQL(
            "{} UNION ALL SELECT {} FROM {} WHERE app_enrollment_id = %(enrollment)s AND created_sync_id = %(sync)s"
        ).format(made, fields, sql.Identifier(staged.entity.table))
    return sql.SQL("({}) o").format(made)
