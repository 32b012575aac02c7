"""Store with a sync of which kinds a part of its input was not read, for the deletes after its last part."""

from django.db import migrations, models

# So far, errors about a whole file told it. They are needed where the last part of an input is still to come.
FROM_DETAILS = """
UPDATE syncs_syncrequest s SET unread_kinds = d.kinds
FROM (
    SELECT sync_request_id, jsonb_agg(DISTINCT entity) AS kinds
    FROM syncs_syncresultdetail WHERE kind = 'error' AND line IS NULL GROUP BY sync_request_id
) d
WHERE d.sync_request_id = s.sync_request_id AND s.total_batches > 1
"""


class Migration(migrations.Migration):
    dependencies = [("syncs", "0014_redundant_indexes")]
    operations = [
        migrations.AddField(
            model_name="syncrequest",
            name="unread_kinds",
            field=models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list),
        ),
        migrations.RunSQL(FROM_DETAILS, migrations.RunSQL.noop),
    ]
