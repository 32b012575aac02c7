"""What reports and kinds of record are called: for the help, and for who writes a name wrongly."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches

from adsplatform.command_line.client import Client, Refused

NOT_FOUND = 404
# Each report of `ads report`: its name in the API, what it says, its parameters.
LEDGER = "appEnrollmentId=ID startDate=DAY endDate=DAY"
STATEMENT = f"{LEDGER} [columnOption displayDepth comparisonPeriod]"
REPORTS = {
    "aging": ("what is outstanding, by age and currency", "[reportDate CompanyId CurrencyCode Buckets ApReport]"),
    "ar/aging": ("what customers owe, by age, in the base currency", "[reportDate companyId]"),
    "ar/aging/records": ("the documents behind it", "[reportDate companyId bucket currencyCode]"),
    "ap/aging": ("what is owed to vendors, by age", "[reportDate companyId]"),
    "ap/aging/records": ("the documents behind it", "[reportDate companyId bucket currencyCode]"),
    "daily-sales-outstanding": ("how many days customers take to pay", "[reportDate]"),
    "daily-payable-outstanding": ("how many days it takes to pay vendors", "[reportDate]"),
    "risk-rates": ("which share of invoices is unpaid after 90 days", "[reportDate]"),
    "cashflow": ("what was collected and billed", "[reportDate timeframe]"),
    "trial-balance": ("the balance of each account", LEDGER),
    "income-statement": ("what was earned and spent", STATEMENT),
    "balance-sheet": ("what is owned and what is owed", STATEMENT),
}


class UnknownName(Exception):
    """The server knows nothing of that name; the message has those that it knows."""


def reports_in_words() -> str:
    """The reports with their parameters, as the help lists them."""
    return "\n".join(f"  {name}\n      {says}\n      {given}" for name, (says, given) in REPORTS.items())


@contextmanager
def known_name(client: Client, name: str, *, of: str, path: str) -> Iterator[None]:
    """Turn the refusal of a name that the server does not have into UnknownName.

    `of` is what it should be the name of, `path` a regular expression whose group is a name in a path of the API.
    """
    try:
        yield
    except Refused as refused:
        if refused.status != NOT_FOUND:
            raise
        found = [match[1] for each in client.get("openapi.json")["paths"] if (match := re.fullmatch(path, each))]
        if any(name.lower() == each.lower() for each in found):
            raise
        close = get_close_matches(name.lower(), [each.lower() for each in found], n=1)
        meant = next((each for each in found if close and each.lower() == close[0]), "")
        raise UnknownName(
            f"“{name}” is no {of}.{f' Did you mean “{meant}”?' if meant else ''} There are: {', '.join(sorted(found))}."
        ) from refused
