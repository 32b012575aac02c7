"""Index the queue's table by what its readers ask for: the oldest message of a queue that nobody has taken."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("syncs", "0009_running_syncs_have_a_lease"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX IF NOT EXISTS queue_oldest_message ON django_q_ormq (key, lock, id)",
            "DROP INDEX IF EXISTS queue_oldest_message",
        )
    ]
