"""Name the entries about refused sign-ins and about staff who look at an account's data."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_index_of_persons")]
    operations = [
        migrations.AlterField(
            "auditentry",
            "action",
            models.CharField(
                choices=[
                    ("added", "Added"),
                    ("changed", "Changed"),
                    ("removed", "Removed"),
                    ("refused", "Sign-in refused"),
                    ("seen", "Seen by staff"),
                ],
                max_length=10,
            ),
        )
    ]
