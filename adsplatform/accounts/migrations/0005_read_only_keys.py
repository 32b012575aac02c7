"""API keys may be made that only read; those that exist go on as they are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_membership_wants_notices")]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="is_read_only",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
