"""How far sources have been read, and how much of their budgets is used."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0020_functions_name_their_schema"),
        ("enrollments", "0006_names_of_settings"),
        ("syncs", "0023_indexes_of_quotas"),
    ]
    operations = [
        migrations.CreateModel(
            name="SourceBudget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("connector", models.CharField(max_length=50)),
                ("name", models.CharField(max_length=50)),
                ("key_digest", models.CharField(max_length=64)),
                ("day", models.DateField()),
                ("used_in_day", models.PositiveIntegerField(default=0)),
                ("recent", models.JSONField(default=list)),
                ("modified", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint("connector", "name", "key_digest", name="one_use_per_budget")
                ],
            },
        ),
        migrations.CreateModel(
            name="SourceState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(blank=True, max_length=100)),
                ("state", models.JSONField()),
                ("modified", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "app_enrollment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="source_states",
                        to="enrollments.appenrollment",
                    ),
                ),
                (
                    "group_key",
                    models.ForeignKey(
                        db_column="group_key",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.account",
                    ),
                ),
                (
                    "sync_request",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="syncs.syncrequest",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint("app_enrollment", "kind", name="one_state_per_kind")],
            },
        ),
    ]
