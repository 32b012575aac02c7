"""Migrations can run while the previous release still serves and works (docs/deployment.md, “Release order”)."""

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django_migration_linter import MigrationLinter
from django_migration_linter.sql_analyser import analyse_sql_statements, get_sql_analyser_class

OURS = ("accounts", "rest", "records", "enrollments", "syncs")
# Nobody ran anything older than these.
FIRST_RELEASE = {
    "accounts": "0002_cache_table",
    "rest": "0001_kept_answers",
    "records": "0001_initial",
    "enrollments": "0001_initial",
    "syncs": "0003_repeats_and_previews",
}
# A migration that looks dangerous and is not, and why.
HARMLESS = {
    ("enrollments", "0006_names_of_settings"): (
        "A text holds whatever a varchar does, and needs no rewriting; the earlier release reads and writes it alike."
    ),
}


def later_migrations():
    for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations:
        if app in OURS and name > FIRST_RELEASE[app] and (app, name) not in HARMLESS:
            yield pytest.param(app, name, id=f"{app} {name}")


@pytest.mark.parametrize(("app", "name"), sorted(later_migrations(), key=lambda param: param.id))
@pytest.mark.django_db(transaction=True)
def test_no_migration_breaks_the_release_before_it(app, name):
    assert faults(MigrationLinter(no_cache=True).get_sql(app, name)) == []


def test_every_app_of_ours_with_migrations_is_looked_at():
    ours = {
        each.label
        for each in apps.get_app_configs()
        if each.name.split(".")[0] in ("adsplatform", "enrollments", "syncs")
    }
    with_migrations = {app for app, _ in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    assert ours & with_migrations == set(OURS)


@pytest.mark.parametrize(
    "statement",
    [
        'ALTER TABLE "syncs_upload" DROP COLUMN "size" CASCADE',
        'ALTER TABLE "syncs_upload" RENAME COLUMN "size" TO "bytes"',
        'ALTER TABLE "syncs_upload" RENAME TO "syncs_file"',
        'ALTER TABLE "syncs_upload" ADD COLUMN "pages" integer NOT NULL',
        'ALTER TABLE "syncs_upload" ALTER COLUMN "size" TYPE integer',
        'ALTER TABLE "syncs_upload" ADD CONSTRAINT "one" UNIQUE ("sha256")',
        'DROP TABLE "syncs_upload" CASCADE',
    ],
)
def test_a_statement_that_breaks_the_previous_release_is_found(statement):
    assert len(faults([statement])) == 1


@pytest.mark.parametrize(
    "statement",
    [
        'ALTER TABLE "syncs_upload" ADD COLUMN "pages" integer NULL',
        """ALTER TABLE "syncs_upload" ADD COLUMN "note" text DEFAULT '' NOT NULL""",
        'CREATE INDEX CONCURRENTLY "by_size" ON "syncs_upload" ("size")',
    ],
)
def test_a_harmless_statement_is_accepted(statement):
    assert faults([statement]) == []


def faults(statements) -> list[str]:
    errors, _, _ = analyse_sql_statements(get_sql_analyser_class(connection.settings_dict["ENGINE"]), statements)
    return [error.message for error in errors]
