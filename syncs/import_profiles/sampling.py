"""The lines of a file that are looked at: all of a small one; of a large one its two ends and some between."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from syncs.connectors.protocol import ByteStream

# A file that is smaller is read as a whole.
WHOLE_BYTES, WHOLE_LINES = 16 * 1024**2, 100_000
EDGE_BYTES, EDGE_LINES = 3 * 1024**2, 10_000
SLICES, SLICE_BYTES = 20, 32 * 1024
MOST_CELLS = 1_000


@dataclass(slots=True)
class SampleBytes:
    """Parts of a file's bytes. The first begins with the file; of the others the first line is cut."""

    parts: list[bytes]
    is_whole: bool


@dataclass(slots=True)
class SampleLines:
    """Lines of a table as cells. `lines` has where each starts, 0 where that is not known, and `raw` the first and
    last of them as they stand."""

    cells: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    is_whole: bool = True


def sample_seekable(content: IO[bytes], size: int) -> SampleBytes:
    """Of a file in which one can seek: all, or its beginning, its end and slices between them."""
    content.seek(0)
    if size <= WHOLE_BYTES:
        return SampleBytes([content.read(WHOLE_BYTES)], is_whole=True)
    parts = [content.read(EDGE_BYTES)]
    step = (size - 2 * EDGE_BYTES) // (SLICES + 1)
    # UTF-16 has two bytes a character.
    for place in range(1, SLICES + 1):
        content.seek((EDGE_BYTES + place * step) // 2 * 2)
        parts.append(content.read(SLICE_BYTES))
    content.seek((size - EDGE_BYTES) // 2 * 2)
    parts.append(content.read(EDGE_BYTES))
    return SampleBytes(parts, is_whole=False)


def sample_stream(content: ByteStream, most: int = WHOLE_BYTES) -> SampleBytes:
    """Of a file that can only be read from its beginning: as much as a small file has, or so many bytes."""
    data = bytearray()
    while len(data) <= most and (chunk := content.read(1024**2)):
        data += chunk
    return SampleBytes([bytes(data[:most])], is_whole=len(data) <= most)


def decode_parts(sample: SampleBytes, codec: str) -> list[str]:
    """The parts as text, without the cut line at the beginning and the end of each."""
    texts = []
    last = len(sample.parts) - 1
    for place, part in enumerate(sample.parts):
        other = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(codec, codec)
        if place and codec == "utf-16" and sample.parts[0].startswith(b"\xfe\xff"):
            other = "utf-16-be"
        text = part.decode(other if place else codec, "replace")
        if place:
            text = text.partition("\n")[2]
        if not sample.is_whole and (place < last or last == 0):
            text = text.rpartition("\n")[0] + "\n"
        texts.append(text)
    return texts


def split_parts(texts: list[str], delimiter: str, *, is_whole: bool) -> SampleLines:
    """The cells of the parts' lines."""
    sample = SampleLines(is_whole=is_whole)
    for place, text in enumerate(texts):
        most = WHOLE_LINES if is_whole or len(texts) == 1 else EDGE_LINES
        if place and place == len(texts) - 1:
            # The last lines of the last part, which ends with the file.
            text = "\n".join(text.rsplit("\n", EDGE_LINES + 1)[-EDGE_LINES - 1 :])
        start = len(sample.cells)
        for line, cells in _rows(text, delimiter):
            if len(sample.cells) - start == most:
                sample.is_whole = False
                break
            sample.cells.append(cells)
            sample.lines.append(0 if place else line)
    return sample


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, with the lines where they start."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    start = 1
    while True:
        try:
            for cells in reader:
                if cells:
                    yield start, cells[:MOST_CELLS]
                start = reader.line_num + 1
        except csv.Error:  # a cell without an end, or one that is too long
            start = reader.line_num + 1
            continue
        return
