"""Rows of a file under the file's own names of columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import compress

import numpy as np
import polars as pl
from numpy.typing import NDArray

from adsplatform.records.checks import as_text, printable
from syncs.connectors.protocol import ABSENT, Columns, FileHeader, Rows
from syncs.import_profiles.header_names import key_of
from syncs.import_profiles.profile import FIRST_COLUMN, LINE, POSITION, ImportProfile

# The column in which a download of rejected rows has the numbers of their lines.
LINE_OF_DOWNLOAD = "_line"


@dataclass(frozen=True)
class OwnFile:
    """A file that is read by a profile: its columns and how its values are written.

    `places` has the position of each column by its key; `is_sheet` says that it comes from a workbook.
    """

    profile: ImportProfile
    header: FileHeader
    places: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, profile: ImportProfile, header: FileHeader) -> "OwnFile":
        places: dict[str, int] = {}
        for place, name in enumerate(header.columns):
            if name.strip():
                places.setdefault(key_of(name), place)
        return cls(profile, header, places)

    @property
    def is_excerpt(self) -> bool:
        """Whether these are only some lines of a file that was sent before."""
        return self.header.is_download or bool(self.header.only)

    def own_name(self, column: str) -> str:
        """The name that the file has for a column of the profile."""
        place = self.places.get(key_of(column))
        return column if place is None else self.header.columns[place]


@dataclass
class OwnRows:
    """Rows of one block: by column, the text of their cells, null where empty.

    `extra` has columns that are not in the file: `#n`, and what `carry` has found. `gaps` has for each column by its
    place whether a row lacks the cell.
    """

    file: OwnFile
    lines: Sequence[int]
    raw: list[str]
    cells: list[pl.Series]
    letters: Sequence[str] = ()
    gaps: Mapping[int, list[bool]] = field(default_factory=dict)
    extra: dict[str, pl.Series] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.raw)

    def without_file(self) -> dict[str, object]:
        """All of the rows but their file, by the names of the constructor's parameters."""
        values = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "file"}
        return values | {"lines": list(self.lines)}

    @property
    def is_sheet(self) -> bool:
        """Whether the cells are, or once were, those of a sheet, which has dates and flags of its own."""
        read = self.file.profile.read
        return bool(self.letters) or (self.file.is_excerpt and not read.encoding and not read.delimiter)

    def column(self, name: str) -> pl.Series:
        """The cells of a column as the file has them."""
        if name == LINE:
            return self._line_numbers()
        if name in self.extra:
            return self.extra[name]
        if name == FIRST_COLUMN:
            return self.cells[0] if self.cells else self._nothing(name)
        place = self.file.places.get(key_of(name))
        return self._nothing(name) if place is None or name == POSITION else self.cells[place]

    def filled(self, name: str) -> pl.Series:
        """The cells of a column without outer blanks, null where nothing is left, or only a word for an empty cell."""
        return without_blanks(self.column(name), self.file.profile.style_of(name).empty or ())

    def _line_numbers(self) -> pl.Series:
        """The number of each line in the file that was sent first, which a download has in a column of its own."""
        header = self.file.header
        names = [name.strip().lower() for name in header.columns]
        if header.is_download and LINE_OF_DOWNLOAD in names:
            return self.cells[names.index(LINE_OF_DOWNLOAD)]
        return pl.Series(LINE, self.lines, dtype=pl.Int64).cast(pl.String)

    def _nothing(self, name: str) -> pl.Series:
        return pl.Series(name, [None] * len(self), dtype=pl.String)

    def gap(self, name: str) -> list[bool] | None:
        """Whether each row lacks the cell of a column; None if none does."""
        place = self.file.places.get(key_of(name))
        return None if place is None or name in self.extra else self.gaps.get(place)

    def letter(self, name: str) -> str:
        """The letters of a column of a sheet."""
        place = self.file.places.get(key_of(name))
        return self.letters[place] if place is not None and place < len(self.letters) else ""

    def filter(self, is_chosen: NDArray[np.bool_]) -> "OwnRows":
        """The chosen rows."""
        if is_chosen.all():
            return self
        chosen = is_chosen.tolist()
        return replace(
            self,
            lines=list(compress(self.lines, chosen)),
            raw=list(compress(self.raw, chosen)),
            cells=[cells.filter(is_chosen) for cells in self.cells],
            gaps={place: list(compress(gap, chosen)) for place, gap in self.gaps.items()},
            extra={name: cells.filter(is_chosen) for name, cells in self.extra.items()},
        )


def without_blanks(cells: pl.Series, empty: Sequence[str] = ()) -> pl.Series:
    """The cells without outer blanks, null where nothing is left or one of the words for an empty cell."""
    cells = cells.str.strip_chars()
    is_empty = cells == ""
    if empty:
        is_empty |= cells.is_in([word.strip() for word in empty])
    return cells.set(is_empty, None) if is_empty.any() else cells


def own_rows(file: OwnFile, block: Rows | Columns) -> OwnRows:
    """The rows of a block of the file."""
    width = len(file.header.columns)
    if isinstance(block, Columns):
        cells = [one if isinstance(one, pl.Series) else _series(list(one)) for one in block.cells]
        return OwnRows(file, block.lines, list(block.raw), cells, block.letters, dict(block.gaps))
    columns = [list(column) for column in zip(*block.cells, strict=True)] or [[] for _ in range(width)]
    gaps = {
        place: [cell is ABSENT for cell in column]
        for place, column in enumerate(columns)
        if any(cell is ABSENT for cell in column)
    }
    return OwnRows(file, block.lines, block.raw, [_series(column) for column in columns], block.letters, gaps)


def _series(cells: Sequence[object]) -> pl.Series:
    texts = [None if cell is None or cell is ABSENT else as_text(cell) or None for cell in cells]
    try:
        return pl.Series(texts, dtype=pl.String)
    except UnicodeEncodeError:
        # Half a character, which no text of ours may have: it is shown by its code.
        return pl.Series([text and printable(text) for text in texts], dtype=pl.String)
