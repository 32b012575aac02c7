"""Keep import profiles in versions, which version each file was read by, and who changed one."""

import adsplatform.identifiers
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from adsplatform.accounts.audit_triggers import audited


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_redundant_indexes'),
        ('enrollments', '0005_redundant_indexes'),
        ('syncs', '0017_index_of_summaries'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ImportProfileVersion',
            fields=[
                ('id', models.UUIDField(default=adsplatform.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=100)),
                ('fingerprint', models.CharField(max_length=16)),
                ('file_pattern', models.CharField(blank=True, max_length=255)),
                ('version', models.PositiveIntegerField(default=1)),
                ('document', models.JSONField()),
                ('created', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('replaced', models.DateTimeField(blank=True, null=True)),
                ('app_enrollment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='import_profiles', to='enrollments.appenrollment')),
                ('created_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('group_key', models.ForeignKey(db_column='group_key', on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.account')),
            ],
        ),
        migrations.AddField(
            model_name='syncfile',
            name='import_profile',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='+', to='syncs.importprofileversion'),
        ),
        migrations.AddConstraint(
            model_name='importprofileversion',
            constraint=models.UniqueConstraint(models.F('app_enrollment'), models.F('fingerprint'), models.F('file_pattern'), condition=models.Q(('replaced__isnull', True)), name='one_current_profile_per_file'),
        ),
        migrations.AddConstraint(
            model_name='importprofileversion',
            constraint=models.CheckConstraint(condition=models.Q(('version__gte', 1)), name='profile_version_from_one'),
        ),
        audited(
            "syncs_importprofileversion", "import profile", "app_enrollment_id", "name", "version", "fingerprint",
            "file_pattern", "replaced", name="name",
        ),
    ]  # fmt: skip
