"""Results note the bytes of their raw lines, for the quota of the account; those of earlier syncs do not count."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("syncs", "0021_delete_on_match")]

    operations = [
        migrations.AddField(
            model_name="syncentityresult",
            name="raw_bytes",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
    ]
