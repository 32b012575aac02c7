"""Every mistake has a sentence that says what, where and what instead."""

import json
import timeit

import pytest

from adsplatform.errors import PlatformError
from adsplatform.searchlight import Field, Fields, Searchlight, SearchlightError

SHOP = Searchlight(
    Fields(
        [
            Field("name", "name", "text"),
            Field("price", "price", "decimal"),
            Field("stock", "stock", "integer", aliases=("onHand",)),
            Field("ordered", "ordered", "datetime"),
            Field("size", "size", "enum", {"Small": 1, "Large": 2}),
        ],
        key="id",
    ),
    includes=("Notes", "Lines"),
)
KNOWN = "Known fields: name, ordered, price, size, stock."
OPERATORS = (
    "Known operators: =, EQ, !=, <>, NE, >, GT, >=, GE, GTE, <, LT, <=, LE, LTE, CONTAINS,"
    " STARTSWITH, ENDSWITH, BETWEEN, IN, IS NULL; NOT may stand before each."
)
ONE_TEXT = "A value with a blank in it needs single quotes: 'In Progress'."
SIGNS = "A sign after a date word needs blanks around it: TODAY - 7. In a web address, a plus sign is written %2B."
GLUED = (
    "If a text begins there, put a blank before it; if it is part of the text, put the whole text in single"
    " quotes and write the apostrophe twice: 'O''Brien'."
)
MIXED = (
    "AND and OR cannot be mixed without brackets. Put brackets around what belongs together, such as"
    " a = 1 and (b = 2 or c = 3)."
)

FILTERS = [
    # Words in the place of a field.
    ("nam = 1", "FieldNotFound", f"No field is called “nam” (position 1). Did you mean “name”? {KNOWN}"),
    ("name = a and xyz = 1", "FieldNotFound", f"No field is called “xyz” (position 14). {KNOWN}"),
    (
        "onHnad = 1",
        "FieldNotFound",
        f"No field is called “onHnad” (position 1). Did you mean “stock”? {KNOWN}",
    ),
    ("and name = 1", "FieldNotFound", f"“and” at position 1 should be the name of a field. {KNOWN}"),
    (
        "name = 1 and or name = 2",
        "FieldNotFound",
        f"“or” at position 14 should be the name of a field. {KNOWN}",
    ),
    ("= 5", "FieldNotFound", f"“=” at position 1 should be the name of a field. {KNOWN}"),
    (") ", "FieldNotFound", f"“)” at position 1 should be the name of a field. {KNOWN}"),
    (
        "'name' = 1",
        "FieldNotFound",
        f"“name” at position 1 should be the name of a field, without quotes. {KNOWN}",
    ),
    (
        "not (name = 1)",
        "FieldNotFound",
        "“not” at position 1 should stand between a field and its operator, as in “statusCode"
        " not in ('Failed')”."
        " Brackets cannot be negated.",
    ),
    # Words in the place of an operator.
    ("name like 'x'", "InvalidToken", f"“like” at position 6 should be an operator. {OPERATORS}"),
    ("name ! = 'x'", "InvalidToken", f"“!” at position 6 should be an operator. {OPERATORS}"),
    ("name 'eq' x", "InvalidToken", f"“eq” at position 6 should be an operator, without quotes. {OPERATORS}"),
    ("name not not eq x", "InvalidToken", f"“not” at position 10 should be an operator. {OPERATORS}"),
    (
        "stock contains 1",
        "FieldTypeMismatch",
        "“contains” at position 7 searches in text, but “stock” is a whole number."
        " Compare it with =, >, <, BETWEEN or IN.",
    ),
    (
        "size startswith 'S'",
        "FieldTypeMismatch",
        "“startswith” at position 6 searches in text, but “size” is one of a list."
        " Compare it with =, >, <, BETWEEN or IN.",
    ),
    ("name is empty", "InvalidToken", "“empty” at position 9 should be NULL."),
    ("name is 'null'", "InvalidToken", "“null” at position 9 should be NULL, without quotes."),
    # Words in the place of a value.
    (
        "stock = many",
        "FieldTypeMismatch",
        "“many” at position 9 cannot be compared with “stock”, which takes a whole number, such as 12.",
    ),
    (
        "stock = null",
        "FieldTypeMismatch",
        "“null” at position 9 cannot be compared with “stock”, which takes a whole number, such as 12."
        " To find what is empty, write: stock is null.",
    ),
    (
        "size = Medium",
        "InvalidToken",
        "“Medium” at position 8 cannot be compared with “size”, which takes one of Small, Large.",
    ),
    (
        "name == x",
        "InvalidToken",
        "“=” at position 7 stands where a value for “name” is needed. If it is the value, put it"
        " in single quotes:"
        " '='.",
    ),
    (
        "name = and stock = 1",
        "InvalidToken",
        "“and” at position 8 stands where a value for “name” is needed. If it is the value, put it in single"
        " quotes: 'and'.",
    ),
    (
        "ordered > NOW+1",
        "FieldTypeMismatch",
        "“NOW+1” at position 11 cannot be compared with “ordered”, which takes a date or a point"
        " in time, such as"
        f" 2024-12-31, 2024-12-31T23:59:00Z, NOW or TODAY - 7. {SIGNS}",
    ),
    (
        "ordered > TODAY - week",
        "InvalidToken",
        "“week” at position 19 should be a whole number of days, as in TODAY - 7.",
    ),
    (
        "ordered > today + 999999999",
        "FieldTypeMismatch",
        "“today” at position 11, moved by +999,999,999 days, lies outside the calendar, which has the years 1 to 9999.",
    ),
    (
        "ordered > today - 1000000",
        "FieldTypeMismatch",
        "“today” at position 11, moved by -1,000,000 days, lies outside the calendar, which has the years 1 to 9999.",
    ),
    # Lists and bounds.
    ("stock in 1", "InvalidToken", "“1” at position 10 should be “(”."),
    ("stock in '('", "InvalidToken", "“(” at position 10 should be “(”, without quotes."),
    ("stock in ()", "EmptyClause", "The list at position 10 is empty. Put at least one value into it."),
    (
        "stock in (1 2)",
        "InvalidToken",
        "“2” at position 13 should be a comma or the closing bracket of the list. A value of"
        " several words needs"
        " single quotes.",
    ),
    (
        "stock in (1,)",
        "InvalidToken",
        "“)” at position 13 stands where a value for “stock” is needed. If it is the value, put it in single"
        " quotes: ')'.",
    ),
    ("stock in (1, 2", "OpenClause", "The bracket at position 10 is never closed."),
    ("stock in (", "OpenClause", "The bracket at position 10 is never closed."),
    ("stock in (1,", "OpenClause", "The bracket at position 10 is never closed."),
    ("stock between 1 or 2", "InvalidToken", "“or” at position 17 should be AND."),
    ("stock between 1, 2", "InvalidToken", "“,” at position 16 should be AND."),
    # Joins and brackets.
    ("name eq In Progress", "InvalidToken", f"“Progress” at position 12 should be AND or OR. {ONE_TEXT}"),
    ('name eq "In Progress"', "InvalidToken", f'“Progress"” at position 13 should be AND or OR. {ONE_TEXT}'),
    ("name = 1 xor stock = 1", "InvalidToken", f"“xor” at position 10 should be AND or OR. {ONE_TEXT}"),
    (
        "name = a 'and' stock = 1",
        "InvalidToken",
        f"“and” at position 10 should be AND or OR, without quotes. {ONE_TEXT}",
    ),
    ("ordered > TODAY -7", "InvalidToken", f"“-7” at position 17 should be AND or OR. {ONE_TEXT} {SIGNS}"),
    ("ordered > TODAY  7", "InvalidToken", f"“7” at position 18 should be AND or OR. {ONE_TEXT} {SIGNS}"),
    ("name = 1)", "InvalidToken", "“)” at position 9 closes no bracket. Take it out."),
    (
        "()",
        "EmptyClause",
        "The brackets at position 1 are empty. Put a condition into them, or take them out.",
    ),
    (
        "name = 1 and ( )",
        "EmptyClause",
        "The brackets at position 14 are empty. Put a condition into them, or take them out.",
    ),
    ("(", "OpenClause", "The bracket at position 1 is never closed."),
    ("stock = 1 and (name = 1", "OpenClause", "The bracket at position 15 is never closed."),
    ("name = 1 and", "TrailingConjunction", "“and” at position 10 should be followed by another condition."),
    ("(name = 1 OR)", "TrailingConjunction", "“OR” at position 11 should be followed by another condition."),
    (
        "name = 1 and stock = 2 or price = 3",
        "InconsistentConjunction",
        f"“or” at position 24 follows “and” at position 10: {MIXED}",
    ),
    (
        "(name = 1 or stock = 2 and price = 3)",
        "InconsistentConjunction",
        f"“and” at position 24 follows “or” at position 11: {MIXED}",
    ),
    # Texts that end too early.
    (
        "name",
        "InvalidToken",
        "The filter ends after “name” at position 1; an operator, such as =, should follow.",
    ),
    (
        "name not",
        "InvalidToken",
        "The filter ends after “not” at position 6; an operator, such as =, should follow.",
    ),
    (
        "name eq",
        "InvalidToken",
        "The filter ends after “eq” at position 6; a value for “name” should follow.",
    ),
    ("name is", "InvalidToken", "The filter ends after “is” at position 6; NULL should follow."),
    ("name in", "InvalidToken", "The filter ends after “in” at position 6; “(” should follow."),
    ("stock between 1", "InvalidToken", "The filter ends after “1” at position 15; AND should follow."),
    (
        "stock between 1 and",
        "InvalidToken",
        "The filter ends after “and” at position 17; a value for “stock” should follow.",
    ),
    (
        "ordered = NOW +",
        "InvalidToken",
        "The filter ends after “+” at position 15; a number of days should follow.",
    ),
    # Apostrophes.
    (
        "name = 'x",
        "UnterminatedString",
        "The text that begins at position 8 is never closed. End it with an apostrophe, and"
        " write an apostrophe"
        " inside it twice: 'O''Brien'.",
    ),
    (
        "nonsense '''",
        "UnterminatedString",
        "The text that begins at position 10 is never closed. End it with an apostrophe, and"
        " write an apostrophe"
        " inside it twice: 'O''Brien'.",
    ),
    ("name = O'Brien", "UnterminatedString", f"The apostrophe at position 9 stands right after “O”. {GLUED}"),
    ("name = Rea'dy'", "InvalidToken", f"The apostrophe at position 11 stands right after “Rea”. {GLUED}"),
    ("name eq'x'", "InvalidToken", f"The apostrophe at position 8 stands right after “eq”. {GLUED}"),
    # Characters that no text can contain.
    (
        "name = 'a\0b'",
        "InvalidToken",
        "The character at position 10 of the filter cannot occur in text (U+0000). Take it out.",
    ),
    (
        "name = '\ud800'",
        "InvalidToken",
        "The character at position 9 of the filter cannot occur in text (U+D800). Take it out.",
    ),
    # Limits.
    (
        "name = '" + "x" * 8000,
        "TooLong",
        "The filter is 8,008 characters long; at most 8,000 are allowed.",
    ),
    (
        "(" * 51 + "name = 1" + ")" * 51,
        "TooLong",
        "Brackets are nested more than 50 deep at position 51. Simplify the filter.",
    ),
    (
        "stock in (" + "1," * 500 + "1)",
        "TooLong",
        "The filter compares with more than 500 values. Split it into several queries.",
    ),
    # A long word does not drown the sentence.
    (
        "x" * 100 + " = 1",
        "FieldNotFound",
        f"No field is called “{'x' * 60}…” (position 1). {KNOWN}",
    ),
]

ORDERS = [
    ("nam", "FieldNotFound", f"No field is called “nam” (position 1). Did you mean “name”? {KNOWN}"),
    (",name", "FieldNotFound", f"“,” at position 1 should be the name of a field. {KNOWN}"),
    ("name,,stock", "FieldNotFound", f"“,” at position 6 should be the name of a field. {KNOWN}"),
    (
        "name sideways",
        "InvalidToken",
        "“sideways” at position 6 should be ASC, DESC, or a comma before the next field.",
    ),
    (
        "name desc stock",
        "InvalidToken",
        "“stock” at position 11 should be a comma before the next field.",
    ),
    ("name,", "TrailingConjunction", "“,” at position 5 should be followed by another field."),
    ("name desc,", "TrailingConjunction", "“,” at position 10 should be followed by another field."),
    (
        "'name",
        "UnterminatedString",
        "The text that begins at position 1 is never closed. End it with an apostrophe, and"
        " write an apostrophe"
        " inside it twice: 'O''Brien'.",
    ),
    ("n" * 8001, "TooLong", "The order is 8,001 characters long; at most 8,000 are allowed."),
]

INCLUDES = [
    ("note", "IncludeNotFound", "Nothing called “note” can be included. Known names: Lines, Notes."),
    (
        "Lines, 'Notes'",
        "IncludeNotFound",
        "Nothing called “'Notes'” can be included. Known names: Lines, Notes.",
    ),
    (
        "\ud800",
        "InvalidToken",
        "The character at position 1 of the include cannot occur in text (U+D800). Take it out.",
    ),
    ("n" * 8001, "TooLong", "The include is 8,001 characters long; at most 8,000 are allowed."),
]


def reported(refused) -> tuple[str, str, str]:
    return refused.value.field, refused.value.kind, str(refused.value)


@pytest.mark.parametrize(("text", "kind", "sentence"), FILTERS)
def test_a_filter_that_cannot_be_understood_is_explained(text, kind, sentence):
    with pytest.raises(SearchlightError) as refused:
        SHOP.filter(text)
    assert reported(refused) == ("filter", kind, sentence)


@pytest.mark.parametrize(("text", "kind", "sentence"), ORDERS)
def test_an_order_that_cannot_be_understood(text, kind, sentence):
    with pytest.raises(SearchlightError) as refused:
        SHOP.order(text)
    assert reported(refused) == ("order", kind, sentence)


@pytest.mark.parametrize(("text", "kind", "sentence"), INCLUDES)
def test_an_include_that_is_not_possible_is_refused(text, kind, sentence):
    with pytest.raises(SearchlightError) as refused:
        SHOP.include(text)
    assert reported(refused) == ("include", kind, sentence)


def test_a_query_without_includes_says_so():
    with pytest.raises(SearchlightError, match="^Nothing called “x” can be included. Known names: none.$"):
        Searchlight(SHOP.fields).include("x")


def test_the_leftmost_mistake_is_reported():
    with pytest.raises(SearchlightError, match="“many” at position 9"):
        SHOP.filter("stock = many and nonsense = 1 and")


def test_an_error_is_the_platforms_and_the_callers_fault():
    with pytest.raises(PlatformError) as refused:
        SHOP.filter("nonsense")
    assert refused.value.status == 400
    assert refused.value.title == "The query could not be understood."
    assert json.dumps({"kind": refused.value.kind}) == '{"kind": "FieldNotFound"}'


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "(" * 8000,
        "(" * 4000 + ")" * 4000,
        "name in (" * 800,
        "'" * 7999,
        "x" * 8000,
        "name = 1 and " * 600,
        "price = " + "9" * 7000,
        "stock = " + "-" * 7000,
    ],
)
def test_no_text_takes_long(text):
    def refuse():
        with pytest.raises(SearchlightError):
            SHOP.filter(text)

    # The best of three, because the garbage of other tests may be collected during one.
    assert min(timeit.repeat(refuse, number=1, repeat=3)) < 0.1
