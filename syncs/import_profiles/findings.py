"""What a look at a whole column comes to: a verdict, the style, and the cells that show it."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from syncs.import_profiles.inspected import Verdict


@dataclass(frozen=True, slots=True)
class Example:
    """One cell that shows something, and its line; the line is 0 where it is not known."""

    value: str
    line: int

    def __str__(self) -> str:
        return f"line {self.line}: {self.value}" if self.line else f"“{self.value}”, near the end"


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict on a whole column.

    `style` is the decimal mark, or the pattern of dates; empty where none is decided or needed. `proofs` cells show
    it and `against` cells contradict it, out of `cells` that are filled in. `choices` are the styles that are
    possible, and `remarks` sentences that are told without being asked. `flags` name what else was seen.
    """

    verdict: Verdict
    style: str = ""
    cells: int = 0
    proofs: int = 0
    against: int = 0
    example: Example | None = None
    counter_example: Example | None = None
    choices: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    # Thousands marks, words for empty, and marks of whole amounts, as far as they were seen.
    thousands: tuple[str, ...] = ()
    empty_words: tuple[str, ...] = ()
    whole_marks: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()
    # Cells that are nothing of the kind.
    others: int = 0
    other_example: Example | None = None
    reason: str = ""

    @property
    def fits(self) -> bool:
        """Whether nearly all cells are of the kind that was looked for."""
        return self.cells > 0 and self.others * 10 <= self.cells

    @property
    def evidence(self) -> str:
        """“14 of 30 prove it, none against; line 12: 31/12/2024”."""
        if not self.proofs and not self.against:
            return self.reason
        against = f"{self.against:,}" if self.against else "none"
        said = f"{self.proofs:,} of {self.cells:,} prove it, {against} against"
        if self.example:
            said += f"; {self.example}"
        if self.counter_example:
            said += f"; against it, {self.counter_example}"
        return said


def different_cells(cells: Sequence[str], lines: Sequence[int]) -> pl.DataFrame:
    """The different cells that are filled in, without blanks around them: `cell`, `count`, and `line` of the first."""
    frame = pl.DataFrame(
        {"cell": pl.Series(cells, dtype=pl.String), "line": pl.Series(lines, dtype=pl.Int64)},
    )
    # Strips all Unicode white space, as `str.strip` does.
    frame = frame.with_columns(pl.col("cell").str.strip_chars())
    return (
        frame.filter(pl.col("cell").fill_null("") != "")
        .group_by("cell", maintain_order=True)
        .agg(pl.len().alias("count"), pl.col("line").first())
    )


def counted(frame: pl.DataFrame, mask: str) -> int:
    """How many cells have the flag."""
    return int(frame.filter(pl.col(mask))["count"].sum())


def example_of(frame: pl.DataFrame, *masks: str) -> Example | None:
    """The first cell that has one of the flags."""
    found = frame.filter(pl.any_horizontal(masks)) if masks else frame
    if found.is_empty():
        return None
    known = found.filter(pl.col("line") > 0)
    row = (known if len(known) else found).sort("line").row(0, named=True)
    return Example(row["cell"], row["line"])


def named_lines(lines: Sequence[int], most: int = 5) -> str:
    """“line 8”, “lines 8, 10 and 11”, “lines 8, 10, 11 … (40 in all)”."""
    known = sorted(line for line in lines if line)
    if len(known) == 1:
        return f"line {known[0]:,}"
    if len(known) > most:
        return f"lines {', '.join(f'{line:,}' for line in known[:most])} … ({len(known):,} in all)"
    texts = [f"{line:,}" for line in known]
    return f"lines {', '.join(texts[:-1])} and {texts[-1]}" if texts else "no line"
