"""How sentences count things."""

from adsplatform.wording import counted, plural


def test_one_of_a_thing_is_singular_and_any_other_number_is_plural():
    assert [counted(number, "line") for number in (0, 1, 2, 4_821)] == ["0 lines", "1 line", "2 lines", "4,821 lines"]


def test_a_plural_of_its_own_is_used_where_it_is_given():
    assert counted(2, "company", "companies") == "2 companies"
    assert plural(1, "was", "were") == "was"
