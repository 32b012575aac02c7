"""Invoices, payments and what is applied of them, drawn at random with every oddity that books have."""

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import uuid4

from django.utils import timezone

from adsplatform.records import models as records
from tests.factories import AppEnrollmentFactory

TODAY = timezone.now().astimezone(UTC).date()
TYPES = ("AR Invoice", "AR Invoice", "AR Credit Memo", "AP Invoice", "AP Credit Memo", "ap invoice", "Invoice",
         "Credit Memo", "Prepayment", None)  # fmt: skip
PAYMENT_TYPES = ("AR Payment", "AP Payment", "Cash")
RATES = {"EUR": Decimal(1), "USD": Decimal("0.91"), "JPY": Decimal("0.006123"), None: Decimal(1)}


class RandomBooks:
    """The books of an account: the same ones for each seed. The base currency is EUR."""

    def __init__(self, account, seed, invoices=120):
        self.draw = random.Random(seed)
        self.account = account
        type(account).objects.filter(pk=account.pk).update(base_currency_code="EUR")
        account.base_currency_code = "EUR"
        self.enrollment = AppEnrollmentFactory(group_key=account)
        self.companies = self._create(
            [
                self._record(
                    records.Company, number, company_name=f"C{number}", company_type="Customer", is_active=True
                )
                for number in range(4)
            ]
        )
        self.invoices = self._create([self._invoice(number) for number in range(invoices)])
        self.payments = self._create([self._payment(number) for number in range(invoices // 2)])
        self.applied = self._create(
            [
                self._record(
                    records.PaymentApplied,
                    number,
                    invoice=self.draw.choice(self.invoices),
                    payment=self.draw.choice(self.payments),
                    entry_number=number,
                    apply_to_invoice_date=self._moment(),
                    payment_applied_amount=self._amount(),
                )
                for number in range(invoices)
            ]
        )
        self.credits = self._create([self._credit(number) for number in range(invoices // 2)])

    def _record(self, model, key, **values):
        return model(id=uuid4(), group_key=self.account.pk, app_enrollment=self.enrollment, erp_key=str(key), **values)

    def _create(self, rows):
        return type(rows[0]).objects.bulk_create(rows)

    def _invoice(self, number):
        draw, currency = self.draw, self.draw.choice(list(RATES))
        total = draw.choice((self._amount(), self._amount(), -self._amount(), Decimal(0), None))
        outstanding = draw.choice((total, Decimal(0), self._amount(), None))
        in_base = draw.random() < 0.7
        company, customer = draw.sample(self.companies, 2)
        issued = draw.choice((self._day(), self._day(), self._day(), None))
        return self._record(
            records.Invoice,
            number,
            company=company,
            customer=customer,
            invoice_type_code=draw.choice(TYPES),
            currency_code=currency,
            currency_rate=RATES[currency],
            total_amount=total,
            outstanding_balance_amount=outstanding,
            base_currency_total_amount=total * RATES[currency] if in_base and total is not None else None,
            base_currency_outstanding_balance_amount=(
                outstanding * RATES[currency] if in_base and outstanding is not None else None
            ),
            invoice_date=issued,
            payment_due_date=draw.choice((None, self._day(), (issued or TODAY) + timedelta(days=30))),
            invoice_closed_date=draw.choice((None, (issued or TODAY) + timedelta(days=draw.randrange(20)))),
            is_voided=draw.random() < 0.1,
            is_draft=draw.random() < 0.1,
        )

    def _payment(self, number):
        currency, amount = self.draw.choice(list(RATES)), self._amount()
        unapplied = self.draw.choice((Decimal(0), amount, self._amount()))
        return self._record(
            records.Payment,
            number,
            company=self.draw.choice(self.companies),
            payment_type=self.draw.choice(PAYMENT_TYPES),
            is_open=bool(unapplied),
            payment_date=self._day(),
            post_date=self._day(),
            payment_amount=amount,
            unapplied_amount=unapplied,
            currency_code=currency,
            currency_rate=RATES[currency],
            base_currency_payment_amount=amount * RATES[currency],
            base_currency_unapplied_amount=unapplied * RATES[currency],
            is_voided=self.draw.random() < 0.1,
        )

    def _credit(self, number):
        invoice, memo = self.draw.sample(self.invoices, 2)
        return self._record(
            records.CreditMemoApplied,
            number,
            invoice=invoice,
            credit_memo_invoice=memo,
            entry_number=number,
            apply_to_invoice_date=self._moment(),
            credit_memo_applied_amount=self._amount(),
        )

    def _amount(self) -> Decimal:
        return Decimal(self.draw.randrange(1, 1_000_000)) / 100

    def _day(self) -> date:
        """Within two years of today, often on a bound of a bucket, on a leap day, or in the future."""
        days = self.draw.choice((0, 1, 30, 31, 60, 61, 90, 91, -1, -40, *[self.draw.randrange(700)] * 4))
        return self.draw.choice((TODAY - timedelta(days=days),) * 9 + (date(2024, 2, 29),))

    def _moment(self) -> datetime:
        at = self.draw.choice((time(), time(23, 59, 59), time(12)))
        return datetime.combine(self._day(), at, UTC)
