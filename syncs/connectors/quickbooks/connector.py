"""The connector: its entry, how it is connected, and what it reads."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

import httpx

from syncs.connectors import register
from syncs.connectors.cloud_ledger import oauth
from syncs.connectors.cloud_ledger.answers import Entry, seconds_in
from syncs.connectors.cloud_ledger.api import REQUESTS, Api, Exhausted
from syncs.connectors.cloud_ledger.connector import GRANTED, KINDS_FIELD, CloudLedger
from syncs.connectors.cloud_ledger.streams import Kind, Stream
from syncs.connectors.protocol import TENANT, TENANT_NAME, ApplicationEntry, Budget, Choice, ConnectorError
from syncs.connectors.quickbooks import documents, ledger, parties, payments
from syncs.connectors.quickbooks.books import Books, Changes, ask, company_address, key_of, paged

VENDOR = oauth.Vendor(
    name="QuickBooks",
    authorize="https://appcenter.intuit.com/connect/oauth2",
    token="https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",  # noqa: S106, an address
    revoke="https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
    api="https://quickbooks.api.intuit.com",
    scopes="com.intuit.quickbooks.accounting",
    connection_days=100,
)
# Where the companies for trying things out are, if the client is one for development.
SANDBOX = "https://sandbox-quickbooks.api.intuit.com"
# QuickBooks does not say when there is more.
PAUSE = 60.0
PAYMENT_ENTITIES = ("Payment", "BillPayment", "RefundReceipt")


@register
class QuickBooks(CloudLedger[Books]):
    """Loads the books of one company from QuickBooks Online."""

    vendor = VENDOR
    application = ApplicationEntry(
        app_id=UUID("5d0e6c1b-93a4-4b58-8a3f-1f7c2e9d4b60"),
        connector="quickbooks",
        name="QuickBooks Online",
        description="Loads customers, vendors, invoices, bills, credits, payments, accounts and journal entries.",
        app_type="Cloud ledger",
        group="Cloud ledgers",
        settings=(KINDS_FIELD,),
        credentials=GRANTED,
        # Below what Intuit allows a company and an app: 500 a minute, 10 at once.
        budgets=(Budget(REQUESTS, "Requests to QuickBooks", key=TENANT, per_minute=400, concurrent=6),),
    )
    record_kinds: Sequence[Kind] = (
        Kind("BaseCurrency", "Currency of the company", is_incremental=False, has_keys=False),
        Kind("FinancialYearSetting", "Financial year", is_incremental=False, has_keys=False),
        parties.COMPANY,
        parties.CONTACT,
        ledger.ACCOUNT,
        documents.INVOICE,
        documents.LINE,
        payments.PAYMENT,
        payments.PAYMENT_APPLIED,
        payments.CREDITS_APPLIED,
        ledger.ENTRY,
        ledger.ENTRY_LINE,
    )

    def accept(
        self, client: Mapping[str, str], answer: Mapping[str, str], *, redirect_uri: str, verifier: str
    ) -> dict[str, str]:
        code, realm = self.code_in(answer), answer.get("realmId", "")
        if not (realm.isascii() and realm.isdigit()):
            raise ConnectorError("QuickBooks did not say which company it gives access to. Connect again.")
        tokens = oauth.exchange(self.vendor, client, code, redirect_uri=redirect_uri, verifier=verifier)
        (company,) = self.tenants({**client, **tokens, TENANT: realm})
        return tokens | {TENANT: realm, TENANT_NAME: company.label}

    def tenants(self, credentials: Mapping[str, str]) -> Sequence[Choice]:
        """The company that was chosen when the connection was made; others need one of their own."""
        with self.api(credentials) as api:
            company = self._company(api)
        return [Choice(credentials.get(TENANT, ""), company.text("CompanyName") or credentials.get(TENANT, ""))]

    def disconnect(self, credentials: Mapping[str, str]) -> None:
        oauth.revoke(self.vendor, credentials, as_json=True)

    def check(self, settings: Mapping[str, str], credentials: Mapping[str, str]) -> str:
        with self.api(credentials) as api:
            self.check_tenant(credentials)
            company = self._company(api)
        return f"QuickBooks gives access to “{company.text('CompanyName')}”."

    def books(self, api: Api) -> Books:
        preferences = ask(api, self._address(api), "preferences").part("Preferences")
        currency = preferences.text("CurrencyPrefs", "HomeCurrency", "value") or "USD"
        return Books(api, self._address(api), self._company(api), currency)

    def _address(self, api: Api) -> str:
        is_sandbox = api.credentials.get("environment") == "sandbox"
        return company_address(SANDBOX if is_sandbox else self.vendor.api, api.credentials)

    def _company(self, api: Api) -> Entry:
        address = self._address(api)
        return ask(api, address, f"companyinfo/{api.credentials.get(TENANT, '')}").part("CompanyInfo")

    def streams(self, books: Books) -> Sequence[Stream[Books]]:
        changes = Changes((*documents.TYPES, *PAYMENT_ENTITIES, "JournalEntry"))
        return [
            Stream(
                ("Company", "BaseCurrency", "FinancialYearSetting"),
                lambda books, since: iter([[books.company]]),
                parties.of_company,
                lambda _: books.own_key,
                is_incremental=False,
            ),
            *(
                Stream(
                    ("Company", "Contact"),
                    paged(entity, has_inactive=True),
                    parties.of_party(entity, entity),
                    _keys_of(entity),
                )
                for entity in ("Customer", "Vendor")
            ),
            Stream(
                ("FinancialAccount",),
                lambda books, since: iter([list(books.accounts.values())]),
                ledger.of_account,
                ledger.account_key,
                is_incremental=False,
            ),
            *(
                Stream(
                    ("Invoice", "InvoiceLine"),
                    paged(entity),
                    documents.of_document(entity),
                    _keys_of(entity),
                    gone=changes.gone(entity),
                )
                for entity in documents.TYPES
            ),
            *(
                Stream(
                    payments.KINDS,
                    paged(entity),
                    payments.of_payment(entity),
                    _keys_of(entity),
                    gone=changes.gone(entity),
                )
                for entity in PAYMENT_ENTITIES
            ),
            Stream(
                ("JournalEntry", "JournalEntryLine"),
                paged("JournalEntry"),
                ledger.of_entry,
                ledger.entry_key,
                gone=changes.gone("JournalEntry"),
            ),
        ]

    def exhausted(self, answer: httpx.Response) -> Exhausted:
        seconds = seconds_in(answer.headers.get("Retry-After", ""))
        return Exhausted("500 requests a minute", PAUSE if seconds is None else seconds)


def _keys_of(entity: str) -> Callable[[Entry], str]:
    return lambda record: key_of(entity, record)


__all__ = ["QuickBooks"]
