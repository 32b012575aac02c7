"""Lines in messages: as one text, which costs less than sending each."""

from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

from syncs.connectors.columnar import TextLines

# In UTF-8 with line feeds between the lines; one by one where a line has a line feed itself.
PackedLines: TypeAlias = bytes | list[str]
Pack: TypeAlias = Callable[[Sequence[str]], PackedLines]


def pack_lines(lines: Sequence[str]) -> PackedLines:
    """The lines as they are sent; raises UnicodeEncodeError where one has half a character."""
    if isinstance(lines, TextLines):
        return lines.encoded
    text = "\n".join(lines)
    return text.encode() if lines and text.count("\n") == len(lines) - 1 else list(lines)


def unpack_lines(lines: PackedLines) -> Sequence[str]:
    """The lines again, which stay one text for as long as possible; raises UnicodeDecodeError."""
    if isinstance(lines, list):
        return lines
    if not lines.isascii():
        lines.decode()
    return TextLines(lines, lines.count(b"\n") + 1)


def joined(lines: Sequence[str], replaced: Collection[int], by: str) -> bytes:
    """The lines as one text in UTF-8, with another line in these places."""
    if isinstance(lines, TextLines) and not replaced:
        return lines.encoded
    together = list(lines)
    for position in replaced:
        together[position] = by
    return "\n".join(together).encode()
