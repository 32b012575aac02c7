"""The books of the demo company: invented, always the same for a seed, and correct to the cent."""

from collections.abc import Iterator
from datetime import date
from random import Random

from syncs.connectors.demo.invoices import Invoices
from syncs.connectors.demo.ledger import Ledger
from syncs.connectors.demo.parties import Parties
from syncs.connectors.demo.settlements import Settlements
from syncs.connectors.demo.values import BASE_CURRENCY, Record


def demo_books(seed: int, since: date, today: date, invoice_count: int) -> Iterator[tuple[str, list[Record]]]:
    """Pairs of the name of a published sync model and its records, up to `today`.

    `since` is the day the books begin. Another `today` moves the dates and adds ledger periods, and changes nothing
    else.
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
