"""Amounts and texts of documents, as both vendors need them for rows."""

from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

import pycountry

from syncs.connectors.cloud_ledger.answers import Row, digits

CENT, RATE = Decimal("0.01"), Decimal("0.00000001")


def base_amounts(amounts: dict[str, Decimal], rate: Decimal) -> Row:
    """The amounts under their names, and converted under their names in the base currency: `baseCurrencyTotalAmount`.

    `rate` is how much of the base currency one unit is worth.
    """
    plain: Row = {name: digits(amount) for name, amount in amounts.items()}
    converted = {
        f"baseCurrency{name[:1].upper()}{name[1:]}": digits(in_base(amount, rate)) for name, amount in amounts.items()
    }
    return {**plain, "currencyRate": digits(rate), **converted}


def in_base(amount: Decimal, rate: Decimal) -> Decimal:
    """An amount in the base currency."""
    return amount if rate == 1 else (amount * rate).quantize(CENT, ROUND_HALF_UP)


def lines_of(texts: list[str | None], most: int, prefix: str) -> Row:
    """The lines of an address as `prefix1`, `prefix2` …; what is beyond the last joins it, so that nothing is lost."""
    lines = [text for text in texts if text]
    if len(lines) > most:
        lines = [*lines[: most - 1], ", ".join(lines[most - 1 :])]
    return {f"{prefix}{number}": lines[number - 1] if number <= len(lines) else None for number in range(1, most + 1)}


@lru_cache(maxsize=1_000)
def country_code(text: str | None) -> str | None:
    """The two letters of a country that is written as people do: by its name, by two letters or by three."""
    if not text:
        return None
    try:
        return str(pycountry.countries.lookup(text).alpha_2)
    except LookupError:
        return None
