"""Index the records of an account and those that refer to another. Concurrently, so that syncs go on meanwhile."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('enrollments', '0005_redundant_indexes'),
        ('records', '0006_written_lines'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='basecurrency',
            index=models.Index(fields=['group_key', 'id'], name='base_currency_of_account'),
        ),
        AddIndexConcurrently(
            model_name='company',
            index=models.Index(fields=['group_key', 'id'], name='company_of_account'),
        ),
        AddIndexConcurrently(
            model_name='contact',
            index=models.Index(fields=['group_key', 'id'], name='contact_of_account'),
        ),
        AddIndexConcurrently(
            model_name='contact',
            index=models.Index(fields=['company'], name='contact_of_company'),
        ),
        AddIndexConcurrently(
            model_name='creditmemoapplied',
            index=models.Index(fields=['group_key', 'id'], name='credit_memo_applied_of_account'),
        ),
        AddIndexConcurrently(
            model_name='creditmemoapplied',
            index=models.Index(fields=['invoice'], name='credit_memo_of_invoice'),
        ),
        AddIndexConcurrently(
            model_name='customfield',
            index=models.Index(fields=['group_key', 'id'], name='custom_field_of_account'),
        ),
        AddIndexConcurrently(
            model_name='customfield',
            index=models.Index(fields=['record_key'], name='custom_field_of_record'),
        ),
        AddIndexConcurrently(
            model_name='financialaccount',
            index=models.Index(fields=['group_key', 'id'], name='ledger_account_of_account'),
        ),
        AddIndexConcurrently(
            model_name='financialaccountbalancehistory',
            index=models.Index(fields=['group_key', 'id'], name='ledger_balance_of_account'),
        ),
        AddIndexConcurrently(
            model_name='financialyearsetting',
            index=models.Index(fields=['group_key', 'id'], name='financial_year_of_account'),
        ),
        AddIndexConcurrently(
            model_name='invoice',
            index=models.Index(fields=['group_key', 'id'], name='invoice_of_account'),
        ),
        AddIndexConcurrently(
            model_name='invoiceline',
            index=models.Index(fields=['group_key', 'id'], name='invoice_line_of_account'),
        ),
        AddIndexConcurrently(
            model_name='invoiceline',
            index=models.Index(fields=['invoice'], name='line_of_invoice'),
        ),
        AddIndexConcurrently(
            model_name='invoiceworkflowstatus',
            index=models.Index(fields=['group_key', 'id'], name='workflow_step_of_account'),
        ),
        AddIndexConcurrently(
            model_name='invoiceworkflowstatus',
            index=models.Index(fields=['invoice'], name='step_of_invoice'),
        ),
        AddIndexConcurrently(
            model_name='journalentry',
            index=models.Index(fields=['group_key', 'id'], name='journal_entry_of_account'),
        ),
        AddIndexConcurrently(
            model_name='journalentryline',
            index=models.Index(fields=['group_key', 'id'], name='journal_line_of_account'),
        ),
        AddIndexConcurrently(
            model_name='journalentryline',
            index=models.Index(fields=['journal_entry'], name='line_of_journal_entry'),
        ),
        AddIndexConcurrently(
            model_name='payment',
            index=models.Index(fields=['group_key', 'id'], name='payment_of_account'),
        ),
        AddIndexConcurrently(
            model_name='paymentapplied',
            index=models.Index(fields=['group_key', 'id'], name='payment_applied_of_account'),
        ),
        AddIndexConcurrently(
            model_name='paymentapplied',
            index=models.Index(fields=['invoice'], name='payment_of_invoice'),
        ),
        AddIndexConcurrently(
            model_name='paymentapplied',
            index=models.Index(fields=['payment'], name='invoice_of_payment'),
        ),
    ]
