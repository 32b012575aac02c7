from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('syncs', '0025_deletes_told_by_sources'),
    ]

    operations = [
        migrations.AddField(
            model_name='unansweredupload',
            name='is_excerpt',
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
