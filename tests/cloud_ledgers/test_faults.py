"""Limits, servers in trouble, connections cut, tokens that end while a source is read."""

from dataclasses import replace
from datetime import timedelta

import pytest

from syncs.connectors.cloud_ledger import api
from syncs.connectors.protocol import DISCONNECTED, ConnectorError, Rows
from tests.cloud_ledgers.double import Answer


class Keeper:
    """A helper that stores credentials as the platform does, and counts what was taken of budgets."""

    def __init__(self, credentials):
        self.credentials, self.taken = dict(credentials), 0

    def renew_credentials(self, renewal):
        self.credentials = dict(renewal(self.credentials))
        return self.credentials

    def take(self, name, amount=1):
        assert name == "requests"
        self.taken += amount


@pytest.fixture
def read(ledger):
    """Read the whole source, of one kind or of all; returns the number of rows, and has the helper."""

    def reading(*kinds):
        granted = ledger.double.grant()
        reading.helper = Keeper(granted)
        source = replace(ledger.source(granted), kinds=kinds, helper=reading.helper)
        return sum(len(item) for item in ledger.connector.rows(source) if isinstance(item, Rows))

    return reading


def endpoint(ledger):
    return "/Invoices" if ledger.name == "xero" else "/query"


def test_every_request_is_taken_from_the_budget(ledger, read):
    assert read() > 20
    assert read.helper.taken == len(ledger.double.asked)


def test_an_access_token_that_ends_in_between_is_renewed_once(ledger, read):
    double, whole = ledger.double, read()
    double.fail(endpoint(ledger), double.refusal())
    assert read() == whole
    assert double.refreshed == 1
    assert read.helper.credentials["refreshToken"] == double.grants[-1].refresh


def test_one_that_is_about_to_end_is_renewed_before(ledger, read):
    ledger.double.access_lasts = timedelta(seconds=30)
    assert read("BaseCurrency") == 1
    # Each request needs a new one, and none is refused.
    assert ledger.double.refreshed == read.helper.taken
    assert ledger.double.reused == 0


def test_access_that_was_ended_there_is_final_and_says_so(ledger, read):
    double = ledger.double
    double.fail(endpoint(ledger), double.refusal(), double.refusal())
    with pytest.raises(ConnectorError, match="Connect again.") as ended:
        read()
    assert (ended.value.code, ended.value.transient) == (DISCONNECTED, False)


def test_a_limit_of_a_minute_is_waited_for(ledger, read):
    whole = read()
    wait = {"Retry-After": "0", "X-Rate-Limit-Problem": "minute"}
    ledger.double.fail(endpoint(ledger), Answer("", 429, wait), Answer("", 429, wait))
    assert read() == whole


def test_a_limit_that_does_not_end_is_for_the_sync_to_wait(ledger, read):
    ledger.double.fail(endpoint(ledger), *[Answer("", 429, {"Retry-After": "0"})] * 9)
    with pytest.raises(ConnectorError, match="takes no more requests now") as used_up:
        read()
    assert (used_up.value.code, used_up.value.transient) == ("source_budget", True)


def test_a_limit_of_the_day_parks_the_sync(xero):
    headers = {"Retry-After": "41000", "X-Rate-Limit-Problem": "day"}
    xero.double.fail("/Invoices", Answer("", 429, headers))
    with pytest.raises(ConnectorError, match="requests of a day") as used_up:
        list(xero.connector.rows(xero.source()))
    assert (used_up.value.transient, used_up.value.retry_after) == (True, 41000)


def test_quickbooks_says_no_pause_so_it_is_a_minute(quickbooks, monkeypatch):
    monkeypatch.setattr(api, "LONGEST_WAIT", 1)
    quickbooks.double.fail("/query", Answer("", 429))
    with pytest.raises(ConnectorError) as used_up:
        list(quickbooks.connector.rows(quickbooks.source()))
    assert used_up.value.retry_after == 60


@pytest.mark.parametrize("fault", [Answer("", 503), Answer(cut_after=20)], ids=["busy", "cut"])
def test_a_fault_that_passes_is_not_seen(ledger, read, fault):
    whole = read()
    ledger.double.fail(endpoint(ledger), fault, fault)
    assert read() == whole


def test_one_that_stays_is_tried_again_later(ledger, read):
    ledger.double.fail(endpoint(ledger), *[Answer("", 500, {"Retry-After": "9"})] * 9)
    with pytest.raises(ConnectorError, match="answered 500 when asked for") as failed:
        read()
    assert (failed.value.transient, failed.value.retry_after) == (True, 9)


def test_a_page_about_maintenance_is_no_answer(ledger, read):
    ledger.double.fail(endpoint(ledger), Answer("<html>We will be back</html>"))
    with pytest.raises(ConnectorError, match="cannot be read") as failed:
        read()
    assert failed.value.transient


def test_without_a_client_it_says_who_has_to_enter_one(ledger):
    credentials = ledger.double.grant()
    with pytest.raises(ConnectorError, match=r"Whoever runs the platform has to register it .* \(OAUTH_CLIENTS\)"):
        ledger.connector.check({}, credentials)
