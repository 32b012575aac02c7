"""How far a source has been read is stored with the records, and only with them."""

import pytest

from syncs.connectors.protocol import MOST_STATE_BYTES, Bookmark, ConnectorError
from syncs.models import SourceState

COMPANY = {"erpKey": "C1", "companyName": "Acme", "companyType": "Customer", "isActive": True}
pytestmark = pytest.mark.django_db


def states():
    return dict(SourceState.objects.values_list("kind", "state"))


def test_the_last_bookmark_of_each_kind_is_stored_and_given_to_the_next_sync(sync, given):
    first, second, of_kind = Bookmark("", {"page": 1}), Bookmark("", {"page": 2}), Bookmark("Invoice", 7)
    result = sync({"a": first, "Company": [COMPANY], "b": second, "c": of_kind})
    assert states() == {"": {"page": 2}, "Invoice": 7}
    assert {state.sync_request for state in SourceState.objects.all()} == {result}
    sync({"b": Bookmark("", {"page": 3})})
    assert given[-1].state == {"": {"page": 2}, "Invoice": 7}
    assert states() == {"": {"page": 3}, "Invoice": 7}
    sync({"Company": [COMPANY]}, run_full_sync=True)
    assert given[-1].state == {}
    assert states() == {"": {"page": 3}, "Invoice": 7}


def test_a_sync_that_changes_nothing_stores_no_state(sync):
    sync({"Company": [COMPANY], "b": Bookmark("", 1)}, dry_run=True)
    assert states() == {}
    sync({"b": Bookmark("", 2), "e": ConnectorError("It broke off.")})
    assert states() == {}
    sync({"b": Bookmark("", 3), "Company": [{"erpKey": ""}]})
    assert states() == {}


def test_a_bookmark_has_a_limited_length(sync):
    result = sync({"Company": [COMPANY], "b": Bookmark("", "x" * MOST_STATE_BYTES)})
    assert result.status_code == "Failed"
    assert (
        "bookmark of “” is too long to be stored: 1,048,578 characters of 1,048,576." in result.process_result_message
    )
