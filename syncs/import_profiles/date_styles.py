"""How the dates of a column are written, judged over all of its cells.

The order of day and month is proven by a part above 12. Where no cell proves it, points make day first likely, and
anything else is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from syncs.import_profiles.date_cells import DAY_NAME, NAME_DAY, classify_dates, common_finding
from syncs.import_profiles.findings import Example, Finding, counted, different_cells, example_of
from syncs.import_profiles.inspected import Verdict
from syncs.import_profiles.month_names import MONTHS

ISO, EXCEL, EXCEL_1904 = "YYYY-MM-DD", "excel", "excel1904"
# The first day of Excel's count, such that serial 61 is 1900-03-01, and what to add in a workbook of the 1904 system.
EXCEL_START, EXCEL_1904_AFTER = date(1899, 12, 30), 1_462
LEAST_SERIAL, MOST_SERIAL = 20_000, 60_000
# Years of two digits that lie further ahead than this are taken for days.
YEARS_AHEAD = 2


@dataclass(frozen=True, slots=True)
class _Look:
    """The different cells of a column, and what to say of all verdicts alike."""

    seen: pl.DataFrame
    common: Finding
    today: date


def judge_dates(cells: Sequence[str], lines: Sequence[int], today: date, *, header_pattern: str = "") -> Finding:
    """Which pattern the dates of the column have. `header_pattern` is one that the column's name states."""
    seen = classify_dates(different_cells(cells, lines))
    total = int(seen["count"].sum())
    if not total:
        return Finding(Verdict.SURE, reason="The column is empty.")
    look = _Look(seen, common_finding(seen, total), today)
    forms = [form for form in FORMS if counted(seen, form)]
    if not forms:
        return replace(look.common, verdict=Verdict.REFUSED, reason="No cell of the column is a date.")
    if len(forms) > 1:
        return _several_forms(look, forms)
    finding = FORMS[forms[0]](look)
    return _with_header(finding, header_pattern)


def _several_forms(look: _Look, forms: list[str]) -> Finding:
    counts = {form: counted(look.seen, form) for form in forms}
    rare, often = min(forms, key=counts.__getitem__), max(reversed(forms), key=counts.__getitem__)
    return replace(
        look.common,
        verdict=Verdict.MIXED,
        proofs=counts[often],
        against=look.common.cells - look.common.others - counts[often],
        example=example_of(look.seen, often),
        counter_example=example_of(look.seen, rare),
        reason="The column has dates in several forms.",
    )


def _year_first(look: _Look) -> Finding:
    wrong = look.seen.filter(pl.col("iso") & (pl.col("part2") > 12))
    if len(wrong):
        return replace(
            look.common,
            verdict=Verdict.REFUSED,
            example=example_of(wrong),
            reason=f"“{wrong['cell'][0]}” has the year first and no month in the middle.",
        )
    marks = look.seen.filter(pl.col("iso"))["mark"].unique().to_list()
    if len(marks) > 1:
        return _several_marks(look, "iso")
    return _proven(look, f"YYYY{marks[0]}MM{marks[0]}DD", "iso", look.seen)


def _several_marks(look: _Look, form: str) -> Finding:
    found = look.seen.filter(pl.col(form))
    counts = found.group_by("mark").agg(pl.col("count").sum()).sort("count", "mark")
    rare, often = counts["mark"][0], counts["mark"][-1]
    return replace(
        look.common,
        verdict=Verdict.MIXED,
        proofs=int(counts["count"][-1]),
        against=int(counts["count"][:-1].sum()),
        example=example_of(found.filter(pl.col("mark") == often)),
        counter_example=example_of(found.filter(pl.col("mark") == rare)),
        reason="The column has dates with different marks between their parts.",
    )


def _proven(look: _Look, style: str, form: str, proofs: pl.DataFrame) -> Finding:
    found = proofs.filter(pl.col(form))
    return replace(look.common, style=style, proofs=counted(found, form), example=example_of(found))


def _in_marks(look: _Look) -> Finding:
    """Two short parts and a year: which comes first?"""
    found = look.seen.filter(pl.col("marked"))
    if found["mark"].n_unique() > 1:
        return _several_marks(look, "marked")
    if found["short_year"].n_unique() > 1:
        return replace(
            look.common,
            verdict=Verdict.MIXED,
            example=example_of(found.filter(~pl.col("short_year"))),
            counter_example=example_of(found.filter(pl.col("short_year"))),
            proofs=counted(found, "marked"),
            reason="The column has years of two and of four digits.",
        )
    mark = found["mark"][0]
    if found["short_year"][0]:
        return _with_short_years(look, found, mark)
    day_first, month_first = f"DD{mark}MM{mark}YYYY", f"MM{mark}DD{mark}YYYY"
    impossible = found.filter(_neither(pl.col("part1"), pl.col("part2")))
    if len(impossible):
        look = _without(look, impossible)
        found = look.seen.filter(pl.col("marked"))
    return _ordered(look, found, mark, day_first, month_first)


def _neither(first: pl.Expr, second: pl.Expr) -> pl.Expr:
    """Whether a cell is no date in either order."""
    return ((first > 12) & (second > 12)) | (first > 31) | (second > 31) | (first < 1) | (second < 1)


def _without(look: _Look, impossible: pl.DataFrame) -> _Look:
    """The column without cells that are no dates in any reading; they will be rejected."""
    rest = look.seen.join(impossible.select("cell"), on="cell", how="anti", maintain_order="left")
    others = look.common.others + int(impossible["count"].sum())
    common = replace(look.common, others=others, other_example=example_of(impossible))
    return replace(look, seen=rest, common=common)


def _ordered(look: _Look, found: pl.DataFrame, mark: str, day_first: str, month_first: str) -> Finding:
    if found.is_empty():
        return replace(look.common, verdict=Verdict.REFUSED, reason="No cell of the column is a date.")
    days = found.filter(pl.col("part1") > 12)
    months = found.filter(pl.col("part2") > 12)
    if len(days) and len(months):
        rare, often = sorted((days, months), key=lambda cells: int(cells["count"].sum()))
        return replace(
            look.common,
            verdict=Verdict.MIXED,
            proofs=int(often["count"].sum()),
            against=int(rare["count"].sum()),
            example=example_of(often),
            counter_example=example_of(rare),
            choices=(day_first, month_first),
            reason="The column has dates with the day first and with the month first.",
        )
    if len(days) or len(months):
        return _proven(look, day_first if len(days) else month_first, "marked", days if len(days) else months)
    example = example_of(found)
    if mark == ".":
        return replace(
            look.common,
            verdict=Verdict.LIKELY,
            style=day_first,
            example=example,
            choices=(day_first, month_first),
            reason=f"No part of a date is above 12; with points the day mostly comes first: “{_cell(example)}”.",
        )
    row = found.row(0, named=True)
    day, month, year = row["part1"], row["part2"], row["part3"]
    reading = f"{day} {_month_name(month)} or {_month_name(day)} {month}, {year}"
    return replace(
        look.common,
        verdict=Verdict.OPEN,
        example=example,
        choices=(day_first, month_first),
        reason=f"No part of a date is above 12: “{_cell(example)}” is {reading}.",
    )


def _with_short_years(look: _Look, found: pl.DataFrame, mark: str) -> Finding:
    first, second, third = pl.col("part1"), pl.col("part2"), pl.col("part3")
    latest = look.today.year - 2000 + YEARS_AHEAD
    day_first, month_first = f"DD{mark}MM{mark}YY", f"MM{mark}DD{mark}YY"
    year_first = f"YY{mark}MM{mark}DD"

    def fits(test: pl.Expr) -> bool:
        return bool(found.select(test.all()).item())

    as_day = fits(first.is_between(1, 31) & second.is_between(1, 12))
    as_month = fits(first.is_between(1, 12) & second.is_between(1, 31))
    as_year = fits(second.is_between(1, 12) & third.is_between(1, 31) & ((first <= latest) | (first > 69)))
    possible = [style for style, fit in ((day_first, as_day), (month_first, as_month), (year_first, as_year)) if fit]
    if not possible:
        return _ordered(look, found, mark, day_first, month_first)
    century = (f"Years of two digits are read as 2000 to 2069: “{_cell(example_of(found))}”.",)
    common = replace(look.common, remarks=look.common.remarks + century, example=example_of(found))
    if len(possible) == 1:
        proof = {
            day_first: first > 12,
            month_first: second > 12,
            year_first: first > 31,
        }[possible[0]]
        proofs = found.filter(proof)
        return replace(
            common, style=possible[0], proofs=int(proofs["count"].sum()), example=example_of(proofs) or common.example
        )
    if not as_month and found["part1"].n_unique() > found["part3"].n_unique():
        return replace(
            common,
            verdict=Verdict.LIKELY,
            style=day_first,
            choices=tuple(possible),
            reason=f"The first part of “{_cell(common.example)}” could be a year, but it is the one that varies.",
        )
    return replace(
        common,
        verdict=Verdict.OPEN,
        choices=tuple(possible),
        reason=f"“{_cell(common.example)}” can be read in {len(possible)} ways.",
    )


def _in_digits(look: _Look) -> Finding:
    """Eight digits: with the year first or last."""
    digits = pl.col("bare")
    found = look.seen.filter(pl.col("digits"))

    def all_dates(year: int, month: int, day: int) -> bool:
        def part(start: int, length: int) -> pl.Expr:
            return digits.str.slice(start, length).cast(pl.Int64)

        test = part(year, 4).is_between(1900, 2100) & part(month, 2).is_between(1, 12) & part(day, 2).is_between(1, 31)
        return bool(found.select(test.all()).item())

    readings = (("YYYYMMDD", (0, 4, 6)), ("DDMMYYYY", (4, 2, 0)), ("MMDDYYYY", (4, 0, 2)))
    possible = [style for style, places in readings if all_dates(*places)]
    if len(possible) == 1:
        return _proven(look, possible[0], "digits", look.seen)
    if not possible:
        return replace(look.common, verdict=Verdict.REFUSED, reason=f"“{found['cell'][0]}” is no date.")
    return replace(
        look.common,
        verdict=Verdict.OPEN,
        choices=tuple(possible),
        example=example_of(found),
        reason=f"“{found['cell'][0]}” can be read in {len(possible)} ways.",
    )


def _with_names(look: _Look) -> Finding:
    found = look.seen.filter(pl.col("named"))
    name = pl.coalesce(found["bare"].str.extract(DAY_NAME, 2), found["bare"].str.extract(NAME_DAY, 1))
    plain = pl.select(name.str.normalize("NFD").str.replace_all(r"\p{M}", "").str.to_lowercase().alias("name"))["name"]
    known = plain.is_in(list(MONTHS))
    unknown = found.filter(~known)
    if len(unknown):
        look = _without(look, unknown)
        found = found.filter(known)
        if found.is_empty():
            return replace(look.common, verdict=Verdict.REFUSED, reason=f"“{_cell(example_of(unknown))}” is no date.")
    styles = found.with_columns(
        style=pl.when(pl.col("bare").str.contains(NAME_DAY))
        .then(pl.lit("MMM DD, YYYY"))
        .when(pl.col("bare").str.contains("-"))
        .then(pl.lit("DD-MMM-YY"))
        .otherwise(pl.lit("DD MMM YY"))
        + pl.when(~pl.col("bare").str.contains(NAME_DAY) & pl.col("bare").str.contains(r"\d{4}$"))
        .then(pl.lit("YY"))
        .otherwise(pl.lit(""))
    )
    if styles["style"].n_unique() > 1:
        return _several_marks(replace(look, seen=styles.with_columns(mark="style")), "named")
    return _proven(look, styles["style"][0], "named", look.seen)


def _serial(look: _Look) -> Finding:
    found = look.seen.filter(pl.col("serial")).with_columns(
        serial_no=pl.col("bare").str.extract(r"^(\d+)", 1).cast(pl.Int64)
    )
    numbers: list[int] = found["serial_no"].to_list()
    no_day = found.filter(pl.col("serial_no").is_in([0, 60]))
    if len(no_day):
        return replace(
            look.common,
            verdict=Verdict.REFUSED,
            example=example_of(no_day),
            reason=f"“{no_day['cell'][0]}” is no day in Excel’s count.",
        )
    if not LEAST_SERIAL <= min(numbers) <= max(numbers) <= MOST_SERIAL:
        said = "is no date."
        if all(1 <= number // 100 <= 31 and 1 <= number % 100 <= 12 for number in numbers):
            said = "seems to be a day and a month without a year. Export the dates with their years."
        return replace(look.common, verdict=Verdict.REFUSED, reason=f"“{found['cell'][0]}” {said}")
    example = example_of(found)
    # In a workbook of the 1904 system the numbers are smaller by four years.
    could_be_1904 = excel_day(max(numbers) + EXCEL_1904_AFTER) <= look.today + timedelta(366)
    return replace(
        look.common,
        verdict=Verdict.LIKELY,
        style=EXCEL,
        example=example,
        choices=(EXCEL, EXCEL_1904) if could_be_1904 else (EXCEL,),
        reason=f"Excel’s day numbers: {numbers[0]} is {excel_day(numbers[0])}.",
    )


def excel_day(serial: int) -> date:
    """The day that Excel's count from 1900 calls by this number."""
    return EXCEL_START + timedelta(serial)


def _without_day(look: _Look) -> Finding:
    example = example_of(look.seen, "no_day")
    return replace(
        look.common,
        verdict=Verdict.REFUSED,
        example=example,
        reason=f"“{_cell(example)}” names a month and no day. Export the day, too.",
    )


def _weeks_with_day(look: _Look) -> Finding:
    return replace(_proven(look, "YYYY-Www-D", "week_day", look.seen), flags=look.common.flags | {"week"})


def _weeks(look: _Look) -> Finding:
    example = example_of(look.seen, "week")
    return replace(
        look.common,
        verdict=Verdict.OPEN,
        example=example,
        reason=f"“{_cell(example)}” names a week and no day. Export the day, too.",
    )


FORMS = {
    "iso": _year_first,
    "marked": _in_marks,
    "digits": _in_digits,
    "named": _with_names,
    "serial": _serial,
    "no_day": _without_day,
    "week_day": _weeks_with_day,
    "week": _weeks,
}


def _with_header(finding: Finding, pattern: str) -> Finding:
    """The finding, together with what the column's name says."""
    stated = pattern.upper()
    for letter, own in (("T", "D"), ("J", "Y"), ("A", "Y")):
        stated = stated.replace(letter, own)
    order = [letter for letter in dict.fromkeys(stated) if letter in "DMY"]
    if len(order) != 3:
        return finding
    if finding.verdict in (Verdict.OPEN, Verdict.LIKELY):
        fitting = [choice for choice in finding.choices if _order(choice) == order]
        if len(fitting) == 1:
            return replace(finding, verdict=Verdict.SURE, style=fitting[0], reason=f"The column’s name says {pattern}.")
    elif finding.verdict is Verdict.SURE and finding.style and _order(finding.style) not in ([], order):
        return replace(
            finding,
            verdict=Verdict.MIXED,
            against=finding.proofs,
            choices=(),
            reason=f"The column’s name says {pattern}, but its cells are written {finding.style}.",
        )
    return finding


def _order(style: str) -> list[str]:
    return [letter for letter in dict.fromkeys(style) if letter in "DMY"] if "W" not in style else []


def _cell(example: Example | None) -> str:
    return example.value if example else ""


def _month_name(month: int) -> str:
    return date(2000, month, 1).strftime("%B") if 1 <= month <= 12 else str(month)
