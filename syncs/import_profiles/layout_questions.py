"""What is asked about how records stand in the rows: the kind, lines of documents, money in and out, tax, and rates."""

from dataclasses import replace
from decimal import Decimal

from adsplatform.records.number_styles import POINT
from syncs.import_profiles.amount_questions import numbers_of
from syncs.import_profiles.document_words import AP, AR, PAYMENT
from syncs.import_profiles.drafts import Draft
from syncs.import_profiles.field_assignment import varies_within
from syncs.import_profiles.inspected import Choice, Json, Question, Verdict
from syncs.import_profiles.kinds import KindFinding, Layout
from syncs.import_profiles.layout_rules import column_with_role, datev_digits
from syncs.import_profiles.number_styles import read_numbers
from syncs.import_profiles.questions import Asker
from syncs.import_profiles.tables import Column, Table
from syncs.import_profiles.value_questions import invoice_amount, signs_of

# Every answer to “what does this file hold?”: its value, the layout and the kinds, and how it is shown.
KIND_CHOICES: tuple[tuple[str, Layout, tuple[str, ...], str], ...] = (
    ("Company", Layout.PLAIN, ("Company",), "Companies: customers or vendors"),
    ("Company, Contact", Layout.COMPANY_AND_CONTACT, ("Company", "Contact"), "Companies, each with a person"),
    ("DATEV accounts", Layout.DATEV_ACCOUNTS, ("Company",), "Companies: customers and vendors by account number"),
    ("Contact", Layout.PLAIN, ("Contact",), "People of companies"),
    ("Invoice", Layout.PLAIN, ("Invoice",), "Invoices, one in each line"),
    ("Invoice, InvoiceLine", Layout.GROUPED, ("Invoice", "InvoiceLine"), "Invoices with their lines"),
    ("InvoiceLine", Layout.PLAIN, ("InvoiceLine",), "Lines of invoices that are loaded from another file"),
    ("Payment", Layout.PLAIN, ("Payment",), "Payments"),
    ("Payment in and out", Layout.IN_AND_OUT, ("Payment",), "Payments, with money in and money out in two columns"),
    ("PaymentApplied", Layout.PLAIN, ("PaymentApplied",), "Which payment pays which invoice"),
    ("FinancialAccount", Layout.PLAIN, ("FinancialAccount",), "The chart of accounts"),
    (
        "FinancialAccountBalanceHistory",
        Layout.PLAIN,
        ("FinancialAccountBalanceHistory",),
        "Balances of accounts by period",
    ),
    ("JournalEntry, JournalEntryLine", Layout.JOURNAL, ("JournalEntry", "JournalEntryLine"), "Journal entries"),
)


def settle_kind(table: Table, found: KindFinding, asker: Asker) -> KindFinding:
    """The kinds, as far as they are sure or a person says so. An open kind has no kinds."""
    if found.layout is Layout.BY_TYPE and asker.answer("kind") is None:
        return found  # asked with the values of the type column
    if found.layout is Layout.BOOKINGS:
        asker.tell(
            "Each line is a booking with an account and a counter account, which is no record of the books. Export the "
            "journal with a number for each entry and a line for each account; or say below what else the lines are."
        )
        found = KindFinding(Verdict.OPEN, Layout.PLAIN, (), found.reason, side=found.side)
    suggest = next((value for value, *rest in KIND_CHOICES if (rest[0], rest[1]) == (found.layout, found.kinds)), None)
    if found.verdict is Verdict.SURE and asker.answer("kind") is None:
        return found
    answer = asker.ask(
        Question(
            id="kind",
            what="kind",
            question="What does this file hold?",
            verdict=found.verdict if suggest else Verdict.OPEN,
            suggest=suggest,
            show=_shown_kind(table, found),
            choices=tuple(Choice(value, label) for value, _, _, label in KIND_CHOICES),
        )
    )
    for value, layout, kinds, _ in KIND_CHOICES:
        if value == answer:
            return KindFinding(Verdict.SURE, layout, kinds, side=found.side)
    return KindFinding(Verdict.OPEN, Layout.PLAIN, (), found.reason, side=found.side)


def _shown_kind(table: Table, found: KindFinding) -> str:
    names = [column.name for column in table.columns]
    if found.layout is Layout.DATEV_ACCOUNTS:
        first = 10 ** datev_digits(table)
        key = names[0] if names else ""
        return f"Company: customers from {key} {first}, vendors from {7 * first}."
    if found.layout is Layout.COMPANY_AND_CONTACT:
        company = next((name for name in names if "contact" in name.lower() or "compan" in name.lower()), names[0])
        return f"“{company}” is the company, and the names of a person beside it are a Contact of it."
    return found.reason


def settle_company_parts(draft: Draft) -> None:
    """Names that stand in several columns, and tax ids with the country in a column of its own."""
    name = draft.match("Company", "companyName")
    person = [column for role in ("firstName", "lastName") if (column := column_with_role(draft, role))]
    if name is not None:
        others = [
            column.name
            for column in draft.table.columns
            if column.key.startswith(("nameadressattyp", "nameadressatentyp"))
            and column.name not in (name.column.name, *person)
        ]
        if (person or others) and "" in draft.table.values(name.column):
            parts: list[Json] = [name.column.name]
            if person:
                parts.append({"join": person, "with": " "})
            draft.set_source("Company", "companyName", {"first": [*parts, *others]})
            draft.asker.tell(f"The name stands in {2 + len(others)} columns: the first that is filled in is taken.")
    tax = draft.match("Company", "taxId")
    land = next((column for column in draft.table.columns if column.key == "euland"), None)
    if tax is not None and land is not None:
        draft.set_source("Company", "taxId", {"join": [land.name, tax.column.name]})


def settle_groups(draft: Draft) -> None:
    """An invoice in several lines: what is equal in all of them is the invoice's, the rest is the line's."""
    if draft.layout is not Layout.GROUPED:
        return
    number = draft.fields["InvoiceLine"].get("invoiceErpKey")
    if number is None:
        return
    side = draft.found.side or AR
    varying = [
        match.column.name
        for name, match in draft.fields["Invoice"].items()
        if name != "erpKey" and varies_within(draft, number.column, match.column)
    ]
    varies = (
        f"; {', '.join(f'“{name}”' for name in varying)} varies within a number"
        if varying
        else ("; nothing else varies within a number")
    )
    answer = draft.asker.ask(
        Question(
            id="layout",
            what="layout",
            question="Do the lines with the same number belong to one invoice?",
            verdict=Verdict.LIKELY,
            suggest=f"{side} Invoice",
            show=f"One Invoice for each {number.column.name}, one InvoiceLine for each line{varies}.",
            column=number.column.name,
            kind="Invoice",
            choices=tuple(
                Choice(f"{one} Invoice", f"Yes, and they are invoices {whom}")
                for one, whom in ((AR, "to customers (AR)"), (AP, "from vendors (AP)"))
            ),
        )
    )
    if answer and not draft.is_filled("Invoice", "invoiceTypeCode"):
        draft.set_source("Invoice", "invoiceTypeCode", {"constant": answer})
    _line_amounts(draft)


def _line_amounts(draft: Draft) -> None:
    """Whether the line's amount has the tax in it, and the sums of the lines as the invoice's amounts."""
    line = draft.fields["InvoiceLine"]
    amount, tax = line.get("netAmount") or line.get("totalAmount"), line.get("salesTaxAmount")
    both = "netAmount" in line and "totalAmount" in line
    if amount is not None and not both:
        answer: Json = "without"
        if tax is not None:
            answer = draft.asker.ask(
                Question(
                    id="tax",
                    what="tax",
                    question=f"Is the tax in “{amount.column.name}”?",
                    verdict=Verdict.LIKELY,
                    suggest="without",
                    show=_shown_price(draft, amount.column) or f"“{tax.column.name}” stands beside it.",
                    column=amount.column.name,
                    kind="InvoiceLine",
                    choices=(
                        Choice("without", f"{amount.column.name} is without tax"),
                        Choice("with", f"{amount.column.name} is with tax"),
                    ),
                )
            )
        line.pop("netAmount", None)
        line.pop("totalAmount", None)
        _set_line_sources(draft, amount.column.name, tax.column.name if tax else "", with_tax=answer == "with")
    for name in ("netAmount", "salesTaxAmount", "totalAmount"):
        if draft.is_filled("Invoice", name):
            continue
        source = draft.sources.get("InvoiceLine", {}).get(name) or (line[name].column.name if name in line else None)
        if isinstance(source, str):
            draft.set_source("Invoice", name, {"sum": [source]})
        elif isinstance(source, dict) and "sum" in source:
            draft.set_source("Invoice", name, source)


def _set_line_sources(draft: Draft, amount: str, tax: str, *, with_tax: bool) -> None:
    if with_tax:
        draft.set_source("InvoiceLine", "totalAmount", amount)
        return
    draft.set_source("InvoiceLine", "netAmount", amount)
    draft.set_source("InvoiceLine", "totalAmount", {"sum": [amount, tax]} if tax else amount)


def _shown_price(draft: Draft, amount: Column) -> str:
    """Whether quantity × price is the amount."""
    quantity, price = draft.match("InvoiceLine", "quantity"), draft.match("InvoiceLine", "unitPrice")
    if quantity is None or price is None:
        return ""
    columns = (quantity.column, price.column, amount)
    read = [numbers_of(draft, column) for column in columns]
    lines = [row for row in zip(*read, strict=True) if None not in row]
    right = sum(1 for one, other, value in lines if one is not None and other is not None and one * other == value)
    return (
        f"{columns[0].name} × {columns[1].name} = {amount.name} in {right:,} of {len(lines):,} lines" if right else ""
    )


def settle_money(draft: Draft) -> None:
    """Money in and out in two columns, and a balance that runs along."""
    if draft.layout is Layout.IN_AND_OUT:
        money_in, money_out = column_with_role(draft, "moneyIn"), column_with_role(draft, "moneyOut")
        draft.asker.ask(
            Question(
                id="amount",
                what="amount",
                question=f"What are “{money_in}” and “{money_out}”?",
                verdict=Verdict.LIKELY,
                suggest="in is AR",
                show=f"{money_in} → AR Payment, {money_out} → AP Payment; {_filled(draft, money_in, money_out)}.",
                column=money_in,
                kind="Payment",
                choices=(
                    Choice("in is AR", f"{money_in}: customers paid (AR); {money_out}: vendors were paid (AP)"),
                    Choice("in is AP", f"{money_in}: from vendors (AP); {money_out}: to customers (AR)"),
                ),
            )
        )


def _filled(draft: Draft, *names: str) -> str:
    columns = [column for column in draft.table.columns if column.name in names]
    counts = [sum(1 for cell in row if cell) for row in zip(*(draft.table.values(c) for c in columns), strict=True)]
    if all(count == 1 for count in counts):
        return "exactly one is filled in each line"
    return f"exactly one is filled in {counts.count(1):,} of {len(counts):,} lines"


def replace_empty_payments(draft: Draft) -> None:
    """Beside invoices, “Amount Paid” may be what is paid of them, and 0 in the lines of payments themselves."""
    paid, amount = draft.match("Payment", "paymentAmount"), invoice_amount(draft)
    if paid is None or amount is None or draft.asker.answer(f"column:{amount.column.name}") is not None:
        return
    if any(signs_of(draft, PAYMENT)) or not any(signs_of(draft, PAYMENT, amount)):
        return
    draft.fields["Payment"]["paymentAmount"] = replace(paid, column=amount.column, verdict=Verdict.LIKELY)
    draft.asker.tell(f"“{paid.column.name}” is empty or 0 in all payments, so it is not their amount.")


def drop_running_balance(draft: Draft) -> None:
    """A balance that is the one before it and the line's amount is the account's, not the payment's."""
    match = draft.match("Payment", "unappliedAmount")
    if match is None or "unapplied" in match.column.key:
        return
    balances = read_numbers(draft.table.values(match.column), draft.styles.decimal or POINT)
    if (amounts := _signed_amounts(draft)) is None:
        return
    # The newest line may stand first.
    if _runs_along(balances, amounts) or _runs_along(balances[::-1], amounts[::-1]):
        how = "in − out" if draft.layout is Layout.IN_AND_OUT else "the amount"
        draft.asker.tell(
            f"“{match.column.name}” is a running balance (each is the one before + {how}): it is not loaded."
        )
        del draft.fields["Payment"]["unappliedAmount"]
    elif match.verdict is Verdict.LIKELY and not _is_part(balances, amounts):
        draft.asker.tell(f"“{match.column.name}” is no part of the payments’ amounts: it is not loaded.")
        del draft.fields["Payment"]["unappliedAmount"]


def _runs_along(balances: list[Decimal | None], amounts: list[Decimal | None]) -> bool:
    """Whether each balance is the one before it and the amount of its line."""
    steps = [
        before + amount == after
        for before, after, amount in zip(balances, balances[1:], amounts[1:], strict=False)
        if before is not None and after is not None and amount is not None
    ]
    return bool(steps) and all(steps)


def _is_part(parts: list[Decimal | None], wholes: list[Decimal | None]) -> bool:
    """Whether each number is between nothing and the other one."""
    pairs = [(part, whole) for part, whole in zip(parts, wholes, strict=True) if part is not None and whole is not None]
    return all(abs(part) <= abs(whole) and part * whole >= 0 for part, whole in pairs)


def _signed_amounts(draft: Draft) -> list[Decimal | None] | None:
    names = {column.name: column for column in draft.table.columns}
    mark = draft.styles.decimal or POINT
    if draft.layout is Layout.IN_AND_OUT:
        columns = [names[column_with_role(draft, role)] for role in ("moneyIn", "moneyOut")]
        paid_in, paid_out = (read_numbers(draft.table.values(column), mark) for column in columns)
        return [(one or Decimal(0)) - abs(other or Decimal(0)) for one, other in zip(paid_in, paid_out, strict=True)]
    amount = draft.match("Payment", "paymentAmount")
    return read_numbers(draft.table.values(amount.column), mark) if amount else None


def settle_rate(draft: Draft) -> None:
    """Ask in which direction a rate is meant, where one is not 1."""
    rate, currency = draft.match("Invoice", "currencyRate"), draft.match("Invoice", "currencyCode")
    if rate is None:
        return
    rates = numbers_of(draft, rate.column)
    codes = draft.table.values(currency.column) if currency else [""] * len(rates)
    base = next((code for code, value in zip(codes, rates, strict=True) if value == 1), "")
    other = next(((code, value) for code, value in zip(codes, rates, strict=True) if value not in (None, 1)), None)
    if other is None:
        return
    said = " ".join(f"1 {other[0]} = {other[1]} {base}".split())
    answer = draft.asker.ask(
        Question(
            id=f"rate:{rate.column.name}",
            what="rate",
            question=f"Which way round are the rates in “{rate.column.name}” meant?",
            verdict=Verdict.LIKELY,
            suggest="multiply",
            show=f"{said}: base amount = amount × rate; the other way round is possible.",
            column=rate.column.name,
            kind="Invoice",
            field="currencyRate",
            choices=(
                Choice("multiply", said),
                Choice("leave out", "The other way round: leave the rates out"),
            ),
        )
    )
    if answer == "leave out":
        del draft.fields["Invoice"]["currencyRate"]
