"""The days and times that a workbook stores as a number of days."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

LAST_DAY = 2_958_465  # 9999-12-31
DAY_MILLISECONDS = 86_400_000


@dataclass(frozen=True, slots=True)
class Moment:
    """A day and a time, as a sheet shows them.

    Spreadsheets show two days that do not exist: 29 February 1900, and day 0 of January 1900, on which the times of day
    lie that have no date. `days` is the number of days before.
    """

    days: int
    year: int
    month: int
    day: int
    milliseconds: int

    @property
    def hour(self) -> int:
        return self.milliseconds // 3_600_000

    @property
    def minute(self) -> int:
        return self.milliseconds // 60_000 % 60

    @property
    def second(self) -> int:
        return self.milliseconds // 1_000 % 60

    @property
    def millisecond(self) -> int:
        return self.milliseconds % 1_000

    @property
    def weekday(self) -> int | None:
        """From 0 for Monday; None for a day that does not exist."""
        try:
            return date(self.year, self.month, self.day).weekday()
        except ValueError:
            return None

    @property
    def date_text(self) -> str:
        return f"{self.year:04}-{self.month:02}-{self.day:02}"

    @property
    def time_text(self) -> str:
        fraction = f".{self.millisecond:03}" if self.millisecond else ""
        return f"{self.hour:02}:{self.minute:02}:{self.second:02}{fraction}"


def moment_of(serial: Decimal, *, since_1904: bool, has_fraction: bool) -> Moment | None:
    """The moment that a number of days stands for, without parts of a second unless they are shown; None for none."""
    if not serial.is_finite() or not 0 <= serial <= LAST_DAY:
        return None
    days = int(serial)
    milliseconds = int(((serial - days) * DAY_MILLISECONDS).to_integral_value())
    if not has_fraction:
        # As the sheet displays it, and a CSV file saved from the sheet has it.
        milliseconds -= milliseconds % 1_000
    if milliseconds == DAY_MILLISECONDS:
        days, milliseconds = days + 1, 0
    if since_1904:
        first = date(1904, 1, 1)
    elif days in (0, 60):
        return Moment(days, 1900, *((2, 29) if days else (1, 0)), milliseconds)
    else:
        first = date(1899, 12, 30) if days > 60 else date(1899, 12, 31)
    try:
        day = first + timedelta(days=days)
    except OverflowError:
        return None
    return Moment(days, day.year, day.month, day.day, milliseconds)
