"""Warns of the values that were assumed for rows that load."""

from psycopg import sql

from adsplatform.records.specification import Column
from syncs.loading.context import MergeContext
from syncs.loading.staging.assignments import column_of
from syncs.loading.staging.problem_log import Problem, storable_name
from syncs.loading.staging.tables import StageTable


def warn_of_assumed(context: MergeContext) -> None:
    """Warn, once per file, of the columns for which values are assumed; called when no more rows are rejected."""
    stage = context.stage
    found = {file: dict(columns) for file, columns in stage.assumed.of_loaded.items()}
    for staged in context.staged:
        by_file = {
            file: columns for (name, file), columns in stage.assumed.of_staged.items() if name == staged.entity.name
        }
        if staged.rejected > stage.rejected_while_reading.get(staged.entity.name, 0):
            by_file = _of_rows_left(context, staged, by_file)
        for file, columns in by_file.items():
            found.setdefault(file, {}).update(columns)
    for file, columns in found.items():
        if columns:
            stage.problem_log.add_for_file(
                Problem(
                    entity="",
                    kind="warning",
                    file=file,
                    code="value_assumed",
                    message=f"{file} leaves out {_listed(list(columns))}. For new records, and where a cell is empty, "
                    "a rate of 1, and amounts times the rate, were assumed. Add the values if that is not right.",
                )
            )
    stage.problem_log.flush()


def _of_rows_left(
    context: MergeContext, staged: StageTable, by_file: dict[str, dict[str, None]]
) -> dict[str, dict[str, None]]:
    """Of the columns noted while reading, those for which a value is assumed for a row that the merge left."""
    names = list(dict.fromkeys(name for columns in by_file.values() for name in columns))
    if not names:
        return {}
    tests = [
        sql.SQL("bool_or({})").format(_is_assumed(staged, staged.entity.by_wire_name[name.lower()])) for name in names
    ]
    rows = context.rows(
        "SELECT _file, {tests} FROM {stage} s GROUP BY _file", tests=sql.SQL(", ").join(tests), stage=staged.table
    )
    left = {file: {name for name, is_assumed in zip(names, found, strict=True) if is_assumed} for file, *found in rows}
    return {
        file: dict.fromkeys(name for name in columns if name in left.get(storable_name(file), ()))
        for file, columns in by_file.items()
    }


def _is_assumed(staged: StageTable, column: Column) -> sql.Composable:
    """Whether the column's value is assumed for the row."""
    is_empty = _is_empty(staged, column.name)
    if column.assumed and column.assumed.product_of:
        return sql.SQL("({} AND NOT {})").format(is_empty, _is_empty(staged, column.assumed.product_of[0]))
    return is_empty


def _is_empty(staged: StageTable, name: str) -> sql.Composable:
    return sql.SQL("({} IS NULL)").format(column_of("s", name)) if staged.has(name) else sql.SQL("true")


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
