"""Texts that show in which style a file writes its numbers and dates."""

import re

import pytest

from adsplatform.records.number_styles import (
    AMBIGUOUS_DAY,
    AMBIGUOUS_POINT,
    may_show_other_number_style,
    readings_of_number,
    shows_day_before_month,
    shows_other_number_style,
)


@pytest.mark.parametrize(
    "text",
    [
        "1.234,50", "12,00", "0,5", "-7,25", "1234,500", "0,125", "1.234,500", "1 234,50", "1\u00a0234,5",
        "1\u202f234", "12'500", "1’234.50", "1.234.567", "-1.234.567", "1.234.567,89", "12,", "25,-", "1.250,–",
        "€ 12,00", "12,00 EUR", "EUR12,00", "(1.234,50)", "1.234,50-", "−12,00", "19,5 %", ",50",
    ],
)  # fmt: skip
def test_a_decimal_comma_or_separated_thousands_are_recognised(text):
    assert shows_other_number_style(text)


@pytest.mark.parametrize(
    "text",
    [
        "1000", "1.000", "12.5", "1,234.50", "3,000,000", "1,00,000", "twelve", "", "31.12.2024", "2024-01-02",
        "1.2.3", "25,000", "12 00", "1,2,3", "Invoice 12,00 of yesterday", "1" * 70 + ",00", "1.2E+05", "10:30",
    ],
)  # fmt: skip
def test_other_texts_show_no_other_style(text):
    assert not shows_other_number_style(text)


@pytest.mark.parametrize(("text", "expected"), [("25,000", True), ("€ 1,000", True), ("0,125", False), ("1,00", False)])
def test_a_comma_before_three_digits_may_be_a_decimal_one(text, expected):
    assert may_show_other_number_style(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.000", True), ("+25.000", True), ("-999.999", True), (" 1.250 ", True),
        ("0.125", False), ("1000.000", False),
        ("1.00", False), ("1.0000", False), ("1000", False), ("012.000", False), (".500", False),
    ],
)  # fmt: skip
def test_three_digits_after_a_point_may_be_thousands(text, expected):
    assert bool(re.search(AMBIGUOUS_POINT, text)) == expected


def test_the_two_readings_of_a_number_are_written_without_a_separator():
    assert readings_of_number("1.000") == ("1000", "1")
    assert readings_of_number(" -25,250") == ("-25250", "-25.25")
    assert readings_of_number("+1.005") == ("+1005", "+1.005")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-31-12", True), (" 2024-13-01T10:00:00", True), ("2024-12-31", False), ("2024-13-13", False),
        ("2024-32-01", False), ("31/12/2024", False),
    ],
)  # fmt: skip
def test_a_day_before_the_month_is_recognised_where_no_month_has_its_number(text, expected):
    assert shows_day_before_month(text) == expected


def test_a_date_whose_day_may_be_a_month_is_ambiguous():
    assert re.search(AMBIGUOUS_DAY, "2024-05-03")
    assert not re.search(AMBIGUOUS_DAY, "2024-05-13")
