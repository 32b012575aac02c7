"""A sync whose lines were removed says when."""

import pytest
from django.utils import timezone

from tests.factories import SyncEntityResultFactory, SyncRequestFactory

pytestmark = pytest.mark.django_db


def test_a_sync_says_when_its_lines_were_removed(program):
    removed = timezone.now()
    sync_request = SyncRequestFactory(
        succeeded=True, app_enrollment__group_key=program.account, details_removed=removed
    )
    SyncEntityResultFactory(sync_request=sync_request, lines_read=3, rejected=3)
    answer = program.get(f"Sync/{sync_request.pk}", query="include=details").json()
    assert answer["detailsRemoved"][:10] == f"{removed:%Y-%m-%d}"
    assert answer["details"]["Invoice"]["errorCount"] == 3


def test_others_do_not_mention_it(program):
    sync_request = SyncRequestFactory(succeeded=True, app_enrollment__group_key=program.account)
    assert not program.get(f"Sync/{sync_request.pk}").json().get("detailsRemoved")
