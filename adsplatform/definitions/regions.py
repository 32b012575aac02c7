"""The regions of countries, after the standard M49 of the United Nations."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

# Region, sub-region and, where there is one, intermediate region, each with its number; the countries by ISO 3166-1.
_TABLE = """
Africa 2 | Northern Africa 15 || DZ EG LY MA SD TN EH
Africa 2 | Sub-Saharan Africa 202 | Eastern Africa 14 | IO BI KM DJ ER ET TF KE MG MW MU YT
Africa 2 | Sub-Saharan Africa 202 | Eastern Africa 14 | MZ RE RW SC SO SS UG TZ ZM ZW
Africa 2 | Sub-Saharan Africa 202 | Middle Africa 17 | AO CM CF TD CG CD GQ GA ST
Africa 2 | Sub-Saharan Africa 202 | Southern Africa 18 | BW SZ LS NA ZA
Africa 2 | Sub-Saharan Africa 202 | Western Africa 11 | BJ BF CV CI GM GH GN GW LR ML MR NE NG SH SN SL TG
Americas 19 | Latin America and the Caribbean 419 | Caribbean 29 | AI AG AW BS BB BQ VG KY CU CW DM DO GD GP HT JM MQ
Americas 19 | Latin America and the Caribbean 419 | Caribbean 29 | MS PR BL KN LC MF VC SX TT TC VI
Americas 19 | Latin America and the Caribbean 419 | Central America 13 | BZ CR SV GT HN MX NI PA
Americas 19 | Latin America and the Caribbean 419 | South America 5 | AR BO BV BR CL CO EC FK GF GY PY PE GS SR UY VE
Americas 19 | Northern America 21 || BM CA GL PM US
Asia 142 | Central Asia 143 || KZ KG TJ TM UZ
Asia 142 | Eastern Asia 30 || CN HK MO KP JP MN KR
Asia 142 | South-eastern Asia 35 || BN KH ID LA MY MM PH SG TH TL VN
Asia 142 | Southern Asia 34 || AF BD BT IN IR MV NP PK LK
Asia 142 | Western Asia 145 || AM AZ BH CY GE IQ IL JO KW LB OM QA SA PS SY TR AE YE
Europe 150 | Eastern Europe 151 || BY BG CZ HU PL MD RO RU SK UA
Europe 150 | Northern Europe 154 || AX DK EE FO FI GG IS IE IM JE LV LT NO SJ SE GB
Europe 150 | Southern Europe 39 || AL AD BA HR GI GR VA IT MT ME MK PT SM RS SI ES
Europe 150 | Western Europe 155 || AT BE FR DE LI LU MC NL CH
Oceania 9 | Australia and New Zealand 53 || AU CX CC HM NZ NF
Oceania 9 | Melanesia 54 || FJ NC PG SB VU
Oceania 9 | Micronesia 57 || GU KI MH FM NR MP PW UM
Oceania 9 | Polynesia 61 || AS CK PF NU PN WS TK TO TV WF
"""


class Region(NamedTuple):
    name: str | None
    number: int | None


Place = tuple[Region, Region, Region]
NONE = Region(None, None)


def _places() -> Iterator[tuple[str, Place]]:
    for line in _TABLE.strip().splitlines():
        region, sub_region, intermediate, countries = (part.strip() for part in line.split("|"))
        place = (_region(region), _region(sub_region), _region(intermediate))
        for country in countries.split():
            yield country, place


def _region(text: str) -> Region:
    name, _, number = text.rpartition(" ")
    return Region(name, int(number)) if text else NONE


# By ISO 3166-1 alpha-2; M49 has no region for the others.
PLACES: Mapping[str, Place] = dict(_places())
