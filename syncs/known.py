"""Lines that are in the books already, told by a digest of what they say, so that they are not staged again.

A record keeps the digest of the line it was last written from (`Record.row_hash`). A line with that digest would
change nothing: whatever writes a record writes its digest, and the digest covers the columns the line has, what they
hold, and the rules by which a line becomes a record. Where the books have changed since the digests were read, or two
lines turn out to be about one record, the source is read again without skipping.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import psycopg
import xxhash
from psycopg import sql

from adsplatform.records.checks import RULES
from adsplatform.records.specification import Column, Entity, entities
from syncs.blocks import DIGEST_BYTES, RULES_BYTES

# The most records of a kind whose digests are held, at 13 bytes each; of more than that, no line is skipped.
HELD = 12_000_000
# As many groups as four bits tell apart, each put into order by itself, which bounds the memory that takes.
PARTS = 16
DIGEST = np.dtype([("first", ">u8"), ("second", ">u4")])
OF_LINE = np.dtype([*DIGEST.descr, ("rules", f"V{RULES_BYTES}")])


class KnownLines:
    """The digests of what one enrollment has in the books; of none where `app_enrollment_id` is None."""

    def __init__(self, copying, app_enrollment_id):
        self.copying, self.app_enrollment_id = copying, app_enrollment_id
        self._held: dict[str, Digests] = {}
        # Whether a line came twice; which of the two counts, only the merge can say.
        self.is_twice = False

    def among(self, entity: Entity, digests: Sequence[bytes]) -> np.ndarray | None:
        """Which of the lines are in the books; None when none is."""
        if self.app_enrollment_id is None or not digests:
            return None
        if entity.name not in self._held:
            self._held[entity.name] = Digests(self._read(entity))
        found, is_twice = self._held[entity.name].meet(digests)
        self.is_twice |= is_twice
        return found if found.any() else None

    def was_met(self, entity: Entity, digests: Sequence[bytes]) -> bool:
        """Whether a line of one of these digests was among those that are in the books."""
        held = self._held.get(entity.name)
        return held is not None and held.has_met(digests)

    def not_met(self, entity: Entity) -> Iterator[bytes]:
        """The digests of records of which no line came."""
        held = self._held.get(entity.name)
        return held.not_met() if held else iter(())

    def _read(self, entity: Entity) -> Iterator[tuple[int, bytes]]:
        self.copying.wait()
        select = sql.SQL(
            """
            SELECT get_byte(digest, 0) >> 4, string_agg(digest, '') FROM (
                SELECT substring(uuid_send(row_hash) FOR {length}) AS digest FROM {records}
                WHERE app_enrollment_id = {enrollment} AND row_hash IS NOT NULL LIMIT {limit}
            ) d GROUP BY 1
            """
        ).format(
            length=sql.Literal(DIGEST_BYTES),
            records=sql.Identifier(entity.table),
            enrollment=sql.Literal(self.app_enrollment_id),
            limit=sql.Literal(HELD + 1),
        )
        with psycopg.Cursor(self.copying.cursor.connection) as cursor:
            # Row by row, for all of them at once would be as much again.
            yield from cursor.stream(select, binary=True)


class Digests:
    """Digests in order, in parts by their first bits, and which of them have been met."""

    def __init__(self, parts: Iterable[tuple[int, bytes]]):
        self.parts: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        for number, together in parts:
            values = np.frombuffer(together, DIGEST)
            order = np.argsort(values["first"])
            first, second = values["first"][order].astype("u8"), values["second"][order].astype("u4")
            self.parts[number] = (first, second, np.zeros(len(first), bool))
        if sum(len(first) for first, _, _ in self.parts.values()) > HELD:
            self.parts.clear()

    def meet(self, digests: Sequence[bytes]) -> tuple[np.ndarray, bool]:
        """Which of the lines of these digests are held, and whether one of them was met before."""
        found, is_twice = np.zeros(len(digests), bool), False
        for lines, places, met in self._places(np.frombuffer(b"".join(digests), OF_LINE)):
            is_twice |= len(np.unique(places)) < len(places) or bool(met[places].any())
            met[places] = True
            found[lines] = True
        return found, is_twice

    def has_met(self, digests: Sequence[bytes]) -> bool:
        wanted = np.frombuffer(b"".join(digests), DIGEST)
        return any(met[places].any() for _, places, met in self._places(wanted))

    def not_met(self) -> Iterator[bytes]:
        for first, second, met in self.parts.values():
            left = np.empty(len(first) - np.count_nonzero(met), DIGEST)
            left["first"], left["second"] = first[~met], second[~met]
            together = left.tobytes()
            for at in range(0, len(together), DIGEST_BYTES):
                yield together[at : at + DIGEST_BYTES]

    def _places(self, wanted: np.ndarray):
        """For each part: which of the digests are held there, where, and which of those held were met."""
        wanted_first, wanted_second = wanted["first"].astype("u8"), wanted["second"].astype("u4")
        of_part = wanted_first >> np.uint64(60)
        for number, (first, second, met) in self.parts.items():
            lines = np.flatnonzero(of_part == number)
            places = np.searchsorted(first, wanted_first[lines]).clip(max=len(first) - 1)
            held = (first[places] == wanted_first[lines]) & (second[places] == wanted_second[lines])
            if held.any():
                yield lines[held], places[held], met


def seed_of(entity: Entity, columns: Sequence[Column | None]) -> int | None:
    """What the digests of a file's lines begin with; None where equal lines may still mean different things."""
    if entity.key != ("erp_key",) or not all(map(_is_by_key, entity.references)):
        return None
    by_id = {lookup.column for reference in entity.references for lookup in reference.lookups
             if lookup.target_column == "id"}  # fmt: skip
    if any(column and column.name in by_id | {"on_match_action", "network_id"} for column in columns):
        return None
    meaning = repr((RULES, entity.name, list(entity.columns.values()), entity.references))
    return xxhash.xxh3_64_intdigest(meaning.encode())


def _is_by_key(reference) -> bool:
    return all(
        not lookup.when and (lookup.target_column == "id" or (lookup.target_column,) == entities()[lookup.target].key)
        for lookup in reference.lookups
    )
