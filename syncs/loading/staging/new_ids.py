"""Ids for many new records at once."""

import os
import time

import polars as pl


def new_ids(count: int) -> pl.Series:
    """Time-ordered UUIDs (version 7) as text, ascending."""
    milliseconds = f"{time.time_ns() // 1_000_000:012x}"
    random = os.urandom(9).hex()
    # The last twelve hexadecimal digits are decimal digits only, so that polars can increment them.
    start = int(random[:12], 16) % 10**12 // 2
    head = f"{milliseconds[:8]}-{milliseconds[8:]}-7{random[12:15]}-{'89ab'[start & 3]}{random[15:18]}-"
    return head + pl.int_range(start, start + count, eager=True).cast(pl.String).str.zfill(12)
