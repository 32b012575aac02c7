"""The books of the demo company: invented, the same for a seed every time, and right to the cent."""

from collections.abc import Iterator
from datetime import date
from random import Random

from syncs.connectors.demo.invoices import Invoices
from syncs.connectors.demo.ledger import Ledger
from syncs.connectors.demo.parties import Parties
from syncs.connectors.demo.settlements import Settlements
from syncs.connectors.demo.values import BASE_CURRENCY


def demo_books(seed: int, since: date, today: date, invoice_count: int) -> Iterator[tuple[str, list[dict]]]:
    """The records of every kind up to `today`, under the names of the published sync models.

    `since` is the day the books began. Another day moves the dates, adds ledger periods, and changes nothing else.
    """
    random = Random(seed)
    parties = Parties(random, today)
    invoices = Invoices(random, today, parties, invoice_count)
    settlements = Settlements(random, today, invoices.documents)
    ledger = Ledger(random, today)
    yield "BaseCurrency", [{"baseCurrencyCode": BASE_CURRENCY}]
    yield (
        "FinancialYearSetting",
        [{"yearType": "Calendar", "totalPeriods": 12, "startDate": "01-01", "endDate": "12-31"}],
    )
    yield "Company", parties.companies()
    yield "Contact", list(parties.contacts())
    yield "FinancialAccount", ledger.accounts()
    yield "FinancialAccountBalanceHistory", list(ledger.balances(since))
    yield "Invoice", invoices.records()
    yield "InvoiceLine", invoices.lines()
    yield "Payment", settlements.payments
    yield "PaymentApplied", settlements.payment_applications
    yield "CreditMemoApplied", settlements.credit_applications
    yield "JournalEntry", ledger.entries
    yield "JournalEntryLine", ledger.entry_lines
    yield "CustomField", parties.segments()
