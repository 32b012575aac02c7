"""Advisory locks: the keys that processes of two releases share, and how long one waits."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.db import connections, transaction

from adsplatform import locks

ID = UUID("01890000-0000-7000-8000-000000000001")


def in_another_session(call, *args, **options):
    def run():
        try:
            with transaction.atomic():
                return call(*args, **options)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def test_keys_are_those_of_earlier_releases():
    assert (locks.CLAIM_SYNC, locks.REQUEUE_WAKEUPS, locks.RETENTION) == (7_301_226, 7_301_227, 7_301_228)
    assert locks.FRESHNESS == ("syncs.freshness", 0)
    assert locks.enrollment_key(ID) == (str(ID), 0)
    assert locks.books_key(ID) == (str(ID), 1)
    assert locks.credentials_key(ID) == (str(ID), 2)
    assert locks.budget_key("erp requests 0") == ("erp requests 0", 3)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", [locks.CLAIM_SYNC, locks.FRESHNESS])
def test_one_transaction_at_a_time_holds_a_lock(key):
    with transaction.atomic():
        assert locks.try_acquire(key)
        assert in_another_session(locks.try_acquire, key) is False
        with pytest.raises(locks.LockTimeout):
            in_another_session(locks.acquire, key, timeout_seconds=0.1)
    assert in_another_session(locks.try_acquire, key) is True


@pytest.mark.django_db(transaction=True)
def test_an_enrollment_and_its_books_have_locks_of_their_own():
    with transaction.atomic():
        locks.acquire(locks.books_key(ID))
        assert in_another_session(locks.try_acquire, locks.enrollment_key(ID)) is True
        assert in_another_session(locks.try_acquire, locks.books_key(ID)) is False
