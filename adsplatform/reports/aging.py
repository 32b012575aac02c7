"""Aging: what is outstanding of invoices and credit memos, by how many days it is past due.

An invoice counts positive and a credit memo negative, from its invoice date on; voided ones and drafts do not count. An
invoice without a due date is due at its invoice date. On the day of today or later, what is outstanding is the balance
that the books hold; on an earlier day, it is the total less what had been applied up to then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.utils import timezone
from psycopg import sql

from adsplatform.accounts.models import Account
from adsplatform.reports.queries import read
from adsplatform.reports.sides import COUNTS, IS_CREDIT_MEMO, Side

# The most days past due in each bucket but the last, which has no end.
FIVE = (0, 30, 60, 90)
# More days than between any two dates.
MOST = 10**9

STORED = {
    "applied": sql.SQL(""),
    "outstanding": sql.SQL("coalesce(outstanding_balance_amount, 0)"),
    "value": sql.SQL(
        "coalesce(base_currency_outstanding_balance_amount, outstanding_balance_amount * currency_rate, 0)"
    ),
    "unapplied": sql.SQL("unapplied_amount"),
    "unapplied_value": sql.SQL("base_currency_unapplied_amount"),
    "payments_applied": sql.SQL(""),
}
# In the base currency, a part of an amount is in proportion to the whole.
APPLIED = {
    "applied": sql.SQL("""
        LEFT JOIN (
            SELECT invoice_id, sum(amount) AS applied
              FROM (SELECT invoice_id, payment_applied_amount AS amount
                      FROM records_paymentapplied
                     WHERE group_key = %(account)s AND apply_to_invoice_date < %(next_day)s
                     UNION ALL
                    SELECT unnest(ARRAY[invoice_id, credit_memo_invoice_id]), credit_memo_applied_amount
                      FROM records_creditmemoapplied
                     WHERE group_key = %(account)s AND apply_to_invoice_date < %(next_day)s) AS applications
             GROUP BY invoice_id
        ) AS applications ON applications.invoice_id = records_invoice.id
    """),
    "outstanding": sql.SQL("(coalesce(total_amount, 0) - coalesce(applied, 0))"),
    "value": sql.SQL("""
        round((coalesce(total_amount, 0) - coalesce(applied, 0))
              * coalesce(base_currency_total_amount / nullif(total_amount, 0), currency_rate), 8)
    """),
    "unapplied": sql.SQL("(payment_amount - coalesce(applied, 0))"),
    "unapplied_value": sql.SQL("""
        round((payment_amount - coalesce(applied, 0))
              * coalesce(base_currency_payment_amount / nullif(payment_amount, 0), currency_rate), 8)
    """),
    "payments_applied": sql.SQL("""
        LEFT JOIN (
            SELECT payment_id, sum(payment_applied_amount) AS applied
              FROM records_paymentapplied
             WHERE group_key = %(account)s AND apply_to_invoice_date < %(next_day)s
             GROUP BY payment_id
        ) AS applications ON applications.payment_id = records_payment.id
    """),
}
INVOICES = sql.SQL("""
    SELECT 'Invoice' AS record_type, id, erp_key, reference_code, {partner} AS company_id, invoice_type_code AS type,
           invoice_date AS date, payment_due_date, currency_code,
           %(day)s - coalesce(payment_due_date, invoice_date, %(day)s) AS days_past_due,
           CASE WHEN {is_credit_memo} THEN -{outstanding} ELSE {outstanding} END AS outstanding,
           CASE WHEN {is_credit_memo} THEN -{value} ELSE {value} END AS value
      FROM records_invoice {applied}
     WHERE group_key = %(account)s AND {counts} AND {of_side}
       AND (invoice_date IS NULL OR invoice_date <= %(day)s)
       AND (%(company)s::uuid IS NULL OR company_id = %(company)s OR customer_id = %(company)s)
""")
UNAPPLIED = sql.SQL("""
     UNION ALL
    SELECT 'Payment', id, erp_key, reference_code, company_id, payment_type, payment_date, NULL, currency_code, 0,
           -{unapplied}, -{unapplied_value}
      FROM records_payment {payments_applied}
     WHERE group_key = %(account)s AND NOT is_voided AND {payments_of_side} AND payment_date <= %(day)s
       AND (%(company)s::uuid IS NULL OR company_id = %(company)s)
""")

BUCKET = sql.SQL("width_bucket(days_past_due, %(starts)s::int[])")


class Total(NamedTuple):
    """What is outstanding in a bucket in one currency; `value` is the same in the base currency."""

    bucket: int
    currency_code: str | None
    outstanding: Decimal
    value: Decimal


@dataclass(frozen=True)
class CompanyTotals:
    """What is outstanding with one company, by bucket, in the base currency."""

    company_id: UUID
    name: str
    values: list[Decimal]

    @property
    def total(self) -> Decimal:
        return sum(self.values, Decimal(0))


@dataclass(frozen=True, kw_only=True)
class Aging:
    """The aging of one side of an account's books on a day, or of what concerns one company of it.

    `limits` are the most days past due in each bucket but the last. With `unapplied`, payments count too: negative, in
    the first bucket, with what is not applied of them.
    """

    account: Account
    side: Side
    day: date
    limits: Sequence[int] = FIVE
    company: UUID | None = None
    unapplied: bool = False

    @property
    def is_stored(self) -> bool:
        """Whether the balances of the books are used, rather than what was applied up to the day."""
        return self.day >= timezone.now().astimezone(UTC).date()

    def totals(self) -> list[Total]:
        """What is outstanding in each bucket, of every currency that there is."""
        statement = sql.SQL("""
            SELECT currency_code, {outstanding} AS outstanding, {values} AS values
              FROM ({items}) AS items GROUP BY currency_code ORDER BY currency_code
        """).format(outstanding=self._sums("outstanding"), values=self._sums("value"), items=self._items())
        return [
            Total(bucket, row["currency_code"], *sums)
            for row in read(statement, self._parameters())
            for bucket, sums in enumerate(zip(row["outstanding"], row["values"], strict=True))
        ]

    def values(self) -> list[Decimal]:
        """What is outstanding in each bucket, in the base currency."""
        statement = sql.SQL("SELECT {values} AS values FROM ({items}) AS items")
        (row,) = read(statement.format(values=self._sums("value"), items=self._items()), self._parameters())
        values: list[Decimal] = row["values"]
        return values

    def values_of_sides(self) -> dict[Side, list[Decimal]]:
        """The same of both sides, whichever this one's is, in one pass over the invoices; not with `unapplied`."""
        statement = sql.SQL("SELECT {is_payable} AS is_payable, {values} AS values FROM ({items}) AS items GROUP BY 1")
        statement_of_both = statement.format(
            is_payable=Side.AP.of_type("type"), values=self._sums("value"), items=self._invoices(sql.SQL("true"))
        )
        rows = read(statement_of_both, self._parameters())
        found = {Side.AP if row["is_payable"] else Side.AR: row["values"] for row in rows}
        return {side: found.get(side, [Decimal(0)] * (len(self.limits) + 1)) for side in Side}

    def by_company(self) -> list[CompanyTotals]:
        """The companies with anything outstanding, by name."""
        statement = sql.SQL("""
            SELECT totals.company_id, coalesce(company_name, '') AS name, values
              FROM (SELECT company_id, {values} AS values FROM ({items}) AS items GROUP BY company_id) AS totals
              LEFT JOIN records_company AS company ON company.id = totals.company_id AND group_key = %(account)s
             WHERE 0 <> ANY(values)
             ORDER BY lower(company_name), totals.company_id
        """).format(values=self._sums("value"), items=self._items())
        rows = read(statement, self._parameters())
        return [CompanyTotals(row["company_id"], row["name"], row["values"]) for row in rows]

    def items(
        self, *, bucket: int | None = None, currency: str | None = None, limit: int, start: int = 0
    ) -> list[dict[str, Any]]:
        """The invoices, credit memos and payments behind the totals, the longest overdue first.

        `currency` selects those in a currency, "" those that name none.
        """
        statement = sql.SQL("""
            SELECT record_type, id, erp_key, reference_code, company_id,
                   (SELECT company_name FROM records_company AS company
                     WHERE company.id = chosen.company_id AND group_key = %(account)s) AS company_name,
                   type, date, payment_due_date, days_past_due, bucket, currency_code,
                   trim_scale(outstanding) AS outstanding, trim_scale(value) AS value
              FROM ({chosen}) AS chosen
             ORDER BY days_past_due DESC, id LIMIT %(limit)s OFFSET %(start)s
        """).format(chosen=self._chosen())
        return read(statement, self._parameters(bucket=bucket, currency=currency, limit=limit, start=start))

    def count(self, *, bucket: int | None = None, currency: str | None = None) -> int:
        """How many `items` there are."""
        statement = sql.SQL("SELECT count(*) AS count FROM ({chosen}) AS chosen").format(chosen=self._chosen())
        (row,) = read(statement, self._parameters(bucket=bucket, currency=currency))
        return int(row["count"])

    def _sums(self, column: str) -> sql.Composed:
        """An array with the sums of each bucket.

        Grouped by bucket, the database would sort all items first, because it cannot tell how few buckets there are.
        """
        sums = [
            sql.SQL("trim_scale(coalesce(sum({}) FILTER (WHERE days_past_due BETWEEN {} AND {}), 0))").format(
                sql.Identifier(column), sql.Literal(least), sql.Literal(most)
            )
            for least, most in zip((-MOST, *(limit + 1 for limit in self.limits)), (*self.limits, MOST), strict=True)
        ]
        return sql.SQL("ARRAY[{}]").format(sql.SQL(", ").join(sums))

    def _items(self) -> sql.Composed:
        """Everything that counts, and how much; settled items with 0."""
        invoices = self._invoices(self.side.of_type("invoice_type_code"))
        of_side = self.side.of_type("payment_type")
        return invoices + UNAPPLIED.format(payments_of_side=of_side, **self._how) if self.unapplied else invoices

    def _invoices(self, of_side: sql.Composable) -> sql.Composed:
        return INVOICES.format(
            partner=self.side.partner, is_credit_memo=IS_CREDIT_MEMO, counts=COUNTS, of_side=of_side, **self._how
        )

    @property
    def _how(self) -> dict[str, sql.SQL]:
        return STORED if self.is_stored else APPLIED

    def _chosen(self) -> sql.Composed:
        return sql.SQL("""
            SELECT * FROM (SELECT *, {bucket} AS bucket FROM ({items}) AS items) AS items
             WHERE (outstanding <> 0 OR value <> 0)
               AND (%(bucket)s::int IS NULL OR bucket = %(bucket)s)
               AND (%(currency)s::text IS NULL OR coalesce(currency_code, '') = %(currency)s)
        """).format(bucket=BUCKET, items=self._items())

    def _parameters(self, **more: object) -> dict[str, object]:
        return {
            "account": self.account.pk,
            "company": self.company,
            "day": self.day,
            "next_day": datetime.combine(self.day + timedelta(days=1), time(), UTC),
            # The least days past due in each bucket but the first.
            "starts": [limit + 1 for limit in self.limits],
            **more,
        }
