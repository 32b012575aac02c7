"""Calendar months, as reports count them."""

from datetime import date, timedelta


def month_of(day: date) -> date:
    """The first day of the month."""
    return day.replace(day=1)


def month_end(month: date) -> date:
    """The last day of the month."""
    return months_after(month, 1) - timedelta(days=1)


def months_after(month: date, count: int) -> date:
    """The first day of the month that is so many months later, or earlier if negative."""
    number = month.year * 12 + month.month - 1 + count
    return date(number // 12, number % 12 + 1, 1)


def last_months(day: date, count: int) -> list[date]:
    """The first days of so many months, the last of which is that of the day."""
    return [months_after(month_of(day), number - count + 1) for number in range(count)]
