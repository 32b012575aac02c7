"""Leave room on each page of the records, so that an update need not touch an index.

A changed record then stays on its page (a HOT update); and dead versions are cleared away, and statistics made anew,
long before a fifth of a table has changed. Holds for pages written from now on; nothing is rewritten.
"""

from django.db import migrations

TABLES = (
    "basecurrency", "company", "contact", "creditmemoapplied", "customfield", "financialaccount",
    "financialaccountbalancehistory", "financialyearsetting", "invoice", "invoiceline", "invoiceworkflowstatus",
    "journalentry", "journalentryline", "payment", "paymentapplied",
)
SETTINGS = {
    "fillfactor": 80,
    "autovacuum_vacuum_scale_factor": 0.05,
    "autovacuum_analyze_scale_factor": 0.05,
}


def altered(table):
    given = ", ".join(f"{name} = {value}" for name, value in SETTINGS.items())
    return migrations.RunSQL(
        f"ALTER TABLE records_{table} SET ({given})",
        f"ALTER TABLE records_{table} RESET ({', '.join(SETTINGS)})",
    )


class Migration(migrations.Migration):
    dependencies = [("records", "0002_row_hash")]
    operations = [altered(table) for table in TABLES]
