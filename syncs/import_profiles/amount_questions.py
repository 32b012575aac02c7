"""What is asked about amounts that have a side behind them, and about rates of tax."""

import re

from adsplatform.records.number_styles import POINT
from syncs.import_profiles.drafts import Draft
from syncs.import_profiles.inspected import Choice, Json, Question, Verdict
from syncs.import_profiles.kinds import Layout
from syncs.import_profiles.number_styles import read_numbers
from syncs.import_profiles.tables import Column

_SIDE = re.compile(r"[\d.,)-]\s*((?i:CR|DR)|[CDSH])$")


def settle_sides(draft: Draft) -> None:
    """In `125.00 CR`, the word behind the number says on which side of a ledger it stands, so that it has a sign."""
    for column in draft.columns_of_type("amount"):
        cells = [cell for cell in draft.table.values(column) if cell]
        words = [found[1] if (found := _SIDE.search(cell)) else "" for cell in cells]
        # Cr is CR, as it is when the profile is read.
        sides = sorted({word.upper() for word in words} - {""})
        if sides:
            _settle_side(draft, column, sides, example=next(cell for cell in cells if _SIDE.search(cell)))


def _settle_side(draft: Draft, column: Column, sides: list[str], *, example: str) -> None:
    if draft.layout is not Layout.PLAIN:
        draft.asker.tell(
            f"“{column.name}” has amounts like “{example}”, which cannot be read here: the lines are rejected. Export "
            "it with a minus for negative amounts."
        )
        return
    answer = draft.asker.ask(
        Question(
            id=f"side:{column.name}",
            what="amount",
            question=f"Which amounts in “{column.name}” are negative?",
            verdict=Verdict.OPEN,
            show=f"A number like “{example}” has the side of a ledger behind it.",
            column=column.name,
            choices=tuple(Choice(side, f"Those with “{side}”") for side in sides),
        )
    )
    if answer is None:
        return
    # Where every number has a side, one without is a slip; else a number alone is positive.
    others = [side for side in sides if side != answer] or [""]
    sign: Json = {"column": column.name, "negative": [answer], "positive": others}
    for match in draft.matches_of(column):
        draft.set_source(match.kind, match.field, {"column": column.name, "sign": sign})


def settle_tax_rates(draft: Draft) -> None:
    """Our rates of tax are fractions; 19 or 19 % in a file is 0.19."""
    match = draft.match("InvoiceLine", "taxRate")
    if match is None:
        return
    name = match.column.name
    finding = draft.styles.numbers[match.column.place]
    cells = draft.table.values(match.column)
    numbers = read_numbers(cells, finding.style or draft.styles.decimal or POINT)
    is_percent = "percent" in finding.flags or any(number is not None and abs(number) >= 1 for number in numbers)
    example = next((cell for cell, number in zip(cells, numbers, strict=True) if number), "0")
    answer = draft.asker.ask(
        Question(
            id=f"rate:{name}",
            what="rate",
            question=f"Are the rates of tax in “{name}” percent or fractions?",
            verdict=Verdict.LIKELY,
            suggest="percent" if is_percent else "fraction",
            show=f"“{example}” is in it. The books have fractions: 0.19 for 19 %.",
            column=name,
            kind="InvoiceLine",
            field="taxRate",
            choices=(Choice("percent", "Percent: 19 is loaded as 0.19"), Choice("fraction", "Fractions: 0.19 stays")),
        )
    )
    if answer == "percent":
        draft.set_source("InvoiceLine", "taxRate", {"column": name, "percent": True})
