"""A view of the workflow statuses that records name."""

from django.db import migrations, models

NAMED = """
    SELECT coalesce({id}, md5(group_key::text || '/' || {code})::uuid) AS id, group_key, created, {code} AS code
      FROM {table} WHERE {code} IS NOT NULL OR {id} IS NOT NULL
"""
INVOICES = NAMED.format(table="records_invoice", id="workflow_status_id", code="workflow_status_code")
STEPS = NAMED.format(table="records_invoiceworkflowstatus", id="workflow_status_id", code="code")
WORKFLOW_STATUSES = f"""
    CREATE VIEW records_workflowstatus WITH (security_invoker = true) AS
    SELECT id, group_key, min(created) AS created, max(created) AS modified,
           left(coalesce(min(code), id::text), 100) AS name, left(min(code), 100) AS code,
           false AS is_notes_required, false AS is_reason_required, false AS promote_to_erp, 0 AS status_source
      FROM ({INVOICES} UNION ALL {STEPS}) named GROUP BY group_key, id
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0011_index_of_workflow_statuses")]
    operations = [
        migrations.RunSQL(WORKFLOW_STATUSES, "DROP VIEW records_workflowstatus"),
        migrations.CreateModel(
            "WorkflowStatus",
            [
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("group_key", models.UUIDField()),
                ("created", models.DateTimeField()),
                ("modified", models.DateTimeField()),
                ("name", models.TextField()),
                ("code", models.TextField(null=True)),
                ("is_notes_required", models.BooleanField()),
                ("is_reason_required", models.BooleanField()),
                ("promote_to_erp", models.BooleanField()),
                ("status_source", models.IntegerField()),
            ],
            options={"managed": False, "db_table": "records_workflowstatus"},
        ),
    ]
