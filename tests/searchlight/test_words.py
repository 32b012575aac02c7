"""How a text is split into words."""

import pytest

from adsplatform.searchlight.words import Word, Words


def split(text):
    words = Words(text, "filter")
    found = []
    while words.peek():
        found.append(words.take())
    return found


def texts(text):
    return [word.text for word in split(text)]


def test_words_know_where_they_begin_counted_from_1():
    assert split("name  eq 'x'") == [Word("name", 1), Word("eq", 7), Word("x", 10, is_literal=True)]


@pytest.mark.parametrize("blank", [" ", "\t", "\r\n", "\u00a0", "\u3000", "\u2028"])
def test_every_unicode_blank_separates(blank):
    assert texts(f"a{blank}eq{blank}1") == ["a", "eq", "1"]


def test_blanks_alone_are_no_words():
    assert texts(" \t\n") == []


def test_signs_need_no_blanks_around_them():
    assert texts("a=1 b>2 c<3 in(4,5)!") == [
        *("a", "=", "1", "b", ">", "2", "c", "<", "3", "in", "(", "4", ",", "5", ")", "!"),
    ]


def test_two_signs_are_one_word_where_they_mean_something_together():
    assert texts("a!=1") == ["a", "!=", "1"]
    assert texts("a<>1") == ["a", "<>", "1"]
    assert texts("a<=1") == ["a", "<=", "1"]
    assert texts("a>=1") == ["a", ">=", "1"]


def test_other_pairs_of_signs_are_two_words():
    assert texts("! =") == ["!", "="]
    assert texts("=>") == ["=", ">"]
    assert texts("==") == ["=", "="]


def test_a_literal_keeps_its_blanks_signs_and_line_breaks():
    assert split("' (a, b)\n\\ '") == [Word(" (a, b)\n\\ ", 1, is_literal=True)]


def test_two_apostrophes_inside_a_literal_are_one():
    assert texts("'O''Brien'") == ["O'Brien"]
    assert texts("''''") == ["'"]
    assert texts("'a''''b'") == ["a''b"]


def test_a_literal_may_be_empty():
    assert split("''") == [Word("", 1, is_literal=True)]


def test_a_literal_ends_its_word():
    assert texts("x='a'and y='b'") == ["x", "=", "a", "and", "y", "=", "b"]


def test_double_quotes_are_ordinary_characters():
    assert texts('"In Progress"') == ['"In', 'Progress"']


def test_dates_numbers_and_guids_need_no_quotes():
    assert texts("2024-01-31T10:00:00+02:00 -12.5 {ab-cd} a;b%c#d é") == [
        *("2024-01-31T10:00:00+02:00", "-12.5", "{ab-cd}", "a;b%c#d", "é"),
    ]


def test_keywords_ignore_case_and_are_never_quoted():
    assert Word("aNd", 1).says("AND", "OR")
    assert not Word("and", 1, is_literal=True).says("AND", "OR")
