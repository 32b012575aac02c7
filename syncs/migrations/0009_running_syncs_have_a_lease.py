"""Whatever is in progress has a lease.

What is in progress while this runs was started by a worker that knows of none. It gets a lease that runs out by itself,
so that another worker takes it up; the old one's end is then refused by the constraint. Safe to run twice.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('syncs', '0008_leases'),
    ]

    operations = [
        migrations.RunSQL(
            "UPDATE syncs_syncrequest SET lease_expires = now() + interval '30 seconds' "
            "WHERE status_code = 'In Progress' AND lease_expires IS NULL",
            migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            model_name='syncrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('lease_expires__isnull', False), ('status_code', 'In Progress')), models.Q(models.Q(('status_code', 'In Progress'), _negated=True), ('lease_expires__isnull', True)), _connector='OR'), name='sync_leased_iff_running'),
        ),
    ]
