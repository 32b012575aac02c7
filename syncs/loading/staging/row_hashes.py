"""Row hashes: 16 bytes that identify the content of a row and the rules by which it becomes a record.

They are stored with the records, as UUIDs. So they must stay as they are: the first sync after any change here, or of
RULES, compares and rewrites the hash of every record.
"""

from collections.abc import Sequence, Set

import polars as pl
import xxhash

from adsplatform.records.checks import RULES
from adsplatform.records.fields import Assumed
from adsplatform.records.specification import Column, Entity, Lookup, ReferenceTo, entities
from syncs.loading.staging.copy_format import copy_lines

# The first bytes are a hash of the row. The others are the same for all rows that were loaded by the same rules.
CONTENT_BYTES, RULES_BYTES = 10, 6
# Rows that have more different sets of columns than this within one block are not hashed.
MOST_COLUMN_PATTERNS = 50


class RowHasher:
    """Hashes the rows of one entity, from any file."""

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self._seed = seed_of(entity)
        self._rules = self._seed.to_bytes(8)[-RULES_BYTES:]

    def of_lines(self, lines: Sequence[bytes], columns: Sequence[str]) -> list[bytes]:
        """The hashes of rows that all have these columns, given as lines of COPY."""
        seed, rules = xxhash.xxh3_64_intdigest(",".join(columns).encode(), self._seed), self._rules
        return [xxhash.xxh3_128_digest(line, seed)[:CONTENT_BYTES] + rules for line in lines]

    def of_rows(self, frame: pl.DataFrame, lines: Sequence[bytes], column_patterns: Sequence[str]) -> list[bytes]:
        """The hashes of rows, each of the columns it has and their values, whatever other rows came with it.

        `lines` are the frame's rows as lines of COPY. Empty where too many rows lack other columns.
        """
        patterns = set(column_patterns)
        if len(patterns) == 1:
            return self.of_lines(lines, frame.columns)
        if len(patterns) > MOST_COLUMN_PATTERNS:
            return []
        row_hashes = [b""] * len(lines)
        for pattern in patterns:
            places = [at for at, one in enumerate(column_patterns) if one == pattern]
            has = {name for name, bit in zip(self.entity.columns, pattern, strict=True) if bit == "1"}
            columns = [name for name in frame.columns if name in has]
            found = self.of_lines(copy_lines(frame.select(columns)[places]), columns)
            for at, row_hash in zip(places, found, strict=True):
                row_hashes[at] = row_hash
        return row_hashes

    def of_remarked(self, row_hash: bytes) -> bytes:
        """Another hash for a row on which there is a remark.

        It is not the hash of the row's text, so the row is checked again, and the remark made again, in every sync.
        """
        return xxhash.xxh3_128_digest(row_hash, self._seed)[:CONTENT_BYTES] + self._rules


def row_hasher_for(entity: Entity, columns: Sequence[Column | None]) -> RowHasher | None:
    """The hasher for a file with these columns; None if equal rows may still mean different things."""
    if not identifies_by_key_only(entity, {column.name for column in columns if column}):
        return None
    return RowHasher(entity)


def identifies_by_key_only(entity: Entity, columns: Set[str]) -> bool:
    """Whether rows with these columns identify their own record, and those they refer to, only by keys."""
    if entity.key != ("erp_key",) or not all(map(_is_by_key, entity.references)):
        return False
    by_id = {
        lookup.column for reference in entity.references for lookup in reference.lookups if lookup.target_column == "id"
    }
    return columns.isdisjoint(by_id | {"on_match_action", "network_id"})


def _is_by_key(reference: ReferenceTo) -> bool:
    return all(
        not lookup.when and (lookup.target_column == "id" or (lookup.target_column,) == entities()[lookup.target].key)
        for lookup in reference.lookups
    )


def seed_of(entity: Entity) -> int:
    """The seed of the entity's row hashes: it covers every rule by which a row becomes a record."""
    columns = ", ".join(map(_column_text, entity.columns.values()))
    references = ", ".join(map(_reference_text, entity.references))
    text = f"({RULES!r}, {entity.name!r}, [{columns}], {_tuple_text(references, len(entity.references))})"
    return xxhash.xxh3_64_intdigest(text.encode())


# The texts have always been the `repr` of the dataclasses. They are written out, so that a dataclass may be changed
# without changing every row hash.


def _column_text(column: Column) -> str:
    return (
        f"Column(name={column.name!r}, wire={column.wire!r}, type={column.type!r}, of={column.of!r}, "
        f"required={column.required!r}, max_length={column.max_length!r}, choices_range={column.choices_range!r}, "
        f"default={column.default!r}, assumed={_assumed_text(column.assumed)}, field={column.field!r}, "
        f"known_texts={column.known_texts!r}, adds_up={column.adds_up!r}, currency={column.currency!r})"
    )


def _assumed_text(assumed: Assumed | None) -> str:
    if assumed is None:
        return "None"
    return f"Assumed(constant={assumed.constant!r}, product_of={assumed.product_of!r})"


def _reference_text(reference: ReferenceTo) -> str:
    lookups = ", ".join(map(_lookup_text, reference.lookups))
    return (
        f"ReferenceTo(field={reference.field!r}, lookups={_tuple_text(lookups, len(reference.lookups))}, "
        f"required={reference.required!r})"
    )


def _lookup_text(lookup: Lookup) -> str:
    return (
        f"Lookup(column={lookup.column!r}, target={lookup.target!r}, target_column={lookup.target_column!r}, "
        f"when={lookup.when!r})"
    )


def _tuple_text(items: str, count: int) -> str:
    return f"({items},)" if count == 1 else f"({items})"
