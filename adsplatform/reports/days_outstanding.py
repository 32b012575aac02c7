"""Days sales and days payable outstanding: how long it takes until an invoice is paid in full.

For each month it is the average of the days from invoice date to closed date over the invoices that were closed in it,
weighted by their totals in the base currency. Invoices without one of the dates do not count, nor do credit memos.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from psycopg import sql

from adsplatform.accounts.models import Account
from adsplatform.reports.months import last_months, month_end
from adsplatform.reports.queries import Source, read, source
from adsplatform.reports.sides import IS_INVOICE, Side, invoices_filter

MONTHS = 12


@dataclass(frozen=True)
class MonthOfDays:
    """The invoices of one side that were closed in a month; `days` is None where their totals add up to nothing."""

    month: date
    days: Decimal | None
    count: int
    amount: Decimal
    source: Source


def days_outstanding(account: Account, side: Side, day: date) -> list[MonthOfDays]:
    """The last twelve months, up to the day."""
    statement = sql.SQL("""
        SELECT date_trunc('month', invoice_closed_date)::date AS month, count(*) AS count,
               trim_scale(coalesce(sum(base_currency_total_amount), 0)) AS amount,
               trim_scale(round(sum((invoice_closed_date - invoice_date) * base_currency_total_amount)
                                / nullif(sum(base_currency_total_amount), 0), 2)) AS days
          FROM records_invoice
         WHERE group_key = %(account)s AND {is_invoice} AND {of_side}
           AND invoice_closed_date BETWEEN %(first)s AND %(day)s AND invoice_date IS NOT NULL
         GROUP BY 1
    """).format(is_invoice=IS_INVOICE, of_side=side.of_type("invoice_type_code"))
    months = last_months(day, MONTHS)
    found = {row["month"]: row for row in read(statement, {"account": account.pk, "first": months[0], "day": day})}
    none = {"days": None, "count": 0, "amount": Decimal(0)}
    return [
        MonthOfDays(**none | found.get(month, {}) | {"month": month, "source": _source(side, month, day)})
        for month in months
    ]


def _source(side: Side, month: date, day: date) -> Source:
    closed = f"invoiceClosedDate between {month} and {min(month_end(month), day)} and invoiceDate is not null"
    return source("Invoices/query", "baseCurrencyTotalAmount", {"filter": f"{invoices_filter(side)} and {closed}"})
