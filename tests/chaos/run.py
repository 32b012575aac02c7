"""One run: brings about the moments that matter, attacks at random, lets everything end, and reports."""

import shutil
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import django
import psycopg

from tests.chaos import environment
from tests.chaos.clusters import Database
from tests.chaos.report import Report, Wanted

if TYPE_CHECKING:
    from tests.chaos.installation import Installation


def run(wanted: Wanted) -> Report:
    """Carry out a run in a folder of its own, which is removed if nothing was found."""
    folder = Path(tempfile.mkdtemp(prefix="ads-chaos-"))
    # As root, the server runs as another user, who has to reach its data.
    folder.chmod(0o711)
    report = _run_in(folder, wanted)
    if report.findings and not wanted.mutant:
        report.findings.append(f"Everything is kept in {folder}.")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return report


def _run_in(folder: Path, wanted: Wanted) -> Report:
    began = time.monotonic()
    environment.prepare(folder, wanted.mutant)
    database = Database(folder / "var")
    django.setup()
    # These need Django.
    from tests.chaos import moments
    from tests.chaos.attack import Attack
    from tests.chaos.installation import Installation
    from tests.chaos.observer import Reader

    report = Report()
    site = Installation(folder, database)
    reader = Reader(site.address, site.enrollments)
    attack = Attack(site, wanted, report, reader)
    try:
        reader.start()
        report.findings += moments.bring_about(site)
        # One finding is enough to find out a mutant.
        if not (wanted.mutant and report.findings):
            attack.carry_out()
            attack.let_end()
    finally:
        site.end()
        reader.end()
        _conclude(report, site, attack.killed)
        report.looks = reader.looks
        report.findings += reader.findings
        site.close()
    report.seconds = time.monotonic() - began
    return report


def _conclude(report: Report, site: "Installation", killed: list[tuple[int, float]]) -> None:
    """Look at what is left when every process has ended, and count what there was."""
    from tests.chaos.observer import differences, final_findings

    with psycopg.connect(**site.address) as connection:
        for enrollment in site.enrollments:
            report.findings += differences(connection, enrollment)
        report.findings += final_findings(connection, cancelled=site.cancelled, limits=environment.LIMITS)
        report.statuses.update(dict(connection.execute(
            "SELECT status_code || CASE WHEN status_code = 'Failed' THEN ' ' || failure_code ELSE '' END, count(*)"
            " FROM syncs_syncrequest GROUP BY 1"
        ).fetchall()))  # fmt: skip
    report.syncs = sum(report.statuses.values())
    report.crashes.update(site.crash_log.read_text().splitlines())
    attempts = site.attempts()
    report.attempts = len(attempts)
    of_sync: dict[int, list[tuple[float, int]]] = {}
    for at, pid, number in attempts:
        of_sync.setdefault(number, []).append((at, pid))
    for tries in of_sync.values():
        for (began, pid), (again, _) in pairwise(tries):
            # Another process may have had the same number long before.
            report.recoveries += (again - at for victim, at in killed if victim == pid and began <= at < again)
