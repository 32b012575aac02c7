"""Lines of totals among the rows that cannot be loaded: named as what they are, instead of by all that they lack."""

import re

from adsplatform.records.checks import Fault, quoted
from adsplatform.records.specification import Column
from syncs.loading.staging.column_styles import Faults
from syncs.loading.staging.columnar_blocks import Block

_WORDS = (
    "(?:grand|sub|sous|net|eind|end|gesamt|zwischen)?[ -]?(?:totals?|totale|totaal|totaux|summe)"
    "|total (?:général|general)|sum|insgesamt|gesamt|somme|suma|importe total"
)
# The first cell that is filled in, in the raw text of a row.
_STARTS_AS_TOTAL = re.compile(rf"""[\s",;|]*(?:{_WORDS})\b""", re.IGNORECASE)
_TOTAL = re.compile(rf"(?:{_WORDS})\s*+(?:\(?[A-Z]{{3}}\)?\s*+)?[:=]?", re.IGNORECASE)
_NUMBER = re.compile(
    r"[-+(]?(?:[A-Z]{3}|[€$£])?\s?-?[.,'’\s]*+\d[\d.,'’\s]*+[-)]?(?:\s?(?:[A-Z]{3}|[€$£%]))?|[A-Z]{3}|[€$£]|-"
)


def name_totals(block: Block, faults: Faults) -> None:
    """Put one fault in place of all those of a row that has nothing but a word for a total and numbers."""
    for at in faults:
        if _STARTS_AS_TOTAL.match(block.raw[at]) and (found := _total_in(block, at)):
            column, text = found
            message = (
                f"{column.wire}: {quoted(text)} stands here, and besides it the line has only numbers. It seems to be "
                "a line of totals and was not loaded. Remove it from the file."
            )
            faults[at] = [(column, Fault("total_line", message))]


def _total_in(block: Block, at: int) -> tuple[Column, str] | None:
    """The column and the text of the word for a total; None if the row has other texts, or no number."""
    texts = [(column, block.texts(column, [at])[0].strip()) for column in block.columns]
    filled = [(column, text) for column, text in texts if text]
    words = [(column, text) for column, text in filled if _TOTAL.fullmatch(text)]
    numbers = sum(1 for _, text in filled if _NUMBER.fullmatch(text))
    if len(words) != 1 or not any(character.isdigit() for _, text in filled for character in text):
        return None
    return words[0] if numbers == len(filled) - 1 else None
