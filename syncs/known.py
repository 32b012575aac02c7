"""Lines that are in the books already, told by a hash of their text, so that they are neither checked nor staged.

A record keeps the hash of the line it was last written from (`Record.row_hash`). A line of that hash would change
nothing, for whatever writes a record writes its hash, and the hash also covers how the line becomes a record:
columns, delimiter, rules. Where the books have changed since their hashes were read, or two lines turn out to be
about one record, the source is read again without skipping.
"""

from collections.abc import Sequence

import numpy as np
import xxhash
from psycopg import sql

from adsplatform.records.checks import RULES
from adsplatform.records.specification import Column, Entity, entities

# The most records of a kind whose hashes are held, at 17 bytes each.
HELD = 4_000_000


class KnownLines:
    """The hashes of what one enrollment has in the books."""

    def __init__(self, copying, app_enrollment_id):
        self.copying, self.app_enrollment_id = copying, app_enrollment_id
        self._held: dict[str, _Hashes] = {}
        # Whether a line came twice; which of the two counts, only the merge can say.
        self.is_twice = False

    def among(self, entity: Entity, hashes: Sequence[bytes]) -> np.ndarray | None:
        """Which of the lines are in the books; None when none is."""
        if entity.name not in self._held:
            self._held[entity.name] = _Hashes(self._read(entity))
        held = self._held[entity.name]
        found, places = held.find(hashes)
        if found is None:
            return None
        self.is_twice |= len(np.unique(places)) < len(places) or bool(held.seen[places].any())
        held.seen[places] = True
        return found

    def _read(self, entity: Entity) -> bytes:
        if self.app_enrollment_id is None:
            return b""
        self.copying.wait()
        cursor = self.copying.cursor
        cursor.execute(
            sql.SQL(
                "SELECT string_agg(uuid_send(row_hash), '') FROM (SELECT row_hash FROM {} "
                "WHERE app_enrollment_id = %s AND row_hash IS NOT NULL LIMIT {}) r HAVING count(*) < {}"
            ).format(sql.Identifier(entity.table), sql.Literal(HELD), sql.Literal(HELD)),
            [self.app_enrollment_id],
        )
        (found,) = cursor.fetchone() or (None,)
        return found or b""


class _Hashes:
    """Hashes in order of their first halves."""

    def __init__(self, together: bytes):
        halves = np.frombuffer(together, ">u8").reshape(-1, 2)
        order = np.argsort(halves[:, 0])
        self.first, self.second = (halves[order, at].astype("u8") for at in (0, 1))
        self.seen = np.zeros(len(order), bool)

    def find(self, hashes: Sequence[bytes]):
        """Which of the hashes are held, and their places; None when none is."""
        if not len(self.first):
            return None, None
        halves = np.frombuffer(b"".join(hashes), ">u8").reshape(-1, 2)
        places = np.searchsorted(self.first, halves[:, 0]).clip(max=len(self.first) - 1)
        found = (self.first[places] == halves[:, 0]) & (self.second[places] == halves[:, 1])
        return (found, places[found]) if found.any() else (None, None)


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
