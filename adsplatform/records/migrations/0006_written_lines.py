"""Note of every record which file and line last wrote it.

Columns that may be null, so no table is rewritten; records that were written before have none.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0005_views'),
    ]

    operations = [
        migrations.AddField(
            model_name='basecurrency',
            name='modified_file',
            field=models.CharField(max_length=255, null=True),
        ),
        migrations.AddField(
            model_name='basecurrency',
            name='modified_line',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='company',
            name='modified_file',
            field=models.CharField(max_length=255, null=True),
        ),
        migrations.AddField(
            model_name='company',
            name='modified_line',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='contact',
            name='modified_file',
            field=models.CharField(max_length=255, null=True),
        ),
        migrations.AddField(
            model_name='contact',
            name='modified_line',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='creditmemoapplied',
            name='modified_file',
            field=models.CharField(max_length=255, null=True),
        ),
        migrations.AddField(
            model_name='creditmemoapplied',
            name='modified_line',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='customfield',
            name='modified_file',
            field=models.CharField(max_length=255, null=True),
        ),
        migrations.AddField(
            model_name='customfield',
            name='modified_line',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='financialaccount',
            name='modified_file',
            field=models.CharField(max_length=255, null=True),
        ),
        migrations.AddField(
            model_name='financialaccount',
            name='modified_line',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='financialaccountbalancehistory',
            name='modified_file',
            field=models.CharField(max_length=255, null=True),
        ),
        migrations.AddField(
            model_name='financialaccountbalancehistory',
            name='modified_line',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='financialyearsetting',
            name='modified_file',
            field=models.CharField(max_length=255, null=True),
        ),
        migrations.AddField(
            model_name='financialyearsetting',
            name='modified_line',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='invoice',
            name='modified_file',
            field=models.CharField(max_length=255, null=True),
        ),
        migrations.AddField(
            model_name='invoice',
            name='modified_line',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='invoiceline',
            name='modified_file',
            field=models.CharField(max_length=255, null=True),
        ),
        migrations.AddField(
            model_name='invoiceline',
            name='modified_line',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='invoiceworkflowstatus',
            name='modified_file',
            field=models.CharField(max_length=255, null=True),
        ),
        migrations.AddField(
            model_name='invoiceworkflowstatus',
            name='modified_line',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='journalentry',
            name='modified_file',
            field=models.CharField(max_length=255, null=True),
        ),
        migrations.AddField(
            model_name='journalentry',
            name='modified_line',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='journalentryline',
            name='modified_file',
            field=models.CharField(max_length=255, null=True),
        ),
        migrations.AddField(
            model_name='journalentryline',
            name='modified_line',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='payment',
            name='modified_file',
            field=models.CharField(max_length=255, null=True),
        ),
        migrations.AddField(
            model_name='payment',
            name='modified_line',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='paymentapplied',
            name='modified_file',
            field=models.CharField(max_length=255, null=True),
        ),
        migrations.AddField(
            model_name='paymentapplied',
            name='modified_line',
            field=models.BigIntegerField(null=True),
        ),
    ]
