"""How sentences count things: “1 line”, “4,821 lines”, “58 seconds”, “3 hours”."""

import math


def plural(count: int, singular: str, plural_form: str | None = None) -> str:
    """The form of a noun, or of any words, that goes with a count; without a given plural, an s is added."""
    if count == 1:
        return singular
    return f"{singular}s" if plural_form is None else plural_form


def counted(count: int, singular: str, plural_form: str | None = None) -> str:
    """The count with its noun: 1 line; 4,821 lines."""
    return f"{count:,} {plural(count, singular, plural_form)}"


def in_words(seconds: float) -> str:
    """A time to wait, in the unit that a person would use; never shorter than it is."""
    for unit, size in (("hour", 3600), ("minute", 60)):
        if seconds > 2 * size:
            return counted(math.ceil(seconds / size), unit)
    return counted(math.ceil(seconds), "second")
