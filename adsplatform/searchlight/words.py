"""Splits the text of a filter or order into words, which a parser takes one by one."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from adsplatform.searchlight.errors import Kind, SearchlightError, check_text, quoted

MAXIMUM_LENGTH = 8000

# The quantifiers are possessive. Otherwise the regex engine could backtrack and end a literal inside a doubled
# apostrophe: `'a''` is a literal that is never closed, not the literal `a` and an apostrophe.
WORD = re.compile(
    r"""
    \s*+ (?:
      (?P<literal> ' (?: [^'] | '' )*+ ' )
    | (?P<sign>    != | <> | <= | >= | [=><(),!] )
    | (?P<bare>    [^\s=><(),!']++ )
    )
    """,
    re.VERBOSE,
)


class Word(NamedTuple):
    """One word of a query, and the position of its first character, counted from 1."""

    text: str
    position: int
    # A quoted word is always a value: 'and' is not a conjunction, ')' is not a bracket.
    is_literal: bool = False

    def __str__(self) -> str:
        return f"{quoted(self.text)} at position {self.position}"

    def says(self, *keywords: str) -> bool:
        return not self.is_literal and self.text.upper() in keywords

    def should_be(self, wanted: str) -> str:
        """The beginning of a sentence about a word that is not what was expected here."""
        return f"{self} should be {wanted}{', without quotes' if self.is_literal else ''}"


class Words:
    """The words of one parameter, taken one by one from the left."""

    def __init__(self, text: str, parameter: str):
        check_text(text, parameter, MAXIMUM_LENGTH)
        self.parameter = parameter
        self._words = list(self._split(text))
        self._taken = 0

    def peek(self) -> Word | None:
        """The next word, or None at the end."""
        return self._words[self._taken] if self._taken < len(self._words) else None

    def next_says(self, *keywords: str) -> bool:
        word = self.peek()
        return word is not None and word.says(*keywords)

    def take(self, *, expecting: str = "more") -> Word:
        """The next word; the error for a text that ends too early says what was expected."""
        word = self.peek()
        if word is None:
            last = self._words[self._taken - 1]
            raise self.error(Kind.INVALID_TOKEN, f"The {self.parameter} ends after {last}; {expecting} should follow.")
        self._taken += 1
        return word

    def take_if(self, *keywords: str) -> Word | None:
        """The next word if it is one of these."""
        return self.take() if self.next_says(*keywords) else None

    def error(self, kind: Kind, message: str) -> SearchlightError:
        return SearchlightError(message, kind=kind, field=self.parameter)

    def _split(self, text: str) -> Iterator[Word]:
        text = text.rstrip()
        start, glued_to = 0, None
        while start < len(text):
            found = WORD.match(text, start)
            if glued_to and text[start] == "'":
                raise self._glued(glued_to, start + 1, is_closed=found is not None)
            if found is None:
                begin = len(text) - len(text[start:].lstrip()) + 1
                raise self.error(
                    Kind.UNTERMINATED_STRING,
                    f"The text that begins at position {begin} is never closed. End it with an"
                    " apostrophe, and write an apostrophe inside it twice: 'O''Brien'.",
                )
            kind, end = found.lastgroup, found.end()
            written = found[kind or 0]
            position = end - len(written) + 1
            if kind == "literal":
                yield Word(written[1:-1].replace("''", "'"), position, is_literal=True)
            else:
                yield Word(written, position)
            glued_to = written if kind == "bare" else None
            start = end

    def _glued(self, word: str, position: int, *, is_closed: bool) -> SearchlightError:
        return self.error(
            Kind.INVALID_TOKEN if is_closed else Kind.UNTERMINATED_STRING,
            f"The apostrophe at position {position} stands right after {quoted(word)}. If a text begins"
            " there, put a blank before it; if it is part of the text, put the whole text in single quotes"
            " and write the apostrophe twice: 'O''Brien'.",
        )
