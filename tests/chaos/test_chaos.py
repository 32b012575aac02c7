"""The short run: at least thirty kills and thirty deaths at crash points; nothing is lost, doubled or half written."""

import re
import subprocess
import sys

import pytest

from syncs.crash_points import crash_point
from tests.chaos.attack import POINTS
from tests.chaos.clusters import PROJECT


def test_nothing_is_lost_doubled_or_partly_written():
    # In a process of its own, which is the parent of all processes that it kills.
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--short"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2_000:]
    figures = dict(line.split(None, 1) for line in done.stdout.splitlines() if not line.startswith(" "))
    print(done.stdout)
    assert int(figures["kills"].split()[0]) >= 30, done.stdout


def test_every_crash_point_is_in_the_engine_and_has_no_effect_in_production():
    sources = "\n".join(path.read_text() for path in (PROJECT / "syncs").rglob("*.py"))
    assert sorted(re.findall(r'crash_point\("(.*?)"\)', sources)) == sorted(POINTS)
    for name in POINTS:
        crash_point(name)


@pytest.mark.parametrize("number", range(1, 4))
def test_the_model_knows_the_same_rules_as_people(number):
    from tests.chaos.source import Books, Plan

    books, plan = Books(), Plan(number)
    first, again = books.load(plan), books.load(plan)
    for kind, records in plan.records().items():
        assert first[kind] == (len(records), 0, 0, 0)
        assert again[kind] == (0, 0, len(records), 0)
