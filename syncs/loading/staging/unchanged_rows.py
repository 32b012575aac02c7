"""Lines that are in the books already, told by a digest of what they say, so that they are not staged again.

A record keeps the digest of the line it was last written from (`Record.row_hash`). A line with that digest would
change nothing: whatever writes a record writes its digest, and the digest covers the columns the line has, what they
hold, and the rules by which a line becomes a record. Where the books have changed since the digests were read, or two
lines turn out to be about one record, the source is read again without skipping.
"""

from collections.abc import Iterable, Iterator, Sequence, Set

import numpy as np
import psycopg
import xxhash
from psycopg import sql

from adsplatform.records.checks import RULES
from adsplatform.records.specification import Column, Entity, entities
from syncs.loading.staging.columnar_blocks import DIGEST_BYTES, RULES_BYTES

# The most records of a kind whose digests are held, at 9 bytes each; of more than that, no line is skipped.
HELD = 10_000_000
# A digest's first bytes tell in which bucket it is, and are kept nowhere else. The first of them alone tells the part
# in which it comes, each put into order by itself, which bounds the memory that takes.
BUCKETS, BUCKETS_OF_PART = 1 << 16, 1 << 8
DIGEST = np.dtype([("bucket", ">u2"), ("first", ">u4"), ("second", ">u4")])
OF_LINE = np.dtype([*DIGEST.descr, ("rules", f"V{RULES_BYTES}")])


class UnchangedRows:
    """The digests of what one enrollment has in the books; of none where `app_enrollment_id` is None."""

    def __init__(self, copy_thread, app_enrollment_id):
        self.copy_thread, self.app_enrollment_id = copy_thread, app_enrollment_id
        self._held: dict[str, RowHashes] = {}
        # Whether a line came twice; which of the two counts, only the merge can say.
        self.is_twice = False

    def has_any(self, entity: Entity) -> bool:
        """Whether a line of the kind may be in the books."""
        if self.app_enrollment_id is None:
            return False
        if entity.name not in self._held:
            self._held[entity.name] = RowHashes(self._read(entity))
        return self._held[entity.name].count > 0

    def among(self, entity: Entity, row_hashes: Sequence[bytes]) -> np.ndarray | None:
        """Which of the lines are in the books; None when none is."""
        if not row_hashes or not self.has_any(entity):
            return None
        found, is_twice = self._held[entity.name].meet(row_hashes)
        self.is_twice |= is_twice
        return found if found.any() else None

    def was_met(self, entity: Entity, row_hashes: Sequence[bytes]) -> bool:
        """Whether a line of one of these digests was among those that are in the books."""
        held = self._held.get(entity.name)
        return held is not None and held.has_met(row_hashes)

    def not_met(self, entity: Entity) -> Iterator[bytes]:
        """The digests of records of which no line came."""
        held = self._held.get(entity.name)
        return held.not_met() if held else iter(())

    def _read(self, entity: Entity) -> Iterator[bytes]:
        self.copy_thread.wait()
        select = sql.SQL(
            """
            SELECT string_agg(digest, '') FROM (
                SELECT substring(uuid_send(row_hash) FOR {length}) AS digest FROM {records}
                WHERE app_enrollment_id = {enrollment} AND row_hash IS NOT NULL LIMIT {limit}
            ) d GROUP BY get_byte(digest, 0)
            """
        ).format(
            length=sql.Literal(DIGEST_BYTES),
            records=sql.Identifier(entity.table),
            enrollment=sql.Literal(self.app_enrollment_id),
            limit=sql.Literal(HELD + 1),
        )
        with psycopg.Cursor(self.copy_thread.cursor.connection) as cursor:
            # Row by row, for all of them at once would be as much again.
            yield from (together for (together,) in cursor.stream(select, binary=True))


class RowHashes:
    """Digests in order, and which of them have been met; made of parts, each of all that begin with the same byte."""

    def __init__(self, parts: Iterable[bytes]):
        # Memory that nothing has been written to is not taken.
        self.first, self.second = np.empty(HELD + 1, np.uint32), np.empty(HELD + 1, np.uint32)
        self.met = np.zeros(HELD + 1, bool)
        self.starts, self.ends = np.zeros(BUCKETS, np.uint32), np.zeros(BUCKETS, np.uint32)
        end = 0
        for together in parts:
            values = np.frombuffer(together, DIGEST)
            values = values[np.argsort(values["bucket"].astype(np.uint64) << 32 | values["first"])]
            start, end = end, end + len(values)
            self.first[start:end], self.second[start:end] = values["first"], values["second"]
            its, buckets = _buckets_of_part(together[0])
            edges = start + np.searchsorted(values["bucket"], [*buckets, buckets[-1] + 1])
            self.starts[its], self.ends[its] = edges[:-1], edges[1:]
        self.count = end if end <= HELD else 0
        if not self.count:
            self.starts[:] = self.ends[:] = 0

    def meet(self, row_hashes: Sequence[bytes]) -> tuple[np.ndarray, bool]:
        """Which of the lines of these digests are held, and whether one of them was met before."""
        found, places = self._places(np.frombuffer(b"".join(row_hashes), OF_LINE))
        places = np.sort(places[found])
        is_twice = bool((places[1:] == places[:-1]).any() or self.met[places].any())
        self.met[places] = True
        return found, is_twice

    def has_met(self, row_hashes: Sequence[bytes]) -> bool:
        found, places = self._places(np.frombuffer(b"".join(row_hashes), DIGEST))
        return bool(self.met[places[found]].any())

    def not_met(self) -> Iterator[bytes]:
        for part in range(BUCKETS // BUCKETS_OF_PART):
            its, buckets = _buckets_of_part(part)
            starts, ends = self.starts[its], self.ends[its]
            its = slice(starts[0], ends[-1])
            left = np.empty(its.stop - its.start, DIGEST)
            left["bucket"] = np.repeat(buckets, ends - starts)
            left["first"], left["second"] = self.first[its], self.second[its]
            together = left[~self.met[its]].tobytes()
            for at in range(0, len(together), DIGEST_BYTES):
                yield together[at : at + DIGEST_BYTES]

    def _places(self, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which of the digests are held, and where."""
        buckets, first = wanted["bucket"].astype(int), wanted["first"].astype(np.uint32)
        low, high = self.starts[buckets], self.ends[buckets]
        ends = high
        # A binary search of all at once, each in its bucket.
        while (is_open := low < high).any():
            middle = (low + high) // 2
            is_later = self.first[middle] < first
            low = np.where(is_open & is_later, middle + 1, low)
            high = np.where(is_open & ~is_later, middle, high)
        return (low < ends) & (self.first[low] == first) & (self.second[low] == wanted["second"]), low


def _buckets_of_part(number: int) -> tuple[slice, np.ndarray]:
    first = number * BUCKETS_OF_PART
    return slice(first, first + BUCKETS_OF_PART), np.arange(first, first + BUCKETS_OF_PART)


def hash_seed_of(entity: Entity, columns: Sequence[Column | None]) -> int | None:
    """What the digests of a file's lines begin with; None where equal lines may still mean different things."""
    if not identifies_by_key_only(entity, {column.name for column in columns if column}):
        return None
    meaning = repr((RULES, entity.name, list(entity.columns.values()), entity.references))
    return xxhash.xxh3_64_intdigest(meaning.encode())


def identifies_by_key_only(entity: Entity, columns: Set[str]) -> bool:
    """Whether lines with these columns name their own record, and every other one, by nothing but its key."""
    if entity.key != ("erp_key",) or not all(map(_is_by_key, entity.references)):
        return False
    by_id = {lookup.column for reference in entity.references for lookup in reference.lookups
             if lookup.target_column == "id"}  # fmt: skip
    return columns.isdisjoint(by_id | {"on_match_action", "network_id"})


def _is_by_key(reference) -> bool:
    return all(
        not lookup.when and (lookup.target_column == "id" or (lookup.target_column,) == entities()[lookup.target].key)
        for lookup in reference.lookups
    )
