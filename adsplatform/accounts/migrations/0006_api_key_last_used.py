"""API keys tell when they were last used; of those that exist, it is not known."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_read_only_keys")]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="last_used",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
