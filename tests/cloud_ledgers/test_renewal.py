"""Refresh tokens: never lost, never used twice, whatever happens at the same time or in between."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from adsplatform.accounts.models import AuditEntry
from enrollments import services
from enrollments.connection_state import fresh_credentials
from enrollments.models import AppEnrollment, Application
from syncs.connectors import connector_named
from syncs.connectors.protocol import ConnectorError
from syncs.loading.helper import EnrollmentHelper
from tests.cloud_ledgers.double import CLIENT, Answer, until
from tests.factories import AppEnrollmentFactory
from tests.product import PROJECT

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def enrollment(xero):
    enrollment = AppEnrollmentFactory(app=Application.objects.get(connector="xero"))
    return services.replace_credentials(enrollment, None, xero.double.grant())


def stored(enrollment):
    return AppEnrollment.objects.get(pk=enrollment.pk)


def renewing(enrollment, xero, database_url, times) -> subprocess.Popen:
    """Eight processes that renew."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.cloud_ledgers.refreshing", str(enrollment.pk), str(times)],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": database_url, "XERO_DOUBLE": xero.double.url},
        start_new_session=True,
    )


def test_eight_processes_renew_two_hundred_times_and_use_no_token_twice(enrollment, xero, database_url):
    xero.double.grace = timedelta()
    assert renewing(enrollment, xero, database_url, 25).wait(120) == 0
    assert (xero.double.refreshed, xero.double.reused) == (200, 0)
    assert stored(enrollment).credentials["refreshToken"] == xero.double.grants[0].refresh


def test_a_process_that_is_killed_between_leaves_a_token_that_works(enrollment, xero, database_url):
    process = renewing(enrollment, xero, database_url, 1_000)
    assert until(lambda: xero.double.refreshed > 20)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(0.2)
    credentials = fresh_credentials(stored(enrollment))
    renewed = connector_named("xero").renewed({**CLIENT, **credentials}, credentials["accessToken"])
    assert renewed["refreshToken"] == xero.double.grants[0].refresh
    assert xero.double.reused == 0


def test_what_another_process_has_renewed_is_taken_as_it_is(enrollment, xero):
    connector = connector_named("xero")
    with (
        EnrollmentHelper(stored(enrollment), "xero", {}) as first,
        EnrollmentHelper(stored(enrollment), "xero", {}) as second,
    ):
        stale = stored(enrollment).credentials["accessToken"]
        for helper in (first, second):
            helper.renew_credentials(lambda present: connector.renewed({**CLIENT, **present}, stale))
    assert xero.double.refreshed == 1
    assert stored(enrollment).connection_ends > datetime.now(UTC) + timedelta(days=59)
    # Neither the client nor its secret is stored with them.
    assert not set(stored(enrollment).credentials) & set(CLIENT)


def test_an_answer_that_is_cut_off_is_asked_for_again(enrollment, xero):
    xero.double.fail("/token", Answer(cut_after=10))
    connector = connector_named("xero")
    with EnrollmentHelper(stored(enrollment), "xero", {}) as helper:
        helper.renew_credentials(lambda present: connector.renewed({**CLIENT, **present}, present["accessToken"]))
    assert xero.double.refreshed == 2
    assert stored(enrollment).credentials["refreshToken"] == xero.double.grants[0].refresh


@pytest.mark.parametrize(
    ("answer", "transient", "sentence"),
    [
        (Answer({"error": "invalid_grant"}, 400), False, "does not give access any more"),
        (Answer({"error": "invalid_client"}, 401), False, "Whoever runs it has to correct them (OAUTH_CLIENTS)"),
        (Answer("busy", 503), True, "answered 503 when asked for access"),
        (Answer("", 429, {"Retry-After": "7"}), True, "answered 429 when asked for access"),
    ],
)
def test_a_refusal_stores_nothing_and_says_who_must_act(enrollment, xero, answer, transient, sentence):
    xero.double.fail("/token", answer)
    before, connector = stored(enrollment).credentials, connector_named("xero")
    with EnrollmentHelper(stored(enrollment), "xero", {}) as helper, pytest.raises(ConnectorError) as refused:
        helper.renew_credentials(lambda present: connector.renewed({**CLIENT, **present}, present["accessToken"]))
    assert refused.value.transient is transient
    assert sentence in str(refused.value)
    assert stored(enrollment).credentials == before


def test_keys_are_rotated_without_losing_a_token_that_came_meanwhile(enrollment, xero, settings):
    old = AppEnrollment.objects.get(pk=enrollment.pk)
    new = services.replace_credentials(stored(enrollment), None, xero.double.grant())
    old.rotate_credentials()
    assert stored(enrollment).credentials == new.credentials
    assert AuditEntry.objects.filter(subject="enrollment", subject_id=str(enrollment.pk)).exists()
