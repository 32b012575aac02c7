"""What is asked about amounts: the sides behind them, their signs, and rates of tax."""

import re
from collections.abc import Mapping
from decimal import Decimal

from adsplatform.records.number_styles import POINT
from syncs.import_profiles.drafts import Draft
from syncs.import_profiles.inspected import Choice, Json, Question, Verdict
from syncs.import_profiles.kinds import Layout
from syncs.import_profiles.mapping import Match
from syncs.import_profiles.number_styles import read_numbers
from syncs.import_profiles.tables import Column
from syncs.import_profiles.value_questions import invoice_amount

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


def settle_signs(draft: Draft) -> None:
    """What negative amounts mean where no column says so."""
    if draft.kinds == ("Payment",):
        _settle_signs_of_payments(draft)
        return
    amount = invoice_amount(draft)
    if draft.layout is not Layout.PLAIN or amount is None or draft.match("Invoice", "invoiceTypeCode"):
        return
    negative = _count_negative(draft, amount)
    if not negative:
        return
    _ask_of_signs(
        draft,
        amount,
        negative,
        "Invoice",
        f"Are the lines in which “{amount.column.name}” is negative credit notes?",
        Choice("credit", "Yes: as credit notes, with their amounts turned positive"),
        Choice("keep", "No: as invoices with negative amounts"),
    )


def _settle_signs_of_payments(draft: Draft) -> None:
    """In one column of a bank's list, what came in has no sign, and what went out has a minus."""
    amount = draft.match("Payment", "paymentAmount")
    if draft.layout is not Layout.PLAIN or amount is None or draft.is_filled("Payment", "paymentType"):
        return
    numbers = [number for number in numbers_of(draft, amount.column) if number]
    negative = sum(1 for number in numbers if number < 0)
    if not 0 < negative < len(numbers) or "paymentAmount" in draft.sources.get("Payment", {}):
        return
    answer = _ask_of_signs(
        draft,
        amount,
        negative,
        "Payment",
        f"What are the positive and the negative amounts in “{amount.column.name}”?",
        Choice("in is AR", "Customers paid (AR); with a minus, vendors were paid (AP)"),
        Choice("in is AP", "From vendors (AP); with a minus, to customers (AR)"),
        Choice("keep", "All are of one side, some of them negative"),
    )
    if answer in ("in is AR", "in is AP"):
        draft.set_source("Payment", "paymentType", {"constant": f"{str(answer)[-2:]} Payment"})


def _ask_of_signs(draft: Draft, amount: Match, negative: int, kind: str, question: str, *choices: Choice) -> Json:
    """The answer to what the negative amounts are; the first choice is suggested."""
    return draft.asker.ask(
        Question(
            id="sign",
            what="amount",
            question=question,
            verdict=Verdict.LIKELY,
            suggest=choices[0].value,
            show=f"{negative:,} of {draft.table.height:,} are negative.",
            column=amount.column.name,
            kind=kind,
            choices=choices,
        )
    )


def _count_negative(draft: Draft, amount: Match) -> int:
    """How many amounts of invoices are negative, by a minus or by the side behind them that a person called so."""
    column, source = amount.column, draft.sources.get("Invoice", {}).get(amount.field)
    if isinstance(source, Mapping) and "sign" in source:
        sides = tuple(source["sign"]["negative"])
        return sum(1 for cell in draft.table.values(column) if cell.upper().endswith(sides))
    return sum(1 for number in numbers_of(draft, column) if number is not None and number < 0)


def numbers_of(draft: Draft, column: Column) -> list[Decimal | None]:
    """The numbers in a column, as far as its style is known."""
    finding = draft.styles.numbers.get(column.place)
    mark = (finding.style if finding else "") or draft.styles.decimal or POINT
    return read_numbers(draft.table.values(column), mark)


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
