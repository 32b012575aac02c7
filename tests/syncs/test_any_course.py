"""Whatever people, workers and the reaper do, in any order: the requests are as a simple model says."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from syncs.loading import pipeline, retry_policy
from syncs.models import SyncRequest, WrongStatus
from syncs.queue.claims import claim_next
from syncs.services import requests
from syncs.worker import reaper
from tests.factories import AccountFactory, AppEnrollmentFactory

LATER = timedelta(hours=2)
CAP, TRIES, CRASHES = 2, 3, 2


@dataclass
class Expected:
    """A request in the model."""

    enrollment: int
    account: int
    status: str = "Connector"
    is_due: bool = True
    has_expired: bool = False
    failures: int = 0
    crashes: int = 0
    claims: int = 0


class Course(RuleBasedStateMachine):
    """Three enrollments of two accounts; workers are the claims that they hold."""

    def __init__(self):
        super().__init__()
        self.savepoint = transaction.savepoint()
        accounts = AccountFactory.create_batch(2)
        self.enrollments = [AppEnrollmentFactory(group_key=accounts[number % 2]) for number in range(5)]
        self.model: dict = {}
        # Every claim that was ever made; the last one of a request is the one that counts.
        self.claims: list[SyncRequest] = []

    def teardown(self):
        transaction.savepoint_rollback(self.savepoint)

    # People

    @rule(number=st.integers(0, 4))
    def ask(self, number):
        enrollment = self.enrollments[number]
        asked = requests.record_request(enrollment, None, connector="demo-data")
        self.model[asked.pk] = Expected(number, number % 2)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def cancel(self, data):
        pk = data.draw(st.sampled_from(sorted(self.model)))
        expected = self.model[pk]
        sync_request = SyncRequest.objects.get(pk=pk)
        if expected.status in ("Success", "Failed"):
            with pytest.raises(WrongStatus):
                requests.cancel_sync(sync_request, None)
        else:
            assert requests.cancel_sync(sync_request, None).status_code == "Cancelled"
            expected.status = "Cancelled"

    # Workers

    @rule()
    def claim(self):
        running = [one for one in self.model.values() if one.status == "In Progress"]
        busy = {one.enrollment for one in running}
        full = {account for account in (0, 1) if sum(one.account == account for one in running) >= CAP}
        wanted = next(
            (
                pk
                for pk, one in self.model.items()
                if one.status == "Connector" and one.is_due and one.enrollment not in busy and one.account not in full
            ),
            None,
        )
        claimed = claim_next("worker")
        assert (claimed and claimed.pk) == wanted
        if claimed:
            expected = self.model[wanted]
            expected.status, expected.has_expired, expected.claims = "In Progress", False, expected.claims + 1
            self.claims.append(claimed)

    def a_claim(self, data):
        claim = data.draw(st.sampled_from(self.claims))
        expected = self.model[claim.pk]
        counts = expected.status == "In Progress" and expected.claims == claim.fencing_token
        # A worker knows the state as of its claim.
        return SyncRequest.objects.get(pk=claim.pk) if counts else claim, expected, counts

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def renew(self, data):
        claim, expected, counts = self.a_claim(data)
        assert claim.renew() == counts
        if counts:
            expected.has_expired = False

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def succeed(self, data):
        claim, expected, counts = self.a_claim(data)
        if self.is_refused(counts, lambda: claim.succeed("Done.")):
            return
        expected.status = "Success"

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), is_transient=st.booleans())
    def come_to_grief(self, data, is_transient):
        claim, expected, counts = self.a_claim(data)
        reason = retry_policy.FailureReason("No.", "source_unreadable", transient=is_transient)
        if self.is_refused(counts, lambda: pipeline.retry_or_fail(claim, reason)):
            return
        expected.failures += 1
        self.goes_back(expected, is_transient and expected.failures < TRIES)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def crash(self, data):
        claim, expected, counts = self.a_claim(data)
        if self.is_refused(counts, lambda: pipeline.give_up_crashed(claim)):
            return
        expected.crashes += 1
        self.goes_back(expected, expected.crashes < CRASHES)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def lose_the_database(self, data):
        claim, expected, counts = self.a_claim(data)
        if self.is_refused(counts, lambda: pipeline.hand_back(claim, "Away.", "database_gone")):
            return
        self.goes_back(expected, True)

    @staticmethod
    def is_refused(counts, deed):
        if counts:
            deed()
            return False
        with pytest.raises(WrongStatus), transaction.atomic():
            deed()
        return True

    @staticmethod
    def goes_back(expected, is_tried_again):
        expected.status = "Connector" if is_tried_again else "Failed"
        expected.is_due = False

    # Time, and the reaper

    @precondition(lambda self: any(one.status == "In Progress" for one in self.model.values()))
    @rule(data=st.data())
    def vanish(self, data):
        pk = data.draw(st.sampled_from([pk for pk, one in self.model.items() if one.status == "In Progress"]))
        SyncRequest.objects.filter(pk=pk).update(lease_expires=timezone.now() - timedelta(milliseconds=1))
        self.model[pk].has_expired = True

    @rule()
    def wait(self):
        SyncRequest.objects.filter(not_before__isnull=False).update(not_before=timezone.now() - LATER)
        for expected in self.model.values():
            expected.is_due = True

    @rule()
    def recover(self):
        lost = [one for one in self.model.values() if one.status == "In Progress" and one.has_expired]
        assert reaper.recover_lost_syncs() == len(lost)
        for expected in lost:
            expected.failures += 1
            self.goes_back(expected, expected.failures < TRIES)
        reaper.requeue_lost_wakeups()

    @invariant()
    def the_requests_are_as_the_model_says(self):
        held = {one.pk: one for one in SyncRequest.objects.all()}
        assert {
            pk: (one.status_code, one.failure_count, one.crash_count, one.fencing_token) for pk, one in held.items()
        } == {pk: (one.status, one.failures, one.crashes, one.claims) for pk, one in self.model.items()}
        for one in held.values():
            assert (one.lease_expires is None) == (one.status_code != "In Progress")
            assert (one.finished is None) == (not one.is_finished)


@pytest.mark.django_db
def test_after_any_course_of_events_the_requests_are_as_the_model_says(settings, monkeypatch):
    settings.SYNC_TRIES, settings.SYNC_CRASHES, settings.SYNC_RUNNING_PER_ACCOUNT = TRIES, CRASHES, CAP
    settings.SYNC_TURN_SECONDS = 0
    # The test's server may have been started a moment ago, which looks like an outage.
    monkeypatch.setattr(reaper, "database_restarted_since", lambda moment: False)
    run_state_machine_as_test(
        Course,
        settings=hypothesis_settings(
            max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
