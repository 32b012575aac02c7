"""Countries, currencies and states, from the ISO standards as pycountry and Babel have them."""

from functools import cache
from typing import Any

import pycountry
from babel import Locale
from babel.numbers import get_currency_precision, get_currency_symbol

from adsplatform.definitions.regions import NONE, PLACES

Row = dict[str, Any]
# The countries whose states and provinces are listed.
WITH_STATES = ("US", "CA", "AU")


@cache
def countries() -> list[Row]:
    """ISO 3166-1, by name."""
    french = Locale("fr").territories
    return sorted((_country(country, french.get(country.alpha_2)) for country in pycountry.countries), key=_by_name)


def _country(country: Any, french_name: str | None) -> Row:
    region, sub_region, intermediate = PLACES.get(country.alpha_2, (NONE, NONE, NONE))
    other = (getattr(country, name, None) for name in ("common_name", "official_name"))
    return {
        "name": country.name,
        "alpha2": country.alpha_2,
        "alpha3": country.alpha_3,
        "countryCode": int(country.numeric),
        "region": region.name,
        "subRegion": sub_region.name,
        "intermediateRegion": intermediate.name,
        "regionCode": region.number,
        "subRegionCode": sub_region.number,
        "intermediateRegionCode": intermediate.number,
        "frenchName": french_name,
        "aliases": ", ".join(name for name in other if name) or None,
    }


@cache
def currencies() -> list[Row]:
    """ISO 4217, by code."""
    return [
        {
            "alphaCode": currency.alpha_3,
            "numericCode": currency.numeric,
            "currencyName": currency.name,
            "minorUnit": get_currency_precision(currency.alpha_3),
            "symbol": get_currency_symbol(currency.alpha_3, "en"),
        }
        for currency in sorted(pycountry.currencies, key=lambda each: str(each.alpha_3))
    ]


@cache
def states() -> list[Row]:
    """The states, provinces and territories of some countries in ISO 3166-2, by name."""
    found = (state for country in WITH_STATES for state in pycountry.subdivisions.get(country_code=country))
    rows = [
        {"name": state.name, "alpha2": state.code.partition("-")[2], "aliases": f"{state.code}, {state.type}"}
        for state in found
    ]
    return sorted(rows, key=_by_name)


def _by_name(row: Row) -> str:
    return str(row["name"])
