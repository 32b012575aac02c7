"""Any text leads to rows or to a sentence, never to an error of Python or of the database."""

from uuid import UUID

import pytest
from django.db.models import Q
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from adsplatform.searchlight import Page, SearchlightError
from tests.factories import AccountFactory, SyncRequestFactory, UserFactory
from tests.searchlight.samples import FIELDS, NOW, SYNCS, all_syncs

# All examples of a test share one database transaction, because none of them writes.
QUIET = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

# Half of all texts consist of words of the language, so that the parser gets beyond the first one.
WORDS = st.sampled_from(
    [field.name for field in FIELDS]
    + "= != <> > >= < <= ! ( ) , and or not in is null between eq ne contains startswith endswith asc desc".split()
    + ["NOW", "TODAY", "+", "-", "1", "-7", "99999999999", "2024-01-31", "true", "Read", "Details"]
    + ["'x'", "'O''Brien'", "'", "''", '"', "\x00"]
)
TEXTS = st.text(st.characters(), max_size=60) | st.lists(WORDS, max_size=15).map(" ".join)

# Everything that PostgreSQL can store: no NUL, no surrogates.
STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12) | st.sampled_from(
    ["", "%", "_", "\\", "'", "%s", "%(x)s", "{}", "\\'", "--", "ß", "ı"]
)
DATE_WORDS = st.builds(
    "{} {} {}".format, st.sampled_from(["NOW", "TODAY"]), st.sampled_from("+-"), st.integers(-9999, 9999)
)
DATES = st.dates().map(str)


def quote(text) -> str:
    return "'" + str(text).replace("'", "''") + "'"


VALUES = {
    "text": STORABLE.map(quote),
    "integer": st.integers(-(2**63), 2**63 - 1).map(str),
    "decimal": st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**30), max_value=10**30).map(
        "{:f}".format
    ),
    "double": st.floats().map(str).map(lambda text: text.replace("inf", "Infinity")),
    "boolean": st.sampled_from(["true", "False"]),
    "uuid": st.uuids().map(str) | st.sampled_from([f"{{{UUID(int=0)}}}"]),
    "date": DATES | DATE_WORDS,
    "datetime": DATES | DATE_WORDS | st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
    "enum": st.sampled_from(["0", "1"]),
}


@st.composite
def comparisons(draw):
    """One well-formed clause."""
    field = draw(st.sampled_from([field for field in FIELDS if field.name != "statusCode"]))
    value = VALUES[field.type]
    negation = draw(st.sampled_from(["", "not "]))
    operators = ["=", "!=", ">", ">=", "<", "<=", "in", "between", "is"]
    if field.type == "text":
        operators += ["contains", "startswith", "endswith"]
    operator = draw(st.sampled_from(operators))
    if operator == "is":
        return f"{field.name} {negation}is null"
    if operator == "in":
        return f"{field.name} {negation}in ({', '.join(draw(st.lists(value, min_size=1, max_size=4)))})"
    if operator == "between":
        return f"{field.name} {negation}between {draw(value)} and {draw(value)}"
    return f"{field.name} {negation}{operator} {draw(value)}"


def joined(clauses):
    several = st.lists(clauses, min_size=2, max_size=3)
    return st.builds(lambda word, parts: f"({f' {word} '.join(parts)})", st.sampled_from(["and", "or"]), several)


FILTERS = st.recursive(comparisons(), joined, max_leaves=6)
ORDERS = st.lists(
    st.builds(
        "{} {}".format,
        st.sampled_from([field.name for field in FIELDS]),
        st.sampled_from(["", "asc", "desc"]),
    ),
    max_size=5,
).map(", ".join)


@pytest.fixture
def syncs(db):
    """Two syncs, so that the database evaluates the conditions."""
    account = AccountFactory()
    SyncRequestFactory(app_enrollment=None, group_key=account)
    SyncRequestFactory(
        app_enrollment=None,
        group_key=account,
        started=NOW,
        process_result_message="O'Brien 100%",
        modified_user=UserFactory(),
    )
    return all_syncs()


def result_of(read):
    """What a function returns, or the SearchlightError that it raises."""
    try:
        return read()
    except SearchlightError as refused:
        return refused


@settings(QUIET)
@given(TEXTS)
@example("'" * 7)
@example("\ud800")
@example("failureCount = " + "9" * 5000)
@example("started > NOW - " + "9" * 5000)
def test_any_text_is_understood_or_refused(text):
    for read, outcome in (
        (lambda: SYNCS.filter(text), Q),
        (lambda: SYNCS.order(text), tuple),
        (lambda: SYNCS.include(text), frozenset),
        (lambda: SYNCS.page(text, None), Page),
        (lambda: SYNCS.page(None, text), Page),
    ):
        found = result_of(read)
        if isinstance(found, SearchlightError):
            sentence = str(found)
            assert sentence.endswith((".", "?"))
            assert sentence.encode()
        else:
            assert isinstance(found, outcome)


@settings(QUIET, max_examples=200)
@given(FILTERS, ORDERS)
def test_any_well_formed_query_runs(syncs, text, order):
    found = list(syncs.filter(SYNCS.filter(text, now=NOW)).order_by(*SYNCS.order(order)))
    assert set(found) == set(syncs.filter(SYNCS.filter(text, now=NOW)))


@settings(QUIET, max_examples=200)
@given(st.sampled_from([field.name for field in FIELDS]), st.sampled_from(["=", ">", "in"]), st.text(max_size=20))
def test_any_value_that_is_understood_can_be_asked_for(syncs, name, operator, value):
    text = f"{name} {operator} ({quote(value)})" if operator == "in" else f"{name} {operator} {quote(value)}"
    condition = result_of(lambda: SYNCS.filter(text))
    if not isinstance(condition, SearchlightError):
        assert set(syncs.filter(condition)) <= set(syncs)


@settings(QUIET, max_examples=100)
@given(comparisons().filter(lambda text: " is null" not in text and " not " not in text))
def test_a_test_and_its_negation_together_find_all_values_but_nulls(syncs, text):
    name, rest = text.split(" ", 1)
    positive, negative, known = (
        {sync.pk for sync in syncs.filter(SYNCS.filter(each, now=NOW))}
        for each in (text, f"{name} not {rest}", f"{name} is not null")
    )
    assert positive | negative == known
    assert not positive & negative
