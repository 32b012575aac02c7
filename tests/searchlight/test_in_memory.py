"""Queries over objects in memory follow the rules of those over tables."""

import pytest

from adsplatform.searchlight import Field, Fields, Searchlight

ROWS = [{"name": "Beta", "size": 2}, {"name": "alpha", "size": None}, {"name": None, "size": 10}]
SEARCHLIGHT = Searchlight(Fields([Field("name", "name", "text"), Field("size", "size", "integer")], key=""))


def names(filter="", order=""):
    return [row["name"] for row in SEARCHLIGHT.select(ROWS, filter, order)]


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ("", ["Beta", "alpha", None]),
        ("name = 'ALPHA'", ["alpha"]),
        ("name ne 'alpha'", ["Beta"]),
        ("name contains 'ET'", ["Beta"]),
        ("name not contains 'ET'", ["alpha"]),
        ("name startswith 'AL' or name endswith 'TA'", ["Beta", "alpha"]),
        ("size between 2 and 9", ["Beta"]),
        ("size not in (2, 3)", [None]),
        ("size is null", ["alpha"]),
        ("size is not null and name is not null", ["Beta"]),
        ("size >= 2 and size < 10", ["Beta"]),
        ("size > 2 or size <= 2", ["Beta", None]),
    ],
)
def test_a_filter_finds(filter, found):
    assert names(filter) == found


def test_an_order_ignores_case_and_puts_nulls_last():
    assert names(order="name") == ["alpha", "Beta", None]
    assert names(order="name desc") == [None, "Beta", "alpha"]
    assert names(order="size desc, name") == ["alpha", None, "Beta"]
