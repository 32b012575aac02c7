"""Corrected rows, as the platform passes them on for a replay: each with its original file and line."""

import json
from collections.abc import Sequence
from typing import IO, NotRequired, TypedDict

from syncs.connectors.protocol import BLOCK_BYTES, BLOCK_ROWS, FileHeader, FileLayout, Rows, SourceItems


class CorrectedLine(TypedDict):
    """A line of the file: a corrected row, its values by column.

    `profile` is that of the layout by which the row's file was read, if by one; the columns are the file's own then.
    """

    name: str
    file: str
    line: int
    values: dict[str, str]
    profile: NotRequired[str]


def read_corrected_lines(content: IO[bytes], layouts: Sequence[FileLayout] = ()) -> SourceItems:
    """The rows of a file of corrected lines; successive rows with the same columns share a block."""
    by_profile = {layout.profile: layout for layout in layouts}
    block: Rows | None = None
    size = 0
    for text in content:
        found: CorrectedLine = json.loads(text)
        columns = list(found["values"])
        key = (found["name"], found["file"], columns)
        if block and ((block.name, block.file, block.columns) != key or len(block) >= BLOCK_ROWS or size > BLOCK_BYTES):
            yield block
            block, size = None, 0
        if block is None:
            block = Rows(*key)
            if layout := by_profile.get(found.get("profile", "")):
                # The raw lines are JSON objects, so there is no delimiter.
                yield FileHeader(found["name"], found["file"], columns, "", layout=layout, only=found["name"])
        block.cells.append(list(found["values"].values()))
        block.lines.append(found["line"])
        block.raw.append(json.dumps(found["values"], ensure_ascii=False))
        size += len(text)
    if block:
        yield block
