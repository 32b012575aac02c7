"""Finds references to records that do not exist: of staged rows, and of rows that were rejected for another reason."""

from psycopg import sql

from adsplatform.records.specification import Entity, Lookup, ReferenceTo, entities
from syncs.loading.context import MergeContext
from syncs.loading.merge.missing_columns import missing_value
from syncs.loading.merge.references import applies, is_by_unique_key, name_called, records_by_name, rows_by_name
from syncs.loading.staging.assignments import line_has, lookups_used
from syncs.loading.staging.problem_log import insert_problems
from syncs.loading.staging.tables import StageTable

# Staged rows, after the plan has resolved their references.


def find_unresolved_references(context: MergeContext, staged: StageTable) -> None:
    """Find rows that refer to a record which is neither in the books nor among the rows that load."""
    for reference in staged.entity.references:
        lookups = lookups_used(staged, reference)
        for lookup in lookups:
            _find_unresolved(context, staged, reference, lookup)
        if reference.required:
            _find_unnamed(context, staged, reference, lookups)


def _find_unresolved(context: MergeContext, staged: StageTable, reference: ReferenceTo, lookup: Lookup) -> None:
    context.find_faulty(
        """
        INSERT INTO line_problem
        SELECT s._seq, {wire}, s.{name}::text, 'reference_not_found', {message}
        FROM {plan} p JOIN {stage} s USING (_seq)
        LEFT JOIN ({rejected}) q ON q.erp_key = s.{name}::text
        WHERE p.{resolved} IS NULL AND s.{name} IS NOT NULL AND {applies}
        """,
        stage=staged.table,
        plan=staged.plan,
        name=sql.Identifier(lookup.column),
        applies=applies(lookup),
        wire=sql.Literal(staged.entity.columns[lookup.column].wire),
        resolved=sql.Identifier(reference.field),
        message=_message(lookup, sql.SQL("s.{}").format(sql.Identifier(lookup.column)), staged.entity),
        rejected=_rejected_by_key(lookup, sql.SQL("rejected_row")),
    )


def _find_unnamed(context: MergeContext, staged: StageTable, reference: ReferenceTo, lookups: list[Lookup]) -> None:
    """Find rows that do not name a required reference, or name it by a kind that cannot be referred to."""
    kinds = [lookup.when for lookup in reference.lookups if lookup.when]
    if kinds:
        kind_column = kinds[0][0]
        names = [kind for _, kind in kinds]
        value: sql.Composable = sql.SQL("s.{}").format(sql.Identifier(kind_column))
        condition: sql.Composable = sql.SQL("{} <> ALL ({})").format(value, sql.Literal(names))
        wire, code = staged.entity.columns[kind_column].wire, "unknown_kind"
        message: sql.Composable = sql.SQL("{} || left({}, 100) || {}").format(
            sql.Literal(f"{wire}: “"),
            value,
            sql.Literal(f"” is no kind of record that can be referred to. Write one of {', '.join(names)}."),
        )
    else:
        value = sql.SQL("''")
        condition = _all_null(lookups)
        wire, code = staged.entity.columns[reference.lookups[0].column].wire, "reference_missing"
        columns = [lookup.column for lookup in reference.lookups]
        message = missing_value(context, staged, columns, staged.entity.singular)
    context.find_faulty(
        """
        INSERT INTO line_problem
        SELECT s._seq, {wire}, {value}, {code}, {message}
        FROM {plan} p JOIN {stage} s USING (_seq)
        WHERE p.{resolved} IS NULL AND {needs_it} AND {condition}
        """,
        stage=staged.table,
        plan=staged.plan,
        wire=sql.Literal(wire),
        value=value,
        code=sql.Literal(code),
        message=message,
        resolved=sql.Identifier(reference.field),
        needs_it=sql.SQL("true") if kinds else _needs_reference(staged, reference, lookups),
        condition=condition,
    )


def _all_null(lookups: list[Lookup]) -> sql.Composable:
    """Whether the row `s` names nothing by any of the lookups."""
    if not lookups:
        return sql.SQL("true")
    return sql.SQL(" AND ").join(sql.SQL("s.{} IS NULL").format(sql.Identifier(lookup.column)) for lookup in lookups)


def _needs_reference(staged: StageTable, reference: ReferenceTo, lookups: list[Lookup]) -> sql.Composable:
    """Whether the row `s` has to name the reference: an existing record keeps its own, unless the row empties it."""
    if reference.field in staged.entity.key:
        return sql.SQL("true")
    if not lookups:
        return sql.SQL("p.action = 'insert'")
    emptied = line_has(staged, [lookup.column for lookup in lookups])
    return sql.SQL("(p.action = 'insert' OR p.action = 'update' AND {})").format(emptied)


# Rows that were rejected while staging are checked too, so that all problems of a row are listed at once.


def find_unresolved_references_of_rejected(context: MergeContext) -> None:
    """Add a problem for every reference of a rejected row to a record that is neither in the books nor staged."""
    problem_log = context.stage.problem_log
    if problem_log.rejected_references:
        # Without statistics the planner expects next to no rows, and compares each with every record.
        context.run(
            'ANALYZE rejected_reference (entity, "column", value), staged_problem (entity, kind, erp_key, line)'
        )
    for name, column in sorted(problem_log.rejected_references):
        entity = entities()[name]
        for reference in entity.references:
            for lookup in reference.lookups:
                if lookup.column == column and not lookup.when:
                    _find_unresolved_of_rejected(context, entity, lookup)


def _find_unresolved_of_rejected(context: MergeContext, entity: Entity, lookup: Lookup) -> None:
    logged = sql.SQL("staged_problem WHERE kind = 'error' AND line IS NOT NULL AND erp_key <> ''")
    context.stage.problem_log.errors += context.log_problems(
        """
        {into_problems}
        SELECT f.entity, 'error', f.erp_key, f.file, f.line, {wire}, f.value, 'reference_not_found', {message},
               f.raw_line
        FROM rejected_reference f LEFT JOIN ({rejected}) q ON q.erp_key = f.value
        WHERE f.entity = {entity} AND f."column" = {column} AND {not_in_books} AND {not_staged}
        ORDER BY f.file, f.line
        """,
        into_problems=insert_problems("raw_line"),
        wire=sql.Literal(entity.columns[lookup.column].wire),
        entity=sql.Literal(entity.name),
        column=sql.Literal(lookup.column),
        message=_message(lookup, sql.SQL("f.value"), entity),
        rejected=_rejected_by_key(lookup, logged),
        not_in_books=_not_in_books(lookup),
        not_staged=_not_staged(context, lookup),
    )


def _not_in_books(lookup: Lookup) -> sql.Composed:
    """Whether the name `f.value` leads to no record.

    The planner knows nothing of a new enrollment's records, and might compare each name with each record. So a key is
    looked up by its index, name by name, which OFFSET enforces; other names go into a hash table.
    """
    by_index = "NOT EXISTS (SELECT FROM ({}) r WHERE r.key = f.value OFFSET 0)"
    by_hash = "f.value NOT IN (SELECT r.key FROM ({}) r WHERE r.key IS NOT NULL)"
    return sql.SQL(by_index if is_by_unique_key(lookup) else by_hash).format(records_by_name(lookup))


def _not_staged(context: MergeContext, lookup: Lookup) -> sql.Composable:
    """Whether the name `f.value` leads to no staged row."""
    rows = rows_by_name(context, lookup)
    if rows is None:
        return sql.SQL("true")
    return sql.SQL("NOT EXISTS (SELECT FROM ({}) t WHERE t.key = f.value)").format(rows)


# Used for staged and for rejected rows.


def _rejected_by_key(lookup: Lookup, rejected: sql.Composable) -> sql.Composed:
    """A query of (erp_key, file, line): the first rejected row of each key to which the lookup may have referred."""
    by_key = lookup.target_column == "erp_key"
    return sql.SQL(
        "SELECT DISTINCT ON (erp_key) erp_key, file, line FROM (SELECT * FROM {}) r "
        "WHERE entity = {} AND {} ORDER BY erp_key, line"
    ).format(rejected, sql.Literal(lookup.target), sql.Literal(by_key))


def _message(lookup: Lookup, name: sql.Composable, entity: Entity) -> sql.Composed:
    """The sentence about a name that leads nowhere; if a rejected row has that name, `q` has the row's place."""
    not_found = (
        "format('%%s: no {target} has the {called} “%%s”, neither in this input nor among the records loaded before. "
        "Load the {target}, or correct the {called}.', {wire}, {name})"
    )
    was_rejected = (
        "format('%%s: the {target} “%%s” was itself rejected (%%s, line %%s). Correct that line first, then load this "
        "one again.', {wire}, {name}, q.file, q.line)"
    )
    return sql.SQL(f"CASE WHEN q.line IS NULL THEN {not_found} ELSE {was_rejected} END").format(
        target=sql.SQL(entities()[lookup.target].singular),
        called=sql.SQL(name_called(lookup)),
        wire=sql.Literal(entity.columns[lookup.column].wire),
        name=name,
    )
