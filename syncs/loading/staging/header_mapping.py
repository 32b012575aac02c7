"""How the columns of a file map onto those of an entity, and remarks on those that do not."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from adsplatform.records.checks import ColumnCheck, quoted
from adsplatform.records.keys import clean_key
from adsplatform.records.specification import Column, Entity
from adsplatform.visible_text import without_invisible
from syncs.connectors.columnar import DELIMITERS
from syncs.rejected_rows.added_columns import ADDED_COLUMNS

# The most remarks of one kind on one file, which may have as many unknown columns as lines.
REMARKS_LISTED = 100


@dataclass(frozen=True, slots=True)
class Remark:
    """A problem with a file's columns."""

    code: str
    message: str
    column: str = ""
    kind: str = "warning"


def map_columns(entity: Entity, file: str, names: Sequence[str]) -> tuple[tuple[Column | None, ...], list[Remark]]:
    """The entity's column for each name, None for columns that are not loaded, and remarks.

    A remark of kind "error" means that no line can be loaded, because the key or the whole header is missing.
    """
    if not any(column_named(entity, name) for name in names):
        return (None,) * len(names), [_on_unknown_header(entity, file, names)]
    columns: list[Column | None] = []
    remarks: list[Remark] = []
    # The name that was used for each column.
    seen: dict[str, str] = {}
    for name in names:
        column = column_named(entity, name)
        if column is None and folded_name(name) in ADDED_COLUMNS:
            pass  # added by a download of rejected rows
        elif column is None:
            # Finding the most similar name takes time, and no more remarks are listed.
            if len(remarks) < REMARKS_LISTED:
                remarks.append(_on_unknown(entity, name))
        elif column.name in seen:
            remarks.append(
                Remark(
                    "column_twice",
                    f"{file} has {column.wire} twice, as {quoted(seen[column.name])} and {quoted(name)}; "
                    "the first is used. Remove the other.",
                    name,
                )
            )
            column = None
        else:
            seen[column.name] = name
        columns.append(column)
    if missing := missing_key(entity, seen):
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


def column_named(entity: Entity, name: str) -> Column | None:
    """The entity's column that a header calls `name`, or None."""
    return entity.by_wire_name.get(folded_name(name))


def folded_name(name: str) -> str:
    """The name of a column as names are compared: without case, invisible characters and blanks around it, in NFC."""
    return clean_key(without_invisible(name)).lower()


def _on_unknown_header(entity: Entity, file: str, names: Sequence[str]) -> Remark:
    """The remark on a header without any known name: a wrong delimiter, misspelt names, or no header at all."""
    if len(names) == 1 and (delimiter := _delimiter_between(entity, names[0][:1_000])):
        advice = f"Separate the cells by a comma, or write sep={delimiter} alone into the first line."
        if delimiter in DELIMITERS:  # the first line declared another delimiter
            advice = f"Correct the first line: it must say sep={delimiter} or be left out."
        message = (
            f"{file} has all names of its header in one cell, because “{delimiter}” separates them, so none of its "
            f"lines were loaded. {advice}"
        )
        return Remark("wrong_delimiter", message, kind="error")
    first = sorted(entity.columns.values(), key=lambda column: not column.required)[:3]
    like = ", ".join(column.wire for column in first[:-1]) + f" and {first[-1].wire}"
    known = [column.wire for column in entity.columns.values()]
    hints = (
        f"{quoted(name)} is not known. {hint}" for name in names[:REMARKS_LISTED] if (hint := nearest(name, known))
    )
    message = (
        f"{file} names no column that {entity.plural} have, so none of its lines were loaded. "
        f"Write the names of the columns into its first line, like {like}. {next(hints, '')}"
    )
    return Remark("header_missing", message.rstrip(), kind="error")


def _delimiter_between(entity: Entity, header: str) -> str:
    """The delimiter of known names in a header that was read as one name; empty if there is none."""
    for delimiter in dict.fromkeys(re.findall(r"[^\w\s\"]|\t", header)):
        if all(column_named(entity, part.strip(' "')) for part in header.split(delimiter)[:2]):
            return str(delimiter)
    return ""


def _on_unknown(entity: Entity, name: str) -> Remark:
    if folded_name(name) in entity.legacy_columns:
        return Remark(
            "legacy_column", f"The column {quoted(name)} is no longer used; its values were not loaded.", name
        )
    hint = nearest(name, [column.wire for column in entity.columns.values()])
    message = f"No {entity.singular} has a column {quoted(name)}; its values were not loaded. {hint}".rstrip()
    return Remark("unknown_column", message, name)


def nearest(name: str, names: Sequence[str]) -> str:
    """A question for the name that was probably meant, followed by a space; empty if none is similar.

    It never asks for what was written.
    """
    spellings = {known.lower(): known for known in names}
    folded = re.sub(r"[\s_-]", "", folded_name(name[:1_000])[:100])
    near = difflib.get_close_matches(folded, spellings, n=1, cutoff=0.8)
    if not near or spellings[near[0]] == name.strip():
        return ""
    return f"Did you mean “{spellings[near[0]]}”? "


def columns_of_line(entity: Entity, values: dict[str, str]) -> dict[str, tuple[Column, str]]:
    """The columns of one line with their texts, by name; where two mean the same column, the first is used."""
    columns: dict[str, tuple[Column, str]] = {}
    for name, text in values.items():
        if column := column_named(entity, name):
            columns.setdefault(column.name, (column, text))
    return columns


def missing_key(entity: Entity, names: Iterable[str]) -> str:
    """The wire name of a key column that is not among the names, or an empty text."""
    present = set(names)
    for name in entity.key:
        ways = [name]
        for reference in entity.references:
            if reference.field == name:
                ways = [lookup.column for lookup in reference.lookups]
        if present.isdisjoint(ways):
            return " or ".join(entity.columns[way].wire for way in ways)
    return ""


def check_line(entity: Entity, values: dict[str, str]) -> list[tuple[str, str, str]]:
    """(column, code, sentence) for every problem of one line by itself, by the checks of a sync."""
    columns = columns_of_line(entity, values)
    found = []
    if missing := missing_key(entity, columns):
        found.append((missing, "required_missing", f"{missing} is missing, but every {entity.singular} needs it."))
    for column, text in columns.values():
        _, faults = ColumnCheck(column).check([text])
        found += [(column.wire, fault.code, fault.message) for fault in faults.values()]
    return found
