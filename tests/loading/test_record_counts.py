"""How many records of each kind an enrollment has, as merges keep it."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from adsplatform.records.models.counts import RecordCount
from adsplatform.records.specification import entities
from enrollments.models import AppEnrollment
from syncs.loading.control_totals.recount import recount
from syncs.services.enrollment_removal import remove_some_data_of
from tests.factories import AppEnrollmentFactory
from tests.loading.conftest import company, invoice


def kept(enrollment):
    found = RecordCount.objects.filter(app_enrollment=enrollment, group_key=enrollment.group_key_id)
    return dict(found.values_list("entity", "count"))


@pytest.mark.parametrize("directly", [True, False])
def test_merges_keep_how_many_records_there_are(sync, enrollment, directly):
    rows = {"companies": [company("C1"), company("C2")], "invoices": [invoice("I1"), invoice("I2"), invoice("I2")]}
    sync(rows, directly=directly)
    assert kept(enrollment) == {"Company": 2, "Invoice": 2}
    sync(rows | {"invoices": [invoice("I2", totalAmount="7"), invoice("I3")]})
    assert kept(enrollment) == {"Company": 2, "Invoice": 3}
    sync({"invoices": [invoice("I4"), invoice("I5")]}, dry_run=True)
    sync({"invoices": [invoice("I4", totalAmount="twelve")]}, directly=directly)
    assert kept(enrollment) == {"Company": 2, "Invoice": 3}
    sync({"invoices": [invoice("I1", onMatchAction="2"), invoice("I4")]})
    assert kept(enrollment) == {"Company": 2, "Invoice": 3}
    sync({"invoices": [invoice("I3")]}, run_full_sync=True, allow_deletes=True)
    assert kept(enrollment) == {"Company": 2, "Invoice": 1}
    assert recount(enrollment) == []


def test_counts_go_with_the_data_of_their_enrollment(sync, enrollment):
    other = AppEnrollmentFactory(app=enrollment.app, group_key=enrollment.group_key)
    for each in (enrollment, other):
        sync({"companies": [company()], "invoices": [invoice()]}, into=each)
    assert RecordCount.objects.of_kind(enrollment.group_key_id, "Invoice") == 2
    AppEnrollment.objects.filter(pk=enrollment.pk).update(removal_asked=timezone.now())
    assert remove_some_data_of(enrollment.pk) == {"records": 2, "rejected_rows": 0, "uploaded_files": 0}
    assert (kept(enrollment), kept(other)) == ({}, {"Company": 1, "Invoice": 1})


def test_the_migration_counts_records_that_were_there_before_it(sync, enrollment):
    sync({"companies": [company("C1"), company("C2")], "invoices": [invoice("I1")]})
    migration = import_module("adsplatform.records.migrations.0010_record_counts")
    RecordCount.objects.all().delete()
    with connection.schema_editor() as editor:
        migration.count(apps, editor)
        migration.count(apps, editor)
    assert kept(enrollment) == {"Company": 2, "Invoice": 1}
    assert {entity.name: entity.table for entity in entities().values()} == migration.TABLES
