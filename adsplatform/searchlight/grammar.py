"""The grammar of `filter`, parsed by recursive descent: turns words into clauses.

filter := clause (AND clause)*  |  clause (OR clause)*
clause := '(' filter ')'
        | field [NOT] operator value
        | field [NOT] BETWEEN value AND value
        | field [NOT] IN '(' value (',' value)* ')'
        | field [NOT] IS [NOT] NULL
value  := word | 'literal' | dateword [('+' | '-') days]
"""

import re
from datetime import date, datetime

from adsplatform.searchlight import values
from adsplatform.searchlight.clauses import TESTS, UNEQUAL, WITHIN_TEXT, Comparison, Group
from adsplatform.searchlight.errors import Kind, SearchlightError, quoted
from adsplatform.searchlight.fields import Field, Fields, Value
from adsplatform.searchlight.words import Word, Words

Clause = Comparison | Group

DEEPEST_NESTING = 50
MOST_VALUES = 500
# Each of these looks at every row; the second at every character of a text as well.
MOST_CONDITIONS, MOST_WITHIN_TEXT = 100, 10

CONJUNCTIONS = ("AND", "OR")
SIGNS = ("=", "!=", "<>", ">", ">=", "<", "<=", "(", ")", ",", "!")
DAYS = re.compile(r"[+-]?[0-9]{1,9}")
SIGN_HINT = "A sign after a date word needs blanks around it: TODAY - 7. In a web address, a plus sign is written %2B."


def parse_filter(text: str, fields: Fields, now: datetime) -> Clause | None:
    """The clauses of a filter, None for a blank one; date words are relative to `now`."""
    return _FilterParser(Words(text, "filter"), fields, now).parse()


def take_field(words: Words, fields: Fields) -> Field:
    """Take the next word and return the field that it names."""
    word = words.take(expecting="a field")
    field = None if word.is_literal else fields.find(word.text)
    if field is None:
        raise words.error(Kind.FIELD_NOT_FOUND, f"{_no_field(word, fields)} Known fields: {fields.known()}.")
    return field


def _no_field(word: Word, fields: Fields) -> str:
    if word.is_literal or word.says(*CONJUNCTIONS, *SIGNS):
        return f"{word.should_be('the name of a field')}."
    sentence = f"No field is called {quoted(word.text)} (position {word.position})."
    nearest = fields.nearest(word.text)
    return f"{sentence} Did you mean “{nearest.name}”?" if nearest else sentence


class _FilterParser:
    def __init__(self, words: Words, fields: Fields, now: datetime):
        self.words = words
        self.fields = fields
        self.now = now
        self.value_count = self.condition_count = self.within_text_count = 0

    def parse(self) -> Clause | None:
        if self.words.peek() is None:
            return None
        clause = self._clauses(depth=0)
        if surplus := self.words.peek():
            raise self._error(Kind.INVALID_TOKEN, f"{surplus} closes no bracket. Take it out.")
        return clause

    def _error(self, kind: Kind, message: str) -> SearchlightError:
        return self.words.error(kind, message)

    def _clauses(self, depth: int) -> Clause:
        clauses = [self._clause(depth)]
        first = None
        while (word := self.words.peek()) and not word.says(")"):
            if not word.says(*CONJUNCTIONS):
                raise self._no_conjunction(word, clauses[-1])
            self.words.take()
            first = first or word
            if not word.says(first.text.upper()):
                raise self._error(
                    Kind.INCONSISTENT_CONJUNCTION,
                    f"{word} follows {first}: AND and OR cannot be mixed without brackets. Put brackets"
                    " around what belongs together, such as a = 1 and (b = 2 or c = 3).",
                )
            if self.words.peek() is None or self.words.next_says(")"):
                raise self._error(Kind.TRAILING_CONJUNCTION, f"{word} should be followed by another condition.")
            clauses.append(self._clause(depth))
        return Group(first.text.upper(), tuple(clauses)) if first else clauses[0]

    def _clause(self, depth: int) -> Clause:
        if opening := self.words.take_if("("):
            return self._group(opening, depth + 1)
        if word := self.words.take_if("NOT"):
            raise self._error(
                Kind.FIELD_NOT_FOUND,
                f"{word} should stand between a field and its operator, as in “statusCode not in ('Failed')”."
                " Brackets cannot be negated.",
            )
        self.condition_count += 1
        if self.condition_count > MOST_CONDITIONS:
            raise self._error(
                Kind.TOO_LONG,
                f"The filter has more than {MOST_CONDITIONS} conditions. Split it into several queries, or compare one "
                "field with many values by IN.",
            )
        field = take_field(self.words, self.fields)
        negated = self.words.take_if("NOT") is not None
        operator = self.words.take(expecting="an operator, such as =,")
        test = None if operator.is_literal else TESTS.get(operator.text.upper())
        if test is None:
            raise self._error(
                Kind.INVALID_TOKEN,
                f"{operator.should_be('an operator')}. Known operators: {', '.join(TESTS)} NULL;"
                " NOT may stand before each.",
            )
        if test == "isnull":
            # As in the published language, NOT may come before IS, after it, or both; all mean IS NOT NULL.
            negated = self.words.take_if("NOT") is not None or negated
            self._expect("NULL")
            return Comparison(field, test, negated=negated)
        if test in WITHIN_TEXT:
            self._check_is_text(field, operator)
            self.within_text_count += 1
            if self.within_text_count > MOST_WITHIN_TEXT:
                raise self._error(
                    Kind.TOO_LONG,
                    f"The filter searches within texts more than {MOST_WITHIN_TEXT} times (CONTAINS, STARTSWITH, "
                    "ENDSWITH). Split it into several queries.",
                )
        return Comparison(field, test, self._values(field, test), negated ^ operator.says(*UNEQUAL))

    def _values(self, field: Field, test: str) -> tuple[Value, ...]:
        if test == "range":
            return self._bounds(field)
        if test == "in":
            return self._list(field)
        return (self._value(field, is_part=test in WITHIN_TEXT),)

    def _group(self, opening: Word, depth: int) -> Clause:
        if depth > DEEPEST_NESTING:
            raise self._error(
                Kind.TOO_LONG,
                f"Brackets are nested more than {DEEPEST_NESTING} deep at position {opening.position}."
                " Simplify the filter.",
            )
        if self.words.next_says(")"):
            raise self._error(
                Kind.EMPTY_CLAUSE,
                f"The brackets at position {opening.position} are empty. Put a condition into them, or take them out.",
            )
        if self.words.peek() is None:
            raise self._never_closed(opening)
        clause = self._clauses(depth)
        if not self.words.take_if(")"):
            raise self._never_closed(opening)
        return clause

    def _bounds(self, field: Field) -> tuple[Value, Value]:
        low = self._value(field)
        self._expect("AND")
        return low, self._value(field)

    def _list(self, field: Field) -> tuple[Value, ...]:
        opening = self._expect("(")
        if self.words.next_says(")"):
            raise self._error(
                Kind.EMPTY_CLAUSE,
                f"The list at position {opening.position} is empty. Put at least one value into it.",
            )
        found = []
        while self.words.peek():
            found.append(self._value(field))
            if self.words.take_if(")"):
                return tuple(found)
            if (word := self.words.peek()) and not self.words.take_if(","):
                raise self._error(
                    Kind.INVALID_TOKEN,
                    f"{word} should be a comma or the closing bracket of the list. A value of several words"
                    " needs single quotes.",
                )
        raise self._never_closed(opening)

    def _value(self, field: Field, *, is_part: bool = False) -> Value:
        self.value_count += 1
        if self.value_count > MOST_VALUES:
            raise self._error(
                Kind.TOO_LONG,
                f"The filter compares with more than {MOST_VALUES} values. Split it into several queries.",
            )
        word = self.words.take(expecting=f"a value for “{field.name}”")
        if word.says(*CONJUNCTIONS, *SIGNS):
            raise self._error(
                Kind.INVALID_TOKEN,
                f"{word} stands where a value for “{field.name}” is needed. If it is the value, put it in"
                f" single quotes: '{word.text}'.",
            )
        if values.is_date_word(field, word.text):
            return self._date(field, word)
        try:
            return values.read_value(field, word.text, is_part=is_part)
        except values.InvalidValue as error:
            raise self._invalid_value(field, word, error) from None

    def _date(self, field: Field, word: Word) -> date | datetime:
        days = 0
        if sign := self.words.take_if("+", "-"):
            number = self.words.take(expecting="a number of days")
            if not DAYS.fullmatch(number.text):
                raise self._error(
                    Kind.INVALID_TOKEN,
                    f"{number} should be a whole number of days, as in {word.text} {sign.text} 7.",
                )
            days = int(number.text) if sign.says("+") else -int(number.text)
        try:
            return values.read_date_word(field, word.text, days, self.now)
        except OverflowError:
            raise self._error(
                Kind.FIELD_TYPE_MISMATCH,
                f"{word}, moved by {days:+,} days, lies outside the calendar, which has the years 1 to 9999.",
            ) from None

    def _expect(self, keyword: str) -> Word:
        wanted = keyword if keyword.isalpha() else quoted(keyword)
        word = self.words.take(expecting=wanted)
        if not word.says(keyword):
            raise self._error(Kind.INVALID_TOKEN, f"{word.should_be(wanted)}.")
        return word

    def _check_is_text(self, field: Field, operator: Word) -> None:
        if field.type != "text":
            raise self._error(
                Kind.FIELD_TYPE_MISMATCH,
                f"{operator} searches in text, but “{field.name}” is {values.NOUNS[field.type]}."
                " Compare it with =, >, <, BETWEEN or IN.",
            )

    def _invalid_value(self, field: Field, word: Word, error: values.InvalidValue) -> SearchlightError:
        message = f"{word} cannot be compared with “{field.name}”, which takes {error}."
        if word.says("NULL"):
            message += f" To find what is empty, write: {field.name} is null."
        elif field.type in values.DATE_TYPES and word.text.upper().startswith(tuple(values.DATE_WORDS)):
            message += f" {SIGN_HINT}"
        return self._error(Kind.INVALID_TOKEN if field.type == "enum" else Kind.FIELD_TYPE_MISMATCH, message)

    def _no_conjunction(self, word: Word, after: Clause) -> SearchlightError:
        message = f"{word.should_be('AND or OR')}. A value with a blank in it needs single quotes: 'In Progress'."
        if isinstance(after, Comparison) and after.field.type in values.DATE_TYPES:
            message += f" {SIGN_HINT}"
        return self._error(Kind.INVALID_TOKEN, message)

    def _never_closed(self, opening: Word) -> SearchlightError:
        return self._error(Kind.OPEN_CLAUSE, f"The bracket at position {opening.position} is never closed.")
