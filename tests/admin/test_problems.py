"""The lines that syncs left out, in the admin: filtered, searched, grouped."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import SyncRequestFactory, SyncResultDetailFactory

LIST, GROUPS = "/admin/syncs/syncresultdetail/", "/admin/syncs/syncresultdetail/groups/"


@pytest.fixture
def problem(db):
    SyncResultDetailFactory(
        entity="Payment",
        kind="warning",
        erp_key="P1",
        file="pay.csv",
        code="assumed",
        value="",
        message="Rate 1.",
    )
    return SyncResultDetailFactory(sync_request__app_enrollment__group_key__name="Northwind Traders", erp_key="I12")


@pytest.mark.parametrize(
    "asked",
    [
        {"account": "northwind"},
        {"kind": "error"},
        {"entity": "invoice"},
        {"code": "bad_number"},
        {"key": "I12"},
        {"file": "invoices"},
        {"since": "2026-01-01", "kind": "error"},
        {"q": "twel"},
        {"q": "I1"},
        {"q": "is not a number"},
        {"q": "oices.csv"},
    ],
    ids=str,
)
def test_a_filter_or_search_finds_the_line(browser, problem, asked):
    assert list(browser.get(LIST, asked).context["cl"].result_list) == [problem]


def test_a_key_is_found_exactly_or_not_at_all(browser, problem):
    assert browser.get(LIST, {"key": "I1"}).context["cl"].result_count == 0


def test_a_sync_filter_without_an_id_is_reported(browser, problem):
    page = browser.get(LIST, {"sync": "everything"})
    assert "This is not the id of a sync." in page.text
    assert page.context["cl"].result_count == 0


def test_lines_cannot_be_changed_or_deleted(browser, problem):
    assert browser.get(f"{LIST}add/").status_code == 403
    assert browser.get(f"{LIST}{problem.pk}/delete/").status_code == 403
    browser.post(f"{LIST}{problem.pk}/change/", {"message": "All is well."})
    problem.refresh_from_db()
    assert "is not a number" in problem.message


def test_the_same_said_of_many_lines_is_one_group(browser):
    old = SyncRequestFactory(succeeded=True, created=timezone.now() - timedelta(days=3))
    new = SyncRequestFactory(succeeded=True, app_enrollment=old.app_enrollment)
    for sync_request, lines in ((old, 2), (new, 3)):
        SyncResultDetailFactory.create_batch(lines, sync_request=sync_request, message=f"Of {lines} lines.")
    other = SyncResultDetailFactory(code="unknown_reference", entity="Payment")
    page = browser.get(GROUPS)
    assert [
        (group.lines, group.syncs, group.entity, group.code, group.account, group.message)
        for group in page.context["groups"]
    ] == [
        (5, 2, "Invoice", "bad_number", old.group_key, "Of 3 lines."),
        (1, 1, "Payment", "unknown_reference", other.group_key, other.message),
    ]
    largest = page.context["groups"][0]
    assert (largest.first, largest.last) == (old.created, new.created)
    assert browser.get(largest.url).context["cl"].result_count == 5


def test_groups_look_back_a_week_and_at_errors_unless_asked_otherwise(browser):
    SyncResultDetailFactory(kind="warning", code="assumed")
    SyncResultDetailFactory(sync_request__created=timezone.now() - timedelta(days=20), code="twenty_days_old")
    SyncResultDetailFactory(sync_request__created=timezone.now() - timedelta(days=40), code="too_old")

    def codes(**asked):
        return [group.code for group in browser.get(GROUPS, asked).context["groups"]]

    assert codes() == []
    assert codes(days="30") == ["twenty_days_old"]
    assert codes(kind="warning") == ["assumed"]
    assert codes(days="30", kind="") == ["assumed", "twenty_days_old"]
    assert codes(days="4000") == []


def test_the_list_leads_to_the_groups(browser, problem):
    assert f'href="{GROUPS}"' in browser.get(LIST).text


def test_a_common_cause_stands_for_its_lines(browser, db):
    northwind = SyncRequestFactory()
    common = {"sync_request": northwind, "code": "bad_date", "column": "invoiceDate"}
    cause = SyncResultDetailFactory(**common, line=None, line_count=3, message="Of 3 of 3 lines.")
    for line in (2, 3, 4):
        SyncResultDetailFactory(**common, line=line, message=f"Line {line} alone.", cause=cause)
    listed = browser.get(LIST, {"sync": northwind.pk})
    assert "Of 3 of 3 lines." in listed.text
    assert "alone." not in listed.text
    assert "Line 3 alone." in browser.get(LIST, {"sync": northwind.pk, "cause": cause.pk}).text
    groups = browser.get(GROUPS, {"code": "bad_date"}).context["groups"]
    assert [(group.lines, group.message) for group in groups] == [(3, "Of 3 of 3 lines.")]
    assert f"cause={cause.pk}" in browser.get(f"{LIST}{cause.pk}/change/").text
    assert f"{LIST}{cause.pk}/change/" in browser.get(f"{LIST}{cause.described_lines.first().pk}/change/").text
