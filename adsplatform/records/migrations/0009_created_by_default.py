"""Let the database set when a record was created and modified, where a statement does not.

COPY of many records need not send, and the server need not read, the same two times with each of them. Only the default
of later rows changes; nothing is rewritten.
"""

import django.utils.timezone
from django.contrib.postgres.functions import TransactionNow
from django.db import migrations, models

MODELS = (
    "basecurrency", "company", "contact", "creditmemoapplied", "customfield", "financialaccount",
    "financialaccountbalancehistory", "financialyearsetting", "invoice", "invoiceline", "invoiceworkflowstatus",
    "journalentry", "journalentryline", "payment", "paymentapplied",
)


class Migration(migrations.Migration):
    dependencies = [("records", "0008_transactions")]
    operations = [
        migrations.AlterField(
            model, name, models.DateTimeField(default=django.utils.timezone.now, db_default=TransactionNow())
        )
        for model in MODELS
        for name in ("created", "modified")
    ]
