"""Where the header of a file or a sheet is, when lines of titles may precede it."""

from collections.abc import Sequence

from syncs.connectors.protocol import Vocabulary

# The lines with text that are searched for a header.
SEARCHED_LINES = 30


def find_header(lines: Sequence[Sequence[str]], kind: str, vocabulary: Vocabulary) -> int:
    """The position of the line that names the columns of the kind, if the first one does not but another does.

    Only an unmistakable header counts: it has at least two of the kind's names, they are at least half of its cells,
    and each line above it has text in at most half as many cells, as titles have and rows do not. In all other cases
    the first line is the header (0), as it is where one of its own names is known.
    """
    widest = 0
    for position, line in enumerate(lines[:SEARCHED_LINES]):
        filled = [cell for cell in line if cell.strip()]
        count = count_known(filled, kind, vocabulary)
        if position == 0 and count:
            return 0
        if count >= 2 and count * 2 >= len(filled) and widest * 2 <= len(filled):
            return position
        widest = max(widest, len(filled))
    return 0


def count_known(names: Sequence[str], kind: str, vocabulary: Vocabulary) -> int:
    """The number of names that are columns of the kind."""
    return sum(map(bool, vocabulary.known_columns(kind, names)))
