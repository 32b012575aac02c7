"""Keep uploads that wait until somebody has said how their files are written."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_redundant_indexes'),
        ('enrollments', '0005_redundant_indexes'),
        ('syncs', '0019_resumable_uploads'),
    ]

    operations = [
        migrations.CreateModel(
            name='UnansweredUpload',
            fields=[
                ('upload', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='unanswered', serialize=False, to='syncs.upload')),
                ('run_full_sync', models.BooleanField(default=False)),
                ('dry_run', models.BooleanField(default=False)),
                ('created', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('app_enrollment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='enrollments.appenrollment')),
                ('group_key', models.ForeignKey(db_column='group_key', db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.account')),
            ],
            options={
                'indexes': [models.Index(fields=['group_key', 'created'], name='unanswered_of_account'), models.Index(fields=['created'], name='unanswered_kept')],
            },
        ),
    ]
