"""Reads `pageSize` and `pageNumber`."""

import re
from dataclasses import dataclass

from adsplatform.searchlight.errors import Kind, SearchlightError, check_text, quoted

# The largest 32-bit integer; multiplied by any page size, it is still an OFFSET that PostgreSQL accepts.
LARGEST_PAGE_NUMBER = 2**31 - 1
LONGEST_NUMBER = 100


@dataclass(frozen=True)
class Page:
    """A page of `size` records; pages are counted from 0."""

    size: int
    number: int
    # Whether the caller gave a number: only then does the answer repeat it.
    number_given: bool


def read_page(size: str | None, number: str | None, *, default_size: int, maximum_size: int) -> Page:
    """The requested page; an absent or blank parameter has its default."""
    wanted_size, wanted_number = ("" if given is None else str(given).strip() for given in (size, number))
    return Page(
        size=_read(wanted_size, "pageSize", default_size, 1, maximum_size, Kind.INVALID_PAGE_SIZE),
        number=_read(wanted_number, "pageNumber", 0, 0, LARGEST_PAGE_NUMBER, Kind.INVALID_PAGE_NUMBER),
        number_given=wanted_number != "",
    )


def _read(text: str, parameter: str, default: int, least: int, most: int, kind: Kind) -> int:
    if not text:
        return default
    check_text(text, parameter, LONGEST_NUMBER)
    if re.fullmatch(r"[+-]?[0-9]{1,18}", text) and least <= int(text) <= most:
        return int(text)
    raise SearchlightError(
        f"{quoted(text)} is no {parameter}: it is a whole number from {least:,} to {most:,}.",
        kind=kind,
        field=parameter,
    )
