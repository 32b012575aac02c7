"""Whether any two staged lines have the same key, told by hashes of the keys, of which there may be any number."""

from tempfile import SpooledTemporaryFile

import numpy as np

# So many hashes are read from the file at once, and about so many put into order, at 8 bytes each.
AT_ONCE, IN_ORDER = 1_000_000, 2_000_000


class KeyHashes:
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
        parts = -(-self._count // IN_ORDER)
        return any(self._repeats_among(part, parts) for part in range(parts))

    def _repeats_among(self, part: int, parts: int) -> bool:
        chosen, count = [], 0
        for chunk in self._chunks():
            chosen.append(chunk[chunk % np.uint64(parts) == part])
            count += len(chosen[-1])
            if count > 2 * IN_ORDER:
                # So uneven they are only where many are the same.
                return True
        hashes = np.concatenate(chosen)
        hashes.sort()
        return bool((hashes[1:] == hashes[:-1]).any())

    def _chunks(self):
        self._file.seek(0)
        while data := self._file.read(8 * AT_ONCE):
            yield np.frombuffer(data, np.uint64)
