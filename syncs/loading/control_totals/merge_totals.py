"""Adds up the amounts of a merge in `amount_tally`: those of its rows by category (loaded, skipped, rejected), and the
changes of the totals of the books.

Only rows and records that a statement touches are read, those of each kind in one pass per step.
"""

from collections.abc import Sequence

from psycopg import sql

from adsplatform.records.specification import Column, Entity, entities
from syncs.loading.context import MergeContext
from syncs.loading.control_totals.sums import (
    SUBTRACTED,
    AmountTerm,
    added_up,
    amounts_of_records,
    amounts_of_rows,
    currency_of_rows,
)
from syncs.loading.staging.amounts import CHANGE, LOADED, READ, REJECTED, SKIPPED, Tally
from syncs.loading.staging.assignments import inserts, updates
from syncs.loading.staging.tables import StageTable

COLUMNS = sql.SQL('entity, category, "column", currency, count, sum')

# The steps of a merge.


def tally_of_removed(staged: StageTable, category: str) -> sql.Composable:
    """The CTE `tallied`: adds up the rows that the CTE `removed` of the same statement deleted from the stage."""
    terms = amounts_of_rows(staged, sql.Literal(category))
    if not terms:
        return sql.SQL("tallied AS (SELECT)")
    return sql.SQL("tallied AS (INSERT INTO amount_tally ({}) {})").format(
        COLUMNS, added_up(staged.entity, terms, sql.SQL("removed s"))
    )


def has_amounts(context: MergeContext) -> bool:
    """Whether any kind of record that the sync changes has amounts."""
    return any(entities()[name].amounts for name in {*context.stage.staged, *context.deleted_as_missing})


def tally_plan(context: MergeContext) -> None:
    """Before any record changes, add up the remaining rows and the changes they will make."""
    _copy(context, context.stage.totals.changes())
    for staged in context.staged:
        actions = context.actions(staged)
        if not staged.entity.amounts or not actions:
            continue
        _tally_rows(context, staged)
        if "update" in actions:
            _tally_updates(context, staged)
        if "delete" in actions:
            deleted = sql.SQL("{} p JOIN {} r ON r.id = p.record_id WHERE p.action = 'delete'").format(
                staged.plan, sql.Identifier(staged.entity.table)
            )
            _tally(context, staged.entity, amounts_of_records(staged.entity, SUBTRACTED), deleted)


def tally_missing(context: MergeContext, name: str) -> None:
    """Subtract the amounts of records that will be deleted because a complete input lacks them."""
    missing = sql.SQL("missing m JOIN {} r ON r.id = m.id WHERE m.entity = {}").format(
        sql.Identifier(entities()[name].table), sql.Literal(name)
    )
    _tally(context, entities()[name], amounts_of_records(entities()[name], SUBTRACTED), missing)


def add_to_books(context: MergeContext) -> None:
    """Add the changes to the totals of the books."""
    context.run(
        """
        INSERT INTO syncs_booktotal AS b (group_key, app_enrollment_id, entity, "column", currency, count, sum)
        SELECT %(group_key)s, %(enrollment)s, entity, "column", currency, sum(count), sum(sum)
        FROM amount_tally WHERE category = {change} GROUP BY entity, "column", currency
        HAVING sum(count) <> 0 OR sum(sum) <> 0
        ON CONFLICT (app_enrollment_id, entity, "column", currency)
        DO UPDATE SET count = b.count + excluded.count, sum = b.sum + excluded.sum
        """,
        change=sql.Literal(CHANGE),
    )
    context.run("DELETE FROM syncs_booktotal WHERE app_enrollment_id = %(enrollment)s AND count = 0 AND sum = 0")


def _tally_rows(context: MergeContext, staged: StageTable) -> None:
    """Add up, in one pass, the amounts of rows and those of the new records made from them, which may be more."""
    source, action = sql.SQL("{} p JOIN {} s USING (_seq)").format(staged.plan, staged.table), sql.SQL("p.action")
    if not context.actions(staged).keys() - {"insert"}:
        source, action = sql.SQL("{} s").format(staged.table), sql.SQL("'insert'::text")
    category = sql.SQL("CASE WHEN w.kind IN ('leave', 'delete') THEN {} ELSE {} END").format(
        sql.Literal(SKIPPED), sql.Literal(LOADED)
    )
    terms, new = amounts_of_rows(staged, category), dict(inserts(staged))
    given = {term.column.name: term.amount for term in terms}
    is_new = sql.SQL("CASE WHEN w.kind = 'insert' THEN 1 ELSE 0 END")
    for column in staged.entity.amounts:
        amount = _amount_of_new(staged, column, given, new)
        if amount is None:
            continue
        if amount not in given.values():
            amount = sql.SQL("CASE WHEN {} = 'insert' THEN {} END").format(action, amount)
        terms.append(AmountTerm(column, amount, currency_of_rows(staged, column), sql.Literal(CHANGE), is_new))
    _tally(context, staged.entity, terms, source, by=action)


def _amount_of_new(
    staged: StageTable, column: Column, given: dict[str, sql.Composable], new: dict[str, sql.Composable]
) -> sql.Composable | None:
    """The column's value in new records, as an expression over their rows; None if they have none."""
    if column.assumed and column.assumed.product_of:
        amount, rate = column.assumed.product_of
        if not staged.has(column.name, amount):
            return None
        if not staged.has(column.name, rate):
            # The rate is 1, so the sum is known, and multiplying every amount would take longer than all the rest.
            return given[amount]
    return new.get(column.field)


def _tally_updates(context: MergeContext, staged: StageTable) -> None:
    """Subtract the present amounts of the records that will change, and add their new ones."""
    new, entity = dict(updates(staged)), staged.entity
    fields = {name: column.field for name, column in entity.columns.items()}
    columns = [column for column in entity.amounts if column.field in new or fields.get(column.currency, "") in new]
    before = amounts_of_records(entity, SUBTRACTED, columns)
    after = [
        AmountTerm(
            term.column,
            new.get(term.column.field, term.amount),
            new.get(fields.get(term.column.currency, ""), term.currency),
            term.category,
        )
        for term in before
    ]
    changed = sql.SQL("{} p JOIN {} s USING (_seq) JOIN {} r ON r.id = p.record_id WHERE p.action = 'update'").format(
        staged.plan, staged.table, sql.Identifier(entity.table)
    )
    _tally(context, entity, before + after, changed)


def _tally(
    context: MergeContext,
    entity: Entity,
    terms: Sequence[AmountTerm],
    source: sql.Composable,
    *,
    by: sql.Composable | None = None,
) -> None:
    if terms:
        context.run(
            "INSERT INTO amount_tally ({columns}) {sums}",
            columns=COLUMNS,
            sums=added_up(entity, terms, source, by=by),
        )


def _copy(context: MergeContext, tallies: Sequence[Tally]) -> None:
    if not tallies:
        return
    with context.cursor.copy(sql.SQL("COPY amount_tally ({}) FROM STDIN").format(COLUMNS)) as copy:
        for tally in tallies:
            copy.write_row(tally)


# A preview rolls back what it has written, but its tallies are needed afterwards.


def saved_tallies(context: MergeContext) -> Sequence[Tally]:
    """All tallies, read into memory so that they survive a rollback."""
    return context.rows("SELECT {columns} FROM amount_tally", columns=COLUMNS)


def restore_tallies(context: MergeContext, tallies: Sequence[Tally]) -> None:
    context.run("DELETE FROM amount_tally")
    _copy(context, tallies)


# The sync's control totals.


def write(context: MergeContext, *, loaded: bool) -> None:
    """Write the control totals of a sync whose results have been written.

    If the sync failed, all rows that were not rejected count as skipped.
    """
    if not has_amounts(context):
        return
    _copy(context, context.stage.totals.rows())
    order = [(entity.name, column.wire) for entity in entities().values() for column in entity.amounts]
    context.run(
        """
        INSERT INTO syncs_controltotal (sync_request_id, group_key, entity, "column", currency, file_count, file_sum,
            loaded_count, loaded_sum, rejected_count, rejected_sum, skipped_count, skipped_sum, books_count, books_sum)
        SELECT %(sync)s, %(group_key)s, entity, "column", currency, file_count, file_sum, loaded_count, loaded_sum,
               rejected_count, rejected_sum,
               CASE WHEN %(loaded)s THEN skipped_count ELSE file_count - rejected_count END,
               CASE WHEN %(loaded)s THEN skipped_sum ELSE file_sum - rejected_sum END, books_count, books_sum
        FROM (SELECT entity, "column", currency, {sums} FROM ({tallies}) a GROUP BY entity, "column", currency) t
        JOIN unnest(%(entities)s::text[], %(columns)s::text[]) WITH ORDINALITY o (entity, "column", place)
        USING (entity, "column")
        WHERE (file_count > 0 OR books_count <> 0 OR books_sum <> 0) AND EXISTS (
            SELECT FROM syncs_syncentityresult e WHERE e.sync_request_id = %(sync)s AND e.entity = t.entity
        )
        ORDER BY o.place, currency
        """,
        {
            "loaded": loaded,
            "entities": [entity for entity, _ in order],
            "columns": [column for _, column in order],
        },
        sums=_sums_by_fate(loaded),
        tallies=_with_books(context),
    )


def _sums_by_fate(loaded: bool) -> sql.Composed:
    """The expressions of count and sum for each category of a control total."""
    categories = {
        "file": READ,
        "loaded": LOADED if loaded else None,
        "rejected": REJECTED,
        "skipped": SKIPPED,
        "books": "books",
    }
    return sql.SQL(", ").join(
        sql.SQL(
            "coalesce(sum(count) FILTER (WHERE category = {category}), 0) AS {count}, "
            "coalesce(sum(sum) FILTER (WHERE category = {category}), 0) AS {sum}"
        ).format(
            category=sql.Literal(category), count=sql.Identifier(f"{name}_count"), sum=sql.Identifier(f"{name}_sum")
        )
        for name, category in categories.items()
    )


def _with_books(context: MergeContext) -> sql.Composed:
    """All tallies, and the totals of the books as category `books`; for a preview, as they would be afterwards."""
    change = sql.SQL(
        "CASE WHEN category = {0} THEN 'books' ELSE category END" if context.sync_request.dry_run else "category"
    )
    return sql.SQL(
        """
        SELECT entity, {category} AS category, "column", currency, count, sum FROM amount_tally
        UNION ALL
        SELECT entity, 'books', "column", currency, count, sum FROM syncs_booktotal
        WHERE app_enrollment_id = %(enrollment)s
        """
    ).format(category=change.format(sql.Literal(CHANGE)))
