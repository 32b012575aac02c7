"""Payments, and which invoices they and credit notes settle.

Tryton has no payments with applications: it has lines of the ledger that are reconciled with each other, and until the
last part of an invoice is paid, lines that are only linked to it. A line on a receivable or payable account that a cash
journal posted is a payment. What it settles is found within its reconciliation.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from syncs.connectors.tryton.kinds import STAMPS, Books, Kind, Part, typed
from syncs.connectors.tryton.record import Record, Row, digits, stamps
from syncs.connectors.tryton.server import Domain, chunks, pages

CASH_JOURNALS = ["cash", "statement"]
CASH: Domain = ["move.journal.type", "in", CASH_JOURNALS]
OWED: Domain = ["OR", ["account.type.receivable", "=", True], ["account.type.payable", "=", True]]


def _posted(books: Books) -> Domain:
    return [["move.state", "=", "posted"], ["move.company", "=", books.company]]


def payments(books: Books, page: list[Record]) -> list[Row]:
    """A payment of each line; one paid back to a customer, or by a vendor, is negative."""
    rows = []
    for line in page:
        move, is_received = line.related("move") or line, _is_receivable(line)
        amount, base, currency = _amounts(books, line, -1 if is_received else 1)
        is_open = not line.related("reconciliation") and not line.ids("invoice_payments")
        rows.append(
            {
                "erpKey": str(line.id),
                "companyErpKey": str(line.integer("party") or books.party),
                "paymentType": "AR Payment" if is_received else "AP Payment",
                "tenderType": move.text_of("journal", "name"),
                "isOpen": is_open,
                "memoText": line.text("description") or move.text("description"),
                "paymentDate": move.text("date"),
                "postDate": move.text("post_date") or move.text("date"),
                "paymentAmount": digits(amount),
                "unappliedAmount": digits(amount if is_open else Decimal(0)),
                "currencyCode": currency,
                "referenceCode": move.text("number"),
                "currencyRate": digits((base / amount).quantize(Decimal("0.00000001")) if amount else Decimal(1)),
                "baseCurrencyPaymentAmount": digits(base),
                "baseCurrencyUnappliedAmount": digits(base if is_open else Decimal(0)),
                **stamps(line),
            }
        )
    return rows


def _is_receivable(line: Record) -> bool:
    account = line.related("account")
    type_ = account.related("type") if account else None
    return type_ is not None and type_.flag("receivable")


def _amounts(books: Books, line: Record, sign: int) -> tuple[Decimal, Decimal, str]:
    """The amount of a line in its own currency and in the company's, and the currency."""
    base = sign * (line.amount("debit") - line.amount("credit"))
    if currency := line.text_of("second_currency", "code"):
        return sign * line.amount("amount_second_currency"), base, currency
    return base, base, books.currency


@dataclass(slots=True)
class _Side:
    """A line of a reconciliation: what it is still worth, whose line it is, and for which invoices it was paid."""

    line: int
    day: str
    left: Decimal
    invoice: int = 0
    is_payment: bool = False
    linked: tuple[int, ...] = ()


@dataclass(slots=True)
class _Applied:
    """How much of an invoice a line settled, and when."""

    settling: _Side
    invoice: int
    amount: Decimal
    day: str


# Of a line: its document's id, and 1 where a debit is owed to the company, -1 where a credit is owed by it.
_Documents = dict[int, tuple[int, int]]
LINE = (
    "move", "debit", "credit", "second_currency.code", "amount_second_currency", "reconciliation.date",
    "invoice_payments", "account.type.receivable", "move.date", "move.journal.type",
)  # fmt: skip


def _applications(books: Books, reconciliations: list[Record]) -> list[_Applied]:
    """What was settled within each of the reconciliations."""
    lines: list[Record] = []
    for some in chunks(each.id for each in reconciliations):
        for page in pages(books.server, "account.move.line", [["reconciliation", "in", some]], LINE):
            lines += page
    documents = _documents(books, {move.id for line in lines if (move := line.related("move"))})
    groups: defaultdict[int, list[Record]] = defaultdict(list)
    for line in lines:
        if reconciliation := line.related("reconciliation"):
            groups[reconciliation.id].append(line)
    return [applied for group in groups.values() for applied in _within(group, documents)]


def _documents(books: Books, moves: Iterable[int]) -> _Documents:
    """The invoices to which the moves belong, by move."""
    found: _Documents = {}
    for some in chunks(moves):
        domain: Domain = [["move", "in", some]]
        for page in pages(books.server, "account.invoice", domain, ["move", "type"]):
            found.update((each.integer("move"), (each.id, 1 if each.text("type") == "out" else -1)) for each in page)
    return found


def _within(group: list[Record], documents: _Documents) -> list[_Applied]:
    """Who settled what in one reconciliation: first what was paid for an invoice, then the oldest by the oldest."""
    is_foreign = len({line.text_of("second_currency", "code") for line in group}) == 1
    owed, settling = [], []
    for line in group:
        move = line.related("move") or line
        journal = move.text_of("journal", "type")
        amount = line.amount("amount_second_currency") if is_foreign and line.related("second_currency") else _net(line)
        day, linked = move.text("date") or "", tuple(line.ids("invoice_payments"))
        invoice, side = documents.get(move.id, (0, 1 if _is_receivable(line) else -1))
        if invoice and side * amount > 0:
            owed.append(_Side(line.id, day, side * amount, invoice))
        elif side * amount < 0 and (invoice or journal in CASH_JOURNALS):
            settling.append(_Side(line.id, day, -side * amount, invoice, not invoice, linked))
    return _allocate(owed, settling)


def _net(line: Record) -> Decimal:
    return line.amount("debit") - line.amount("credit")


def _allocate(owed: list[_Side], settling: list[_Side]) -> list[_Applied]:
    found: dict[tuple[int, int], _Applied] = {}

    def settle(fits: Callable[[_Side, _Side], bool]) -> None:
        for payer in sorted(settling, key=lambda side: (side.day, side.line)):
            for debt in sorted(owed, key=lambda side: (side.day, side.line)):
                amount = min(payer.left, debt.left)
                if amount > 0 and payer.invoice != debt.invoice and fits(payer, debt):
                    payer.left -= amount
                    debt.left -= amount
                    new = _Applied(payer, debt.invoice, Decimal(0), max(payer.day, debt.day))
                    found.setdefault((payer.line, debt.invoice), new).amount += amount

    settle(lambda payer, debt: debt.invoice in payer.linked)
    settle(lambda payer, debt: True)
    return list(found.values())


def by_payments(books: Books, page: list[Record]) -> list[Row]:
    """What payments settled within reconciliations."""
    return _payment_rows(each for each in _applications(books, page) if each.settling.is_payment)


def by_linked_payments(books: Books, page: list[Record]) -> list[Row]:
    """What payments settled that are not reconciled, because part of their invoice is still due."""
    found = []
    for line in page:
        amount, _, _ = _amounts(books, line, -1 if _is_receivable(line) else 1)
        day = line.text_of("move", "date") or ""
        found += [_Applied(_Side(line.id, day, amount), each, amount, day) for each in line.ids("invoice_payments")]
    return _payment_rows(found)


def _payment_rows(applications: Iterable[_Applied]) -> list[Row]:
    return [
        {
            "erpKey": f"{each.settling.line}-{each.invoice}",
            "invoiceErpKey": str(each.invoice),
            "paymentErpKey": str(each.settling.line),
            "entryNumber": number,
            "applyToInvoiceDate": each.day,
            "paymentAppliedAmount": digits(each.amount),
        }
        for number, each in _numbered(applications)
    ]


def by_credit_notes(books: Books, page: list[Record]) -> list[Row]:
    """What credit notes settled within reconciliations."""
    credits = (each for each in _applications(books, page) if not each.settling.is_payment)
    return [
        {
            "erpKey": f"{each.settling.line}-{each.invoice}",
            "invoiceErpKey": str(each.invoice),
            "creditMemoInvoiceErpKey": str(each.settling.invoice),
            "entryNumber": number,
            "applyToInvoiceDate": each.day,
            "creditMemoAppliedAmount": digits(each.amount),
        }
        for number, each in _numbered(credits)
    ]


def _numbered(applications: Iterable[_Applied]) -> list[tuple[int, _Applied]]:
    """Each with its number among those of the same line."""
    numbers: defaultdict[int, int] = defaultdict(int)
    found = []
    for each in applications:
        numbers[each.settling.line] += 1
        found.append((numbers[each.settling.line], each))
    return found


class Applications(Kind):
    """Applications, which have no record of their own in Tryton."""

    def has_lost(self, books: Books, since: datetime) -> bool:
        """Whether a reconciliation was undone: its record is gone, and its lines were written and have none."""
        written = ["write_date", ">=", typed(since)]
        domain: Domain = [written, ["reconciliation", "=", None], OWED, *_posted(books)]
        return bool(books.server.search("account.move.line", domain, ["id"], 1))


def _reconciliations(books: Books) -> Domain:
    return [["company", "=", books.company]]


PAYMENT_PARTS = (
    "party",
    "account.type.receivable",
    "second_currency.code",
    "amount_second_currency",
    "debit",
    "credit",
)
PAYMENTS = Kind(
    "Payment",
    "payments",
    "Lines of cash journals on receivable and payable accounts",
    Part(
        "account.move.line",
        (
            *PAYMENT_PARTS, "reconciliation.date", "invoice_payments", "description", "move.description", "move.date",
            "move.post_date", "move.number", "move.journal.name", *STAMPS,
        ),
        lambda books: [CASH, OWED, *_posted(books)],
        payments,
        touched=("", "move.", "invoice_payments."),
    ),
    most={"tenderType": 25, "memoText": 75, "referenceCode": 100},
)  # fmt: skip
PAYMENTS_APPLIED = Applications(
    "PaymentApplied",
    "paymentApplications",
    "Invoices settled by payments",
    Part("account.move.reconciliation", ("date",), _reconciliations, by_payments, key=None),
    Part(
        "account.move.line",
        (*PAYMENT_PARTS, "invoice_payments", "move.date"),
        lambda books: [CASH, OWED, ["reconciliation", "=", None], ["invoice_payments", "!=", None], *_posted(books)],
        by_linked_payments,
        touched=("", "move.", "invoice_payments."),
        key=None,
    ),
)
CREDITS_APPLIED = Applications(
    "CreditMemoApplied",
    "creditMemoApplications",
    "Invoices settled by credit notes",
    Part("account.move.reconciliation", ("date",), _reconciliations, by_credit_notes, key=None),
)
