"""Which page is wanted."""

import pytest

from adsplatform.searchlight import Page, SearchlightError
from tests.searchlight.samples import SYNCS


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_without_parameters_it_is_the_first_page_of_the_default_size(blank):
    assert SYNCS.page(blank, blank) == Page(size=250, number=0, number_given=False)


@pytest.mark.parametrize(
    ("size", "number", "page"),
    [
        ("1", None, Page(1, 0, False)),
        ("500", "0", Page(500, 0, True)),
        (" 10 ", "+3", Page(10, 3, True)),
        ("007", "2147483647", Page(7, 2147483647, True)),
        (20, 2, Page(20, 2, True)),
    ],
)
def test_size_and_number_may_be_given(size, number, page):
    assert SYNCS.page(size, number) == page


@pytest.mark.parametrize("size", ["0", "-1", "501", "ten", "1.0", "1e2", "٣", "9" * 90])
def test_a_size_out_of_range_or_no_number_is_refused_and_not_clamped(size):
    with pytest.raises(SearchlightError) as refused:
        SYNCS.page(size, None)
    assert (refused.value.field, refused.value.kind) == ("pageSize", "InvalidPageSize")
    excerpt = size if len(size) <= 60 else f"{'9' * 60}…"
    assert str(refused.value) == f"“{excerpt}” is no pageSize: it is a whole number from 1 to 500."


@pytest.mark.parametrize("number", ["-1", "2147483648", "first", "0.5", "٣"])
def test_a_number_out_of_range_or_no_number_is_refused(number):
    with pytest.raises(SearchlightError) as refused:
        SYNCS.page(None, number)
    assert (refused.value.field, refused.value.kind) == ("pageNumber", "InvalidPageNumber")
    assert str(refused.value) == f"“{number}” is no pageNumber: it is a whole number from 0 to 2,147,483,647."


def test_the_size_is_reported_first_of_two_mistakes():
    with pytest.raises(SearchlightError, match="pageSize"):
        SYNCS.page("0", "-1")


def test_an_absurdly_long_number_is_refused():
    with pytest.raises(SearchlightError, match="^The pageSize is 101 characters long; at most 100 are allowed.$"):
        SYNCS.page("1" * 101, None)
