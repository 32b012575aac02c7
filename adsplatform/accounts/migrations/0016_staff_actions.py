"""What platform staff do to the people of an account, for its owners; the audit trail has it too."""

import adsplatform.identifiers
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from adsplatform.accounts.audit_triggers import audited

class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0015_audit_of_events'),
    ]

    operations = [
        migrations.CreateModel(
            name='StaffAction',
            fields=[
                ('staff_action_id', models.UUIDField(default=adsplatform.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('kind', models.CharField(choices=[('password link', 'Password Link'), ('e-mail address', 'Address'), ('switched on or off', 'Switch'), ('membership', 'Membership')], max_length=20)),
                ('message', models.TextField()),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('seen', models.DateTimeField(null=True)),
                ('group_key', models.ForeignKey(db_column='group_key', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.account')),
                ('seen_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('staff', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['group_key', '-at'], name='staff_action_of_account')],
            },
        ),
        audited(
            "accounts_staffaction",
            "action of staff",
            "kind",
            "person_id",
            "seen",
            "seen_user_id",
            key="staff_action_id",
            name="kind",
        ),
    ]
