"""What the process of a sync does for its connector: renews credentials, and takes from budgets.

Both use a database session of their own, because what they write must last whatever becomes of the sync.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Self

import psycopg

from adsplatform import database, locks
from enrollments.credential_renewal import renew
from enrollments.models import AppEnrollment, secrets_in
from enrollments.sources import client_of
from syncs.connectors import connector_named
from syncs.connectors.protocol import Budget, ConnectorError, Renewal

# For how long a sync waits until a budget has something left again, and how often it asks whether another has ended.
LONGEST_WAIT, BETWEEN_QUESTIONS = 90.0, 0.5
MINUTE = 60


class EnrollmentHelper:
    """The helper of an enrollment's source; its session and the places that it holds end with it."""

    def __init__(self, enrollment: AppEnrollment, connector: str, settings: Mapping[str, str]) -> None:
        self.enrollment, self.connector, self.settings = enrollment, connector, settings
        # All that were valid while it was used: no sentence may contain one.
        self.secrets = secrets_in(enrollment.credentials | client_of(enrollment.app))
        self._session: psycopg.Connection | None = None
        self._held: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._session:
            self._session.close()

    def renew_credentials(self, renewal: Renewal) -> Mapping[str, str]:
        """Renew the enrollment's credentials; they are stored when this returns."""
        new = renew(self._sessions(), self.enrollment, renewal)
        self._remember(new)
        return new

    def take(self, name: str, amount: int = 1) -> None:
        """Take from a budget of the connector; see `protocol.Budgets`."""
        budget = self._budget(name)
        if amount < 1:
            raise ValueError(f"{amount} of a budget cannot be taken")
        digest = key_digest(budget, self.settings, self.enrollment.credentials)
        until = time.monotonic() + LONGEST_WAIT
        if budget.concurrent is not None and name not in self._held:
            while not self._take_place(budget, digest):
                if time.monotonic() > until:
                    raise _used_up(budget, f"{budget.concurrent} at once", MINUTE)
                time.sleep(BETWEEN_QUESTIONS)
            self._held.add(name)
        while wait := self._take_amount(budget, digest, amount):
            if time.monotonic() + wait > until:
                raise _used_up(budget, f"{budget.per_minute} a minute", wait)
            time.sleep(wait)

    def _sessions(self) -> psycopg.Connection:
        if self._session is None:
            self._session = database.connected()
            self._session.autocommit = True
        return self._session

    def _remember(self, credentials: Mapping[str, str]) -> None:
        self.secrets += [secret for secret in secrets_in(credentials) if secret not in self.secrets]

    def _budget(self, name: str) -> Budget:
        for budget in connector_named(self.connector).application.budgets:
            if budget.name == name:
                return budget
        raise ConnectorError(f"The connector declares no budget called “{name}”.")

    def _take_place(self, budget: Budget, digest: str) -> bool:
        """Take one of the places of those that use the budget at once; it is held until the session ends."""
        with self._sessions().cursor() as cursor:
            for place in range(budget.concurrent or 0):
                key = locks.budget_key(f"{self.connector} {budget.name} {digest} {place}")
                cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, %s))", key)
                if cursor.fetchone() == (True,):
                    return True
        return False

    def _take_amount(self, budget: Budget, digest: str, amount: int) -> float:
        """Take the amount; returns 0, or in how many seconds there may be so much. Raises when the day is used up."""
        if budget.per_minute is None and budget.per_day is None:
            return 0
        with self._sessions().transaction(), self._sessions().cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO syncs_sourcebudget (connector, name, key_digest, day, used_in_day, recent, modified)
                VALUES (%(connector)s, %(name)s, %(digest)s, (now() AT TIME ZONE 'UTC')::date, 0, '[]', now())
                ON CONFLICT (connector, name, key_digest) DO UPDATE SET modified = now()
                RETURNING id, day, used_in_day, recent::text, clock_timestamp()
                """,
                {"connector": self.connector, "name": budget.name, "digest": digest},
            )
            row = cursor.fetchone()
            if row is None:
                raise ConnectorError("The budget could not be read.", transient=True)
            id, day, used, recent, now = row
            used = used if day == now.astimezone(UTC).date() else 0
            if budget.per_day is not None and used + amount > budget.per_day:
                raise _used_up(budget, f"{budget.per_day:,} a day", _until_midnight(now))
            second = int(now.timestamp())
            recent = [[at, taken] for at, taken in json.loads(recent) if at > second - MINUTE]
            if budget.per_minute is not None and (wait := _wait(recent, amount, budget.per_minute, now.timestamp())):
                return wait
            cursor.execute(
                "UPDATE syncs_sourcebudget SET day = %s, used_in_day = %s, recent = %s::jsonb WHERE id = %s",
                [now.astimezone(UTC).date(), used + amount, json.dumps(_added(recent, second, amount)), id],
            )
        return 0


def key_digest(budget: Budget, settings: Mapping[str, str], credentials: Mapping[str, str]) -> str:
    """What the enrollments that share a budget have in common, so that it can be stored without being known."""
    value = settings.get(budget.key) or credentials.get(budget.key, "") if budget.key else ""
    return hashlib.sha256(value.encode()).hexdigest()


def _wait(recent: list[list[int]], amount: int, per_minute: int, now: float) -> float:
    """In how many seconds the last minute has room for the amount; 0 at once."""
    left = per_minute - sum(taken for _, taken in recent)
    for at, taken in recent:
        if left >= amount:
            break
        left += taken
        if left >= amount:
            return max(at + MINUTE + 1 - now, 0.05)
    return 0 if left >= amount or not recent else MINUTE


def _added(recent: list[list[int]], second: int, amount: int) -> list[list[int]]:
    if recent and recent[-1][0] == second:
        return [*recent[:-1], [second, recent[-1][1] + amount]]
    return [*recent, [second, amount]]


def _until_midnight(now: datetime) -> float:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=1) - now).total_seconds()


def _used_up(budget: Budget, limit: str, seconds: float) -> ConnectorError:
    return ConnectorError(
        f"What may be asked of the source is used up ({budget.label}: {limit}). It is tried again later.",
        code="source_budget",
        transient=True,
        retry_after=seconds,
    )
