"""JSON numbers as texts: exact in any notation."""

from decimal import Decimal

from adsplatform.records.specification import Column

# A number with more digits than this when written out is no amount.
MOST_DIGITS = 100


class JsonNumber(str):
    """The text of a JSON number with a decimal point or an exponent: a `parse_float` that keeps all of it."""

    __slots__ = ()


def takes_numbers(column: Column) -> bool:
    """Whether a number's notation makes a difference in the column: where numbers, or keys, belong."""
    return column.is_key or column.type in ("amount", "integer", "double")


def written_out(number: JsonNumber, *, is_key: bool) -> str:
    """The number's digits without an exponent, and without zeroes as its only decimals; as it is if they are too many.

    123.0 is 123, and 1.5e3 is 1500. A key has no zeroes at the end of its decimals, which are as the writer likes:
    12.50 is 12.5.
    """
    exact = Decimal(number)
    if abs(exact.adjusted()) > MOST_DIGITS:
        return str(number)
    whole, _, fraction = f"{exact:f}".partition(".")
    needed = fraction.rstrip("0")
    return f"{whole}.{needed if is_key else fraction}" if needed else whole
