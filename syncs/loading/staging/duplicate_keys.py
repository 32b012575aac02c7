"""Finds out whether two rows of an entity have the same key, by hashes of any number of keys."""

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile

import numpy as np
from numpy.typing import NDArray

# How many hashes are read from the file at once, and about how many are sorted at once, at 8 bytes each.
READ_AT_ONCE, SORTED_AT_ONCE = 1_000_000, 2_000_000


class KeyHashes:
    """64-bit hashes of the keys of an entity's rows."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(8 * READ_AT_ONCE)  # noqa: SIM115 (closed by `close`, when the stage is)
        self._count = 0
        self._may_repeat: bool | None = None

    def close(self) -> None:
        self._file.close()

    def add(self, hashes: NDArray[np.uint64]) -> None:
        self._file.write(hashes.tobytes())
        self._count += len(hashes)
        self._may_repeat = None

    def may_repeat(self) -> bool:
        """Whether two hashes are equal, so that two keys probably are. If none are, no two keys are equal."""
        if self._may_repeat is None:
            parts = -(-self._count // SORTED_AT_ONCE)
            self._may_repeat = any(self._repeats_in(part, parts) for part in range(parts))
        return self._may_repeat

    def _repeats_in(self, part: int, parts: int) -> bool:
        chosen, count = [], 0
        for chunk in self._chunks():
            chosen.append(chunk[chunk % np.uint64(parts) == part])
            count += len(chosen[-1])
            if count > 2 * SORTED_AT_ONCE:
                # Hashes are this unevenly distributed only if many are equal.
                return True
        hashes = np.concatenate(chosen)
        hashes.sort()
        return bool((hashes[1:] == hashes[:-1]).any())

    def _chunks(self) -> Iterator[NDArray[np.uint64]]:
        self._file.seek(0)
        while data := self._file.read(8 * READ_AT_ONCE):
            yield np.frombuffer(data, np.uint64)
