"""Rows as the lines of text that COPY reads."""

from io import BytesIO

import polars as pl


def copy_text(frame: pl.DataFrame, *, null: str = "") -> bytes:
    """The rows, one per line, with `null` in place of nulls."""
    data = BytesIO()
    frame.write_csv(data, include_header=False, separator="\t", null_value=null, quote_style="never")
    return data.getvalue()


def copy_lines(frame: pl.DataFrame) -> list[bytes]:
    """The rows line by line, for a COPY that reads an empty cell as null."""
    if not frame.width or not len(frame):
        return [b""] * len(frame)
    lines = copy_text(frame).split(b"\n")
    lines.pop()
    return lines
