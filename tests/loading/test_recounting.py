"""Control totals and the records, counted again: whether they agree, and how they are set right."""

from importlib import import_module

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from adsplatform.records.models import Invoice
from adsplatform.records.specification import entities
from syncs.loading.control_totals import recount as recounting
from syncs.loading.control_totals.recount import check_totals, recount
from syncs.loading.merge import steps
from syncs.models import BookTotal
from tests.factories import AppEnrollmentFactory
from tests.loading.conftest import invoice
from tests.loading.totals import COMPANIES, loaded_only, of_lines, stored


def test_recounting_reports_where_the_records_differ_and_repairs_the_totals(loaded, enrollment, capsys):
    call_command("recount_books")
    assert capsys.readouterr().out == "The totals and numbers of 1 enrollment are those of the records.\n"
    Invoice.objects.filter(erp_key="I2").delete()
    Invoice.objects.filter(erp_key="I3").update(currency_code="CHF")
    with pytest.raises(CommandError, match="^5 totals differ. Run it with --correct to set them right.$"):
        call_command("recount_books", enrollment=str(enrollment.pk))
    assert capsys.readouterr().out.splitlines() == [
        "Given rows: of baseCurrencyTotalAmount of invoices in no currency, 3 amounts adding up to 15 are kept as the "
        "total, but the records hold 2 amounts adding up to 15.1.",
        "Given rows: of totalAmount of invoices in CHF, 0 amounts adding up to 0 are kept as the total, but the "
        "records hold 1 amount adding up to 5.",
        "Given rows: of totalAmount of invoices in EUR, 2 amounts adding up to 10 are kept as the total, but the "
        "records hold 1 amount adding up to 10.1.",
        "Given rows: of totalAmount of invoices in USD, 1 amount adding up to 5 are kept as the total, but the "
        "records hold 0 amounts adding up to 0.",
        "Given rows: 3 is kept as the number of invoices, but there are 2.",
    ]
    call_command("recount_books", correct=True)
    assert capsys.readouterr().out.splitlines()[-1] == "5 totals were set right."
    assert recount(enrollment) == []
    assert stored() == {"EUR": (1, "10.1"), "CHF": (1, "5")}


def agreements(sync_request, column="totalAmount"):
    """By currency: whether the records, counted again, hold what the control total says of the books."""
    checked = check_totals(sync_request.control_totals.filter(column=column))
    return {total.currency: agrees for total, agrees in checked}


@pytest.mark.parametrize(
    "change",
    [
        lambda invoices: invoices.filter(erp_key="I1").update(total_amount="10.11"),
        lambda invoices: invoices.filter(erp_key="I1").update(currency_code="CHF"),
        lambda invoices: invoices.filter(erp_key="I1").delete(),
        # The sum stays, the number of amounts does not.
        lambda invoices: invoices.filter(erp_key="I1").update(total_amount=None),
    ],
)
def test_records_changed_without_a_merge_do_not_agree_with_the_books(loaded, change):
    assert agreements(loaded) == {"EUR": True, "USD": True}
    change(Invoice.objects)
    assert agreements(loaded) == {"EUR": False, "USD": True}


def test_a_stored_total_that_was_changed_is_not_compared_with_an_older_one(loaded):
    BookTotal.objects.filter(column="totalAmount", currency="EUR").update(sum=7)
    assert agreements(loaded) == {"EUR": None, "USD": True}


def test_a_merge_that_adds_up_wrongly_is_detected(sync, loaded, monkeypatch):
    tally_plan = steps.tally_plan

    def twice(context):
        tally_plan(context)
        context.run("UPDATE amount_tally SET sum = 2 * sum WHERE category = 'change' AND \"column\" = 'totalAmount'")

    monkeypatch.setattr(steps, "tally_plan", twice)
    result = sync({"invoices": [invoice("I4", totalAmount="1", currencyCode="EUR")]})
    assert of_lines(result) == {"EUR": loaded_only(1, "1")}
    assert agreements(result) == {"EUR": False, "USD": True}
    assert agreements(result, "baseCurrencyTotalAmount") == {"": True}


def test_books_that_changed_since_the_sync_are_not_compared(sync, loaded):
    later = sync({"invoices": [invoice("I4", totalAmount="1", currencyCode="EUR")]})
    assert agreements(loaded) == {"EUR": None, "USD": True}
    assert agreements(later) == {"EUR": True, "USD": True}


def test_a_preview_leaves_no_books_to_compare(sync, loaded):
    preview = sync({"invoices": [invoice("I1", totalAmount="10.10", currencyCode="EUR")]}, dry_run=True)
    assert agreements(preview) == {"EUR": None, "USD": None}


def test_many_records_are_not_counted_for_a_page(loaded, monkeypatch):
    monkeypatch.setattr(recounting, "COUNTED_AT_MOST", 2)
    assert agreements(loaded) == {"EUR": None, "USD": None}


def test_records_of_another_enrollment_are_not_counted(sync, loaded, enrollment):
    other = AppEnrollmentFactory(app=enrollment.app, group_key=enrollment.group_key)
    sync({"companies": COMPANIES, "invoices": [invoice(totalAmount="1", currencyCode="EUR")]}, into=other)
    assert agreements(loaded) == {"EUR": True, "USD": True}


@pytest.mark.parametrize("id", ["nonsense", "00000000-0000-0000-0000-000000000007"])
def test_recounting_an_unknown_enrollment_is_an_error(db, id):
    with pytest.raises(CommandError, match=f"^There is no enrollment with the id “{id}”.$"):
        call_command("recount_books", enrollment=id)


def test_the_migration_counts_records_that_were_there_before_it(loaded, enrollment):
    migration = import_module("syncs.migrations.0005_totals_of_books")
    BookTotal.objects.all().delete()
    with connection.schema_editor() as editor:
        migration.count(apps, editor)
        migration.count(apps, editor)
    assert recount(enrollment) == []
    assert stored() == {"EUR": (2, "10"), "USD": (1, "5")}
    listed = {(entity, name) for entity, amounts in migration.AMOUNTS.values() for name, _, _ in amounts}
    assert listed == {(entity.name, column.wire) for entity in entities().values() for column in entity.amounts}
