"""What else is wrong with lines that are rejected for one of their cells: all of it is told at once."""

from collections.abc import Iterator

from psycopg import sql

from adsplatform.records.specification import entities
from syncs.statements import Work

# Of how many keys it is asked at once whether they are in the books.
ASKED_AT_ONCE = 20_000


def find_references_of_faulty(work: Work):
    """Tell of each rejected line which records it names that are neither in the books nor among the lines that load."""
    if work.stage.telling.faulty_references:
        # Else the planner takes them for next to none, and compares each with every record.
        work.run('ANALYZE faulty_reference (entity, "column", value), staged_problem (entity, kind, erp_key, line)')
    for name, column in sorted(work.stage.telling.faulty_references):
        entity = entities()[name]
        for reference in entity.references:
            for lookup in reference.lookups:
                if lookup.column == column and not lookup.when:
                    _find_unresolved(work, entity, lookup)


def _find_unresolved(work: Work, entity, lookup):
    for named in _named(work, entity, lookup):
        if unknown := _not_in_books(work, entities()[lookup.target], lookup, named):
            _tell_unresolved(work, entity, lookup, unknown)


def _named(work: Work, entity, lookup) -> Iterator[list[str]]:
    """What the lines name, each value once and in order, so many at a time."""
    last = None
    while True:
        work.run(
            """
            SELECT DISTINCT value FROM faulty_reference
            WHERE entity = {entity} AND "column" = {column} AND {is_next} ORDER BY value LIMIT {limit}
            """,
            {"last": last},
            entity=sql.Literal(entity.name),
            column=sql.Literal(lookup.column),
            is_next=sql.SQL("true" if last is None else "value > %(last)s"),
            limit=sql.Literal(ASKED_AT_ONCE),
        )
        if not (named := [value for (value,) in work.cursor.fetchall()]):
            return
        yield named
        if len(named) < ASKED_AT_ONCE:
            return
        last = named[-1]


def _not_in_books(work: Work, target, lookup, named: list[str]) -> list[str]:
    # Joined, they may be compared one by one with all records: of a new enrollment's, the planner knows nothing.
    work.run(
        "SELECT {key} FROM {records} WHERE app_enrollment_id = %(enrollment)s AND {key} = ANY(%(named)s)",
        {"named": named},
        records=sql.Identifier(target.table),
        key=sql.Identifier(lookup.target_column),
    )
    there = {key for (key,) in work.cursor.fetchall()}
    return [value for value in named if value not in there]


def _tell_unresolved(work: Work, entity, lookup, unknown: list[str]):
    """Tell of the lines that name one of these, unless a line that loads has it."""
    target = entities()[lookup.target]
    staged = work.stage.staged.get(target.name)
    not_staged = sql.SQL("true")
    if staged and staged.has(lookup.target_column):
        not_staged = sql.SQL("NOT EXISTS (SELECT 1 FROM {} t WHERE t.{} = f.value)").format(
            staged.table, sql.Identifier(lookup.target_column)
        )
    work.run(
        """
        INSERT INTO staged_problem (entity, kind, erp_key, file, line, "column", value, code, message, raw_line)
        SELECT f.entity, 'error', f.erp_key, f.file, f.line, {wire}, f.value, 'reference_not_found',
               CASE WHEN q.line IS NULL THEN {not_found} ELSE {rejected} END, f.raw_line
        FROM faulty_reference f
        LEFT JOIN (
            SELECT DISTINCT ON (erp_key) erp_key, file, line FROM staged_problem
            WHERE entity = {target_name} AND kind = 'error' AND line IS NOT NULL AND erp_key <> '' AND {by_key}
            ORDER BY erp_key, line
        ) q ON q.erp_key = f.value
        WHERE f.entity = {entity} AND f."column" = {column} AND f.value = ANY(%(unknown)s) AND {not_staged}
        ORDER BY f.file, f.line
        """,
        {"unknown": unknown},
        wire=sql.Literal(entity.columns[lookup.column].wire),
        entity=sql.Literal(entity.name),
        column=sql.Literal(lookup.column),
        not_found=not_found(lookup, sql.SQL("f.value"), entity),
        rejected=itself_rejected(lookup, sql.SQL("f.value"), entity),
        target_name=sql.Literal(target.name),
        by_key=sql.Literal(lookup.target_column == "erp_key"),
        not_staged=not_staged,
    )
    work.stage.telling.errors += work.cursor.rowcount


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
