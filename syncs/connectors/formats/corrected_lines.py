"""Mended lines, as the platform hands them on: each with the file and line it stood in at first."""

import json
from collections.abc import Iterator
from typing import BinaryIO

from syncs.connectors.protocol import BLOCK_BYTES, BLOCK_ROWS, Rows


def read_corrected_lines(content: BinaryIO) -> Iterator[Rows]:
    """The rows of a file of mended lines; neighbours with the same columns share a block."""
    block, size = None, 0
    for text in content:
        found = json.loads(text)
        columns = list(found["values"])
        of = (found["name"], found["file"], columns)
        if block and ((block.name, block.file, block.columns) != of or len(block) >= BLOCK_ROWS or size > BLOCK_BYTES):
            yield block
            block, size = None, 0
        block = block or Rows(*of)
        block.cells.append(list(found["values"].values()))
        block.lines.append(found["line"])
        block.raw.append(json.dumps(found["values"], ensure_ascii=False))
        size += len(text)
    if block:
        yield block
