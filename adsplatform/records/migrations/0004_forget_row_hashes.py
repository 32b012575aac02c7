"""Forget the row hashes of records whose keys, references or currencies are read in another way from now on.

A row that a hash identifies is taken for unchanged before any of its cells is looked at, so the hash of a row with
`FI1 ` or `eur` would keep the old key or code in the books, and nobody would hear of it. Without a hash, the next sync
checks the row and compares it with the record. Safe to run twice; nothing but `row_hash` changes.
"""

from django.db import migrations

# What may not be in the form in which keys are stored, and what may be a key that a spreadsheet has changed.
UNCLEAR = (
    r"{0} !~ '^[!-~]([ -~]*[!-~])?$' OR {0} ~* "
    r"'^([+-]?[0-9]+([.,][0-9]*)?e[+-]?[0-9]+|[+-]?[0-9]+[.,]0+|[0-9]{{1,4}}[./-][0-9]{{1,2}}[./-][0-9]{{1,4}}.*"
    r"|[0-9]{{1,2}}[-. ]{{1,2}}[a-z]{{3}}|[a-z]{{3}}[-. ]{{1,2}}[0-9]{{2,4}}|true|false)$'"
)
KEYS = {
    "company": ["erp_key"],
    "contact": ["erp_key"],
    "creditmemoapplied": ["erp_key"],
    "financialaccount": ["erp_key", "code"],
    "invoice": ["erp_key"],
    "invoiceline": ["erp_key"],
    "journalentry": ["erp_key"],
    "journalentryline": ["erp_key", "source_object_erp_key"],
    "payment": ["erp_key"],
    "paymentapplied": ["erp_key"],
}
REFERENCES = {
    "company": {"parent_company_id": "company", "primary_contact_id": "contact"},
    "contact": {"company_id": "company"},
    "creditmemoapplied": {"invoice_id": "invoice", "credit_memo_invoice_id": "invoice"},
    "invoice": {"company_id": "company", "customer_id": "company"},
    "invoiceline": {"invoice_id": "invoice"},
    "journalentryline": {"journal_entry_id": "journalentry", "financial_account_id": "financialaccount"},
    "payment": {"company_id": "company"},
    "paymentapplied": {"invoice_id": "invoice", "refund_id": "payment", "payment_id": "payment"},
}
# The currencies of most books. The hashes of other codes are forgotten without need, which costs one comparison.
KNOWN = (
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "IDR", "ILS", "INR", "JPY", "KRW", "MXN",
    "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "RUB", "SEK", "SGD", "THB", "TRY", "USD", "ZAR",
)
CURRENCIES = {
    "company": ["default_currency_code"],
    "invoice": ["currency_code"],
    "journalentryline": ["currency_code", "base_currency_code"],
    "payment": ["currency_code"],
}


def forgotten(table):
    unclear = [f"({UNCLEAR.format(f't.{column}')})" for column in KEYS[table]]
    for column, target in REFERENCES.get(table, {}).items():
        keys = " OR ".join(UNCLEAR.format(f"o.{key}") for key in KEYS[target])
        unclear.append(f"t.{column} IN (SELECT o.id FROM records_{target} o WHERE {keys})")
    unclear += [f"t.{column} !~ '^({'|'.join(KNOWN)})$'" for column in CURRENCIES.get(table, [])]
    return migrations.RunSQL(
        f"UPDATE records_{table} t SET row_hash = NULL WHERE row_hash IS NOT NULL AND ({' OR '.join(unclear)})",
        migrations.RunSQL.noop,
    )


class Migration(migrations.Migration):
    dependencies = [("records", "0003_room_for_updates")]
    operations = [forgotten(table) for table in KEYS]
