"""What else is wrong with lines that are rejected for one of their cells: all of it is told at once."""

from psycopg import sql

from adsplatform.records.specification import entities
from syncs.loading.context import MergeContext
from syncs.loading.staging.problem_log import insert_problems


def find_unresolved_references_of_rejected(context: MergeContext):
    """Tell of each rejected line which records it names that are neither in the books nor among the lines that load."""
    if context.stage.problem_log.faulty_references:
        # Else the planner takes them for next to none, and compares each with every record.
        context.run('ANALYZE faulty_reference (entity, "column", value), staged_problem (entity, kind, erp_key, line)')
    for name, column in sorted(context.stage.problem_log.faulty_references):
        entity = entities()[name]
        for reference in entity.references:
            for lookup in reference.lookups:
                if lookup.column == column and not lookup.when:
                    _find_unresolved(context, entity, lookup)


def _find_unresolved(context: MergeContext, entity, lookup):
    target = entities()[lookup.target]
    staged = context.stage.staged.get(target.name)
    not_staged = sql.SQL("true")
    if staged and staged.has(lookup.target_column):
        not_staged = sql.SQL("NOT EXISTS (SELECT 1 FROM {} t WHERE t.{} = f.value)").format(
            staged.table, sql.Identifier(lookup.target_column)
        )
    context.stage.problem_log.errors += context.run(
        """
        {into_problems}
        SELECT f.entity, 'error', f.erp_key, f.file, f.line, {wire}, f.value, 'reference_not_found',
               CASE WHEN q.line IS NULL THEN {not_found} ELSE {rejected} END, f.raw_line
        FROM faulty_reference f
        LEFT JOIN (
            SELECT DISTINCT ON (erp_key) erp_key, file, line FROM staged_problem
            WHERE entity = {target_name} AND kind = 'error' AND line IS NOT NULL AND erp_key <> '' AND {by_key}
            ORDER BY erp_key, line
        ) q ON q.erp_key = f.value
        WHERE f.entity = {entity} AND f."column" = {column} AND {not_in_books} AND {not_staged}
        ORDER BY f.file, f.line
        """,
        into_problems=insert_problems("raw_line"),
        wire=sql.Literal(entity.columns[lookup.column].wire),
        entity=sql.Literal(entity.name),
        column=sql.Literal(lookup.column),
        not_found=not_found(lookup, sql.SQL("f.value"), entity),
        rejected=itself_rejected(lookup, sql.SQL("f.value"), entity),
        target_name=sql.Literal(target.name),
        by_key=sql.Literal(lookup.target_column == "erp_key"),
        not_in_books=_not_in_books(target, lookup),
        not_staged=not_staged,
    )


def _not_in_books(target, lookup) -> sql.Composable:
    """Whether no record is called as the line `f` says.

    Of a new enrollment's records the planner knows nothing, and might join them with the lines by comparing each with
    each. So a key is looked up by its index, line by line, which OFFSET makes sure of; other names go by their hashes.
    """
    by_index = "NOT EXISTS (SELECT FROM {records} r WHERE {ours} AND r.{name} = f.value OFFSET 0)"
    by_hash = "f.value NOT IN (SELECT r.{name} FROM {records} r WHERE {ours} AND r.{name} IS NOT NULL)"
    return sql.SQL(by_index if (lookup.target_column,) == target.key else by_hash).format(
        records=sql.Identifier(target.table),
        name=sql.Identifier(lookup.target_column),
        ours=sql.SQL("r.app_enrollment_id = %(enrollment)s"),
    )


def key_called(lookup) -> str:
    """What names the target, in words."""
    return {"code": "code", "id": "platform id"}.get(lookup.target_column, "key")


def not_found(lookup, named: sql.Composable, entity) -> sql.Composable:
    """The sentence on a reference that leads nowhere."""
    return sql.SQL(
        "format('%%s: no {target} has the {called} “%%s”, neither in this input nor among the records loaded before. "
        "Load the {target}, or correct the {called}.', {wire}, {named})"
    ).format(
        target=sql.SQL(entities()[lookup.target].singular),
        called=sql.SQL(key_called(lookup)),
        wire=sql.Literal(entity.columns[lookup.column].wire),
        named=named,
    )


def itself_rejected(lookup, named: sql.Composable, entity) -> sql.Composable:
    """The sentence on a reference to what line `q.line` of `q.file` would have made."""
    return sql.SQL(
        "format('%%s: the {target} “%%s” was itself rejected (%%s, line %%s). Correct that line first, then load this "
        "one again.', {wire}, {named}, q.file, q.line)"
    ).format(
        target=sql.SQL(entities()[lookup.target].singular),
        wire=sql.Literal(entity.columns[lookup.column].wire),
        named=named,
    )
