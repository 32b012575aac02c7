"""The styles of a table's columns, each judged with what the others show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import polars as pl

from adsplatform.records.number_styles import COMMA, POINT
from syncs.import_profiles.boolean_styles import BooleanFinding, judge_booleans
from syncs.import_profiles.date_styles import judge_dates
from syncs.import_profiles.findings import Finding
from syncs.import_profiles.inspected import Verdict
from syncs.import_profiles.number_styles import judge_numbers, read_numbers
from syncs.import_profiles.tables import Column, Table

# Fewer lines in which a sum fits may be chance.
LEAST_PROOFS = 3


@dataclass(frozen=True, slots=True)
class Sum:
    """Three columns of which the third should be the sum of the first two."""

    first: Column
    second: Column
    total: Column


@dataclass(slots=True)
class Styles:
    """The findings by the positions of their columns."""

    numbers: dict[int, Finding] = field(default_factory=dict)
    dates: dict[int, Finding] = field(default_factory=dict)
    booleans: dict[int, BooleanFinding] = field(default_factory=dict)
    # The decimal mark that a person confirmed for a file in which all numbers are whole.
    confirmed_decimal: str = ""

    @property
    def decimal(self) -> str:
        """The decimal mark that most of the proven columns have; empty if none is proven."""
        proven = [finding.style for finding in self.numbers.values() if finding.verdict is Verdict.SURE]
        return _most_frequent(proven) or self.confirmed_decimal

    @property
    def date_pattern(self) -> str:
        """The pattern that most of the columns with a decided one have."""
        sure = [finding.style for finding in self.dates.values() if finding.verdict is Verdict.SURE]
        return _most_frequent(sure) or _most_frequent([finding.style for finding in self.dates.values()])


def _most_frequent(styles: Sequence[str]) -> str:
    known = [style for style in styles if style]
    return max(dict.fromkeys(known), key=known.count) if known else ""


def judge_styles(
    table: Table,
    *,
    numbers: Sequence[Column],
    dates: Sequence[Column],
    booleans: Sequence[Column],
    today: date,
    sums: Sequence[Sum] = (),
    due_after: tuple[Column, Column] | None = None,
) -> Styles:
    """The styles of the columns that hold numbers, dates and flags. In `due_after` the second date is not earlier."""
    styles = Styles()
    for column in numbers:
        styles.numbers[column.place] = judge_numbers(table.values(column), table.lines)
    for column in dates:
        styles.dates[column.place] = judge_dates(
            table.values(column), table.lines, today, header_pattern=column.date_pattern
        )
    for column in booleans:
        styles.booleans[column.place] = judge_booleans(table.values(column), table.lines)
    for sum_of in sums:
        _decide_by_sum(table, styles, sum_of)
    _follow_numbers(table, styles)
    _follow_dates(table, styles)
    if due_after:
        _decide_by_due_date(table, styles, *due_after)
    _decide_by_future(table, styles, today)
    return styles


def _decide_by_sum(table: Table, styles: Styles, sum_of: Sum) -> None:
    """Two readings of a column are decided if a sum fits in all lines with one, and in none with the other."""
    columns = (sum_of.first, sum_of.second, sum_of.total)
    open_ones = [column for column in columns if styles.numbers[column.place].verdict is Verdict.OPEN]
    if not open_ones:
        return
    fits = {mark: count_sums(table, sum_of, styles, open_as=mark) for mark in (POINT, COMMA)}
    for mark, other in ((POINT, COMMA), (COMMA, POINT)):
        right, lines = fits[mark]
        if right == lines >= LEAST_PROOFS and not fits[other][0]:
            for column in open_ones:
                styles.numbers[column.place] = replace(
                    styles.numbers[column.place],
                    verdict=Verdict.SURE,
                    style=mark,
                    thousands=(other,),
                    reason=f"“{sum_of.first.name}” + “{sum_of.second.name}” = “{sum_of.total.name}” in {right:,} of "
                    f"{lines:,} lines only with a decimal {'point' if mark == POINT else 'comma'}.",
                )
            return


def count_sums(table: Table, sum_of: Sum, styles: Styles, *, open_as: str) -> tuple[int, int]:
    """In how many lines the sum fits, of those that have all three numbers."""
    read = []
    for column in (sum_of.first, sum_of.second, sum_of.total):
        finding = styles.numbers[column.place]
        read.append(read_numbers(table.values(column), finding.style or open_as))
    right = lines = 0
    for first, second, total in zip(*read, strict=True):
        if first is not None and second is not None and total is not None:
            lines += 1
            right += first + second == total
    return right, lines


def _follow_numbers(table: Table, styles: Styles) -> None:
    """An open column probably has the decimal mark of a proven one."""
    proven = next((column for column in table.columns if _is_proven(styles.numbers, column)), None)
    if proven is None:
        return
    style = styles.decimal
    for place, finding in styles.numbers.items():
        if finding.verdict is Verdict.OPEN:
            styles.numbers[place] = replace(
                finding,
                verdict=Verdict.LIKELY,
                style=style,
                thousands=(COMMA if style == POINT else POINT,),
                reason=f"“{proven.name}” has a decimal {'point' if style == POINT else 'comma'}.",
            )


def _is_proven(findings: Mapping[int, Finding], column: Column) -> bool:
    finding = findings.get(column.place)
    return finding is not None and finding.verdict is Verdict.SURE and bool(finding.style)


def _follow_dates(table: Table, styles: Styles) -> None:
    """An open column has the order of proven ones with the same marks: probably of one, certainly of several."""
    for place, finding in styles.dates.items():
        if finding.verdict is not Verdict.OPEN:
            continue
        proven = [column for column in table.columns if _is_proven(styles.dates, column) and column.place != place]
        patterns = {styles.dates[column.place].style for column in proven} & set(finding.choices)
        if len(patterns) != 1:
            continue
        style = patterns.pop()
        named = [column.name for column in proven if styles.dates[column.place].style == style]
        said = " and ".join(f"“{name}”" for name in named[:2])
        styles.dates[place] = replace(
            finding,
            verdict=Verdict.SURE if len(named) > 1 else Verdict.LIKELY,
            style=style,
            reason=f"{said} {'are' if len(named) > 1 else 'is'} written {style}.",
        )


def _decide_by_due_date(table: Table, styles: Styles, first: Column, second: Column) -> None:
    """An invoice is not due before its date: if that holds in all lines with one order only, that one is likely."""
    findings = [styles.dates.get(column.place) for column in (first, second)]
    open_ones = [
        column
        for column, finding in zip((first, second), findings, strict=True)
        if finding is not None and finding.verdict is Verdict.OPEN
    ]
    if not open_ones or None in findings:
        return
    choices = styles.dates[open_ones[0].place].choices
    fitting = []
    for choice in choices:
        days = [
            read_days(table.values(column), choice if column in open_ones else styles.dates[column.place].style)
            for column in (first, second)
        ]
        pairs = [(one, other) for one, other in zip(*days, strict=True) if one and other]
        if pairs and all(one <= other for one, other in pairs):
            fitting.append(choice)
    if len(fitting) == 1:
        reason = f"Only as {fitting[0]} no “{second.name}” is before its “{first.name}”."
        for column in open_ones:
            styles.dates[column.place] = replace(
                styles.dates[column.place], verdict=Verdict.LIKELY, style=fitting[0], reason=reason
            )


def _decide_by_future(table: Table, styles: Styles, today: date) -> None:
    """Dates that lie in the future with one order only make the other one likely."""
    for column in table.columns:
        finding = styles.dates.get(column.place)
        if finding is None or finding.verdict is not Verdict.OPEN or len(finding.choices) < 2:
            continue
        values = table.values(column)
        past = [choice for choice in finding.choices if all(day <= today for day in read_days(values, choice) if day)]
        if len(past) == 1:
            styles.dates[column.place] = replace(
                finding, verdict=Verdict.LIKELY, style=past[0], reason=f"Only as {past[0]} no date is in the future."
            )


def read_days(cells: Sequence[str], pattern: str) -> list[date | None]:
    """The days in cells of a pattern that has only digits and marks; None where a cell is no such day."""
    form = pattern.replace("YYYY", "%Y").replace("YY", "%y").replace("MM", "%m").replace("DD", "%d")
    if "M" in form.replace("%m", "") or form == pattern:
        return [None] * len(cells)
    series = pl.Series(list(cells), dtype=pl.String).str.extract(r"^(\S+)", 1)
    return series.str.to_date(form, strict=False).to_list()
