"""Two schedulers compete for the runs of many schedules, through days on which clocks are changed.

`python -m tests.periodic.race` does it at length on a database of its own and says what came of it: each run started
exactly once, or which not. Only the time is made up. What should start is worked out in `tests.periodic.calendar`,
which knows nothing of ours.
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import cycle, islice, product

from tests.periodic import calendar
from tests.product import PROJECT

ZONES = ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata")
CRONS = ("30 2 * * *", "*/15 1-3 * * *", "0 * * * *", "45 1 * * *", "0,30 */2 * * *", "15 2 * * 0,6", "*/30 * * * *")
# All changes of the year 2026 in those zones. A window lasts from the day before one to the day after it.
CHANGES = ("2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01")
# No schedule above names a time shortly before one of the windows' ends, so that the spread does not matter there.
WINDOW_START, WINDOW_END = timedelta(hours=-22, minutes=14), timedelta(hours=26, minutes=14)
STEP = timedelta(minutes=10)


@dataclass
class Report:
    expected: Counter = field(default_factory=Counter)
    started: Counter = field(default_factory=Counter)
    syncs: int = 0
    missed: int = 0
    by_racer: Counter = field(default_factory=Counter)
    kills: int = 0

    def __str__(self):
        lost = sum((self.expected - self.started).values())
        doubled = sum(count - 1 for count in self.started.values() if count > 1)
        unwanted = sum((self.started - self.expected).values())
        return (
            f"{sum(self.expected.values()):,} runs expected, {sum(self.started.values()):,} started, lost {lost}, "
            f"doubled {doubled}, unwanted {unwanted}, passed over {self.missed}; by the racers "
            f"{', '.join(f'{number:,}' for number in self.by_racer.values())}; {self.kills} kills"
        )


class Racer:
    """A scheduler in a process of its own."""

    def __init__(self, database_url: str):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.periodic.racer"],
            cwd=PROJECT,
            env={**os.environ, "DATABASE_URL": database_url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, now: datetime):
        self.process.stdin.write(f"{now.isoformat()}\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        answer = self.process.stdout.readline().strip()
        assert answer, "A scheduler has ended."
        return answer

    def kill(self):
        self.process.kill()
        self.process.communicate()


def run(database_url: str, enrollments: int, changes=CHANGES, kills_in_window: int = 0, seed: int = 4) -> Report:
    """Race through the windows with so many new enrollments in each; connected to the same database ourselves."""
    from enrollments.schedules import plan
    from syncs.models import ScheduledRun, SyncRequest
    from tests.factories import AccountFactory, AppEnrollmentFactory

    chance, report = random.Random(seed), Report()
    racers = [Racer(database_url) for _ in range(2)]
    try:
        for racer in racers:
            assert racer.answer() == "ready"
        for change in changes:
            midnight = datetime.fromisoformat(f"{change}T00:00Z")
            start, end = midnight + WINDOW_START, midnight + WINDOW_END
            accounts = {zone: AccountFactory(time_zone=zone) for zone in ZONES}
            window = []
            for cron, zone in islice(cycle(product(CRONS, ZONES)), enrollments):
                enrollment = AppEnrollmentFactory(group_key=accounts[zone], cron_settings=cron)
                plan(enrollment, start)
                window.append(enrollment)
                for slot in calendar.slots(cron, zone, start, end):
                    report.expected[enrollment.pk, slot] += 1
            steps = int((end - start) / STEP)
            kills = set(chance.sample(range(steps), kills_in_window))
            for step in range(1, steps + 1):
                _tick(racers, start + step * STEP, database_url, report, chance if step in kills else None)
            runs = ScheduledRun.objects.filter(app_enrollment__in=window)
            report.started.update(runs.values_list("app_enrollment", "slot"))
            report.missed += sum(runs.values_list("missed_runs", flat=True))
            report.syncs += SyncRequest.objects.filter(app_enrollment__in=window).count()
            type(window[0]).objects.filter(pk__in=[each.pk for each in window]).update(is_active=False)
            for enrollment in window:
                enrollment.refresh_from_db()
                plan(enrollment, end)
    finally:
        for racer in racers:
            racer.kill()
    return report


def _tick(racers, now, database_url, report, chance):
    from syncs.models import SyncRequest

    for racer in racers:
        racer.tell(now)
    if chance:
        time.sleep(chance.uniform(0, 0.05))
        victim = chance.randrange(len(racers))
        racers[victim].kill()
        report.kills += 1
        racers[victim] = Racer(database_url)
        assert racers[victim].answer() == "ready"
        racers[victim].tell(now)
    for number, racer in enumerate(racers):
        report.by_racer[number] += int(racer.answer())
    # The syncs end before the next one, so that each run asks for a sync of its own.
    SyncRequest.objects.unfinished().update(status_code=SyncRequest.Status.CANCELLED, finished=now)


def main():
    """The long form, on an embedded database of its own: about 10,000 runs, and a scheduler killed now and then."""
    import shutil
    import tempfile
    from pathlib import Path

    from adsplatform.local import embedded_postgres

    folder = Path(tempfile.mkdtemp(prefix="ads-race-"))
    folder.chmod(0o711)
    server = embedded_postgres.Server(folder, durable=False)
    server.start()
    try:
        at = embedded_postgres.database_settings(folder)
        url = f"postgresql://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
        os.environ |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings", "ADS_VAR_DIR": str(folder)}
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        began = time.monotonic()
        report = run(url, enrollments=70, kills_in_window=5)
        print(f"{report}; {time.monotonic() - began:.0f} seconds")
        return 0 if report.expected == report.started else 1
    finally:
        server.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
