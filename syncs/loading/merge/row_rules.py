"""Finds planned rows that break a rule, checking each by itself and against the record it is about.

A rule adds the problems it finds to `line_problem`; their rows are then rejected together.
"""

from psycopg import sql

from adsplatform.records.specification import entities
from syncs.loading.context import MergeContext, erp_key_of
from syncs.loading.merge.missing_columns import missing_value
from syncs.loading.merge.references import plan_column
from syncs.loading.staging.assignments import inserts, line_has, lookups_used, updates, worked_out
from syncs.loading.staging.tables import StageTable
from syncs.loading.staging.value_rules import product_of


def find_wrong_network_ids(context: MergeContext, staged: StageTable) -> None:
    """Find rows whose platform id is not that of the record that their key names."""
    if not staged.has("network_id"):
        return
    context.find_faulty(
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


def find_deletes_not_asked_for(context: MergeContext, staged: StageTable) -> None:
    """Find rows of a file that would delete their record, though its sender has not said that they may."""
    if context.sync_request.honours_deletes or "delete" not in context.actions(staged):
        return
    context.find_faulty(
        """
        INSERT INTO line_problem
        SELECT _seq, 'onMatchAction', '2', 'delete_not_asked_for',
               'onMatchAction: 2 would delete this {kind}, and the upload did not say that its lines may delete. If it '
               'is to be deleted, send the file again with “Lines may delete records” (deleteOnMatch=true); if not, '
               'write 0 or leave the cell empty.'
        FROM {plan} WHERE action = 'delete'
        """,
        plan=staged.plan,
        kind=sql.SQL(staged.entity.singular),
    )


def find_gaps_of_new_records(context: MergeContext, staged: StageTable) -> None:
    """Find rows that lack a column which a new record needs, though a row about an existing record may omit it."""
    for column in staged.entity.columns.values():
        if not column.is_needed_where_new or column.name in staged.always:
            continue
        lacks: sql.Composable = sql.SQL("true")
        if staged.has(column.name):
            lacks = sql.SQL("NOT {}").format(line_has(staged, [column.name]))
        context.find_faulty(
            """
            INSERT INTO line_problem
            SELECT s._seq, {wire}, '', 'required_missing', {message}
            FROM {plan} p JOIN {stage} s USING (_seq) WHERE p.action = 'insert' AND {lacks}
            """,
            stage=staged.table,
            plan=staged.plan,
            wire=sql.Literal(column.wire),
            lacks=lacks,
            message=missing_value(context, staged, [column.name], f"new {staged.entity.singular}"),
        )


def find_amounts_too_large(context: MergeContext, staged: StageTable) -> None:
    """Find rows whose computed amount in base currency does not fit its column."""
    if not worked_out(staged) or not context.exists("SELECT 1 FROM {plan} WHERE is_too_large", plan=staged.plan):
        return
    entity, new, changed = staged.entity, dict(inserts(staged)), dict(updates(staged))
    products = [(column, factors) for column in worked_out(staged) if (factors := product_of(entity, column))]
    (rate,) = {rate.wire for _, (_, rate) in products}
    amounts: list[sql.Composable] = [
        sql.SQL("({}, {}, CASE p.action WHEN 'insert' THEN {} ELSE {} END)").format(
            sql.Literal(column.wire),
            sql.Literal(amount.wire),
            new.get(column.field, sql.SQL("NULL")),
            changed[column.field],
        )
        for column, (amount, _) in products
    ]
    context.find_faulty(
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
        records=sql.Identifier(entity.table),
        rate_wire=sql.SQL(rate),
        amounts=sql.SQL(", ").join(amounts),
    )


def find_disagreeing_references(context: MergeContext, staged: StageTable) -> None:
    """Find rows that name a record in two ways which lead to different records."""
    for reference in staged.entity.references:
        lookups = lookups_used(staged, reference)
        if len(lookups) < 2:
            continue
        for at, lookup in enumerate(lookups):
            if lookup.when:
                continue
            context.find_faulty(
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
                own=sql.Identifier(plan_column(reference, at)),
                target=sql.SQL(entities()[lookup.target].singular),
            )


def find_applied_to_itself(context: MergeContext, staged: StageTable) -> None:
    """Find rows that settle a record with itself."""
    for name, other in staged.entity.model.MUST_DIFFER:
        references = {reference.field: reference for reference in staged.entity.references}
        one, two = references[f"{name}_id"], references[f"{other}_id"]
        named = next(iter(lookups_used(staged, one)), None)
        if named is None:
            continue
        context.find_faulty(
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


RULES = (
    find_wrong_network_ids,
    find_deletes_not_asked_for,
    find_gaps_of_new_records,
    find_amounts_too_large,
    find_disagreeing_references,
    find_applied_to_itself,
)


def warn_of_self_references(context: MergeContext, staged: StageTable) -> None:
    """Warn of rows that name themselves, as some systems write “nothing above it”; they load."""
    for reference in staged.entity.references:
        for lookup in lookups_used(staged, reference):
            if lookup.target != staged.entity.name:
                continue
            parts: dict[str, sql.Composable] = {
                "plan": staged.plan,
                "stage": staged.table,
                "itself": sql.SQL("s.{} IS NOT NULL AND p.{} = coalesce(p.record_id, p._id)").format(
                    sql.Identifier(lookup.column), sql.Identifier(reference.field)
                ),
            }
            found = context.log_problems(
                """
                {into_problems}
                SELECT {entity}, 'warning', {erp_key}, s._file, s._line, {wire}, s.{named}::text, 'self_reference',
                       format('%%s: this {kind} names itself. It was loaded so; leave the cell empty if there is '
                              'nothing above it.', {wire}), s._seq
                FROM {plan} p JOIN {stage} s USING (_seq)
                WHERE {itself} ORDER BY s._seq
                """,
                entity=sql.Literal(staged.entity.name),
                erp_key=erp_key_of(staged.entity),
                wire=sql.Literal(staged.entity.columns[lookup.column].wire),
                named=sql.Identifier(lookup.column),
                kind=sql.SQL(staged.entity.singular),
                **parts,
            )
            if found:
                # Without a row hash the row does not count as unchanged next time, so that the warning is repeated.
                context.run(
                    "UPDATE {stage} s SET _hash = NULL FROM {plan} p WHERE p._seq = s._seq AND {itself}", **parts
                )
