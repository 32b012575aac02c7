"""What order a query has."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db.models import F
from django.db.models.functions import Upper

from adsplatform.searchlight import Fields, Searchlight
from tests.factories import AccountFactory, SyncRequestFactory
from tests.searchlight.samples import FIELDS, SYNCS, all_syncs

UPWARDS, DOWNWARDS = {"nulls_last": True}, {"nulls_first": True}
KEY_UP, KEY_DOWN = F("sync_request_id").asc(**UPWARDS), F("sync_request_id").desc(**DOWNWARDS)


@pytest.mark.parametrize("blank", ["", " \t", None])
def test_without_an_order_the_default_one_holds_down_to_the_last_tie(blank):
    assert SYNCS.order(blank) == ("-created", "-sync_request_id")


@pytest.mark.parametrize(
    ("default", "order"),
    [
        ((), ("id",)),
        (("name",), ("name", "id")),
        (("name", "-created"), ("name", "-created", "-id")),
        (("-id",), ("-id",)),
        (("id", "name"), ("id", "name")),
    ],
)
def test_the_key_is_added_to_a_default_order_that_lacks_it(default, order):
    assert Searchlight(Fields(FIELDS, default_order=default, key="id")).order("") == order


@pytest.mark.parametrize("direction", ["", " asc", " ASC", " ascending", " Ascending"])
def test_upwards_nulls_come_last(direction):
    assert SYNCS.order(f"failureCount{direction}") == (F("failure_count").asc(**UPWARDS), KEY_UP)


@pytest.mark.parametrize("direction", ["desc", "DESC", "descending", "Descending"])
def test_downwards_nulls_come_first(direction):
    assert SYNCS.order(f"failureCount {direction}") == (F("failure_count").desc(**DOWNWARDS), KEY_DOWN)


def test_there_may_be_several_keys_and_the_tie_breaker_goes_with_the_last():
    assert SYNCS.order("started desc,FAILURECOUNT ,runFullSync asc") == (
        F("started").desc(**DOWNWARDS),
        F("failure_count").asc(**UPWARDS),
        F("run_full_sync").asc(**UPWARDS),
        KEY_UP,
    )


def test_text_is_ordered_without_regard_to_case():
    assert SYNCS.order("message desc") == (Upper("process_result_message").desc(**DOWNWARDS), KEY_DOWN)


def test_a_repeated_field_counts_once_where_it_stands_first():
    assert SYNCS.order("started desc, started, failureCount, started") == (
        F("started").desc(**DOWNWARDS),
        F("failure_count").asc(**UPWARDS),
        KEY_UP,
    )


def test_ordering_by_the_key_needs_no_tie_breaker():
    assert SYNCS.order("id desc, failureCount") == (KEY_DOWN, F("failure_count").asc(**UPWARDS))


@pytest.mark.django_db
def test_syncs_come_in_the_order_asked_for():
    account = AccountFactory()
    rows = [
        (1, "b", datetime(2024, 1, 2, tzinfo=UTC)),
        (2, "A", None),
        (3, "a", datetime(2024, 1, 1, tzinfo=UTC)),
        (4, "B", datetime(2024, 1, 2, tzinfo=UTC)),
    ]
    for number, message, started in rows:
        SyncRequestFactory(
            app_enrollment=None,
            group_key=account,
            sync_request_id=UUID(int=number),
            process_result_message=message,
            started=started,
        )

    def ordered(text):
        return [sync.pk.int for sync in all_syncs().order_by(*SYNCS.order(text))]

    assert ordered("message") == [2, 3, 1, 4]
    assert ordered("message desc") == [4, 1, 3, 2]
    assert ordered("started") == [3, 1, 4, 2]
    assert ordered("started desc") == [2, 4, 1, 3]
    assert ordered("started desc, id") == [2, 1, 4, 3]
    assert ordered("day, message desc") == [3, 4, 1, 2]
    assert ordered("") == [4, 3, 2, 1]
