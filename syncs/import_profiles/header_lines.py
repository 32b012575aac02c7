"""Where the names of a table's columns stand: below titles, in two lines, or nowhere."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from adsplatform.records.currencies import IN_USE
from syncs.import_profiles.header_names import key_of, read_name
from syncs.import_profiles.inspected import Verdict
from syncs.import_profiles.known_names import is_known, known_count

SEARCHED_ROWS = 30
LONGEST_NAME = 200
# The first cell of DATEV's files; the names stand in their second line.
DATEV_MARKS = ("EXTF", "DTVF")
_VALUE = re.compile(r"^[-+(]?[.,'’ \u00a0\u202f]*+\d[\d.,'’ \u00a0\u202f]*+\)?[-%]?$|^\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
_UNIT = re.compile(
    r"^(?:[dtj]{1,2}[./-]?m{1,3}[./-]?[yja]{2,4}|[yja]{4}[./-]?m{1,2}[./-]?[dt]{1,2}|[yjos]/n|text|date|datum|number|"
    r"zahl|numeric|string|decimal|integer|boolean|%|€|\$|£)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class HeaderFinding:
    """The positions of the header's rows and the names; `units` is the position of a row below that says how values
    are written, and `date_patterns` what it says by column. Where the file has no header, `names` is empty."""

    verdict: Verdict
    rows: tuple[int, ...]
    names: tuple[str, ...]
    reason: str = ""
    units: int | None = None
    date_patterns: tuple[str, ...] = ()
    is_datev: bool = False


def find_header(rows: Sequence[Sequence[str]], lines: Sequence[int]) -> HeaderFinding:
    """The header among the first rows of a table."""
    first = [tuple(cell.strip() for cell in row) for row in rows[:SEARCHED_ROWS]]
    filled = [place for place, row in enumerate(first) if any(row)]
    if not filled:
        return HeaderFinding(Verdict.REFUSED, (), (), "The file is empty.")
    if first[0] and first[0][0] in DATEV_MARKS and len(first) > 1:
        found = _single(first, 1, Verdict.SURE, f"The names stand in line {lines[1]}; line {lines[0]} is DATEV’s own.")
        return HeaderFinding(found.verdict, found.rows, found.names, found.reason, is_datev=True)
    best = max(filled, key=lambda place: (_known(first[place]), -place))
    known = _known(first[best])
    two = _two_rows(first, filled)
    if two is not None:
        return two
    if known >= 2 or (known and best == filled[0]):
        return _known_header(first, filled, best, lines)
    return _unknown_header(first, filled, lines)


def _known(row: Sequence[str]) -> int:
    """How many of the cells are known names; none where the row has values, as a row of data may have a known word."""
    cells = [cell for cell in row if cell]
    if sum(1 for cell in cells if _VALUE.match(cell)) * 4 > len(cells) or len(cells) < 2:
        return 0
    return known_count([cell for cell in cells if len(cell) <= LONGEST_NAME])


def _known_header(
    first: Sequence[tuple[str, ...]], filled: Sequence[int], best: int, lines: Sequence[int]
) -> HeaderFinding:
    above = [place for place in filled if place < best]
    width = sum(1 for cell in first[best] if cell)
    if not above:
        return _single(first, best, Verdict.SURE, "")
    one_cell = all(sum(1 for cell in first[place] if cell) == 1 for place in above)
    titles = f"line {lines[above[0]]}" if len(above) == 1 else f"lines {lines[above[0]]}–{lines[above[-1]]}"
    fill = "fills one cell" if len(above) == 1 else "fill one cell"
    reason = f"Line {lines[best]}: {_known(first[best])} of its {width} names are known"
    reason += f", {titles} {fill}." if one_cell else f"; {titles} stand{'s' if len(above) == 1 else ''} above it."
    return _single(first, best, Verdict.LIKELY, reason)


def _single(first: Sequence[tuple[str, ...]], place: int, verdict: Verdict, reason: str) -> HeaderFinding:
    row = list(first[place])
    while row and not row[-1]:
        row.pop()
    below = first[place + 1] if len(first) > place + 1 else ()
    units = place + 1 if _is_units(below) else None
    patterns = tuple(below) if units is not None else tuple(read_name(name).date_pattern for name in row)
    return HeaderFinding(verdict, (place,), tuple(row), reason, units, patterns)


def _is_units(row: Sequence[str]) -> bool:
    """Whether all cells of a row say how the values below are written."""
    cells = [cell for cell in row if cell]
    return len(cells) > 1 and all(_UNIT.match(cell) or cell.upper() in IN_USE for cell in cells)


def _two_rows(first: Sequence[tuple[str, ...]], filled: Sequence[int]) -> HeaderFinding | None:
    """Two rows whose cells make names together: in the upper one a name holds for several columns.

    It is repeated, or stands in the first of them only, as merged cells are stored.
    """
    for upper, lower in pairwise(filled):
        above, below = _without_repeats(first[upper]), first[lower]
        if (
            lower != upper + 1
            or sum(map(bool, above)) < 2
            or any(_VALUE.match(cell) for cell in (*above, *below) if cell)
        ):
            continue
        width = max(len(above), len(below))
        below = below + ("",) * (width - len(below))
        has_gap = any(not cell for cell in (above + ("",) * (width - len(above)))[:width])
        if not has_gap or _is_units(below) or sum(map(bool, below)) < width - 1:
            continue
        names = joined_names([above, below])
        repeated = [name for name, count in Counter(map(key_of, below)).items() if count > 1 and name]
        is_better = bool(repeated) or known_count(names) > known_count(below)
        if not is_better or known_count(below) + known_count(names) < 2 or _known(above) * 2 >= len(names):
            continue
        twice = next((cell for cell in below if key_of(cell) in repeated), "")
        reason = f"Rows {upper + 1} and {lower + 1} together"
        reason += f"; “{twice}” stands twice in row {lower + 1} alone." if twice else "."
        return HeaderFinding(Verdict.LIKELY, (upper, lower), names, reason)
    return None


def _without_repeats(row: Sequence[str]) -> tuple[str, ...]:
    """The row with empty cells in place of those that repeat the one to their left."""
    return tuple("" if place and key_of(cell) == key_of(row[place - 1]) else cell for place, cell in enumerate(row))


def joined_names(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The names that several rows make together; in all but the last a cell holds for the empty ones to its right."""
    width = max(len(row) for row in rows)
    parts = []
    for place, row in enumerate(rows):
        cells = [*row, *[""] * (width - len(row))]
        if place < len(rows) - 1:
            for column in range(1, width):
                cells[column] = cells[column] or cells[column - 1]
        parts.append(cells)
    return tuple(" ".join(part for part in column if part) for column in zip(*parts, strict=True))


def _unknown_header(first: Sequence[tuple[str, ...]], filled: Sequence[int], lines: Sequence[int]) -> HeaderFinding:
    """No row has two known names: the first may be the header, or the file has none."""
    place = filled[0]
    cells = [cell for cell in first[place] if cell]
    if any(_VALUE.match(cell) for cell in cells) or len(cells) < 2:
        return HeaderFinding(
            Verdict.REFUSED,
            (),
            (),
            f"No line names the columns; line {lines[place]} already has values. Add a line with the columns’ names "
            "at the beginning: names, unlike positions, stay right when a column is added.",
        )
    below = [cell for row in first[place + 1 :] for cell in row if cell]
    if any(_VALUE.match(cell) for cell in below) or any(map(is_known, cells)):
        return _single(first, place, Verdict.LIKELY, f"None of the names in line {lines[place]} is known.")
    return HeaderFinding(
        Verdict.REFUSED,
        (),
        (),
        "No line of the file could be found that names columns, and nothing looks like an amount or a date.",
    )


def header_at(rows: Sequence[Sequence[str]], lines: Sequence[int], answer: str) -> HeaderFinding | None:
    """The header in the lines that a person named, such as “5” or “1, 2”; None if there are no such lines."""
    wanted = [int(text) for text in re.findall(r"\d+", answer)]
    places = [place for place, line in enumerate(lines[:1_000]) if line in wanted]
    if not wanted or len(places) != len(wanted) or len(places) > 3:
        return None
    first = [tuple(cell.strip() for cell in row) for row in rows[: places[-1] + 2]]
    if len(places) > 1:
        return HeaderFinding(Verdict.LIKELY, tuple(places), joined_names([first[place] for place in places]))
    return _single(first, places[0], Verdict.LIKELY, "")
