"""An index of many row hashes in sorted arrays, with a flag for each that a row has matched."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from syncs.loading.staging.row_hashes import CONTENT_BYTES, RULES_BYTES

# The most hashes that an index holds, at 9 bytes each.
CAPACITY = 10_000_000
# A hash's first two bytes number its bucket and are not stored. The first byte alone numbers the part that it is read
# in; parts are sorted one by one, which bounds the memory that sorting needs.
BUCKETS, BUCKETS_PER_PART = 1 << 16, 1 << 8
CONTENT = np.dtype([("bucket", ">u2"), ("first", ">u4"), ("second", ">u4")])
ROW_HASH = np.dtype([*CONTENT.descr, ("rules", f"V{RULES_BYTES}")])


class HashIndex:
    """Row hashes without their rules, and which of them have been matched.

    It is made of parts: each holds, one after another, all hashes that begin with the same byte. An index of more
    than CAPACITY hashes is empty.
    """

    def __init__(self, parts: Iterable[bytes]) -> None:
        # Untouched memory is not allocated.
        self._first, self._second = np.empty(CAPACITY + 1, np.uint32), np.empty(CAPACITY + 1, np.uint32)
        self._is_matched = np.zeros(CAPACITY + 1, bool)
        self._starts, self._ends = np.zeros(BUCKETS, np.uint32), np.zeros(BUCKETS, np.uint32)
        end = 0
        for part in parts:
            values = np.frombuffer(part, CONTENT)
            values = values[np.argsort(values["bucket"].astype(np.uint64) << 32 | values["first"])]
            start, end = end, end + len(values)
            self._first[start:end], self._second[start:end] = values["first"], values["second"]
            where, buckets = _buckets_of_part(part[0])
            edges = start + np.searchsorted(values["bucket"], [*buckets, buckets[-1] + 1])
            self._starts[where], self._ends[where] = edges[:-1], edges[1:]
        self.count = end if end <= CAPACITY else 0
        if not self.count:
            self._starts[:] = self._ends[:] = 0

    def match(self, row_hashes: Sequence[bytes]) -> tuple[NDArray[np.bool_], bool]:
        """Which of the row hashes are in the index, and whether one of them has been matched before."""
        is_found, places = self._find(np.frombuffer(b"".join(row_hashes), ROW_HASH))
        places = np.sort(places[is_found])
        is_repeated = bool((places[1:] == places[:-1]).any() or self._is_matched[places].any())
        self._is_matched[places] = True
        return is_found, is_repeated

    def has_matched(self, contents: bytes) -> bool:
        """Whether one of these hashes (CONTENT_BYTES each) has been matched."""
        is_found, places = self._find(np.frombuffer(contents, CONTENT))
        return bool(self._is_matched[places[is_found]].any())

    def unmatched(self) -> Iterator[bytes]:
        """The hashes (CONTENT_BYTES each) that have not been matched."""
        for part in range(BUCKETS // BUCKETS_PER_PART):
            where, buckets = _buckets_of_part(part)
            starts, ends = self._starts[where], self._ends[where]
            stored = slice(starts[0], ends[-1])
            values = np.empty(stored.stop - stored.start, CONTENT)
            values["bucket"] = np.repeat(buckets, ends - starts)
            values["first"], values["second"] = self._first[stored], self._second[stored]
            contents = values[~self._is_matched[stored]].tobytes()
            for at in range(0, len(contents), CONTENT_BYTES):
                yield contents[at : at + CONTENT_BYTES]

    def _find(self, wanted: NDArray[np.void]) -> tuple[NDArray[np.bool_], NDArray[np.uint32]]:
        """Which of the hashes are in the index, and where."""
        buckets, first = wanted["bucket"].astype(int), wanted["first"].astype(np.uint32)
        low, high = self._starts[buckets], self._ends[buckets]
        ends = high
        # A binary search for all of them at once, each in its own bucket.
        while (is_open := low < high).any():
            middle = (low + high) // 2
            is_later = self._first[middle] < first
            low = np.where(is_open & is_later, middle + 1, low)
            high = np.where(is_open & ~is_later, middle, high)
        is_found = (low < ends) & (self._first[low] == first) & (self._second[low] == wanted["second"])
        return is_found, low


def _buckets_of_part(number: int) -> tuple[slice, NDArray[np.int_]]:
    first = number * BUCKETS_PER_PART
    return slice(first, first + BUCKETS_PER_PART), np.arange(first, first + BUCKETS_PER_PART)
