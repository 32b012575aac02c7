"""Small books of an account, with at least one record of each kind, written to the database without a sync."""

from datetime import UTC, date, datetime
from decimal import Decimal

from adsplatform.records import models as records
from adsplatform.records.models.counts import RecordCount
from tests.factories import AppEnrollmentFactory

NOON = datetime(2025, 3, 1, 12, 0, 0, 120000, tzinfo=UTC)


class Books:
    """Two companies; an invoice of 119.00 with a line, half paid, and a credit memo that settles 10.50 of it."""

    def __init__(self, account):
        self.account = account
        self.enrollment = AppEnrollmentFactory(group_key=account)
        self.company = self.add(
            records.Company, erp_key="C1", company_name="Müller & Söhne", company_type="Customer", is_active=True
        )
        self.other = self.add(
            records.Company, erp_key="C2", company_name="Acme", company_type="Company", is_active=True
        )
        self.contact = self.add(records.Contact, erp_key="P1", company=self.company, contact_name="Ana", is_active=True)
        records.Company.objects.filter(pk=self.company.pk).update(primary_contact=self.contact)
        self.invoice = self.add_invoice("I1", "AR Invoice", Decimal("119.00"), Decimal("49.00"), has_address=True)
        self.credit_memo = self.add_invoice("M1", "AR Credit Memo", Decimal("10.50"), Decimal(0))
        self.line = self.add(
            records.InvoiceLine,
            erp_key="I1-1",
            invoice=self.invoice,
            line_number="1",
            quantity=Decimal("2"),
            unit_price=Decimal("59.50"),
            total_amount=Decimal("119.00"),
        )
        self.step = self.add(
            records.InvoiceWorkflowStatus, invoice=self.invoice, source_created_date=NOON, notes="Sent", code="SENT"
        )
        self.payment = self.add(
            records.Payment,
            erp_key="Z1",
            company=self.company,
            payment_type="AR Payment",
            is_open=False,
            payment_date=date(2025, 3, 20),
            post_date=date(2025, 3, 20),
            payment_amount=Decimal("59.50"),
            unapplied_amount=Decimal(0),
            currency_code="EUR",
            currency_rate=Decimal(1),
            base_currency_payment_amount=Decimal("59.50"),
            base_currency_unapplied_amount=Decimal(0),
        )
        self.application = self.add(
            records.PaymentApplied,
            erp_key="Z1-1",
            invoice=self.invoice,
            payment=self.payment,
            entry_number=1,
            apply_to_invoice_date=NOON,
            payment_applied_amount=Decimal("59.50"),
        )
        self.credit = self.add(
            records.CreditMemoApplied,
            erp_key="M1-1",
            invoice=self.invoice,
            credit_memo_invoice=self.credit_memo,
            entry_number=1,
            apply_to_invoice_date=NOON,
            credit_memo_applied_amount=Decimal("10.50"),
        )
        self.custom_field = self.add(
            records.CustomField,
            erp_key="I1",
            table_key="Invoice",
            custom_field_label="Cost centre",
            string_value="4711",
            value="4711",
            record_key=self.invoice.pk,
        )
        self.financial_account = self.add(
            records.FinancialAccount,
            erp_key="1200",
            code="1200",
            name="Bank",
            status="Active",
            cashflow_type="Cash",
            description="Bank",
            classification="Asset",
        )
        self.balance = self.add(
            records.FinancialAccountBalanceHistory,
            financial_account=self.financial_account,
            financial_year=2025,
            period_number=1,
            period_start_date=NOON,
            period_end_date=NOON,
            status="Open",
            balance=Decimal("1000.25"),
            balance_type=0,
        )
        self.year = self.add(
            records.FinancialYearSetting,
            year_type="Calendar",
            total_periods=12,
            start_date="01-01",
            end_date="12-31",
        )
        self.currency = self.add(records.BaseCurrency, base_currency_code="EUR")
        self.entry = self.add(records.JournalEntry, erp_key="J1", source_posting_date=NOON)
        self.entry_line = self.add(
            records.JournalEntryLine,
            erp_key="J1-1",
            journal_entry=self.entry,
            financial_account=self.financial_account,
            account_number="1200",
            account_name="Bank",
            debit=Decimal("12345678901234567890.12345678"),
            credit=Decimal(0),
            currency_code="EUR",
            base_debit=Decimal("12345678901234567890.12345678"),
            base_credit=Decimal(0),
            base_currency_code="EUR",
            source_created_user="ana",
            dimensions={"project": "P-7"},
        )

    def id_of(self, kind):
        """The id by which a record of that kind is read."""
        if kind.name == "CustomField":
            return self.custom_field.record_key
        return kind.rows(self.account).values_list("pk", flat=True)[0]

    def add(self, model, **values):
        own = {"group_key": self.account.pk, "app_enrollment": self.enrollment}
        count, _ = RecordCount.objects.get_or_create(**own, entity=model.__name__, defaults={"count": 0})
        count.count += 1
        count.save()
        return model.objects.create(**own, created=NOON, modified=NOON, **values)

    def add_invoice(self, key, type, total, outstanding, *, has_address=False, **values):
        place = {"bill_to_address_line1": "Hauptstr. 1", "bill_to_address_city": "Köln"} if has_address else {}
        return self.add(
            records.Invoice,
            erp_key=key,
            company=self.other,
            customer=self.company,
            invoice_type_code=type,
            invoice_status_code="Open",
            currency_code="EUR",
            total_amount=total,
            outstanding_balance_amount=outstanding,
            invoice_date=date(2025, 3, 1),
            payment_due_date=date(2025, 3, 31),
            currency_rate=Decimal(1),
            base_currency_total_amount=total,
            base_currency_outstanding_balance_amount=outstanding,
            **place,
            **values,
        )
