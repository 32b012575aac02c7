"""Each run of each schedule starts exactly once, however many schedulers there are, and even if they are killed."""

import pytest

from tests.periodic import race


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_start_each_run_exactly_once_even_if_killed(database_url):
    report = race.run(database_url, enrollments=14, changes=["2026-03-29", "2026-10-25"], kills_in_window=2)
    assert sum(report.expected.values()) > 500
    assert report.started == report.expected
    assert report.syncs == sum(report.started.values())
    assert (report.missed, report.kills) == (0, 4)
    # Both took part, or it was no race.
    assert min(report.by_racer.values()) > 25
