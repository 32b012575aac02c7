"""Cash flow: what was collected from customers and what was billed to them in the last days."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from psycopg import sql

from adsplatform.accounts.models import Account
from adsplatform.reports.queries import Source, read, source
from adsplatform.reports.sides import IS_INVOICE, Side, invoices_filter

DAYS = 30
MOST_DAYS = 3_650


@dataclass(frozen=True)
class CashFlow:
    """Payments and invoices of receivables in the base currency, without credit memos."""

    payments: Decimal
    payments_count: int
    invoices: Decimal
    invoices_count: int
    payments_source: Source
    invoices_source: Source


def cash_flow(account: Account, day: date, days: int) -> CashFlow:
    """So many days, of which the given one is the last."""
    statement = sql.SQL("""
        SELECT * FROM
            (SELECT trim_scale(coalesce(sum(base_currency_payment_amount), 0)) AS payments, count(*) AS payments_count
               FROM records_payment
              WHERE group_key = %(account)s AND NOT is_voided AND {payments_of_side}
                AND payment_date BETWEEN %(first)s AND %(day)s) AS payments,
            (SELECT trim_scale(coalesce(sum(base_currency_total_amount), 0)) AS invoices, count(*) AS invoices_count
               FROM records_invoice
              WHERE group_key = %(account)s AND {is_invoice} AND {invoices_of_side}
                AND invoice_date BETWEEN %(first)s AND %(day)s) AS invoices
    """).format(
        is_invoice=IS_INVOICE,
        payments_of_side=Side.AR.of_type("payment_type"),
        invoices_of_side=Side.AR.of_type("invoice_type_code"),
    )
    first = day - timedelta(days=days - 1)
    (row,) = read(statement, {"account": account.pk, "first": first, "day": day})
    payments = f"{Side.AR.filter('paymentType')} and isVoided = false and paymentDate between {first} and {day}"
    invoices = f"{invoices_filter(Side.AR)} and invoiceDate between {first} and {day}"
    return CashFlow(
        **row,
        payments_source=source("Payments/query", "baseCurrencyPaymentAmount", {"filter": payments}),
        invoices_source=source("Invoices/query", "baseCurrencyTotalAmount", {"filter": invoices}),
    )
