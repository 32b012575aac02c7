"""What the process of a sync does for its connector: credentials are renewed once, and budgets are kept by all."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

import pytest
from django.db import connections

from enrollments.models import AppEnrollment, Application
from enrollments.services import publish_application, replace_credentials
from syncs import connectors
from syncs.connectors.protocol import Budget, ConnectorError
from syncs.loading import helper
from syncs.loading.helper import EnrollmentHelper
from syncs.models import SourceBudget
from syncs.services import source_states
from tests.factories import AppEnrollmentFactory
from tests.loading.conftest import GivenRows

pytestmark = pytest.mark.django_db(transaction=True)
BUDGETS = (
    Budget("requests", "Requests", key="tenant", per_minute=3, per_day=5),
    Budget("places", "Connections", concurrent=1),
)


@pytest.fixture
def enrollment(monkeypatch):
    class Budgeted(GivenRows):
        application = replace(GivenRows.application, budgets=BUDGETS)

    monkeypatch.setitem(connectors.registry, "given-rows", Budgeted({}))
    monkeypatch.setattr(helper, "LONGEST_WAIT", 0.2)
    publish_application(Budgeted.application)
    enrollment = AppEnrollmentFactory(app=Application.objects.get(connector="given-rows"))
    return replace_credentials(enrollment, None, {"tenant": "T1", "refreshToken": "token-0000"})


@pytest.fixture
def help_for(enrollment):
    with ExitStack() as opened:
        yield lambda: opened.enter_context(
            EnrollmentHelper(AppEnrollment.objects.get(pk=enrollment.pk), "given-rows", {})
        )


def stored(enrollment):
    return AppEnrollment.objects.get(pk=enrollment.pk).credentials


def test_new_credentials_are_stored_at_once_and_masked(enrollment, help_for):
    helping = help_for()
    new = helping.renew_credentials(lambda present: {**present, "refreshToken": "token-0001"})
    assert new == stored(enrollment) == {"tenant": "T1", "refreshToken": "token-0001"}
    assert helping.secrets == ["token-0000", "token-0001"]


def test_nothing_is_stored_when_the_source_refuses(enrollment, help_for):
    def refused(present):
        raise ConnectorError("The refresh token is not valid any more.")

    with pytest.raises(ConnectorError, match="not valid any more"):
        help_for().renew_credentials(refused)
    assert stored(enrollment)["refreshToken"] == "token-0000"


def test_of_many_at_once_each_gets_the_token_that_the_one_before_left(enrollment):
    """As with a source whose tokens are valid once: a token that is used twice is refused."""
    used = []

    def renewed(present):
        number = int(present["refreshToken"][-4:])
        used.append(number)
        return {**present, "refreshToken": f"token-{number + 1:04}"}

    copies = [AppEnrollment.objects.select_related("app").get(pk=enrollment.pk) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda copy: EnrollmentsTurn(copy, renewed).run(), copies))
    assert sorted(used) == list(range(20))
    assert stored(enrollment)["refreshToken"] == "token-0020"


class EnrollmentsTurn:
    """One process's five renewals."""

    def __init__(self, enrollment, renewed):
        self.enrollment, self.renewed = enrollment, renewed

    def run(self):
        try:
            with EnrollmentHelper(self.enrollment, "given-rows", {}) as helping:
                for _ in range(5):
                    helping.renew_credentials(self.renewed)
        finally:
            connections.close_all()


def test_a_budget_is_shared_and_says_when_there_is_more(enrollment, help_for):
    first, second = help_for(), help_for()
    first.take("requests")
    second.take("requests", 2)
    with pytest.raises(ConnectorError) as used_up:
        first.take("requests")
    error = used_up.value
    assert (error.code, error.transient, 0 < error.retry_after <= 61) == ("source_budget", True, True)
    assert "(Requests: 3 a minute)" in str(error)
    (use, _) = source_states.budgets_of(enrollment)
    assert (use.used_in_minute, use.per_minute, use.used_in_day, use.per_day) == (3, 3, 3, 5)
    # A minute later.
    SourceBudget.objects.update(recent=[])
    first.take("requests", 2)
    SourceBudget.objects.update(recent=[])
    with pytest.raises(ConnectorError, match="Requests: 5 a day") as of_day:
        first.take("requests")
    assert 0 < of_day.value.retry_after <= 24 * 3600


def test_another_tenant_has_a_budget_of_its_own(enrollment, help_for):
    help_for().take("requests", 3)
    replace_credentials(enrollment, None, {"tenant": "T2"})
    help_for().take("requests", 3)
    assert SourceBudget.objects.count() == 2


def test_a_place_is_held_until_its_sync_ends(enrollment, help_for):
    with EnrollmentHelper(enrollment, "given-rows", {}) as first:
        first.take("places")
        first.take("places")
        with pytest.raises(ConnectorError, match="Connections: 1 at once"):
            help_for().take("places")
    help_for().take("places")


def test_an_unknown_budget_is_an_error(help_for):
    with pytest.raises(ConnectorError, match="declares no budget called “nothing”"):
        help_for().take("nothing")
