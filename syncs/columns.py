"""How the columns of a file map onto those of an entity, and what is to be said of those that do not."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from adsplatform.records.specification import Column, Entity

# A file may have as many unknown columns as lines; so many remarks of one kind are made on one file.
REMARKS_TOLD = 100

@dataclass(frozen=True, slots=True)
class Remark:
    """Something to say about a file's columns."""

    code: str
    message: str
    column: str = ""
    kind: str = "warning"


def mapped(entity: Entity, file: str, names: Sequence[str]) -> tuple[tuple[Column | None, ...], list[Remark]]:
    """The entity's column behind each name (None for those not loaded), and the remarks.

    A remark of kind "error" says that the key is missing, so that no line can be loaded.
    """
    columns, seen, remarks = [], {}, []
    for name in names:
        column = entity.by_wire_name.get(name.strip().lower())
        if column is None:
            # Looking for what was meant takes time, and no more will be told.
            if len(remarks) < REMARKS_TOLD:
                remarks.append(_on_unknown(entity, name))
        elif column.name in seen:
            remarks.append(
                Remark(
                    "column_twice",
                    f"{file} has {column.wire} twice, as “{seen[column.name]}” and “{name}”; "
                    "the first is used. Remove the other.",
                    name,
                )
            )
            column = None
        else:
            seen[column.name] = name
        columns.append(column)
    if missing := _missing_key(entity, seen):
        remarks.append(
            Remark(
                "key_column_missing",
                f"{file} has no column {missing}, without which no {entity.singular} can be told from "
                "another; none of its lines were loaded. Add the column.",
                missing,
                kind="error",
            )
        )
    return tuple(columns), remarks


def _on_unknown(entity: Entity, name: str) -> Remark:
    folded = name.strip().lower()
    if folded in entity.legacy_columns:
        return Remark("legacy_column", f"The column “{name}” is no longer used; its values were not loaded.", name)
    near = difflib.get_close_matches(folded[:100], entity.by_wire_name, n=1, cutoff=0.8)
    hint = f" Did you mean “{entity.by_wire_name[near[0]].wire}”?" if near else ""
    return Remark(
        "unknown_column", f"No {entity.singular} has a column “{name}”; its values were not loaded.{hint}", name
    )


def _missing_key(entity: Entity, seen) -> str:
    """The wire name of a key column the file lacks, or nothing."""
    for name in entity.key:
        ways = [name]
        for reference in entity.references:
            if reference.field == name:
                ways = [lookup.column for lookup in reference.lookups]
        if not any(way in seen for way in ways):
            return " or ".join(entity.columns[way].wire for way in ways)
    return ""
