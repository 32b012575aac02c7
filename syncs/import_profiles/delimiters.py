"""Which character divides the cells of a text file, found out by trial."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from syncs.connectors.columnar import DELIMITERS
from syncs.import_profiles.inspected import Verdict

TRIED_LINES = 500
# A line that declares the delimiter, as spreadsheets write it.
DECLARED = re.compile(r"""("?)sep=([^\w"\r\n ])\1[\r\n]*""", re.IGNORECASE)
_SPLIT_AMOUNT = re.compile(r"(?:^|,)-?[\d.]*\d,\d{2}(?=,|$)")
_HEADER_ROWS = 10


@dataclass(frozen=True, slots=True)
class DelimiterFinding:
    """The delimiter; `reason` says why it is not sure, or why the file cannot be read."""

    verdict: Verdict
    delimiter: str
    choices: tuple[str, ...] = ()
    reason: str = ""
    is_quoted_twice: bool = False


def judge_delimiter(text: str) -> DelimiterFinding:
    """The delimiter with which most lines have the same number of cells."""
    lines = text.split("\n", TRIED_LINES)[:TRIED_LINES]
    if lines and (declared := DECLARED.fullmatch(lines[0].rstrip("\r"))):
        return DelimiterFinding(Verdict.SURE, declared[2])
    filled = [line.strip("\r") for line in lines if line.strip()]
    if _each_line_in_quotes(filled):
        inner = [line[1:-1].replace('""', '"') for line in filled]
        found = judge_delimiter("\n".join(inner))
        if found.delimiter and any(found.delimiter in line for line in inner):
            return DelimiterFinding(
                Verdict.LIKELY,
                found.delimiter,
                reason="Each line stands in quotation marks as a whole.",
                is_quoted_twice=True,
            )
    scores = {mark: _score("\n".join(lines), mark) for mark in DELIMITERS}
    best = max(scores.values())
    if best <= (0, 0):
        return DelimiterFinding(Verdict.SURE, ",")
    fitting = [mark for mark in DELIMITERS if scores[mark] == best]
    if len(fitting) > 1:
        return DelimiterFinding(
            Verdict.OPEN, fitting[0], tuple(fitting), "Several characters divide the lines into equally many cells."
        )
    mark = fitting[0]
    if mark == "," and _splits_amounts(filled):
        return DelimiterFinding(
            Verdict.REFUSED,
            mark,
            reason="The file has commas between its cells and in its amounts, so that amounts are split. "
            "Export it with semicolons between the cells.",
        )
    return DelimiterFinding(Verdict.SURE, mark)


def _score(text: str, mark: str) -> tuple[int, int]:
    """How many lines have the most frequent number of cells, and that number."""
    widths: Counter[int] = Counter()
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    try:
        for cells in reader:
            if any(cells):
                widths[len(cells)] += 1
    except csv.Error:
        pass
    several = {width: count for width, count in widths.items() if width > 1}
    if not several:
        return (0, 0)
    width = max(several, key=lambda width: (several[width], width))
    return (several[width], width)


def _each_line_in_quotes(lines: Sequence[str]) -> bool:
    """Whether each line is one quoted cell that has the cells of a line in it."""
    if len(lines) < 2:
        return False
    for line in lines:
        inner = line[1:-1].replace('""', "")
        if not (line.startswith('"') and line.endswith('"') and len(line) > 2) or '"' in inner:
            return False
    return any(mark in lines[0] for mark in DELIMITERS)


def _splits_amounts(lines: Sequence[str]) -> bool:
    """Whether unquoted amounts with a decimal comma make lines wider than the header."""
    places = [
        place for place, line in enumerate(lines[:_HEADER_ROWS]) if "," in line and not re.search(r"\d,|,\d", line)
    ]
    if not places:
        return False
    header = _width(lines[places[0]])
    lines = lines[places[0] :]
    wider = 0
    for line in lines[1:]:
        cells = _width(line)
        bare = re.sub(r'"[^"]*"', '""', line)
        amounts = len(_SPLIT_AMOUNT.findall(bare))
        if cells > header and amounts >= cells - header:
            wider += 1
    return wider > 0 and wider * 2 >= len(lines) - 1


def _width(line: str) -> int:
    """How many cells a line has with commas between them; none where they cannot be read, as if one is too long."""
    try:
        return len(next(csv.reader([line]), []))
    except csv.Error:
        return 0
