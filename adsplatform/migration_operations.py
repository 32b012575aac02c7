"""Operations for the migrations of several apps."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def drop_redundant_index(name: str, table: str, column: str) -> migrations.RunSQL:
    """Drop an index of one column that is a prefix of another index, without a lock; needs `atomic = False`."""
    return migrations.RunSQL(
        f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"',
        f'CREATE INDEX CONCURRENTLY IF NOT EXISTS "{name}" ON "{table}" ("{column}")',
    )


def rename_content_type(old: str, new: str) -> migrations.RunPython:
    """Let what staff may do with a renamed model apply to its new name; Django overlooks state-only renames."""

    def rename(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        _rename(apps, schema_editor, old, new)

    def rename_back(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        _rename(apps, schema_editor, new, old)

    return migrations.RunPython(rename, rename_back)


def _rename(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor, old: str, new: str) -> None:
    app, old_model = old.split(".")
    content_types = apps.get_model("contenttypes", "ContentType").objects.using(schema_editor.connection.alias)
    content_types.filter(app_label=app, model=old_model).update(model=new.split(".")[1])
