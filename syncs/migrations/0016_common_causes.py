"""Let details of lines refer to the description of their common cause."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("syncs", "0015_unread_kinds")]
    operations = [
        migrations.AddField(
            model_name="syncresultdetail",
            name="cause",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="described_lines",
                to="syncs.syncresultdetail",
            ),
        ),
        migrations.AddField(
            model_name="syncresultdetail", name="line_count", field=models.BigIntegerField(null=True)
        ),
    ]
