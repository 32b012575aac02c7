"""The demo company's sales and purchases: invoices, credit memos and their lines."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from syncs.connectors.demo import names
from syncs.connectors.demo.parties import Parties, Party
from syncs.connectors.demo.values import CENT, DAYS, RATES, Record, number_in, stamps, text


@dataclass(slots=True)
class Document:
    """An invoice or credit memo with its lines, and the part of it that is settled."""

    key: str
    party: Party
    is_credit: bool
    day: date
    lines: list[Record] = field(default_factory=list)
    net: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    settled: Decimal = Decimal(0)
    settled_on: date | None = None

    @property
    def total(self) -> Decimal:
        return self.net + self.tax

    @property
    def outstanding(self) -> Decimal:
        return self.total - self.settled

    def settle(self, amount: Decimal, day: date) -> None:
        """Settle a part of the total on that day."""
        self.settled += amount
        self.settled_on = max(day, self.settled_on or day)


class Invoices:
    """A number of invoices and credit memos, the oldest first."""

    def __init__(self, random: Random, today: date, parties: Parties, count: int) -> None:
        self.random, self.today, self.parties = random, today, parties
        self.documents = self._make(count)

    def records(self) -> list[Record]:
        return list(map(self._invoice, self.documents))

    def lines(self) -> list[Record]:
        return [line for document in self.documents for line in document.lines]

    def _make(self, count: int) -> list[Document]:
        customers, vendors = self.parties.customers, self.parties.vendors
        ages = sorted((self.random.randint(0, DAYS) for _ in range(count)), reverse=True)
        documents = []
        for number, age in enumerate(ages, start=1):
            party = self.random.choice(customers if self.random.random() < 0.72 else vendors)
            is_credit = self.random.random() < 0.05
            prefix = "CM" if is_credit else "INV"
            document = Document(f"DEMO-{prefix}-{number:05d}", party, is_credit, self.today - timedelta(days=age))
            for line in range(1, self.random.choices((1, 2, 3), (45, 27, 28))[0] + 1):
                self._add_line(document, line)
            documents.append(document)
        return documents

    def _add_line(self, document: Document, number: int) -> None:
        party = document.party
        code, description, price = self.random.choice(names.PURCHASES if party.is_vendor else names.PRODUCTS)
        quantity = Decimal(self.random.randint(1, 4 if document.is_credit else 20))
        net = quantity * Decimal(price)
        tax = (net * party.tax_rate).quantize(CENT, ROUND_HALF_UP)
        document.net += net
        document.tax += tax
        rate = RATES[party.currency]
        document.lines.append(
            {
                "erpKey": f"{document.key}-{number}",
                "invoiceErpKey": document.key,
                "lineNumber": str(number),
                "accountNumber": code if party.is_vendor else "4100" if code.startswith("SRV") else "4000",
                "productCode": None if party.is_vendor else code,
                "description": description,
                "unitPrice": price,
                "quantity": text(quantity),
                "totalAmount": text(net + tax),
                "taxRate": text(party.tax_rate),
                "salesTaxAmount": text(tax),
                "baseCurrencySalesTaxAmount": text(tax * rate),
                "netAmount": text(net),
                "baseCurrencyNetAmount": text(net * rate),
                **stamps(document.day),
            }
        )

    def _invoice(self, document: Document) -> Record:
        """The record of an invoice or credit memo, which a vendor issued to us or we issued to a customer."""
        own = self.parties.own
        party, rate = document.party, RATES[document.party.currency]
        recipient = own if party.is_vendor else party
        city, region, postal_code, country_code, _, _ = recipient.place
        is_closed = not document.outstanding
        kind = "Credit Memo" if document.is_credit else "Invoice"
        return {
            "erpKey": document.key,
            "companyErpKey": party.key if party.is_vendor else own.key,
            "customerErpKey": recipient.key,
            "purchaseOrderCode": f"PO-{number_in(document.key) * 7 % 100_000:05d}",
            "referenceCode": document.key.removeprefix("DEMO-"),
            "invoiceTypeCode": f"{'AP' if party.is_vendor else 'AR'} {kind}",
            "invoiceStatusCode": "Closed" if is_closed else "Open",
            "termsCode": f"Net {party.terms}",
            "currencyCode": party.currency,
            "totalAmount": text(document.total),
            "salesTaxAmount": text(document.tax),
            "discountAmount": "0",
            "outstandingBalanceAmount": text(document.outstanding),
            "netAmount": text(document.net),
            "invoiceDate": document.day.isoformat(),
            "postedDate": document.day.isoformat(),
            "invoiceClosedDate": document.settled_on.isoformat() if document.settled_on and is_closed else None,
            "paymentDueDate": (document.day + timedelta(days=party.terms)).isoformat(),
            "billToAddressLine1": recipient.address,
            "billToAddressCity": city,
            "billToAddressRegion": region,
            "billToAddressPostalCode": postal_code,
            "billToAddressCountry": country_code,
            **stamps(document.day, document.settled_on),
            "isVoided": False,
            "inDispute": False,
            "currencyRate": text(rate),
            "baseCurrencyTotalAmount": text(document.total * rate),
            "baseCurrencySalesTaxAmount": text(document.tax * rate),
            "baseCurrencyDiscountAmount": "0",
            "baseCurrencyOutstandingBalanceAmount": text(document.outstanding * rate),
            "baseCurrencyNetAmount": text(document.net * rate),
            "documentSource": "ERP",
        }
