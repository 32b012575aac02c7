"""How words become clauses."""

import pytest

from adsplatform.searchlight.grammar import parse_filter
from tests.searchlight.samples import FIELDS, NOW, parts_of


def understood(text):
    return parts_of(parse_filter(text, FIELDS, NOW))


@pytest.mark.parametrize("blank", ["", " ", "\n\t\u3000"])
def test_a_blank_filter_states_nothing(blank):
    assert parse_filter(blank, FIELDS, NOW) is None


@pytest.mark.parametrize(
    ("operator", "test"),
    [
        *(("=", "exact"), ("EQ", "exact"), ("eq", "exact")),
        *(("!=", "not exact"), ("<>", "not exact"), ("NE", "not exact")),
        *((">", "gt"), ("GT", "gt"), (">=", "gte"), ("GE", "gte"), ("GTE", "gte")),
        *(("<", "lt"), ("LT", "lt"), ("<=", "lte"), ("LE", "lte"), ("LTE", "lte")),
        *(("contains", "contains"), ("STARTSWITH", "startswith"), ("EndsWith", "endswith")),
    ],
)
def test_every_operator_is_known_in_any_case(operator, test):
    assert understood(f"message {operator} x") == f"message {test} 'x'"


def test_field_names_and_aliases_ignore_case():
    assert understood("FAILUREcount = 1") == "failureCount exact 1"
    assert understood("Id is null") == "syncRequestId isnull"


def test_a_value_may_be_quoted_or_bare():
    assert understood("message = x") == understood("message = 'x'") == "message exact 'x'"


@pytest.mark.parametrize("value", ["and", "eq", "(", ")", ",", "failureCount", "not", "null", "TODAY"])
def test_a_quoted_keyword_is_a_value(value):
    assert understood(f"message = '{value}' and message in ('{value}')") == (
        f"(message exact '{value}' AND message in '{value}')"
    )


def test_a_bare_word_that_is_no_sign_and_joins_nothing_is_a_value():
    assert understood("message = eq") == "message exact 'eq'"
    assert understood("message = null") == "message exact 'null'"
    assert understood("message = message") == "message exact 'message'"


def test_between_takes_two_values_and_its_and_joins_nothing():
    assert understood("failureCount between 1 and 2 or failureCount = 9") == (
        "(failureCount range 1 2 OR failureCount exact 9)"
    )


def test_in_takes_one_value_or_more():
    assert understood("failureCount in (1)") == "failureCount in 1"
    assert understood("failureCount in(1,2 , 3)") == "failureCount in 1 2 3"


def test_not_stands_after_the_field():
    assert understood("message not eq 'x'") == "message not exact 'x'"
    assert understood("message not contains 'x'") == "message not contains 'x'"
    assert understood("failureCount NOT between 1 and 2") == "failureCount not range 1 2"
    assert understood("failureCount not in (1)") == "failureCount not in 1"
    assert understood("failureCount not > 1") == "failureCount not gt 1"


def test_not_unequal_is_equal():
    assert understood("failureCount not != 1") == "failureCount exact 1"


def test_not_may_stand_on_either_side_of_is_and_on_both_means_the_same():
    assert understood("started is null") == "started isnull"
    assert understood("started is not null") == "started not isnull"
    assert understood("started not is null") == "started not isnull"
    assert understood("started not is not null") == "started not isnull"


def test_clauses_of_one_level_are_joined_by_one_word():
    assert understood("failureCount = 1 AND failureCount = 2 and failureCount = 3") == (
        "(failureCount exact 1 AND failureCount exact 2 AND failureCount exact 3)"
    )


def test_brackets_separate_levels():
    assert understood("failureCount=1 and (failureCount=2 or (failureCount=3 and failureCount=4))") == (
        "(failureCount exact 1 AND (failureCount exact 2 OR (failureCount exact 3 AND failureCount exact 4)))"
    )


def test_redundant_brackets_change_nothing():
    assert understood("((failureCount = 1))") == "failureCount exact 1"
    assert understood("(failureCount = 1) and (runFullSync = true)") == (
        "(failureCount exact 1 AND runFullSync exact True)"
    )


def test_brackets_may_be_nested_50_deep():
    assert understood("(" * 50 + "failureCount = 1" + ")" * 50) == "failureCount exact 1"


def test_a_filter_may_compare_with_500_values():
    values = ",".join(str(number) for number in range(500))
    assert understood(f"failureCount in ({values})").startswith("failureCount in 0 1 2 ")
