"""The queue's brokers: how a bell that is rung reaches a worker. Each rings when the caller's transaction commits.

A bell says that there is something to do, never what: that stands in the database's own rows. So a broker may lose
messages or deliver them twice, and nothing is lost or done twice.
"""

import logging
import time
from functools import partial

import psycopg
import redis
from django.db import DatabaseError, connections, transaction
from django.db.models.functions import Now
from django_q.brokers.orm import ORM
from django_q.brokers.redis_broker import Redis
from django_q.conf import Conf

logger = logging.getLogger(__name__)

CHANNEL = "ads_queue"
# django-q2 would wait ten seconds and then replace the process.
PAUSE_SECONDS = 1.0

_TAKE = """
    UPDATE django_q_ormq SET lock = clock_timestamp() + %s * interval '1 second'
     WHERE id IN (
           SELECT id FROM django_q_ormq WHERE key = %s AND lock <= clock_timestamp()
            ORDER BY lock, id LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING id, payload
"""


class ListeningBroker(ORM):
    """A table of the database, whose readers are told of every new message and never wait for one another.

    All times are the database's: of several machines, each has a clock of its own.
    """

    _listening_on = None

    def enqueue(self, task):
        """Leave a message, as part of the caller's transaction."""
        message = self.get_connection().create(key=self.list_key, payload=task, lock=Now())
        with connections[Conf.ORM].cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
        return message.pk

    def dequeue(self):
        """Take messages or, where there are none, wait for news of one, at most `poll` seconds."""
        connection = connections[Conf.ORM]
        try:
            return self._take(connection) or self._wait(connection)
        except (DatabaseError, psycopg.Error) as error:
            connection.close()
            logger.warning("The database did not answer the queue, which asks again in a second: %s", error)
            time.sleep(PAUSE_SECONDS)

    def _take(self, connection) -> list:
        connection.close_if_unusable_or_obsolete()
        with connection.cursor() as cursor:
            if self._listening_on is not connection.connection:
                # Before looking, so that nothing comes between.
                cursor.execute(f"LISTEN {CHANNEL}")
                self._listening_on = connection.connection
            cursor.execute(_TAKE, [Conf.RETRY, self.list_key, Conf.BULK])
            return cursor.fetchall()

    def _wait(self, connection) -> None:
        for _ in connection.connection.notifies(timeout=Conf.POLL, stop_after=1):
            pass


class RedisBroker(Redis):
    """Redis, which knows nothing of transactions and forgets what is being worked on: good enough for a bell."""

    @staticmethod
    def get_connection(list_key=None):
        return redis.from_url(Conf.REDIS, socket_timeout=5, socket_connect_timeout=5)

    def enqueue(self, task):
        """Leave a message when the caller's transaction has committed; one that cannot be left is not missed."""
        transaction.on_commit(partial(self._push, task))

    def _push(self, task):
        try:
            super().enqueue(task)
        except redis.RedisError as error:
            logger.error("Redis took no message; the workers find out later what there is to do: %s", error)

    def dequeue(self):
        """Take a message, waiting a second at most."""
        try:
            return super().dequeue()
        except redis.RedisError as error:
            logger.warning("Redis did not answer the queue, which asks again in a second: %s", error)
            time.sleep(PAUSE_SECONDS)
