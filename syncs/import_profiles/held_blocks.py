"""Blocks of rows that are held back, in a temporary file, until rows that came before them can be yielded."""

import pickle
from collections.abc import Iterator
from tempfile import TemporaryFile

from syncs.connectors.protocol import Columns, Rows


class HeldBlocks:
    """Blocks in the order in which they came."""

    def __init__(self) -> None:
        self._spool = TemporaryFile()  # noqa: SIM115 (closed by `finish`, or with the process)
        self._count = 0

    def add(self, block: Rows | Columns) -> None:
        """Hold a block back."""
        pickle.dump(block, self._spool, pickle.HIGHEST_PROTOCOL)
        self._count += 1

    def finish(self) -> Iterator[Rows | Columns]:
        """The blocks; there are none afterwards."""
        with self._spool as spool:
            spool.seek(0)
            for _ in range(self._count):
                yield pickle.load(spool)  # noqa: S301, our own file
