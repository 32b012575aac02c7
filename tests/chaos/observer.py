"""Reads the books all the time, as any reader could, and compares them with a simple model."""

import threading
import time

import psycopg

from tests.chaos.source import Books, Plan

BEHAVIOURS_THAT_END_WELL = ("good", "long", "held", "flaky")


class Reader(threading.Thread):
    """Reads each enrollment's books in one snapshot, over and over, until asked to stop."""

    def __init__(self, address: dict, enrollments: list):
        super().__init__(daemon=True)
        self.address, self.enrollments = address, enrollments
        self.looks = 0
        self.findings: list[str] = []
        self.must_stop = False

    def end(self) -> None:
        self.must_stop = True
        self.join(20)

    def run(self) -> None:
        while not self.must_stop:
            try:
                with psycopg.connect(**self.address, connect_timeout=5) as connection:
                    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                    while not self.must_stop:
                        for enrollment in self.enrollments:
                            with connection.transaction():
                                self.look(connection, enrollment)
                        time.sleep(0.01)
            except psycopg.OperationalError:
                time.sleep(0.2)  # The database has been killed.

    def look(self, connection, enrollment):
        self.findings += differences(connection, enrollment)
        self.looks += 1


def differences(connection, enrollment) -> list[str]:
    """How an enrollment's books and counts differ from what the syncs that succeeded make of them."""
    numbers = connection.execute(
        "SELECT u.file_name::int, s.sync_request_id, s.fence"
        " FROM syncs_syncrequest s JOIN syncs_upload u USING (upload_id)"
        " WHERE s.app_enrollment_id = %s AND s.status_code = 'Success' ORDER BY s.finished",
        [enrollment],
    ).fetchall()
    books, expected = Books(), {}
    for number, pk, claim in numbers:
        for kind, counts in books.load(Plan(number), claim).items():
            expected[pk, kind] = counts
    found = []
    for kind, table, value in (
        ("Company", "records_company", "company_name"),
        ("Invoice", "records_invoice", "trim_scale(total_amount)::text"),
    ):
        rows = connection.execute(
            f"SELECT erp_key, {value} FROM {table} WHERE app_enrollment_id = %s",
            [enrollment],
        ).fetchall()
        if len(rows) != len(dict(rows)):
            found.append(f"{kind}: {len(rows) - len(dict(rows))} records stand there twice.")
        if dict(rows) != books.records[kind]:
            wrong = sum(books.records[kind].get(key) != held for key, held in rows)
            missing = len(books.records[kind].keys() - dict(rows).keys())
            found.append(f"{kind}: {wrong} records are not as the successful syncs left them, {missing} are missing.")
    counted = connection.execute(
        "SELECT r.sync_request_id, r.entity, r.inserted, r.updated, r.unchanged, r.deleted_as_missing"
        " FROM syncs_syncentityresult r JOIN syncs_syncrequest s USING (sync_request_id)"
        " WHERE s.app_enrollment_id = %s AND s.status_code = 'Success'",
        [enrollment],
    ).fetchall()
    if {(pk, kind): tuple(counts) for pk, kind, *counts in counted} != expected:
        found.append("The counts of a sync are not what the model counts.")
    (running,) = connection.execute(
        "SELECT count(*) FROM syncs_syncrequest WHERE app_enrollment_id = %s AND status_code = 'In Progress'",
        [enrollment],
    ).fetchone()
    if running > 1:
        found.append(f"{running} syncs of one enrollment run at once.")
    return found


def final_findings(connection, *, cancelled: set, limits: dict) -> list[str]:
    """What is wrong once everything should have ended."""
    found = []
    rows = connection.execute(
        "SELECT s.sync_request_id, u.file_name::int, s.status_code, s.failure_code, s.crash_count, s.failure_count,"
        " s.fence, s.lease_expires, s.started, s.finished, s.app_enrollment_id"
        " FROM syncs_syncrequest s JOIN syncs_upload u USING (upload_id) ORDER BY s.finished"
    ).fetchall()
    last = {}
    for pk, number, status, code, crashes, failures, fencing_token, lease, started, finished, enrollment in rows:
        behaviour = Plan(number).behaviour
        name = f"Sync {number} ({behaviour})"
        if status not in ("Success", "Failed", "Cancelled"):
            found.append(f"{name} is {status} for ever.")
        elif lease is not None:
            found.append(f"{name} is finished and still held.")
        if pk in cancelled and status != "Cancelled":
            found.append(f"{name} was cancelled, and is {status}.")
        if status == "Success":
            if behaviour not in BEHAVIOURS_THAT_END_WELL:
                found.append(f"{name} cannot have succeeded.")
            if enrollment in last and started < last[enrollment]:
                found.append(f"{name} overlapped with another of its enrollment.")
            last[enrollment] = finished
        if status == "Failed":
            by_limit = {
                "stopped_worker": crashes >= limits["crashes"],
                "worker_lost": failures >= limits["tries"],
                "source_unreadable": behaviour == "refusing" or (behaviour == "flaky" and failures >= limits["tries"]),
                "database_gone": fencing_token >= limits["starts"],
                "database_busy": failures >= limits["tries"],
            }
            if not by_limit.get(code):
                found.append(f"{name} failed ({code}) after {crashes} crashes and {failures} failures.")
    return found
