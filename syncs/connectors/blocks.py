"""Small blocks of rows combined into larger ones, for sources that yield a page or a file of a few rows at a time."""

from collections.abc import Iterable
from dataclasses import replace

from syncs.connectors.protocol import (
    BLOCK_BYTES,
    BLOCK_ROWS,
    AllKeys,
    Bookmark,
    ConnectorError,
    Rows,
    SourceItem,
    SourceItems,
)


def combine_blocks(items: Iterable[SourceItem]) -> SourceItems:
    """What a connector yields, in the same order, with successive `Rows` of the same columns in one block."""
    combined: Rows | None = None
    size = 0
    try:
        for item in items:
            if isinstance(item, Bookmark | AllKeys):
                # They count only together with all that is read, so they need not wait for the rows before them.
                yield item
                continue
            added = sum(map(len, item.raw)) if isinstance(item, Rows) else 0
            if combined and isinstance(item, Rows) and size + added <= BLOCK_BYTES and _can_join(combined, item):
                size += added
                combined.cells += item.cells
                combined.lines += item.lines
                combined.raw += item.raw
                combined.numbers |= item.numbers
                continue
            if combined:
                yield combined
            combined, size = None, added
            if isinstance(item, Rows):
                # The connector owns the lists of a block, so they are not changed.
                combined = replace(
                    item, cells=[*item.cells], lines=[*item.lines], raw=[*item.raw], numbers={*item.numbers}
                )
            else:
                yield item
    except ConnectorError:
        # The rows that were read before the source failed are still yielded, so that they are counted.
        if combined:
            yield combined
        raise
    if combined:
        yield combined


def _can_join(block: Rows, following: Rows) -> bool:
    return (
        len(block) < BLOCK_ROWS
        and (block.name, block.file, block.letters) == (following.name, following.file, following.letters)
        and list(block.columns) == list(following.columns)
    )
