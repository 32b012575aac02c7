"""Passing failures are tried again and say when; permanent ones fail at once and say who has to act."""

import errno

import pytest
from django.db import OperationalError
from django.utils import timezone

from syncs import tasks
from syncs.connectors.protocol import ConnectorError
from syncs.loading.merge import steps
from syncs.models import SyncRequest
from syncs.presentation.sync_summary import SyncSummary, will_try_again, with_summary_columns
from syncs.services import requests
from tests.factories import UserFactory, member
from tests.loading.conftest import company, enrollment, given, sync  # noqa: F401, fixtures

pytestmark = pytest.mark.django_db
BUSY = ConnectorError("Example ERP is busy (429).", transient=True, retry_after=600)


def test_a_source_that_is_busy_is_asked_again_when_it_said(sync):  # noqa: F811
    result = sync({"companies": [company()], "busy": BUSY})
    assert (result.status_code, result.failure_count) == ("Connector", 1)
    assert 590 < (result.next_try - timezone.now()).total_seconds() <= 600
    assert not result.details.exists()


def test_after_so_many_tries_it_fails(sync, settings):  # noqa: F811
    settings.SYNC_TRIES = 3
    result = sync({"busy": BUSY}, failure_count=2)
    assert (result.status_code, result.failure_count, result.failure_code) == ("Failed", 3, "source_unreadable")
    assert result.process_result_message == "Example ERP is busy (429)."


def test_a_permanent_failure_is_not_retried_and_says_who_has_to_act(sync, client):  # noqa: F811
    result = sync({"locked": ConnectorError("Example ERP refuses the password.")})
    assert (result.status_code, result.failure_count) == ("Failed", 1)
    membership, key = member(account=result.group_key)
    answer = client.get(f"/api/v1/Sync/{result.pk}", headers={"Api-Key": key}).json()
    assert (answer["failureCode"], answer["whoActs"]) == (
        "source_unreadable",
        "An owner or admin of the account.",
    )
    client.force_login(membership.user)
    assert (
        "Who has to act now: An owner or admin of the account." in client.get(f"/syncs/{result.pk}/").content.decode()
    )


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OperationalError("deadlock detected"), "database_busy"),
        (OSError(errno.ENOSPC, "No space left on device"), "storage_unavailable"),
    ],
)
def test_a_deadlock_or_a_full_disk_is_tried_again(sync, monkeypatch, error, code):  # noqa: F811
    def broken(context):
        raise error

    monkeypatch.setattr(steps, "apply_plan", broken)
    result = sync({"companies": [company()]})
    assert (result.status_code, result.failure_count, result.failure_code) == ("Connector", 1, code)


def test_every_interface_shows_the_next_try(sync, client):  # noqa: F811
    result = sync({"busy": BUSY})
    at = will_try_again(result)
    assert at.startswith("Will try again at ")
    assert at.endswith(" UTC.")
    outcome = SyncSummary.of(with_summary_columns(SyncRequest.objects.all()).get()).outcome
    assert (outcome.label, outcome.tone) == ("Waiting to try again", "warn")
    assert outcome.sentence == f"Example ERP is busy (429). {at} 1 try has failed so far."
    membership, key = member(account=result.group_key)
    answer = client.get(f"/api/v1/Sync/{result.pk}", headers={"Api-Key": key}).json()
    assert (answer["statusCode"], answer["failureCount"]) == ("Connector", 1)
    assert answer["nextTry"].startswith(result.next_try.isoformat()[:19])
    client.force_login(membership.user)
    assert at in client.get(f"/syncs/{result.pk}/").content.decode()
    client.force_login(UserFactory(staff=True))
    assert at in client.get("/admin/syncs/syncrequest/").content.decode()


def test_asking_again_does_not_wait_for_the_next_try(sync, enrollment):  # noqa: F811
    result = sync({"busy": BUSY})
    asked = requests.request_sync(enrollment, None)
    assert (asked, asked.next_try) == (result, None)
    tasks.run_next_sync()
    result.refresh_from_db()
    assert (result.status_code, result.failure_count, result.fencing_token) == ("Connector", 2, 1)
