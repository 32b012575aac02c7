"""What to do about a text that is no number: the advice by the way in which it is written."""

import pytest

from adsplatform.records.checks import ColumnCheck
from adsplatform.records.specification import entities

AMOUNT = ColumnCheck(entities()["Invoice"].columns["total_amount"])
RATE = ColumnCheck(entities()["Invoice"].columns["origin_address_latitude"])

EMPTY = "Leave the cell empty where there is no number, or write one, like 1234.50."
COMMA = "Write the decimals after a point, not a comma, and leave out thousands separators, like 1234.50."
THOUSANDS = "Leave out the thousands separators, like 1234.50."
MINUS = "Write a negative number with a minus sign before it, like -1234.50."
CURRENCY = "Leave out the currency; it has a column of its own."
ALONE = "Write the number alone, like 1234.50."
DIGITS = "Write digits with a decimal point, like 1234.50."
PERCENT = "Write the number without the percent sign, like 0.19 for 19 %."


def two_readings(mark, thousands, decimals):
    return (
        f"It can be read two ways: write {thousands} if the {mark} separates thousands, or {decimals} if decimals "
        "follow it."
    )


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        *((text, EMPTY) for text in ("-", "–", "—", "--", "---", "n/a", "N/A", "NaN", "-inf", "null", "?", "./.", ".")),
        ("12,50", COMMA),
        ("1.234,50", COMMA),
        ("1 234,5", COMMA),
        ("0,125", COMMA),
        ("1234,567", COMMA),
        ("1,234.50", THOUSANDS),
        ("3,000,000", THOUSANDS),
        ("1.234.567", THOUSANDS),
        ("1’234.50", THOUSANDS),
        ("1 234", THOUSANDS),
        ("(5)", MINUS),
        ("5.00-", MINUS),
        ("− 5", MINUS),
        ("- 5", MINUS),
        ("(1.000)", f"{MINUS} {two_readings('point', '-1000', '-1')}"),
        ("−25,000", f"{MINUS} {two_readings('comma', '-25000', '-25')}"),
        ("$5", f"{CURRENCY} {ALONE}"),
        ("12 EUR", f"{CURRENCY} {ALONE}"),
        ("Fr. 12", f"{CURRENCY} {ALONE}"),
        ("1.000 €", f"{CURRENCY} {two_readings('point', '1000', '1')}"),
        ("EUR 25,250", f"{CURRENCY} {two_readings('comma', '25250', '25.25')}"),
        ("-1,500 USD", f"{CURRENCY} {two_readings('comma', '-1500', '-1.5')}"),
        ("19 %", PERCENT),
        ("1.000%", f"{PERCENT} {two_readings('point', '1000', '1')}"),
        ("1.2E+05", "It is in scientific notation, which may have lost digits; write the number out in full."),
        ("twelve", DIGITS),
        ("12x", DIGITS),
    ],
)
@pytest.mark.parametrize("check", [AMOUNT, RATE])
def test_the_advice_fits_the_text(check, text, advice):
    if check is RATE and "E+" in text:
        pytest.skip("A number of this type may have an exponent.")
    fault = check.parse(text)
    assert fault.code == "bad_number"
    assert fault.message == f"{check.column.wire}: “{text}” is not a number. {advice}"
