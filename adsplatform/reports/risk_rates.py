"""Risk rates: which share of what was invoiced to customers in a month is still unpaid after 90 days."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from psycopg import sql

from adsplatform.accounts.models import Account
from adsplatform.reports.months import last_months, month_end
from adsplatform.reports.queries import Source, read, source
from adsplatform.reports.sides import IS_INVOICE, Side, invoices_filter

MONTHS, DAYS_AT_RISK = 12, 90


@dataclass(frozen=True)
class MonthOfRisk:
    """The invoices of a month, without credit memos, in the base currency, and what of them is at risk."""

    month: date
    count: int
    amount: Decimal
    at_risk_count: int
    at_risk_amount: Decimal
    source: Source
    at_risk_source: Source

    @property
    def count_percentage(self) -> Decimal | None:
        return _percentage(Decimal(self.at_risk_count), Decimal(self.count))

    @property
    def amount_percentage(self) -> Decimal | None:
        return _percentage(self.at_risk_amount, self.amount)


def risk_rates(account: Account, day: date) -> list[MonthOfRisk]:
    """The last twelve months of invoices, up to the day, with the balances that the books hold."""
    statement = sql.SQL("""
        SELECT date_trunc('month', invoice_date)::date AS month, count(*) AS count,
               trim_scale(coalesce(sum(base_currency_total_amount), 0)) AS amount,
               count(*) FILTER (WHERE {is_at_risk}) AS at_risk_count,
               trim_scale(coalesce(sum(base_currency_outstanding_balance_amount) FILTER (WHERE {is_at_risk}), 0))
                   AS at_risk_amount
          FROM records_invoice
         WHERE group_key = %(account)s AND {is_invoice} AND {of_side} AND invoice_date BETWEEN %(first)s AND %(day)s
         GROUP BY 1
    """).format(
        is_invoice=IS_INVOICE,
        of_side=Side.AR.of_type("invoice_type_code"),
        is_at_risk=sql.SQL("base_currency_outstanding_balance_amount > 0 AND invoice_date < %(limit)s"),
    )
    months, limit = last_months(day, MONTHS), day - timedelta(days=DAYS_AT_RISK)
    parameters = {"account": account.pk, "first": months[0], "day": day, "limit": limit}
    found = {row["month"]: row for row in read(statement, parameters)}
    none: dict[str, Any] = {"count": 0, "amount": Decimal(0), "at_risk_count": 0, "at_risk_amount": Decimal(0)}
    rates = []
    for month in months:
        of_month = f"{invoices_filter(Side.AR)} and invoiceDate between {month} and {min(month_end(month), day)}"
        at_risk = f"{of_month} and baseCurrencyOutstandingBalanceAmount > 0 and invoiceDate < {limit}"
        sources = {
            "source": source("Invoices/query", "baseCurrencyTotalAmount", {"filter": of_month}),
            "at_risk_source": source("Invoices/query", "baseCurrencyOutstandingBalanceAmount", {"filter": at_risk}),
        }
        rates.append(MonthOfRisk(**none | found.get(month, {}) | {"month": month} | sources))
    return rates


def _percentage(part: Decimal, whole: Decimal) -> Decimal | None:
    return round(part * 100 / whole, 2).normalize() + 0 if whole else None
