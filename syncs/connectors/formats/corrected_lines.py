"""Corrected rows, as the platform passes them on for a replay: each with its original file and line."""

import json
from collections.abc import Iterator
from typing import IO, TypedDict

from syncs.connectors.protocol import BLOCK_BYTES, BLOCK_ROWS, Rows


class CorrectedLine(TypedDict):
    """A line of the file: a corrected row, its values by column."""

    name: str
    file: str
    line: int
    values: dict[str, str]


def read_corrected_lines(content: IO[bytes]) -> Iterator[Rows]:
    """The rows of a file of corrected lines; successive rows with the same columns share a block."""
    block: Rows | None = None
    size = 0
    for text in content:
        found: CorrectedLine = json.loads(text)
        columns = list(found["values"])
        key = (found["name"], found["file"], columns)
        if block and ((block.name, block.file, block.columns) != key or len(block) >= BLOCK_ROWS or size > BLOCK_BYTES):
            yield block
            block, size = None, 0
        block = block or Rows(*key)
        block.cells.append(list(found["values"].values()))
        block.lines.append(found["line"])
        block.raw.append(json.dumps(found["values"], ensure_ascii=False))
        size += len(text)
    if block:
        yield block
