"""A double of Xero: pages, changes since a time, several organisations, and what its description says."""

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from syncs.connectors.xero.connector import VENDOR, Xero
from tests.cloud_ledgers.description import XERO, XERO_ENDPOINTS, check
from tests.cloud_ledgers.double import Answer, Asked, Double, Grant

SPACE = UUID("6f0c2a5e-3f3b-4f7e-9a0d-8d7c1b2a3e4f")
DEMO, OTHER = "fe79f7dd-b6d4-4a92-ba7b-538af6289c58", "0bb6c3a1-71c2-4d1e-8c0b-b7e2c1a0d9f4"
YEAR_START = datetime(2026, 1, 1, tzinfo=UTC)
# Records of an endpoint are told apart by this, and listed under the endpoint's name.
IDS = {
    "Accounts": "AccountID",
    "Contacts": "ContactID",
    "Invoices": "InvoiceID",
    "CreditNotes": "CreditNoteID",
    "Overpayments": "OverpaymentID",
    "Prepayments": "PrepaymentID",
    "Payments": "PaymentID",
    "ManualJournals": "ManualJournalID",
}


def id_of(name: str) -> str:
    """The id of the record that the tests call so."""
    return str(uuid5(SPACE, name))


def ms(moment: datetime) -> str:
    return f"/Date({int(moment.timestamp() * 1000)}+0000)/"


def day(text: str) -> str:
    return ms(datetime.fromisoformat(text).replace(tzinfo=UTC))


class XeroDouble(Double):
    """Xero with the books of an organisation; another one is there too, and empty."""

    authorize, token, revoke = "/identity/connect/authorize", "/connect/token", "/connect/revocation"
    largest_page = 1_000

    def __init__(self, **more: object) -> None:
        super().__init__({DEMO: "Demo Company (UK)", OTHER: "Other Ltd"}, **more)
        self.books = {tenant: {endpoint: {} for endpoint in IDS} for tenant in self.tenants}
        self.organisation = {
            "OrganisationID": id_of("organisation"), "Name": "Demo Company (UK)", "LegalName": "Demo Company Limited",
            "BaseCurrency": "GBP", "CountryCode": "GB", "RegistrationNumber": "01234567", "FinancialYearEndDay": 31,
            "FinancialYearEndMonth": 3, "Phones": [], "Addresses": [],
        }  # fmt: skip

    @property
    def vendor(self):
        """The connector's addresses, leading here."""
        return replace(
            VENDOR, authorize=self.url + self.authorize, token=self.url + self.token, revoke=self.url + self.revoke,
            api=self.url,
        )  # fmt: skip

    def put(self, endpoint: str, record: dict, *, at: datetime | None = None, tenant: str = DEMO) -> None:
        """Store a record, as changed now or at that time."""
        stored = {**record, "UpdatedDateUTC": ms(at or self.now)}
        check(XERO, XERO_ENDPOINTS[endpoint][0], stored)
        self.books[tenant][endpoint][record[IDS[endpoint]]] = stored

    def change(self, endpoint: str, name: str, **values: object) -> None:
        """Change a record, which marks it as changed now."""
        self.put(endpoint, {**self.books[DEMO][endpoint][id_of(name)], **values})

    def api(self, asked: Asked, grant: Grant) -> Answer:
        if asked.path.startswith("/connections"):
            return self._connections(asked, grant)
        endpoint = asked.path.removeprefix("/api.xro/2.0/")
        tenant = asked.headers.get("xero-tenant-id")
        if tenant not in grant.tenants or endpoint not in XERO_ENDPOINTS:
            return Answer({"Title": "Forbidden", "Status": 403, "Detail": "AuthenticationUnsuccessful"}, 403)
        unknown = set(asked.query) - XERO_ENDPOINTS[endpoint][1]
        assert not unknown, f"{endpoint} is asked with {unknown}"
        if endpoint == "Organisation":
            return Answer({"Organisations": [self.organisation]})
        found = [deepcopy(each) for each in self.books[tenant][endpoint].values()]
        if since := asked.headers.get("if-modified-since"):
            after = int(datetime.fromisoformat(since).replace(tzinfo=UTC).timestamp() * 1000)
            found = [each for each in found if int(each["UpdatedDateUTC"][6:].partition("+")[0]) >= after]
        if "page" not in asked.query:
            return Answer({endpoint: found})
        assert asked.query["order"] == f"{IDS[endpoint]} ASC"
        found.sort(key=lambda each: each[IDS[endpoint]])
        size, page = min(int(asked.query["pageSize"]), self.largest_page), int(asked.query["page"])
        pages = {"page": page, "pageSize": size, "pageCount": -(-len(found) // size), "itemCount": len(found)}
        return Answer({"pagination": pages, endpoint: found[(page - 1) * size : page * size]})

    def _connections(self, asked: Asked, grant: Grant) -> Answer:
        if asked.method == "DELETE":
            gone = next(id for id in grant.tenants if asked.path.endswith(id_of(f"connection {id}")))
            grant.tenants.remove(gone)
            return Answer("", 204)
        return Answer(
            [
                {"id": id_of(f"connection {id}"), "tenantId": id, "tenantName": name, "tenantType": "ORGANISATION"}
                for id, name in self.tenants.items()
                if id in grant.tenants
            ]
        )


def contact(name: str, **more: object) -> dict:
    return {
        "ContactID": id_of(name), "ContactStatus": "ACTIVE", "Name": name, "FirstName": "Ann", "LastName": "Lee",
        "EmailAddress": f"{name.replace(' ', '.').lower()}@example.com", "IsCustomer": True, "IsSupplier": False,
        "Addresses": [
            {"AddressType": "POBOX", "AddressLine1": "1 High St", "City": "Leeds", "PostalCode": "LS1 1AA",
             "Country": "United Kingdom"},
        ],
        "Phones": [
            {"PhoneType": "DEFAULT", "PhoneNumber": "496 0000", "PhoneAreaCode": "113", "PhoneCountryCode": "44"}
        ],
        "ContactPersons": [], **more,
    }  # fmt: skip


def lines(*amounts: float) -> list[dict]:
    return [
        {
            "LineItemID": id_of(f"line {place} {amount}"), "Description": f"Work {place}", "Quantity": 1,
            "UnitAmount": amount, "AccountCode": "200", "TaxType": "OUTPUT2", "TaxAmount": round(amount * 0.2, 2),
            "LineAmount": amount,
        }
        for place, amount in enumerate(amounts, start=1)
    ]  # fmt: skip


def invoice(name: str, of: str, *amounts: float, paid: float = 0, **more: object) -> dict:
    net = sum(amounts)
    total = round(net * 1.2, 2)
    due = round(total - paid, 2)
    return {
        "InvoiceID": id_of(name), "Type": "ACCREC", "Status": "AUTHORISED" if due else "PAID",
        "Contact": {"ContactID": id_of(of), "Name": of}, "InvoiceNumber": name, "Reference": f"PO {name}",
        "Date": day("2026-05-01"), "DueDate": day("2026-05-31"), "LineAmountTypes": "Exclusive", "SubTotal": net,
        "TotalTax": round(net * 0.2, 2), "Total": total, "AmountDue": due, "AmountPaid": paid, "AmountCredited": 0,
        "CurrencyCode": "GBP", "CurrencyRate": 1, "LineItems": lines(*amounts), **more,
    }  # fmt: skip


def credit_note(name: str, of: str, amount: float, *allocated: tuple[str, float], **more: object) -> dict:
    total = round(amount * 1.2, 2)
    return {
        "CreditNoteID": id_of(name), "CreditNoteNumber": name, "Type": "ACCRECCREDIT", "Status": "AUTHORISED",
        "Contact": {"ContactID": id_of(of)}, "Date": day("2026-05-10"), "LineAmountTypes": "Exclusive",
        "SubTotal": amount, "TotalTax": round(amount * 0.2, 2), "Total": total,
        "RemainingCredit": round(total - sum(each for _, each in allocated), 2), "CurrencyCode": "GBP",
        "CurrencyRate": 1, "LineItems": lines(amount),
        "Allocations": [
            {"AllocationID": id_of(f"{name} {to}"), "Invoice": {"InvoiceID": id_of(to)}, "Amount": each,
             "Date": day("2026-05-11")}
            for to, each in allocated
        ], **more,
    }  # fmt: skip


def payment(name: str, of: str, for_: str, amount: float, **more: object) -> dict:
    return {
        "PaymentID": id_of(name), "PaymentType": "ACCRECPAYMENT", "Status": "AUTHORISED", "Date": day("2026-05-20"),
        "Amount": amount, "CurrencyRate": 1, "Reference": name, "Account": {"Code": "090"},
        "Invoice": {"InvoiceID": id_of(for_), "Contact": {"ContactID": id_of(of)}, "CurrencyCode": "GBP"}, **more,
    }  # fmt: skip


def account(code: str, name: str, class_: str, type_: str) -> dict:
    return {
        "AccountID": id_of(f"account {code}"), "Code": code, "Name": name, "Class": class_, "Type": type_,
        "Status": "ACTIVE",
    }  # fmt: skip


def journal(name: str, amount: float, **more: object) -> dict:
    return {
        "ManualJournalID": id_of(name), "Narration": name, "Date": day("2026-06-30"), "Status": "POSTED",
        "JournalLines": [
            {"LineAmount": amount, "AccountCode": "400", "Description": "Accrual"},
            {"LineAmount": -amount, "AccountCode": "800", "Description": "Accrual"},
        ], **more,
    }  # fmt: skip


def fill(double: XeroDouble, invoices: int = 6) -> None:
    """Books of last week: customers, a vendor, invoices, a credit note, an overpayment, payments, a journal."""
    at = double.now - timedelta(days=7)

    def put(endpoint: str, *records: dict) -> None:
        for record in records:
            double.put(endpoint, record, at=at)

    put(
        "Accounts",
        account("090", "Bank", "ASSET", "BANK"),
        account("200", "Sales", "REVENUE", "REVENUE"),
        account("400", "Advertising", "EXPENSE", "EXPENSE"),
        account("800", "Payables", "LIABILITY", "CURRLIAB"),
    )
    person = {"FirstName": "Bo", "LastName": "Ek", "EmailAddress": "bo@example.com", "IncludeInEmails": True}
    put(
        "Contacts",
        contact("Acme", ContactPersons=[person]),
        contact("Zoë & Söhne", IsSupplier=True),
        contact("Vendor Ltd", IsCustomer=False, IsSupplier=True, ContactStatus="ARCHIVED"),
    )
    put("Invoices", *(invoice(f"INV-{number}", "Acme", 100, 50 + number) for number in range(1, invoices + 1)))
    put(
        "Invoices",
        invoice("PAID", "Zoë & Söhne", 100, paid=120, FullyPaidOnDate=day("2026-05-20")),
        invoice("USD", "Acme", 100, CurrencyCode="USD", CurrencyRate=1.25),
        invoice("BILL", "Vendor Ltd", 200, Type="ACCPAY", LineAmountTypes="Inclusive"),
        invoice("DRAFT", "Acme", 1, Status="DRAFT"),
        invoice("VOID", "Acme", 9, Status="VOIDED"),
    )
    put("CreditNotes", credit_note("CN-1", "Acme", 50, ("INV-1", 40)))
    put(
        "Overpayments",
        {
            "OverpaymentID": id_of("OVER"), "Type": "RECEIVE-OVERPAYMENT", "Status": "AUTHORISED",
            "Contact": {"ContactID": id_of("Acme")}, "Date": day("2026-05-12"), "LineAmountTypes": "NoTax",
            "SubTotal": 30, "TotalTax": 0, "Total": 30, "RemainingCredit": 30, "CurrencyCode": "GBP",
            "CurrencyRate": 1, "Reference": "OVER", "LineItems": [], "Allocations": [],
        },
    )  # fmt: skip
    put("Payments", payment("P-1", "Acme", "INV-1", 20), payment("P-2", "Zoë & Söhne", "PAID", 120))
    put("ManualJournals", journal("Accrual June", 500))


def change(double: XeroDouble) -> None:
    """What happens in the books afterwards: new, changed, voided, deleted, taken back."""
    double.put("Contacts", contact("New Ltd"))
    double.change("Contacts", "Acme", Name="Acme plc", ContactPersons=[])
    double.put("Invoices", invoice("INV-NEW", "New Ltd", 10, 20, 30))
    double.change("Invoices", "INV-1", LineItems=lines(140), AmountDue=87.2)
    double.change("Invoices", "INV-2", Status="VOIDED", AmountDue=0)
    double.change("Invoices", "DRAFT", Status="DELETED")
    double.change("CreditNotes", "CN-1", Allocations=[], RemainingCredit=60)
    double.change("Payments", "P-1", Status="DELETED")
    double.put("Payments", payment("P-3", "New Ltd", "INV-NEW", 72))
    double.change("ManualJournals", "Accrual June", Status="VOIDED")
    double.put("ManualJournals", journal("Accrual July", 700))
    del double.books[DEMO]["Accounts"][id_of("account 800")]


__all__ = ["DEMO", "OTHER", "Xero", "XeroDouble", "change", "fill", "id_of"]
