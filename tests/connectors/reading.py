"""What tests of connectors read with."""

import io
import itertools
import json
import zipfile
from uuid import UUID

import polars as pl

from syncs.connectors import connector_named
from syncs.connectors.protocol import ABSENT, Columns, Limits, RowProblem, Rows, Source

LIMITS = {"unpacked_bytes": 1024**3, "ratio": 200, "entries": 1000, "line_bytes": 1024**2}
ENROLLMENT = UUID("0193a5f2-8c00-7000-8000-000000000001")  # of 2024-12-08

NO_GAP = itertools.repeat(False)


def source(content=b"", *, format="csv", file_name=None, full=False, **given):
    limits = Limits(**LIMITS | {name: given.pop(name) for name in list(given) if name in LIMITS})
    return Source(
        **{"app_enrollment_id": ENROLLMENT} | given,
        full=full,
        limits=limits,
        content=content if hasattr(content, "read") else io.BytesIO(content),
        file_name=file_name or f"invoices.{format}",
        format=format,
    )


def read(content, *, connector="file-upload", **given):
    """Every block and every problem that a connector yields for the content."""
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogateescape")
    found = list(connector_named(connector).rows(source(content, **given)))
    return (
        [_by_row(block) for block in found if isinstance(block, (Rows, Columns))],
        [problem for problem in found if isinstance(problem, RowProblem)],
    )


def _by_row(block):
    """The block as rows, whichever way the connector yields them."""
    if isinstance(block, Rows):
        return block
    columns = [
        [ABSENT if gap else cell or "" for cell, gap in zip(cells, block.gaps.get(at, NO_GAP), strict=False)]
        if isinstance(cells, pl.Series)
        else cells
        for at, cells in enumerate(block.cells)
    ]
    cells = list(map(list, zip(*columns, strict=True))) if columns else [()] * len(block)
    return Rows(block.name, block.file, block.columns, cells, list(block.lines), block.raw, block.letters)


def table(blocks):
    """Line, cells and raw text of every row, the blocks one after another."""
    return [
        (line, list(cells), raw)
        for block in blocks
        for line, cells, raw in zip(block.lines, block.cells, block.raw, strict=True)
    ]


def zipped(files, compression=zipfile.ZIP_DEFLATED):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def as_cell(value):
    """The text that a cell of JSON is taken for; a list or an object stays what it is."""
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, (bool, int)) else value
