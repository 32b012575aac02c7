"""Texts of a source that are longer than the column that takes them, each with a remark."""

from collections.abc import Collection, Iterator, Mapping

from syncs.connectors.protocol import RowProblem


def shorten(
    name: str,
    file: str,
    line: int,
    row: dict[str, str | int | bool | None],
    most: Mapping[str, int],
    *,
    cut: Collection[str] = (),
) -> Iterator[RowProblem]:
    """Empty values of the row that have more characters than `most` says, with a remark for each.

    The columns in `cut` are required, so their values are cut off instead.
    """
    for column, limit in most.items():
        value = row.get(column)
        if isinstance(value, str) and len(value) > limit:
            row[column] = value[:limit] if column in cut else None
            done = f"It was cut off after {limit}" if column in cut else "It was left empty"
            yield RowProblem(
                name,
                file,
                line,
                "too_long",
                f"{column}: {file} has {len(value)} characters there, and the column holds {limit}. {done}.",
                kind="warning",
                column=column,
                value=value[:200],
                erp_key=str(row["erpKey"]),
            )
