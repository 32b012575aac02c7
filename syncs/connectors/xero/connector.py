"""The connector: its entry, how it is connected, and what it reads."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import httpx

from syncs.connectors import register
from syncs.connectors.cloud_ledger import oauth
from syncs.connectors.cloud_ledger.answers import Entry, json_list, seconds_in
from syncs.connectors.cloud_ledger.api import REQUESTS, Api, Exhausted
from syncs.connectors.cloud_ledger.connector import GRANTED, KINDS_FIELD, CloudLedger
from syncs.connectors.cloud_ledger.streams import Kind, Stream
from syncs.connectors.protocol import (
    DISCONNECTED,
    TENANT,
    TENANT_NAME,
    ApplicationEntry,
    Budget,
    Choice,
    ConnectorError,
)
from syncs.connectors.xero import contacts, documents, ledger, payments
from syncs.connectors.xero.books import Books, ask, paged

# Apps made since March 2026 have no other scopes; older ones may name theirs in OAUTH_CLIENTS (“scopes”).
SCOPES = (
    "offline_access accounting.settings.read accounting.contacts.read accounting.invoices.read "
    "accounting.payments.read accounting.manualjournals.read"
)
VENDOR = oauth.Vendor(
    name="Xero",
    authorize="https://login.xero.com/identity/connect/authorize",
    token="https://identity.xero.com/connect/token",  # noqa: S106, an address
    revoke="https://identity.xero.com/connect/revocation",
    api="https://api.xero.com",
    scopes=SCOPES,
    connection_days=60,
)
FOUR_DECIMALS = ("unitdp", "4")
LIMITS = {
    "minute": "60 requests a minute",
    "day": "requests of a day",
    "appminute": "requests of all organisations in a minute",
    "concurrent": "5 requests at once",
}


@register
class Xero(CloudLedger[Books]):
    """Loads the books of one organisation from Xero."""

    vendor = VENDOR
    application = ApplicationEntry(
        app_id=UUID("c2f3a5d8-0f6b-4a55-9a0e-6c4f1e8b7d21"),
        connector="xero",
        name="Xero",
        description="Loads contacts, invoices, credit notes, payments, accounts and manual journals from Xero.",
        app_type="Cloud ledger",
        group="Cloud ledgers",
        settings=(KINDS_FIELD,),
        credentials=GRANTED,
        # Below what Xero allows (60 a minute, 5,000 a day, 5 at once), as others may use the organisation's too.
        budgets=(Budget(REQUESTS, "Requests to Xero", key=TENANT, per_minute=55, per_day=4_500, concurrent=3),),
    )
    record_kinds: Sequence[Kind] = (
        Kind("BaseCurrency", "Currency of the organisation", is_incremental=False, has_keys=False),
        Kind("FinancialYearSetting", "Financial year", is_incremental=False, has_keys=False),
        contacts.COMPANY,
        contacts.CONTACT,
        ledger.ACCOUNT,
        documents.INVOICE,
        documents.LINE,
        payments.PAYMENT,
        payments.PAYMENT_APPLIED,
        documents.CREDITS_APPLIED,
        ledger.ENTRY,
        ledger.ENTRY_LINE,
    )

    def accept(
        self, client: Mapping[str, str], answer: Mapping[str, str], *, redirect_uri: str, verifier: str
    ) -> dict[str, str]:
        code = self.code_in(answer)
        tokens = oauth.exchange(self.vendor, client, code, redirect_uri=redirect_uri, verifier=verifier)
        found = self.tenants({**client, **tokens})
        if not found:
            raise ConnectorError("No organisation was chosen at Xero. Connect again, and choose one there.")
        return tokens | ({TENANT: found[0].value, TENANT_NAME: found[0].label} if len(found) == 1 else {})

    def tenants(self, credentials: Mapping[str, str]) -> Sequence[Choice]:
        with self.api(credentials) as api:
            return [
                Choice(each.text("tenantId") or "", each.text("tenantName") or "") for each in self._connections(api)
            ]

    def disconnect(self, credentials: Mapping[str, str]) -> None:
        """End the connection of this organisation; others that the same person gave access to keep theirs."""
        with self.api(credentials) as api:
            try:
                connections = self._connections(api)
            except ConnectorError as error:
                if error.code == DISCONNECTED:
                    return
                raise
            for each in connections:
                if each.text("tenantId") == credentials.get(TENANT):
                    api.get(f"{self.vendor.api}/connections/{each.text('id')}", method="DELETE")
        if all(each.text("tenantId") == credentials.get(TENANT) for each in connections):
            oauth.revoke(self.vendor, credentials)

    def _connections(self, api: Api) -> list[Entry]:
        answer = api.get(f"{self.vendor.api}/connections")
        return [each for each in json_list(answer.content, "Xero") if each.text("tenantType") in ("ORGANISATION", None)]

    def check(self, settings: Mapping[str, str], credentials: Mapping[str, str]) -> str:
        with self.api(credentials) as api:
            self.check_tenant(credentials)
            organisation = self._organisation(api)
        name, currency = organisation.text("Name"), organisation.text("BaseCurrency")
        return f"Xero gives access to “{name}”, whose books are in {currency}."

    def books(self, api: Api) -> Books:
        return Books(api, self._organisation(api))

    def _organisation(self, api: Api) -> Entry:
        found = ask(api, "Organisation").many("Organisations")
        if not found:
            raise ConnectorError("Xero has no such organisation any more. Connect again.", code=DISCONNECTED)
        return found[0]

    def streams(self, books: Books) -> Sequence[Stream[Books]]:
        documents_of = ("Invoice", "InvoiceLine", "CreditMemoApplied")
        return [
            Stream(
                ("Company", "BaseCurrency", "FinancialYearSetting"),
                lambda books, since: iter([[books.organisation]]),
                contacts.of_organisation,
                lambda _: books.own_key,
                is_incremental=False,
            ),
            Stream(
                ("Company", "Contact"),
                paged("Contacts", "ContactID", ("includeArchived", "true")),
                contacts.of_contact,
                contacts.key,
            ),
            Stream(
                ("FinancialAccount",),
                lambda books, since: iter([books.accounts]),
                ledger.of_account,
                ledger.account_key,
                is_incremental=False,
            ),
            Stream(
                ("Invoice", "InvoiceLine"),
                paged("Invoices", "InvoiceID", FOUR_DECIMALS),
                documents.of_invoice,
                documents.key_by("InvoiceID"),
            ),
            *(
                Stream(
                    documents_of,
                    paged(endpoint, id_, FOUR_DECIMALS),
                    documents.of_credit(id_, number),
                    documents.key_by(id_),
                )
                for endpoint, id_, number in (
                    ("CreditNotes", "CreditNoteID", "CreditNoteNumber"),
                    ("Overpayments", "OverpaymentID", "Reference"),
                    ("Prepayments", "PrepaymentID", "InvoiceNumber"),
                )
            ),
            Stream(("Payment", "PaymentApplied"), paged("Payments", "PaymentID"), payments.of_payment, payments.key),
            Stream(
                ("JournalEntry", "JournalEntryLine"),
                paged("ManualJournals", "ManualJournalID"),
                ledger.of_journal,
                ledger.entry_key,
            ),
        ]

    def exhausted(self, answer: httpx.Response) -> Exhausted:
        problem = answer.headers.get("X-Rate-Limit-Problem", "minute").lower()
        seconds = seconds_in(answer.headers.get("Retry-After", ""))
        return Exhausted(LIMITS.get(problem, problem), 60 if seconds is None else seconds)
