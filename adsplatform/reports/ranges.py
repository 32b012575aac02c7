"""Ranges of days: the columns of a financial report, and what they are compared with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from adsplatform.errors import PlatformError
from adsplatform.records.display import as_text
from adsplatform.reports.months import month_end, month_of, months_after

# Earlier than anything in books: a range from here on is what a balance is made of.
BEGINNING = date(1, 1, 1)
DAY = timedelta(days=1)
STEPS = {"by period": 1, "quarterly": 3, "annually": 12}
MOST_COLUMNS = 60


@dataclass(frozen=True)
class Range:
    """Days from `start` to `end`, both included."""

    start: date
    end: date

    @property
    def is_balance(self) -> bool:
        return self.start == BEGINNING

    def __str__(self) -> str:
        if self.is_balance:
            return as_text(self.end)
        if months := _whole_months(self):
            return f"{self.start:%b %Y}" if months == 1 else f"{self.start:%b %Y} – {self.end:%b %Y}"
        return f"{as_text(self.start)} – {as_text(self.end)}"


def balance_at(day: date) -> Range:
    """Everything up to a day."""
    return Range(BEGINNING, day)


def year_start(day: date, begins: str) -> date:
    """The first day of the financial year of a day; `begins` is its month and day, as `04-01`."""
    try:
        month, number = (int(part) for part in begins.split("-"))
        # The year 2000 has all days.
        date(2000, month, number)
    except ValueError:
        month, number = 1, 1
    starts = (_day_in(year, month, number) for year in (day.year, day.year - 1))
    return next(start for start in starts if start <= day)


def columns(whole: Range, option: str, begins: str) -> list[Range]:
    """The whole range in steps, aligned to the financial year; one column where the option is no known one.

    Raises PlatformError if there are too many.
    """
    months = STEPS.get(option.strip().lower())
    if months is None:
        return [whole]
    found = []
    start = whole.start
    while start <= whole.end:
        first = month_of(year_start(start, begins))
        passed = (start.year - first.year) * 12 + start.month - first.month
        next_start = months_after(first, passed - passed % months + months)
        found.append(Range(start, min(next_start - DAY, whole.end)))
        if len(found) > MOST_COLUMNS:
            raise PlatformError(
                f"columnOption: from {whole.start} to {whole.end} there would be more than {MOST_COLUMNS} columns. "
                "Choose longer steps, or fewer days.",
                field="columnOption",
            )
        start = next_start
    return found


def compared(whole: Range, option: str, begins: str) -> Range | None:
    """The range that the whole one is compared with; None where the option is no known one.

    `PP` is the range of the same length before it, `PY` the same days a year before, `YTD` the financial year up to its
    end.
    """
    match option.strip().upper():
        case "PP":
            if months := _whole_months(whole):
                return Range(_shifted(whole.start, -months), whole.start - DAY)
            return Range(whole.start - (whole.end - whole.start) - DAY, whole.start - DAY)
        case "PY":
            return Range(_shifted(whole.start, -12), _shifted(whole.end, -12))
        case "YTD":
            return Range(year_start(whole.end, begins), whole.end)
        case _:
            return None


def named(ranges: Sequence[Range]) -> list[str]:
    """The headings of columns."""
    return [str(each) for each in ranges]


def _day_in(year: int, month: int, number: int) -> date:
    """That day of the month, or the last one where the month is shorter."""
    return date(year, month, min(number, month_end(date(year, month, 1)).day))


def _shifted(day: date, months: int) -> date:
    """The same day so many months later; the end of a month stays one."""
    month = months_after(month_of(day), months)
    return month_end(month) if day == month_end(month_of(day)) else _day_in(month.year, month.month, day.day)


def _whole_months(days: Range) -> int:
    """How many whole months a range is; 0 if it is none."""
    if days.is_balance or days.start.day != 1 or days.end != month_end(month_of(days.end)):
        return 0
    return (days.end.year - days.start.year) * 12 + days.end.month - days.start.month + 1
