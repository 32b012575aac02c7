"""What else an answer should include."""

import pytest

from adsplatform.searchlight import SearchlightError
from tests.searchlight.samples import SYNCS


@pytest.mark.parametrize("nothing", [None, "", "  ", ",", " , ,"])
def test_nothing_is_included_unless_asked_for(nothing):
    assert SYNCS.include(nothing) == frozenset()


def test_names_ignore_case_and_blanks_and_come_back_as_they_are_declared():
    assert SYNCS.include(" details,APP ,, Details") == frozenset({"Details", "App"})


def test_an_unknown_name_is_refused_with_those_that_are_known():
    with pytest.raises(SearchlightError) as refused:
        SYNCS.include("details, contacts")
    assert (refused.value.field, refused.value.kind) == ("include", "IncludeNotFound")
    assert str(refused.value) == "Nothing called “contacts” can be included. Known names: App, Details."
