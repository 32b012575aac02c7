"""Keys note with which rights and which key they were made; people note when they ended their bearer tokens."""

import django.db.models.deletion
from django.db import migrations, models

ROLES = [
    ("Group Owner", "Owner"),
    ("Group Admin", "Admin"),
    ("Member", "Member"),
    ("Read-Only", "Read Only"),
]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_redundant_indexes")]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="is_of_staff",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddField(
            model_name="apikey",
            name="made_with",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="accounts.apikey",
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="role",
            field=models.CharField(choices=ROLES, db_default="Read-Only", editable=False, max_length=20),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", [role for role, _ in ROLES])), name="api_key_role_known"
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="tokens_ended",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
