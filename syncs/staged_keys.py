"""Whether any two staged lines have the same key, told by hashes of the keys, of which there may be any number."""

from tempfile import SpooledTemporaryFile

import numpy as np

# So many hashes are held at once, at 8 bytes each and twice that while they are put into order; others wait in a file.
AT_ONCE = 1_000_000


class StagedKeys:
    """The hashes of the keys of the staged lines of a kind."""

    def __init__(self):
        self._file, self._count = SpooledTemporaryFile(8 * AT_ONCE), 0

    def close(self):
        self._file.close()

    def add(self, hashes: np.ndarray):
        """Keep 64-bit hashes of some more keys."""
        self._file.write(hashes.tobytes())
        self._count += len(hashes)

    def may_repeat(self) -> bool:
        """Whether two are equal, and two keys therefore probably are; if not, no two keys are."""
        parts = -(-self._count // AT_ONCE)
        return any(self._repeats_among(part, parts) for part in range(parts))

    def _repeats_among(self, part: int, parts: int) -> bool:
        hashes = np.concatenate([chunk[chunk % np.uint64(parts) == part] for chunk in self._chunks()])
        hashes.sort()
        return bool((hashes[1:] == hashes[:-1]).any())

    def _chunks(self):
        self._file.seek(0)
        while data := self._file.read(8 * AT_ONCE):
            yield np.frombuffer(data, np.uint64)
