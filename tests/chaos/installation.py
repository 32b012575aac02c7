"""The installation that a run attacks: a database, two clusters, accounts with enrollments, and their syncs."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import DatabaseError, InterfaceError, connection, connections

from adsplatform.accounts.models import Account
from adsplatform.local.embedded_postgres import database_settings
from enrollments.models import AppEnrollment, Application
from enrollments.services import publish_application
from syncs.models import SyncRequest
from syncs.services import requests, uploads
from tests.chaos.clusters import Cluster, Database
from tests.chaos.source import ChaosSource, Plan


@contextlib.contextmanager
def database_may_be_away() -> Iterator[None]:
    """Ignore errors of the database; what was asked of it may have been carried out or not."""
    try:
        yield
    except (DatabaseError, InterfaceError):
        connection.close()


class Attempt(NamedTuple):
    """A process has begun to read the source of a sync."""

    at: float
    pid: int
    number: int


class Installation:
    """Everything that is attacked, and what anybody may do with it."""

    def __init__(self, folder: Path, database: Database):
        self.database = database
        self.crash_log, self.attempt_log = folder / "crashes", folder / "attempts"
        of = database_settings(folder / "var")
        names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
        self.address = {name: of[setting] for name, setting in names.items()}
        call_command("migrate", verbosity=0)
        publish_application(ChaosSource.application)
        self._app = Application.objects.get(connector="chaos")
        self._accounts = [Account.objects.create(name=f"Account {number}") for number in range(3)]
        self._number = 0
        self.enrollments: list[UUID] = []
        self.cancelled: set[UUID] = set()
        self.clusters = [Cluster(dict(os.environ), folder / f"cluster{number}.log") for number in range(2)]

    def keep_running(self) -> None:
        for cluster in self.clusters:
            cluster.keep_running()

    def restart_clusters(self, crash_points: dict[str, float]) -> None:
        """Kill them; when they are started again, processes die at these points with the given probabilities."""
        named = ",".join(f"{name}={probability}" for name, probability in crash_points.items())
        for cluster in self.clusters:
            cluster.environment = cluster.environment | {"CRASH_POINTS": named}
            if cluster.process is not None and cluster.process.poll() is None:
                cluster.process.kill()
                cluster.process.wait()

    def end(self) -> None:
        """End every process but the database."""
        for cluster in self.clusters:
            cluster.end()

    def close(self) -> None:
        """Stop the database."""
        connections.close_all()
        self.database.server.stop()

    def new_enrollment(self) -> UUID:
        account = self._accounts[len(self.enrollments) % len(self._accounts)]
        self.enrollments.append(AppEnrollment.objects.create(group_key=account, app=self._app).pk)
        return self.enrollments[-1]

    def next_plan(self, behaviour: str = "") -> Plan:
        """The plan of the next sync; with a behaviour, of the next one that behaves so."""
        self._number += 1
        while behaviour and Plan(self._number).behaviour != behaviour:
            self._number += 1
        return Plan(self._number)

    def request(self, plan: Plan, enrollment_id: UUID) -> SyncRequest:
        enrollment = AppEnrollment.objects.get(pk=enrollment_id)
        name = str(plan.number)
        upload = uploads.store_upload(enrollment.group_key, None, ContentFile(name.encode()), file_name=name)
        return requests.record_request(
            enrollment, None, connector="chaos", upload=upload, run_full_sync=plan.full, allow_deletes=True
        )

    def cancel(self, sync_request: SyncRequest) -> None:
        requests.cancel_sync(sync_request, None)
        self.cancelled.add(sync_request.pk)

    def running(self) -> list[tuple[SyncRequest, Plan]]:
        found = SyncRequest.objects.running().select_related("upload")
        return [(sync_request, Plan(int(sync_request.upload.file_name))) for sync_request in found]

    def attempts(self) -> list[Attempt]:
        lines = [line.split() for line in self.attempt_log.read_text().splitlines()]
        return [Attempt(float(at), int(pid), int(number)) for at, pid, number in lines]
