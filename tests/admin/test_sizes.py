"""The page of sizes: the largest tables, and what is removed next."""

import secrets
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import SyncRequestFactory, SyncResultDetailFactory, UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/admin/syncs/syncrequest/sizes/"


@pytest.fixture
def staff():
    client = Client()
    client.force_login(UserFactory(staff=True))
    return client


def test_it_has_the_largest_tables_and_what_is_removed_next(staff, settings):
    settings.KEEP_SYNCS_DAYS, settings.KEEP_DETAILS_DAYS, settings.KEEP_UPLOADS_DAYS = 0, 400, 0
    for _ in range(3):
        SyncResultDetailFactory(
            sync_request=SyncRequestFactory(succeeded=True, finished=timezone.now() - timedelta(days=500)),
            # Random, for a text that can be compressed takes no room.
            raw_line=secrets.token_hex(300_000),
        )
    page = staff.get(PAGE)
    assert page.status_code == 200
    forecasts = {rule.name: rule for rule in page.context["forecasts"]}
    details, uploads = forecasts["details of syncs"], forecasts["uploaded files"]
    assert (details.count, details.retention_period) == (3, "400 days")
    assert [rule.retention_period for rule in page.context["forecasts"]].count("1 hour") == 1
    assert uploads.before is None
    assert page.context["database_bytes"] > 1_000_000
    tables = page.context["tables"]
    assert [table.bytes for table in tables] == sorted((table.bytes for table in tables), reverse=True)
    assert "syncs_syncresultdetail" in {table.name for table in tables}
    assert "Uploaded files" in page.content.decode()


def test_it_is_reached_from_the_list_of_syncs(staff):
    assert PAGE in staff.get("/admin/syncs/syncrequest/").content.decode()


def test_it_is_not_for_staff_who_may_not_see_syncs():
    client = Client()
    client.force_login(UserFactory(is_staff=True))
    assert client.get(PAGE).status_code == 403


def test_it_is_not_for_others():
    client = Client()
    client.force_login(UserFactory())
    assert client.get(PAGE).status_code == 302


def test_the_page_of_a_sync_says_when_its_lines_were_removed(staff):
    removed = timezone.now()
    sync_request = SyncRequestFactory(succeeded=True, details_removed=removed)
    page = staff.get(f"/admin/syncs/syncrequest/{sync_request.pk}/change/").content.decode()
    assert f"They were removed on {removed:%Y-%m-%d}" in page
