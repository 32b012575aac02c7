"""Each run of each schedule starts exactly once, however many clocks there are and however clocks are changed."""

import pytest

from tests.clock import race


@pytest.mark.django_db(transaction=True)
def test_two_clocks_start_each_run_exactly_once_through_the_changes_of_a_year(database_url):
    report = race.run(database_url, enrollments=14, changes=["2026-03-29", "2026-10-25"])
    assert sum(report.expected.values()) > 500
    assert report.started == report.expected
    assert report.syncs == sum(report.started.values()) == sum(report.by_racer.values())
    assert report.missed == 0
    # Both took part, or it was no race.
    assert min(report.by_racer.values()) > 25
