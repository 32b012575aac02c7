"""Where the header of a file or a sheet is, when lines of titles may precede it."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from syncs.connectors.protocol import Vocabulary

# The lines with text that are searched for a header.
SEARCHED_LINES = 30
# The longest text that may be the name of a column.
NAME_LENGTH = 1_000
# Control and format characters, such as U+200B and U+FEFF, which nobody sees in a name.
INVISIBLE = frozenset({"Cc", "Cf"})
# White space among them, which may stand in a name of several lines.
SPACES = "\t\n\r"


@dataclass(frozen=True, slots=True)
class HeaderPlace:
    """Where the header is among the lines: its position, and the positions of the lines of titles above it.

    `has_wide_titles`: one of these has several cells, so that it might be a row. `is_below_rows`: what stands above the
    header is as wide as rows are, so that it is uncertain what the names belong to.
    """

    position: int
    titles: tuple[int, ...] = ()
    has_wide_titles: bool = False
    is_below_rows: bool = False


@dataclass(frozen=True, slots=True)
class KindNames:
    """The names of the columns of one kind of record; of no column if there is no such kind."""

    kind: str
    vocabulary: Vocabulary

    def __bool__(self) -> bool:
        return bool(self.kind)

    def count(self, cells: Sequence[str]) -> int:
        """The number of different names in the cells that are columns of the kind."""
        names = list({clean_name(cell).lower() for cell in cells if cell and len(cell) <= NAME_LENGTH})
        return sum(map(bool, self.vocabulary.known_columns(self.kind, names)))

    def is_header(self, cells: Sequence[str]) -> bool:
        """Whether a line is unmistakably a header: it has at least two of the names, and they are half of its cells."""
        count = self.count(cells)
        return count >= 2 and count * 2 >= width_of(cells)


def clean_name(name: str) -> str:
    """The name of a column without invisible characters and surrounding blanks, in Unicode NFC."""
    if not name.isascii() or not name.isprintable():
        visible = (c for c in name if c in SPACES or unicodedata.category(c) not in INVISIBLE)
        name = unicodedata.normalize("NFC", "".join(visible))
    return name.strip()


def width_of(cells: Sequence[str]) -> int:
    """The number of cells that are not blank."""
    return sum(1 for cell in cells if cell.strip())


def locate_header(lines: Sequence[Sequence[str]], names: KindNames) -> HeaderPlace | None:
    """The place of the header among the first lines of a table; None if none of them names a column of the kind.

    The first line with text is the header if it names any column. Another one is only if it is unmistakably one, and
    each line above it has text in at most half as many cells, as titles have and rows do not.
    """
    filled = [position for position, cells in enumerate(lines) if width_of(cells)][:SEARCHED_LINES]
    certain = next((position for position in filled if names.is_header(lines[position])), None)
    if certain is not None:
        above = filled[: filled.index(certain)]
        widths = [width_of(lines[position]) for position in above]
        if all(width * 2 <= width_of(lines[certain]) for width in widths):
            return HeaderPlace(certain, tuple(above), has_wide_titles=any(width > 1 for width in widths))
    if filled and names.count(lines[filled[0]]):
        return HeaderPlace(filled[0])
    return None if certain is None else HeaderPlace(certain, is_below_rows=True)


def find_header(lines: Sequence[Sequence[str]], kind: str, vocabulary: Vocabulary) -> int:
    """The position of the line that names the columns of the kind, if the first one does not but another does."""
    place = locate_header(lines, KindNames(kind, vocabulary))
    return 0 if place is None or place.is_below_rows else place.position


def count_known(names: Sequence[str], kind: str, vocabulary: Vocabulary) -> int:
    """The number of names that are columns of the kind."""
    return sum(map(bool, vocabulary.known_columns(kind, names)))
