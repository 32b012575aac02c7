"""Invoices and credit notes, and their lines."""

from decimal import ROUND_HALF_UP, Decimal

from syncs.connectors.tryton.kinds import Books, Kind, Part
from syncs.connectors.tryton.record import Record, Row, digits, stamps
from syncs.connectors.tryton.server import Domain

# Drafts and validated ones may still change their amounts; a cancelled one without an entry never counted.
STATES: Domain = ["state", "in", ["posted", "paid", "cancelled"]]
RATE = Decimal("0.00000001")
CENT = Decimal("0.01")
ADDRESS = ("street", "city", "postal_code", "country.code", "subdivision.name")


def is_credit(invoice: Record) -> bool:
    """Whether it is a credit note: Tryton has no type of its own for them, but a negative total."""
    return invoice.amount("total_amount") < 0


def invoices(books: Books, page: list[Record]) -> list[Row]:
    """An invoice or credit memo of each; amounts of credit memos are positive."""
    return [_invoice(books, record) for record in page]


def _invoice(books: Books, record: Record) -> Row:
    is_sale, sign = record.text("type") == "out", -1 if is_credit(record) else 1
    party, own = str(record.integer("party")), str(books.party)
    total, tax, due = (sign * record.amount(name) for name in ("total_amount", "tax_amount", "amount_to_pay"))
    lines = record.many("lines_to_pay")
    base_total, base_due = _in_base(record, sign if is_sale else -sign)
    rate = (base_total / total).quantize(RATE) if total else Decimal(1)
    base_tax = (tax * rate).quantize(CENT, ROUND_HALF_UP) if rate != 1 else tax
    # The date of a reconciliation itself may be that on which the invoice would have been due.
    paid = sorted(filter(None, (line.text_of("move", "date") for line in record.many("reconciliation_lines"))))
    due_dates = sorted(filter(None, (line.text("maturity_date") for line in lines)))
    address = record.related("invoice_address")
    return {
        "erpKey": str(record.id),
        "companyErpKey": own if is_sale else party,
        "customerErpKey": party if is_sale else own,
        "purchaseOrderCode": record.text("reference"),
        "referenceCode": record.text("number"),
        "invoiceTypeCode": f"{'AR' if is_sale else 'AP'} {'Credit Memo' if sign < 0 else 'Invoice'}",
        "invoiceStatusCode": "Open" if due else "Closed",
        "termsCode": record.text_of("payment_term", "name"),
        "currencyCode": record.text_of("currency", "code"),
        "totalAmount": digits(total),
        "salesTaxAmount": digits(tax),
        "outstandingBalanceAmount": digits(due),
        "netAmount": digits(total - tax),
        "invoiceDate": record.text("invoice_date"),
        "postedDate": record.text_of("move", "post_date"),
        "invoiceClosedDate": paid[-1] if paid and not due else None,
        "paymentDueDate": due_dates[0] if due_dates else None,
        **_address("billTo", address if is_sale else None),
        **_address("origin", None if is_sale else address),
        "isVoided": _is_voided(record),
        "currencyRate": digits(rate),
        "baseCurrencyTotalAmount": digits(base_total),
        "baseCurrencySalesTaxAmount": digits(base_tax),
        "baseCurrencyOutstandingBalanceAmount": digits(base_due),
        "baseCurrencyNetAmount": digits(base_total - base_tax),
        **stamps(record),
    }


def _in_base(record: Record, sign: int) -> tuple[Decimal, Decimal]:
    """Total and outstanding balance in the company's currency, as the ledger has them."""
    lines, paid = record.many("lines_to_pay"), record.many("payment_lines")
    total = sum((_net(line) for line in lines), Decimal(0))
    due = sum((_net(line) for line in (*lines, *paid) if not line.related("reconciliation")), Decimal(0))
    return sign * total, sign * due if record.text("state") == "posted" else Decimal(0)


def _net(line: Record) -> Decimal:
    return line.amount("debit") - line.amount("credit")


def _is_voided(record: Record) -> bool:
    """Whether it is cancelled, and not by a credit note, which is a record of its own and settles it."""
    origin = record.text_of("cancel_move", "origin") or ""
    return record.text("state") == "cancelled" and not origin.startswith("account.invoice,")


def _address(kind: str, address: Record | None) -> Row:
    lines = (address.text("street") or "").splitlines() if address else []
    lines = [*lines[:2], ", ".join(lines[2:])]
    return {
        **{f"{kind}AddressLine{number}": line or None for number, line in enumerate((lines + [""] * 3)[:3], start=1)},
        f"{kind}AddressCity": address.text("city") if address else None,
        f"{kind}AddressRegion": address.text_of("subdivision", "name") if address else None,
        f"{kind}AddressPostalCode": address.text("postal_code") if address else None,
        f"{kind}AddressCountry": address.text_of("country", "code") if address else None,
    }


def lines(books: Books, page: list[Record]) -> list[Row]:
    """A line of each line with an amount; titles, comments and subtotals are none."""
    rows = []
    for line in page:
        invoice = line.related("invoice") or line
        sign = -1 if is_credit(invoice) else 1
        net = digits(sign * line.amount("amount"))
        taxes = line.many("taxes")
        rows.append(
            {
                "erpKey": str(line.id),
                "invoiceErpKey": str(invoice.id),
                "lineNumber": line.text("sequence") or str(line.id),
                "accountNumber": line.text_of("account", "code"),
                "productCode": line.text_of("product", "code"),
                "description": line.text("description"),
                "unitMeasureCode": line.text_of("unit", "symbol"),
                "unitPrice": digits(line.amount("unit_price")),
                "quantity": digits(sign * line.amount("quantity")),
                "totalAmount": net,
                "netAmount": net,
                "taxRate": digits(taxes[0].amount("rate")) if len(taxes) == 1 and taxes[0].text("rate") else None,
                "taxCode": taxes[0].text("name") if len(taxes) == 1 else None,
                **stamps(line),
            }
        )
    return rows


ADDRESS_LIMITS = {
    f"{kind}Address{part}": 100
    for kind in ("billTo", "origin")
    for part in ("Line1", "Line2", "Line3", "City", "Region", "PostalCode", "Country")
}
INVOICES = Kind(
    "Invoice",
    "invoices",
    "Invoices and credit notes",
    Part(
        "account.invoice",
        (
            "number", "type", "state", "party", "invoice_date", "reference", "payment_term.name", "currency.code",
            "tax_amount", "total_amount", "amount_to_pay", "move.post_date", "cancel_move.origin",
            "lines_to_pay.debit", "lines_to_pay.credit", "lines_to_pay.maturity_date",
            "lines_to_pay.reconciliation.date", "reconciliation_lines.move.date",
            "payment_lines.debit", "payment_lines.credit", "payment_lines.reconciliation.date",
            *(f"invoice_address.{field}" for field in ADDRESS), "create_date", "write_date",
        ),
        lambda books: [STATES, ["company", "=", books.company], ["move", "!=", None]],
        invoices,
        # What is due changes with the lines of the ledger, which leaves no stamp on the invoice.
        touched=("", "move.lines.", "payment_lines."),
    ),
    most={"purchaseOrderCode": 100, "referenceCode": 100, "termsCode": 50, **ADDRESS_LIMITS},
)  # fmt: skip
LINES = Kind(
    "InvoiceLine",
    "invoiceLines",
    "Lines of invoices",
    Part(
        "account.invoice.line",
        (
            "invoice.total_amount", "sequence", "product.code", "description", "quantity", "unit.symbol", "unit_price",
            "amount", "account.code", "taxes.name", "taxes.rate", "create_date", "write_date",
        ),
        lambda books: [
            ["type", "=", "line"],
            [f"invoice.{STATES[0]}", *STATES[1:]],
            ["invoice.company", "=", books.company],
            ["invoice.move", "!=", None],
        ],
        lines,
        touched=("", "invoice."),
    ),
    most={"productCode": 100, "description": 255, "unitMeasureCode": 50, "taxCode": 15},
)  # fmt: skip
