"""The cells of a column of dates: which form each has, and its parts."""

import polars as pl

from adsplatform.records.number_styles import BLANKS
from syncs.import_profiles.findings import Finding, counted, example_of
from syncs.import_profiles.inspected import Verdict

# Dates that stand for nothing.
EMPTY_DATES = (
    r"^0{1,4}[./-]0{1,2}[./-]0{1,4}$",
    r"^(?:1900|0001)[./-]0?1[./-]0?1$",
    r"^0?1[./-]0?1[./-](?:0001|1900)$",
)
_TIME = r"[T ,]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?)?\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})?$"
_MARKED = r"^(\d{1,2})([./-])(\d{1,2})[./-](\d{4}|\d{2})$"
_ISO = r"^(\d{4})([./-])(\d{1,2})[./-](\d{1,2})$"
# The same mark stands between all parts.
_IS_MARKED = r"^\d{1,2}(?:\.\d{1,2}\.|/\d{1,2}/|-\d{1,2}-)(?:\d{4}|\d{2})$"
_IS_ISO = r"^\d{4}(?:\.\d{1,2}\.|/\d{1,2}/|-\d{1,2}-)\d{1,2}$"
DAY_NAME = r"^(\d{1,2})\.?[ \-](\pL{3,10})\.?,?[ \-](\d{4}|\d{2})$"
NAME_DAY = r"^(\pL{3,10})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})$"
_NO_DAY = r"^(?:\pL{3,10}\.?[ \-/]\d{2,4}|\d{1,2}[./-]\d{4}|\d{4}[./-]\d{1,2})$"
_WEEK_DAY, _WEEK = r"^\d{4}-?W\d{2}-?[1-7]$", r"^(?:\d{4}-?W\d{2}|KW ?\d{1,2}(?:[/ ]\d{2,4})?)$"
# The forms that a cell may have.
FORMS = ("iso", "marked", "digits", "named", "serial", "no_day", "week_day", "week")


def classify_dates(seen: pl.DataFrame) -> pl.DataFrame:
    """The cells with their form and their parts."""
    cell = pl.col("cell")
    has_time = cell.str.contains(_TIME)
    seen = seen.with_columns(has_time=has_time, has_zone=has_time & cell.str.contains(r"\d\s*(?:Z|[+-]\d{2}:?\d{2})$"))
    bare = cell.str.replace(_TIME, "").str.strip_chars(BLANKS + ",")
    seen = seen.with_columns(bare=bare)
    bare = pl.col("bare")
    seen = seen.with_columns(is_empty_date=pl.any_horizontal(bare.str.contains(form) for form in EMPTY_DATES))
    rest = ~pl.col("is_empty_date")
    seen = seen.with_columns(
        marked=bare.str.contains(_IS_MARKED) & rest,
        iso=bare.str.contains(_IS_ISO) & rest,
        digits=bare.str.contains(r"^\d{8}$") & rest,
        named=(bare.str.contains(DAY_NAME) | bare.str.contains(NAME_DAY)) & rest,
        serial=bare.str.contains(r"^\d{1,5}(?:\.\d+)?$") & rest,
        no_day=bare.str.contains(_NO_DAY) & rest,
        week_day=bare.str.contains(_WEEK_DAY) & rest,
        week=bare.str.contains(_WEEK) & rest,
        mark=pl.coalesce(bare.str.extract(_MARKED, 2), bare.str.extract(_ISO, 2)),
    )
    for place, (marked, iso) in enumerate(((1, 1), (3, 3), (4, 4)), start=1):
        part = pl.coalesce(bare.str.extract(_MARKED, marked), bare.str.extract(_ISO, iso))
        seen = seen.with_columns(part.cast(pl.Int64).alias(f"part{place}"))
    short = bare.str.extract(_MARKED, 4).str.len_chars() == 2
    return seen.with_columns(
        short_year=short.fill_null(False),
        other=~pl.any_horizontal("is_empty_date", *FORMS),
    )


def common_finding(seen: pl.DataFrame, total: int) -> Finding:
    remarks, flags = [], set()
    for flag, said in (
        ("has_zone", "“{}” has a time and a zone: the date is taken as it is written."),
        ("has_time", "“{}” has a time, which is left out."),
    ):
        found = seen.filter(pl.col(flag))
        if len(found) and "has_time" not in flags:
            flags |= {flag, "has_time"}
            remarks.append(said.format(found["cell"][0]))
    empty = seen.filter(pl.col("is_empty_date"))
    return Finding(
        Verdict.SURE,
        cells=total,
        others=counted(seen, "other"),
        other_example=example_of(seen, "other"),
        remarks=tuple(remarks),
        flags=frozenset(flags),
        empty_words=tuple(empty["cell"].to_list()),
    )
