"""Direct insert of rows that another system yields: only while it is fast."""

import pytest

from adsplatform.records.models import Company
from syncs.connectors.protocol import ConnectorError, Deleted, Rows
from syncs.loading import source_pace
from syncs.loading.source_pace import FAST_ROWS_A_SECOND, JUDGED_ROWS, PATIENCE, SourcePace
from tests.loading.conftest import company
from tests.loading.direct_insert.conftest import blocks

pytestmark = pytest.mark.django_db
BLOCK = 5_000


def companies(count):
    of_blocks = [[company(f"C{number}") for number in range(first, first + BLOCK)] for first in range(0, count, BLOCK)]
    return blocks(*(("Company", lines) for lines in of_blocks))


def test_rows_of_a_fast_source_are_inserted_directly_from_the_first_on(load, counts):
    result = load(companies(15_000), directly=False)
    assert sum(load.blocks) == 15_000
    assert load.attempts == 1
    assert counts(result) == {"Company": {"lines_read": 15_000, "inserted": 15_000}}


def test_of_few_rows_it_is_not_known(load, counts):
    result = load(companies(10_000), directly=False)
    assert not load.blocks
    assert counts(result) == {"Company": {"lines_read": 10_000, "inserted": 10_000}}


def test_a_source_that_slows_down_is_read_again_without_a_transaction(load, counts, monkeypatch):
    monkeypatch.setattr(source_pace, "PATIENCE", -3_600)
    result = load(companies(15_000), directly=False)
    assert (load.attempts, sum(load.blocks)) == (2, BLOCK)
    assert counts(result) == {"Company": {"lines_read": 15_000, "inserted": 15_000}}


@pytest.mark.parametrize("is_later", [True, False])
def test_what_the_source_says_last_of_a_key_counts(load, is_later):
    gone = {"gone": Deleted("Company", "log", ["C7"], [1], ["C7"])}
    rows = companies(15_000)
    result = load(rows | gone if is_later else gone | rows, directly=False)
    assert result.status_code == "Success"
    assert Company.objects.filter(erp_key="C7").exists() is not is_later
    assert Company.objects.count() == 15_000 - is_later


def paced(*counts, seconds):
    pace = SourcePace()
    for at, count in enumerate(counts):
        pace.count(count, 1000 + at * seconds)
    return pace


def test_how_long_the_first_rows_took_is_not_known():
    assert not paced(JUDGED_ROWS * 10, seconds=1).is_fast
    assert not paced(0, 0, JUDGED_ROWS, seconds=1).is_fast


def test_a_source_is_fast_by_its_rows_a_second():
    assert paced(100, JUDGED_ROWS, seconds=JUDGED_ROWS / FAST_ROWS_A_SECOND).is_fast
    assert not paced(100, JUDGED_ROWS, seconds=JUDGED_ROWS / FAST_ROWS_A_SECOND + 1).is_fast
    # Once it was slow it is not judged again.
    assert not paced(100, 0, 10**9, seconds=JUDGED_ROWS / FAST_ROWS_A_SECOND + 1).is_fast


def test_a_fast_source_may_be_slow_for_some_time():
    pace = paced(100, JUDGED_ROWS, seconds=0)
    pace.count(0, 1000 + JUDGED_ROWS / FAST_ROWS_A_SECOND + PATIENCE)
    assert not pace.is_too_slow
    pace.count(0, 1001 + JUDGED_ROWS / FAST_ROWS_A_SECOND + PATIENCE)
    assert pace.is_too_slow


def test_items_are_held_until_the_source_is_judged_and_none_is_lost():
    def source():
        for at in range(5):
            read.append(at)
            yield Rows("Company", "file", ["erpKey"], [(at,)] * (JUDGED_ROWS // 2), [1] * (JUDGED_ROWS // 2), ["raw"])

    read = []
    watched = SourcePace().watch(source())
    assert next(watched).cells[0] == (0,)
    assert read == [0, 1, 2]
    assert [item.cells[0][0] for item in watched] == [1, 2, 3, 4]

    def failing():
        yield Rows("Company", "file", ["erpKey"], [(7,)], [1], ["raw"])
        raise ConnectorError("It is away.")

    watched = SourcePace().watch(failing())
    assert next(watched).cells == [(7,)]
    with pytest.raises(ConnectorError):
        next(watched)
