"""Lines that are in the books already, told by a hash of their text, so that they are neither checked nor staged.

A record keeps the hash of the line it was last written from (`Record.row_hash`). A line of that hash would change
nothing, for whatever writes a record writes its hash, and the hash also covers how the line becomes a record:
columns, delimiter, rules. While reading, only half of each hash is held in memory; the merge compares whole ones,
under the lock, and has the source read again without skipping where they do not fit one to one.
"""

from collections.abc import Sequence

import numpy as np
import xxhash
from psycopg import sql

from adsplatform.records.checks import RULES
from adsplatform.records.specification import Column, Entity, entities

# The most records of a kind whose hashes are held, at 8 bytes each.
HELD = 4_000_000


class KnownLines:
    """The hashes of what one enrollment has in the books."""

    def __init__(self, copying, app_enrollment_id):
        self.copying, self.app_enrollment_id = copying, app_enrollment_id
        self._halves: dict[str, np.ndarray] = {}

    def among(self, entity: Entity, hashes: Sequence[bytes]) -> np.ndarray | None:
        """Which of the lines are in the books; None when none is."""
        if entity.name not in self._halves:
            self._halves[entity.name] = self._read(entity)
        held = self._halves[entity.name]
        if not len(held):
            return None
        halves = np.frombuffer(b"".join(hashes), ">u8")[::2]
        found = held[np.searchsorted(held, halves).clip(max=len(held) - 1)] == halves
        return found if found.any() else None

    def _read(self, entity: Entity) -> np.ndarray:
        if self.app_enrollment_id is None:
            return np.empty(0, "u8")
        self.copying.wait()
        cursor = self.copying.cursor
        cursor.execute(
            sql.SQL(
                "SELECT string_agg(substr(uuid_send(row_hash), 1, 8), '') FROM (SELECT row_hash FROM {} "
                "WHERE app_enrollment_id = %s AND row_hash IS NOT NULL LIMIT {}) r HAVING count(*) < {}"
            ).format(sql.Identifier(entity.table), sql.Literal(HELD), sql.Literal(HELD)),
            [self.app_enrollment_id],
        )
        (halves,) = cursor.fetchone() or (None,)
        return np.sort(np.frombuffer(halves or b"", ">u8").astype("u8"))


def seed_of(entity: Entity, wire_columns: Sequence[str], columns: Sequence[Column | None], form: str) -> int | None:
    """What the hashes of a file's lines begin with; None where equal lines may still mean different things."""
    if entity.key != ("erp_key",) or not all(_is_by_key(reference) for reference in entity.references):
        return None
    by_id = {lookup.column for reference in entity.references for lookup in reference.lookups
             if lookup.target_column == "id"}  # fmt: skip
    if any(column and column.name in by_id | {"on_match_action", "network_id"} for column in columns):
        return None
    meaning = repr((RULES, entity, list(entity.columns.values()), entity.references, list(wire_columns), form))
    return xxhash.xxh3_64_intdigest(meaning.encode("utf-8", "surrogatepass"))


def _is_by_key(reference) -> bool:
    return all(
        not lookup.when and (lookup.target_column == "id" or (lookup.target_column,) == entities()[lookup.target].key)
        for lookup in reference.lookups
    )


def hashes_of(lines: Sequence[bytes], seed: int) -> list[bytes]:
    return [xxhash.xxh3_128_digest(line, seed) for line in lines]
