"""What each type takes as a value."""

from datetime import UTC, date, datetime
from decimal import Decimal
from math import isnan
from uuid import UUID

import pytest

from adsplatform.searchlight import Field, Fields, SearchlightError
from adsplatform.searchlight.grammar import parse_filter
from tests.searchlight.samples import FIELDS, NOW


def value_of(field, text):
    """The constant in `field = text`, quoted unless it brings its own words."""
    return parse_filter(f"{field} = {text}", FIELDS, NOW).values[0]


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def refusal_of(field, text):
    with pytest.raises(SearchlightError) as caught:
        value_of(field, quote(text))
    return str(caught.value).removeprefix(f"“{text}” at position {len(field) + 4} cannot be compared with ")


@pytest.mark.parametrize("text", ["", "  x ", "100%", "a_b\\", '"', "ÄÖ", "null", "🙂"])
def test_text_is_taken_as_it_stands(text):
    assert value_of("message", quote(text)) == text


@pytest.mark.parametrize("test", ["= {}", "!= {}", "IN ({})", "BETWEEN {} AND 'z'"])
def test_a_key_is_compared_as_it_is_stored(test):
    keys = Fields([Field("erpKey", "erp_key", "text")], key="erp_key")
    text = quote("\u00a0 Cafe\u0301 1 ")
    assert parse_filter(f"erpKey {test.format(text)}", keys, NOW).values[0] == "Café 1"
    # Blanks belong to a part of a key.
    assert parse_filter(f"erpKey CONTAINS {text}", keys, NOW).values == ("\u00a0 Café 1 ",)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("0", 0), ("-5", -5), ("+5", 5), ("007", 7), (" 12 ", 12)),
        *(("9223372036854775807", 2**63 - 1), ("-9223372036854775808", -(2**63))),
    ],
)
def test_whole_numbers_are_read(text, number):
    assert value_of("failureCount", quote(text)) == number


@pytest.mark.parametrize("text", ["1.0", "1e3", "0x10", "1_0", "٣", "１", "", "null", "+", "1 2", "true"])
def test_a_text_that_is_not_a_whole_number_is_refused(text):
    assert refusal_of("failureCount", text).startswith("“failureCount”, which takes a whole number, such as 12.")


@pytest.mark.parametrize("text", ["9223372036854775808", "-9223372036854775809"])
def test_whole_numbers_have_64_bits(text):
    assert refusal_of("failureCount", text) == (
        "“failureCount”, which takes a whole number between -9,223,372,036,854,775,808 and 9,223,372,036,854,775,807."
    )


def test_thousands_of_digits_are_refused_like_any_number_that_is_too_large():
    with pytest.raises(SearchlightError, match="which takes a whole number between -9,223"):
        value_of("failureCount", "9" * 7000)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("12", "12"), ("-0.50", "-0.50"), ("+1.", "1"), (".5", "0.5"), ("1,234,567.89", "1234567.89")),
        (" 1 ", "1"),
        ("9" * 38, "9" * 38),
    ],
)
def test_decimals_are_read_exactly(text, number):
    assert value_of("amount", quote(text)) == Decimal(number)


@pytest.mark.parametrize("text", ["1e1", "1e999999999", "$5", "1,5", "12,34", "NaN", "Infinity", ".", "-", "", "٣"])
def test_a_text_that_is_not_a_decimal_is_refused(text):
    assert refusal_of("amount", text) == "“amount”, which takes a number, such as 1234.56."


def test_decimals_have_at_most_38_digits():
    assert refusal_of("amount", "9" * 39) == "“amount”, which takes a number of at most 38 digits."


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("12", 12.0), ("-1.5e3", -1500.0), (".5E-1", 0.05), ("1.", 1.0), ("1e-999", 0.0)),
        *(("Infinity", float("inf")), ("-infinity", float("-inf"))),
    ],
)
def test_doubles_are_read(text, number):
    assert value_of("ratio", text) == number


def test_a_double_may_be_no_number():
    assert isnan(value_of("ratio", "nan"))


@pytest.mark.parametrize("text", ["1,5", "e5", "", "inf", "0x1p3", "1_0", ".", "1e"])
def test_a_text_that_is_not_a_number_is_refused_for_a_double(text):
    assert refusal_of("ratio", text) == "“ratio”, which takes a number, such as 1234.56 or 1.5e3."


def test_doubles_that_are_too_large_are_refused():
    assert refusal_of("ratio", "1e999") == "“ratio”, which takes a number between -1.79e308 and 1.79e308."


@pytest.mark.parametrize(("text", "truth"), [("true", True), ("FALSE", False), (" True ", True)])
def test_true_and_false_are_read_as_booleans(text, truth):
    assert value_of("runFullSync", quote(text)) is truth


@pytest.mark.parametrize("text", ["1", "0", "yes", "t", ""])
def test_a_text_that_is_not_a_boolean_is_refused(text):
    assert refusal_of("runFullSync", text) == "“runFullSync”, which takes true or false."


@pytest.mark.parametrize(
    "text",
    [
        "0190b5f6-7f3e-7c43-8a0b-2d9f5a1c3e44",
        "0190B5F6-7F3E-7C43-8A0B-2D9F5A1C3E44",
        "0190b5f67f3e7c438a0b2d9f5a1c3e44",
        "{0190b5f6-7f3e-7c43-8a0b-2d9f5a1c3e44}",
        "(0190b5f6-7f3e-7c43-8a0b-2d9f5a1c3e44)",
        " 0190b5f6-7f3e-7c43-8a0b-2d9f5a1c3e44 ",
    ],
)
def test_identifiers_are_read(text):
    assert value_of("syncRequestId", quote(text)) == UUID("0190b5f6-7f3e-7c43-8a0b-2d9f5a1c3e44")


@pytest.mark.parametrize(
    "text",
    [
        "0190b5f6",
        "urn:uuid:0190b5f6-7f3e-7c43-8a0b-2d9f5a1c3e44",
        "0190b5f67f3e-7c43-8a0b-2d9f5a1c3e44",
        "{0190b5f6-7f3e-7c43-8a0b-2d9f5a1c3e44)",
        "{0190b5f6-7f3e-7c43-8a0b-2d9f5a1c3e44",
        "0190b5f6-7f3e-7c43-8a0b-2d9f5a1c3e4g",
        "",
    ],
)
def test_a_text_that_is_not_an_identifier_is_refused(text):
    assert refusal_of("syncRequestId", text) == (
        "“syncRequestId”, which takes an identifier, such as 0190b5f6-7f3e-7c43-8a0b-2d9f5a1c3e44."
    )


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
        ("2024-02-29T10:30", datetime(2024, 2, 29, 10, 30, tzinfo=UTC)),
        ("2024-02-29 10:30:15", datetime(2024, 2, 29, 10, 30, 15, tzinfo=UTC)),
        ("2024-02-29T10:30:15Z", datetime(2024, 2, 29, 10, 30, 15, tzinfo=UTC)),
        ("2024-02-29T10:30:15.5z", datetime(2024, 2, 29, 10, 30, 15, 500000, tzinfo=UTC)),
        ("2024-02-29T10:30:15.1234567Z", datetime(2024, 2, 29, 10, 30, 15, 123456, tzinfo=UTC)),
        ("2024-02-29T10:30:00+02:00", datetime(2024, 2, 29, 8, 30, tzinfo=UTC)),
        ("2024-02-29T23:30:00-0230", datetime(2024, 3, 1, 2, 0, tzinfo=UTC)),
        ("2024-02-29 10:30 +01", datetime(2024, 2, 29, 9, 30, tzinfo=UTC)),
        ("0001-01-01", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59.999999", datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_points_in_time_are_utc_unless_they_say_otherwise(text, moment):
    found = value_of("started", quote(text))
    assert found == moment
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        *("2023-02-29", "2024-13-01", "0000-01-01", "2024-01-01T24:00", "2024-01-01T10:60", "2024-01-01T10"),
        *("10:00", "20240101", "1/2/2024", "Mar 1 2024", "2024-1-5", "1.5", "yesterday noon", "", "null"),
        *("0001-01-01T00:00+05:00", "9999-12-31T23:00-05:00", "2024-01-01T10:00+99:00", "2024-01-01T10:00.5"),
        *("10000-01-01", "-2024-01-01", "２０２４-01-01", "2024-01-01Z"),
    ],
)
def test_a_text_that_is_not_a_point_in_time_is_refused(text):
    assert refusal_of("started", text).startswith(
        "“started”, which takes a date or a point in time, such as 2024-12-31, 2024-12-31T23:59:00Z, NOW or TODAY - 7."
    )


@pytest.mark.parametrize("text", ["2024-02-29", "2024-02-29T23:30:00Z", "2024-02-29T23:30:00-05:00"])
def test_a_date_is_the_one_written_whatever_its_time_and_zone(text):
    found = value_of("day", quote(text))
    assert found == date(2024, 2, 29)
    assert type(found) is date


def test_a_text_that_is_not_a_date_is_refused():
    assert refusal_of("day", "29.2.2024") == "“day”, which takes a date, such as 2024-12-31, TODAY or TODAY - 7."


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("NOW", datetime(2024, 5, 15, 16, 30, tzinfo=UTC)),
        ("today", datetime(2024, 5, 15, tzinfo=UTC)),
        ("Tomorrow", datetime(2024, 5, 16, tzinfo=UTC)),
        ("YESTERDAY", datetime(2024, 5, 14, tzinfo=UTC)),
        ("'TODAY'", datetime(2024, 5, 15, tzinfo=UTC)),
        ("TODAY + 1", datetime(2024, 5, 16, tzinfo=UTC)),
        ("TODAY - 15", datetime(2024, 4, 30, tzinfo=UTC)),
        ("NOW - -2", datetime(2024, 5, 17, 16, 30, tzinfo=UTC)),
        ("YESTERDAY + +1", datetime(2024, 5, 15, tzinfo=UTC)),
        ("TODAY + '3'", datetime(2024, 5, 18, tzinfo=UTC)),
    ],
)
def test_date_words_count_from_now_in_utc(text, moment):
    assert value_of("started", text) == moment


@pytest.mark.parametrize(("text", "day"), [("NOW", 15), ("TODAY", 15), ("TOMORROW - 2", 14), ("NOW + 1", 16)])
def test_date_words_are_days_for_a_date(text, day):
    found = value_of("day", text)
    assert found == date(2024, 5, day)
    assert type(found) is date


def test_date_words_work_in_lists_and_between():
    between = parse_filter("day between TODAY - 1 and TODAY + 1", FIELDS, NOW)
    assert between.values == (date(2024, 5, 14), date(2024, 5, 16))
    listed = parse_filter("day in (YESTERDAY, TODAY + 7)", FIELDS, NOW)
    assert listed.values == (date(2024, 5, 14), date(2024, 5, 22))


def test_date_words_are_text_for_a_text():
    assert value_of("message", "TODAY") == "TODAY"


@pytest.mark.parametrize(
    ("field", "text", "stored"),
    [
        *(("operationType", "Read", 0), ("operationType", "WRITE", 1), ("operationType", " write ", 1)),
        *(("operationType", "0", 0), ("operationType", "1", 1)),
        *(("statusCode", "inprogress", "In Progress"), ("statusCode", "in progress", "In Progress")),
    ],
)
def test_a_member_of_a_list_is_known_by_its_name_or_by_what_is_stored(field, text, stored):
    assert value_of(field, quote(text)) == stored


@pytest.mark.parametrize("text", ["Delete", "2", "", "Read,Write", "null"])
def test_a_text_that_is_not_a_member_of_the_list_is_refused(text):
    assert refusal_of("operationType", text).startswith("“operationType”, which takes one of Read, Write.")
