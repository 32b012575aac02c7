"""What a merge does to amounts, added up: those of its lines by what became of them, those of the books by change.

Only lines and records that a statement touches are looked at, each kind of record in one pass a step.
"""

from typing import NamedTuple

from psycopg import sql

from adsplatform.records.specification import Column, Entity, entities
from syncs.loading.context import MergeContext
from syncs.loading.staging.amounts import CHANGE, LOADED, READ, REJECTED, SKIPPED
from syncs.loading.staging.assignments import inserts, updates
from syncs.loading.staging.tables import StageTable

ONCE, TAKEN_AWAY = sql.SQL("1"), sql.SQL("-1")
COLUMNS = sql.SQL('entity, fate, "column", currency, count, sum')


class Part(NamedTuple):
    """An amount to be added up, in which currency, and what the sum is; `times` 0 leaves it out, -1 takes it away."""

    column: Column
    amount: sql.Composable
    currency: sql.Composable
    fate: sql.Composable
    times: sql.Composable = ONCE


def added_up(entity: Entity, parts: list[Part], source: sql.Composable, *, by: sql.Composable | None = None):
    """A SELECT of the parts' counts and sums over the source, as the tally table has them.

    `by` is one more expression by which the source is grouped; fates and `times` may refer to it as `w.kind`.
    """
    amounts, currencies = [], []
    for part in parts:
        if part.amount not in amounts:
            amounts.append(part.amount)
        if part.currency not in currencies:
            currencies.append(part.currency)
    kind = by or sql.SQL("NULL::text")
    return sql.SQL(
        """
        SELECT {entity}, a.fate, a."column", a.currency, a.count * a.times, a.sum * a.times
        FROM (SELECT {kind} AS kind, {keys}, {sums} FROM {source} GROUP BY {grouped}) w
        CROSS JOIN LATERAL (VALUES {parts}) a (fate, "column", currency, count, sum, times)
        WHERE a.count > 0 AND a.times <> 0
        """
    ).format(
        entity=sql.Literal(entity.name),
        kind=kind,
        keys=_listed("{} AS {}", ((key, _name("currency", at)) for at, key in enumerate(currencies))),
        sums=_listed(
            "count({0}) AS {1}, sum({0}) AS {2}",
            ((amount, _name("count", at), _name("sum", at)) for at, amount in enumerate(amounts)),
        ),
        source=source,
        grouped=sql.SQL(", ").join(map(sql.Literal, range(1, len(currencies) + 2))),
        parts=_listed(
            "({}, {}, {}, {}, {}, {})",
            (
                (
                    part.fate,
                    sql.Literal(part.column.wire),
                    # Else a text of 3 letters in any case: see `totals.currency_of`.
                    sql.SQL("CASE WHEN w.{0} ~ '^[A-Za-z]{{3}}$' THEN upper(w.{0} COLLATE \"C\") ELSE '' END").format(
                        _name("currency", currencies.index(part.currency))
                    ),
                    sql.SQL("w.{}").format(_name("count", amounts.index(part.amount))),
                    sql.SQL("w.{}").format(_name("sum", amounts.index(part.amount))),
                    part.times,
                )
                for part in parts
            ),
        ),
    )


def _listed(form: str, of) -> sql.Composable:
    return sql.SQL(", ").join(sql.SQL(form).format(*each) for each in of)


def _name(what: str, at: int) -> sql.Identifier:
    return sql.Identifier(f"{what}_{at}")


# Lines.


def amounts_of_lines(staged: StageTable, fate: sql.Composable) -> list[Part]:
    """Every amount that lines `s` give, in the currency they give."""
    return [
        Part(column, sql.SQL("s.{}").format(sql.Identifier(column.name)), _currency_of_lines(staged, column), fate)
        for column in staged.entity.amounts
        if staged.has(column.name)
    ]


def needed_for_totals(staged: StageTable) -> list[sql.Composable]:
    """The columns of lines `s` that their totals are made of."""
    names = dict.fromkeys(name for column in staged.entity.amounts for name in (column.name, column.currency))
    return [sql.SQL("s.{}").format(sql.Identifier(name)) for name in names if name and staged.has(name)]


def _currency_of_lines(staged: StageTable, column: Column) -> sql.Composable:
    if column.currency and staged.has(column.currency):
        return sql.SQL("s.{}").format(sql.Identifier(column.currency))
    return sql.SQL("NULL::text")


def tally_of_gone(staged: StageTable, fate: str) -> sql.Composable:
    """A part of a WITH: remember what the lines `gone` from the stage add up to."""
    parts = amounts_of_lines(staged, sql.Literal(fate))
    if not parts:
        return sql.SQL("tallied AS (SELECT)")
    return sql.SQL("tallied AS (INSERT INTO amount_tally ({}) {})").format(
        COLUMNS, added_up(staged.entity, parts, sql.SQL("gone s"))
    )


# Records.


def amounts_of_records(entity: Entity, times: sql.Composable = ONCE, columns=None) -> list[Part]:
    """Every amount that records `r` hold, in the currency they hold."""
    return [
        Part(
            column,
            sql.SQL("r.{}").format(sql.Identifier(column.field)),
            _currency_of_records(entity, column),
            sql.Literal(CHANGE),
            times,
        )
        for column in (entity.amounts if columns is None else columns)
    ]


def _currency_of_records(entity: Entity, column: Column) -> sql.Composable:
    if column.currency:
        return sql.SQL("r.{}").format(sql.Identifier(entity.columns[column.currency].field))
    return sql.SQL("NULL::text")


# The steps of a merge.


def add_up_lines(context: MergeContext):
    """Before anything is written: add up the lines that are left, and what they will change."""
    _copy(context, context.stage.totals.changes())
    for staged in context.staged:
        _tally_lines(context, staged)
        _tally_updates(context, staged)
        if staged.has("on_match_action"):
            deleted = sql.SQL("{} p JOIN {} r ON r.id = p.record_id WHERE p.action = 'delete'").format(
                staged.plan, sql.Identifier(staged.entity.table)
            )
            _keep(context, staged.entity, amounts_of_records(staged.entity, TAKEN_AWAY), deleted)


def _tally_lines(context: MergeContext, staged: StageTable):
    """One pass over all lines: what they give, and what new records take from them, which may be more."""
    source, action = sql.SQL("{} p JOIN {} s USING (_seq)").format(staged.plan, staged.table), sql.SQL("p.action")
    if not context.exists("SELECT 1 FROM {plan} WHERE action <> 'insert'", plan=staged.plan):
        source, action = sql.SQL("{} s").format(staged.table), sql.SQL("'insert'::text")
    fate = sql.SQL("CASE WHEN w.kind IN ('leave', 'delete') THEN {} ELSE {} END").format(
        sql.Literal(SKIPPED), sql.Literal(LOADED)
    )
    parts, new = amounts_of_lines(staged, fate), dict(inserts(staged))
    given = {part.column.name: part.amount for part in parts}
    is_new = sql.SQL("CASE WHEN w.kind = 'insert' THEN 1 ELSE 0 END")
    for column in staged.entity.amounts:
        amount = _amount_of_new(staged, column, given, new)
        if amount is None:
            continue
        if amount not in given.values():
            amount = sql.SQL("CASE WHEN {} = 'insert' THEN {} END").format(action, amount)
        parts.append(Part(column, amount, _currency_of_lines(staged, column), sql.Literal(CHANGE), is_new))
    _keep(context, staged.entity, parts, source, by=action)


def _amount_of_new(staged: StageTable, column: Column, given: dict, new: dict) -> sql.Composable | None:
    """What new records take from their lines into the column, if anything."""
    if column.assumed and column.assumed.product_of:
        amount, rate = column.assumed.product_of
        if not staged.has(column.name, amount):
            return None
        if not staged.has(column.name, rate):
            # Times 1: the sum is there already, and multiplying each would take longer than all the rest.
            return given[amount]
    return new.get(column.field)


def _tally_updates(context: MergeContext, staged: StageTable):
    """Take away what the records that change hold, and add what they will hold."""
    new, entity = dict(updates(staged)), staged.entity
    fields = {name: column.field for name, column in entity.columns.items()}
    columns = [column for column in entity.amounts if column.field in new or fields.get(column.currency, "") in new]
    parts = amounts_of_records(entity, TAKEN_AWAY, columns)
    parts += [
        Part(
            part.column,
            new.get(part.column.field, part.amount),
            new.get(fields.get(part.column.currency, ""), part.currency),
            part.fate,
        )
        for part in parts
    ]
    changed = sql.SQL("{} p JOIN {} s USING (_seq) JOIN {} r ON r.id = p.record_id WHERE p.action = 'update'").format(
        staged.plan, staged.table, sql.Identifier(entity.table)
    )
    _keep(context, entity, parts, changed)


def tally_missing(context: MergeContext, name: str):
    """Take away what the records hold that are about to be deleted because a complete input lacks them."""
    missing = sql.SQL("missing m JOIN {} r ON r.id = m.id WHERE m.entity = {}").format(
        sql.Identifier(entities()[name].table), sql.Literal(name)
    )
    _keep(context, entities()[name], amounts_of_records(entities()[name], TAKEN_AWAY), missing)


def _keep(context: MergeContext, entity: Entity, parts: list[Part], source: sql.Composable, **options):
    if parts:
        context.run(
            "INSERT INTO amount_tally ({columns}) {tally}",
            columns=COLUMNS,
            tally=added_up(entity, parts, source, **options),
        )


def carry_into_books(context: MergeContext):
    """Add what has changed to the totals of the books."""
    context.run(
        """
        INSERT INTO syncs_booktotal AS b (group_key, app_enrollment_id, entity, "column", currency, count, sum)
        SELECT %(group_key)s, %(enrollment)s, entity, "column", currency, sum(count), sum(sum)
        FROM amount_tally WHERE fate = {change} GROUP BY entity, "column", currency
        HAVING sum(count) <> 0 OR sum(sum) <> 0
        ON CONFLICT (app_enrollment_id, entity, "column", currency)
        DO UPDATE SET count = b.count + excluded.count, sum = b.sum + excluded.sum
        """,
        change=sql.Literal(CHANGE),
    )
    context.run("DELETE FROM syncs_booktotal WHERE app_enrollment_id = %(enrollment)s AND count = 0 AND sum = 0")


# A preview takes back what it has written, but still has to tell what it has found.


def put_aside(context: MergeContext) -> list[tuple]:
    """All that has been tallied, out of reach of a rollback."""
    return context.rows("SELECT {columns} FROM amount_tally", columns=COLUMNS)


def put_back(context: MergeContext, rows: list[tuple]):
    context.run("DELETE FROM amount_tally")
    _copy(context, rows)


# The sync's own totals.


def write(context: MergeContext, *, loaded: bool) -> None:
    """Write the control totals of a sync whose results have been written.

    Of one that failed, every line that was not rejected was passed over: it was not loaded.
    """
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
        FROM (
            SELECT entity, "column", currency,
                   coalesce(sum(count) FILTER (WHERE fate = %(read_fate)s), 0) AS file_count,
                   coalesce(sum(sum) FILTER (WHERE fate = %(read_fate)s), 0) AS file_sum,
                   coalesce(sum(count) FILTER (WHERE fate = %(loaded_fate)s AND %(loaded)s), 0) AS loaded_count,
                   coalesce(sum(sum) FILTER (WHERE fate = %(loaded_fate)s AND %(loaded)s), 0) AS loaded_sum,
                   coalesce(sum(count) FILTER (WHERE fate = %(rejected_fate)s), 0) AS rejected_count,
                   coalesce(sum(sum) FILTER (WHERE fate = %(rejected_fate)s), 0) AS rejected_sum,
                   coalesce(sum(count) FILTER (WHERE fate = %(skipped_fate)s), 0) AS skipped_count,
                   coalesce(sum(sum) FILTER (WHERE fate = %(skipped_fate)s), 0) AS skipped_sum,
                   coalesce(sum(count) FILTER (WHERE fate = %(books_fate)s), 0) AS books_count,
                   coalesce(sum(sum) FILTER (WHERE fate = %(books_fate)s), 0) AS books_sum
            FROM (
                -- What a preview would change is not in the books.
                SELECT entity, CASE WHEN fate = %(change_fate)s THEN %(books_fate)s ELSE fate END AS fate, "column",
                       currency, count, sum
                FROM amount_tally WHERE fate <> %(change_fate)s OR %(dry_run)s
                UNION ALL
                SELECT entity, %(books_fate)s, "column", currency, count, sum FROM syncs_booktotal
                WHERE app_enrollment_id = %(enrollment)s
            ) every_one
            GROUP BY entity, "column", currency
        ) t
        JOIN unnest(%(entities)s::text[], %(columns)s::text[]) WITH ORDINALITY o (entity, "column", place)
        USING (entity, "column")
        WHERE (file_count > 0 OR books_count <> 0 OR books_sum <> 0) AND EXISTS (
            SELECT FROM syncs_syncentityresult e WHERE e.sync_request_id = %(sync)s AND e.entity = t.entity
        )
        ORDER BY o.place, currency
        """,
        {
            "loaded": loaded,
            "dry_run": context.sync_request.dry_run,
            "read_fate": READ,
            "loaded_fate": LOADED,
            "rejected_fate": REJECTED,
            "skipped_fate": SKIPPED,
            "change_fate": CHANGE,
            "books_fate": "books",
            "entities": [entity for entity, _ in order],
            "columns": [column for _, column in order],
        },
    )


def _copy(context: MergeContext, rows: list[tuple]):
    with context.cursor.copy(sql.SQL("COPY amount_tally ({}) FROM STDIN").format(COLUMNS)) as copy:
        for row in rows:
            copy.write_row(row)
