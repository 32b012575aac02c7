"""A wake-up is sent with the commit and wakes one worker, whichever broker carries it."""

import base64
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core import signing
from django.db import connection, connections, transaction
from django.test import Client
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.signing import PickleSerializer

from adsplatform.cluster.brokers import ListeningBroker
from syncs.models import SyncRequest
from syncs.queue import notify
from syncs.services import requests
from tests.factories import AppEnrollmentFactory, member
from tests.product import eventually, free_port
from tests.servers import redis_server

pytestmark = pytest.mark.django_db(transaction=True)


def ask():
    membership, _ = member()
    return requests.request_sync(AppEnrollmentFactory(group_key=membership.group_key), membership.user)


def has_succeeded(sync_request):
    return SyncRequest.objects.get(pk=sync_request.pk).status_code == SyncRequest.Status.SUCCESS


def test_a_sync_is_run_soon_after_it_was_asked_for(broker, cluster):
    cluster(**broker.environment)
    sync_request = ask()
    assert eventually(lambda: has_succeeded(sync_request), seconds=60)
    assert eventually(lambda: broker.queue_size() == 0)


def test_a_cluster_runs_syncs_that_were_requested_before_it_started(broker, cluster):
    sync_request = ask()
    assert broker.queue_size() == 1
    cluster(**broker.environment)
    assert eventually(lambda: has_succeeded(sync_request), seconds=60)


class Planted:
    """Loading its pickle would create a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("signature", ["", "by another key"])
def test_a_forged_message_is_dropped_unread(broker, cluster, tmp_path, signature):
    planted = tmp_path / "planted"
    forged = base64.urlsafe_b64encode(pickle.dumps(Planted(planted))).decode()
    if signature:
        forged = signing.dumps(Planted(planted), key="not ours", salt=Conf.PREFIX, serializer=PickleSerializer)
    broker.enqueue(forged)
    cluster(**broker.environment)
    sync_request = ask()
    assert eventually(lambda: has_succeeded(sync_request), seconds=60)
    assert eventually(lambda: broker.queue_size() == 0)
    assert not planted.exists()


def test_a_wakeup_is_sent_with_the_commit_and_not_before(broker):
    with transaction.atomic():
        notify.send_wakeup()
        with ThreadPoolExecutor(1) as other:
            assert other.submit(_taken_elsewhere).result() == []
    assert len(_taken_elsewhere()) == 1


def test_a_rolled_back_transaction_sends_no_wakeup(broker):
    with transaction.atomic():
        notify.send_wakeup()
        transaction.set_rollback(True)
    assert broker.queue_size() == 0
    assert _taken_elsewhere() == []


def test_each_message_goes_to_one_of_many_readers(broker):
    for number in range(40):
        broker.enqueue(f"message {number}")

    def take_all(_):
        found = []
        try:
            while taken := get_broker().dequeue():
                found += [payload for _, payload in taken]
            return found
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as takers:
        payloads = [str(payload) for found in takers.map(take_all, range(4)) for payload in found]
    assert len(payloads) == len(set(payloads)) == 40


def test_the_queue_goes_on_when_its_database_connections_were_cut(cluster):
    cluster()
    first = ask()
    assert eventually(lambda: has_succeeded(first), seconds=60)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone()[0] > 0
    second = ask()
    assert eventually(lambda: has_succeeded(second), seconds=20)


def test_a_waiting_listener_is_notified(monkeypatch):
    monkeypatch.setattr(Conf, "POLL", 30)

    def take():
        listener = ListeningBroker()
        try:
            return listener.dequeue(), listener.dequeue()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as waiting:
        taken = waiting.submit(take)
        assert eventually(_somebody_listens)
        ListeningBroker().enqueue("a message")
        # The first call found nothing and ended with the notification; the second found the message.
        found_first, found_second = taken.result(timeout=10)
    assert found_first is None
    assert [payload for _, payload in found_second] == ["a message"]


def test_without_redis_a_sync_can_be_asked_for_all_the_same(monkeypatch, caplog):
    monkeypatch.setattr(Conf, "BROKER_CLASS", "adsplatform.cluster.brokers.RedisBroker")
    monkeypatch.setattr(Conf, "REDIS", f"redis://127.0.0.1:{free_port()}/0")
    membership, key = member()
    enrollment = AppEnrollmentFactory(group_key=membership.group_key)
    answer = Client().post(
        "/api/v1/Sync",
        {"appEnrollmentId": str(enrollment.pk)},
        content_type="application/json",
        headers={"Api-Key": key},
    )
    assert answer.status_code == 200
    assert SyncRequest.objects.get(app_enrollment=enrollment).status_code == SyncRequest.Status.CONNECTOR
    assert "Redis took no message" in caplog.text


def test_a_cluster_outlives_its_redis(cluster, redis_port, monkeypatch):
    monkeypatch.setattr(Conf, "BROKER_CLASS", "adsplatform.cluster.brokers.RedisBroker")
    with redis_server() as port:
        monkeypatch.setattr(Conf, "REDIS", f"redis://127.0.0.1:{port}/0")
        started = cluster(REDIS_URL=Conf.REDIS)
        first = ask()
        assert eventually(lambda: has_succeeded(first), seconds=60)
    with redis_server(port=port):
        second = ask()
        assert eventually(lambda: has_succeeded(second), seconds=20)
    assert started.poll() is None


def _taken_elsewhere() -> list:
    try:
        return get_broker().dequeue() or []
    finally:
        if transaction.get_autocommit():
            connections.close_all()


def _somebody_listens() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'ClientRead'"
            " AND state = 'idle' AND query LIKE '%SKIP LOCKED%'"
        )
        return cursor.fetchone()[0] > 0
