"""The demo connector through the whole path: about 5,000 rows, and dates that only a full sync refreshes."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Max

from adsplatform.records.models import Invoice
from enrollments.services import enroll
from syncs import tasks
from syncs.services import requests
from tests.factories import AppEnrollmentFactory, MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def enrollment():
    """One that was made 100 days ago, as its id tells."""
    then = datetime.now(UTC) - timedelta(days=100)
    return AppEnrollmentFactory(
        app_enrollment_id=f"{int(then.timestamp() * 1000):012x}70008000000000000001",
        created=then,
    )


def synced(enrollment, **wanted):
    sync_request = requests.request_sync(enrollment, MembershipFactory().user, **wanted)
    tasks.run_next_sync()
    sync_request.refresh_from_db()
    assert sync_request.status_code == "Success", sync_request.process_result_message
    assert not sync_request.details.exists()
    return sync_request


def changed(sync_request):
    return sum(result.inserted + result.updated + result.delete_count for result in sync_request.results.all())


def newest_invoice(enrollment):
    return Invoice.objects.filter(app_enrollment=enrollment).aggregate(newest=Max("invoice_date"))["newest"]


def test_a_full_sync_refreshes_the_dates_and_a_delta_leaves_them(enrollment):
    assert 5_000 <= changed(synced(enrollment)) <= 6_500
    before = newest_invoice(enrollment)
    assert changed(synced(enrollment)) == 0
    assert changed(synced(enrollment, full=True)) > 2_000
    assert newest_invoice(enrollment) - before == timedelta(days=100)
    assert changed(synced(enrollment)) == 0


def test_two_enrollments_have_books_of_their_own(enrollment):
    member = MembershipFactory()
    other = enroll(member.group_key, enrollment.app, member.user)
    for one in (enrollment, other):
        synced(one)
    ours, theirs = (
        set(Invoice.objects.filter(app_enrollment=one).values_list("total_amount", flat=True))
        for one in (enrollment, other)
    )
    assert ours != theirs
