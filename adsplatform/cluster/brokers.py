"""The queue's brokers: how a wake-up reaches a worker. A message is sent when the caller's transaction commits.

A wake-up says that there is work, not which work: that is recorded in the database. So a broker may lose messages or
deliver them twice without a sync being lost or run twice.
"""

import logging
import time
from functools import partial

import psycopg
import redis
from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Now
from django_q.brokers.orm import ORM
from django_q.brokers.redis_broker import Redis
from django_q.conf import Conf

logger = logging.getLogger(__name__)

CHANNEL = "ads_queue"
# Before asking again after an error: django-q2 itself would wait ten seconds and then replace the process.
PAUSE_SECONDS = 1.0

_TAKE = """
    UPDATE django_q_ormq SET lock = clock_timestamp() + %s * interval '1 second'
     WHERE id IN (
           SELECT id FROM django_q_ormq WHERE key = %s AND lock <= clock_timestamp()
            ORDER BY lock, id LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING id, payload
"""


class ListeningBroker(ORM):
    """A table of the database whose readers are notified of new messages and never wait for one another.

    All times are the database's, because the clocks of several machines differ.
    """

    _listening_on: object = None

    def enqueue(self, task: str) -> int:
        """Add a message as part of the caller's transaction; returns its id."""
        message = self.get_connection().create(key=self.list_key, payload=task, lock=Now())
        with connections[Conf.ORM].cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
        return message.pk

    def dequeue(self) -> list[tuple[int, str]] | None:
        """Take messages (id and text); where there are none, wait for a notification, at most `poll` seconds."""
        connection = connections[Conf.ORM]
        try:
            if found := self._take(connection):
                return found
            self._wait(connection)
        except (DatabaseError, psycopg.Error) as error:
            connection.close()
            logger.warning("The queue's database did not answer; asking again in a second: %s", error)
            time.sleep(PAUSE_SECONDS)
        return None

    def _take(self, connection: BaseDatabaseWrapper) -> list[tuple[int, str]]:
        connection.close_if_unusable_or_obsolete()
        with connection.cursor() as cursor:
            if self._listening_on is not connection.connection:
                # Before the query, so that no message arrives unnoticed in between.
                cursor.execute(f"LISTEN {CHANNEL}")
                self._listening_on = connection.connection
            cursor.execute(_TAKE, [Conf.RETRY, self.list_key, Conf.BULK])
            return cursor.fetchall()

    def _wait(self, connection: BaseDatabaseWrapper) -> None:
        for _ in connection.connection.notifies(timeout=Conf.POLL, stop_after=1):
            pass


class RedisBroker(Redis):
    """Redis has no part in our transactions and drops messages once they are taken, which suffices for wake-ups."""

    @staticmethod
    def get_connection(list_key: str | None = None) -> redis.Redis:
        return redis.from_url(Conf.REDIS, socket_timeout=5, socket_connect_timeout=5)

    def enqueue(self, task: str) -> None:
        """Add a message when the caller's transaction has committed; if that fails, the reaper sends another."""
        transaction.on_commit(partial(self._push, task))

    def _push(self, task: str) -> None:
        try:
            super().enqueue(task)
        except redis.RedisError as error:
            logger.error("Redis took no message; the workers will be woken later: %s", error)

    def dequeue(self) -> list[tuple[None, bytes]] | None:
        """Take a message, waiting at most a second for one."""
        try:
            return super().dequeue()
        except redis.RedisError as error:
            logger.warning("Redis did not answer the queue; asking again in a second: %s", error)
            time.sleep(PAUSE_SECONDS)
        return None
