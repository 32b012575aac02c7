"""Count what the books held before their totals were kept.

Safe to run twice: what is there already stays. One pass over each table that has amounts.
"""

from django.db import migrations

# By table: its entity, and each amount's published name, column and currency column.
AMOUNTS = {
    "records_invoice": ("Invoice", [
        ("totalAmount", "total_amount", "currency_code"),
        ("salesTaxAmount", "sales_tax_amount", "currency_code"),
        ("discountAmount", "discount_amount", "currency_code"),
        ("outstandingBalanceAmount", "outstanding_balance_amount", "currency_code"),
        ("shippingAmount", "shipping_amount", "currency_code"),
        ("netAmount", "net_amount", "currency_code"),
        ("baseCurrencyTotalAmount", "base_currency_total_amount", ""),
        ("baseCurrencySalesTaxAmount", "base_currency_sales_tax_amount", ""),
        ("baseCurrencyDiscountAmount", "base_currency_discount_amount", ""),
        ("baseCurrencyOutstandingBalanceAmount", "base_currency_outstanding_balance_amount", ""),
        ("baseCurrencyShippingAmount", "base_currency_shipping_amount", ""),
        ("baseCurrencyNetAmount", "base_currency_net_amount", ""),
    ]),
    "records_invoiceline": ("InvoiceLine", [
        ("totalAmount", "total_amount", ""),
        ("salesTaxAmount", "sales_tax_amount", ""),
        ("baseCurrencySalesTaxAmount", "base_currency_sales_tax_amount", ""),
        ("netAmount", "net_amount", ""),
        ("baseCurrencyNetAmount", "base_currency_net_amount", ""),
    ]),
    "records_payment": ("Payment", [
        ("paymentAmount", "payment_amount", "currency_code"),
        ("unappliedAmount", "unapplied_amount", "currency_code"),
        ("baseCurrencyPaymentAmount", "base_currency_payment_amount", ""),
        ("baseCurrencyUnappliedAmount", "base_currency_unapplied_amount", ""),
    ]),
    "records_paymentapplied": ("PaymentApplied", [("paymentAppliedAmount", "payment_applied_amount", "")]),
    "records_creditmemoapplied": ("CreditMemoApplied", [("creditMemoAppliedAmount", "credit_memo_applied_amount", "")]),
    "records_financialaccountbalancehistory": ("FinancialAccountBalanceHistory", [("balance", "balance", "")]),
    "records_journalentryline": ("JournalEntryLine", [
        ("debit", "debit", "currency_code"),
        ("credit", "credit", "currency_code"),
        ("baseDebit", "base_debit", "base_currency_code"),
        ("baseCredit", "base_credit", "base_currency_code"),
    ]),
}  # fmt: skip
CURRENCY = """CASE WHEN r.{0} ~ '^[A-Za-z]{{3}}$' THEN upper(r.{0} COLLATE "C") ELSE '' END"""


def count(apps, schema_editor):
    for table, (entity, amounts) in AMOUNTS.items():
        values = ", ".join(
            f"('{name}', {CURRENCY.format(currency) if currency else chr(39) * 2}, r.{column})"
            for name, column, currency in amounts
        )
        schema_editor.execute(
            f"""
            INSERT INTO syncs_booktotal (group_key, app_enrollment_id, entity, "column", currency, count, sum)
            SELECT e.group_key, e.app_enrollment_id, '{entity}', a.name, a.currency, count(*), sum(a.amount)
            FROM {table} r JOIN enrollments_appenrollment e ON e.app_enrollment_id = r.app_enrollment_id
            CROSS JOIN LATERAL (VALUES {values}) a (name, currency, amount)
            WHERE a.amount IS NOT NULL GROUP BY 1, 2, 3, 4, 5
            ON CONFLICT DO NOTHING
            """
        )


class Migration(migrations.Migration):
    dependencies = [
        ("enrollments", "0001_initial"),
        ("records", "0001_initial"),
        ("syncs", "0004_control_totals"),
    ]

    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
