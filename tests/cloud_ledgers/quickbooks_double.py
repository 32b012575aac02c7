"""A double of QuickBooks Online: its queries, what was changed and deleted (CDC), and what we know of its entities."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

from syncs.connectors.quickbooks.connector import VENDOR, QuickBooks
from tests.cloud_ledgers.description import QUICKBOOKS, check
from tests.cloud_ledgers.double import Answer, Asked, Double, Grant

REALM, OTHER = "9130355377388383", "9130355377388384"
QUERY = re.compile(
    r"SELECT \* FROM (?P<entity>\w+)(?: WHERE (?P<where>.+))? ORDERBY Id ASC"
    r" STARTPOSITION (?P<start>\d+) MAXRESULTS (?P<most>\d+)"
)
SINCE = re.compile(r"MetaData\.LastUpdatedTime >= '([^']+)'")
ENTITIES = (
    "Account", "Bill", "BillPayment", "CreditMemo", "Customer", "Invoice", "JournalEntry", "Payment", "RefundReceipt",
    "SalesReceipt", "Term", "Vendor", "VendorCredit",
)  # fmt: skip
# Of a change list, at most so many records of an entity.
MOST_CHANGES = 1_000


class QuickBooksDouble(Double):
    """QuickBooks with the books of a company. A refresh token changes each time, which is more than Intuit does."""

    authorize, token, revoke = "/connect/oauth2", "/oauth2/v1/tokens/bearer", "/v2/oauth2/tokens/revoke"

    def __init__(self, **more: object) -> None:
        super().__init__({REALM: "Sandbox Company_US_1", OTHER: "Other Inc"}, **more)
        self.books = {entity: {} for entity in ENTITIES}
        self.deleted: list[tuple[str, str, datetime]] = []
        self.company = {
            "Id": "1", "CompanyName": "Sandbox Company_US_1", "LegalName": "Sandbox Company Inc", "Country": "US",
            "FiscalYearStartMonth": "July",
            "CompanyAddr": {"Line1": "1 Main St", "City": "Austin", "CountrySubDivisionCode": "TX", "Country": "USA"},
        }  # fmt: skip

    @property
    def vendor(self):
        """The connector's addresses, leading here."""
        return replace(
            VENDOR, authorize=self.url + self.authorize, token=self.url + self.token, revoke=self.url + self.revoke,
            api=self.url,
        )  # fmt: skip

    def put(self, entity: str, record: dict, *, at: datetime | None = None) -> None:
        """Store a record, as changed now or at that time."""
        changed = (at or self.now).isoformat(timespec="seconds")
        made = self.books[entity].get(record["Id"], {}).get("MetaData", {}).get("CreateTime", changed)
        stored = {**record, "MetaData": {"CreateTime": made, "LastUpdatedTime": changed}}
        check(QUICKBOOKS, entity, stored)
        self.books[entity][record["Id"]] = stored

    def change(self, entity: str, id: str, **values: object) -> None:
        """Change a record, which marks it as changed now."""
        self.put(entity, {**self.books[entity][id], **values})

    def delete(self, entity: str, id: str) -> None:
        """Delete a record, of which the list of changes keeps the id."""
        del self.books[entity][id]
        self.deleted.append((entity, id, self.now))

    def sent_back(self, grant: Grant) -> dict[str, str]:
        return {"realmId": grant.tenants[0]}

    def refusal(self) -> Answer:
        fault = {"Error": [{"Message": "message=AuthenticationFailed", "code": "3200"}], "type": "AUTHENTICATION"}
        return Answer({"fault": fault}, 401)

    def api(self, asked: Asked, grant: Grant) -> Answer:
        found = re.fullmatch(r"/v3/company/(\d+)/(\w+)(?:/\d+)?", asked.path)
        if not found or found[1] not in grant.tenants:
            return Answer({"Fault": {"Error": [{"code": "003100"}]}}, 403)
        assert asked.query.pop("minorversion") == "75"
        match found[2]:
            case "companyinfo":
                name = self.tenants[found[1]]
                return Answer({"CompanyInfo": {**self.company, "CompanyName": name}})
            case "preferences":
                return Answer({"Preferences": {"CurrencyPrefs": {"HomeCurrency": {"value": "USD"}}}})
            case "query":
                return Answer({"QueryResponse": self._query(asked.query["query"])})
            case "cdc":
                return Answer({"CDCResponse": [{"QueryResponse": self._changes(**asked.query)}]})
        raise AssertionError(f"QuickBooks has no {asked.path}")

    def _query(self, text: str) -> dict[str, object]:
        asked = QUERY.fullmatch(text)
        assert asked, f"This is no query: {text}"
        entity, where = asked["entity"], asked["where"] or ""
        assert int(asked["most"]) <= 1_000
        found = list(self.books[entity].values())
        if "Active IN (true, false)" not in where:
            found = [each for each in found if each.get("Active", True)]
        if since := SINCE.search(where):
            after = datetime.fromisoformat(since[1])
            found = [each for each in found if _changed(each) >= after]
        found.sort(key=lambda each: int(each["Id"]))
        first = int(asked["start"]) - 1
        page = found[first : first + int(asked["most"])]
        # Without any, QuickBooks leaves the list out.
        return {entity: page, "startPosition": first + 1, "maxResults": len(page)} if page else {}

    def _changes(self, entities: str, changedSince: str) -> list[dict[str, object]]:  # noqa: N803, as it is asked
        after, answer = datetime.fromisoformat(changedSince), []
        for entity in entities.split(","):
            found = [each for each in self.books[entity].values() if _changed(each) >= after]
            found += [
                {"Id": id, "status": "Deleted", "domain": "QBO", "MetaData": {"LastUpdatedTime": at.isoformat()}}
                for of, id, at in self.deleted
                if of == entity and at >= after
            ]
            answer.append({entity: found[:MOST_CHANGES]} if found else {})
        return answer


def _changed(record: dict) -> datetime:
    return datetime.fromisoformat(record["MetaData"]["LastUpdatedTime"])


def ref(value: object, name: str = "") -> dict:
    return {"value": str(value)} | ({"name": name} if name else {})


def customer(id: int, name: str, **more: object) -> dict:
    return {
        "Id": str(id), "DisplayName": name, "CompanyName": name, "GivenName": "Ann", "FamilyName": "Lee",
        "Active": True, "PrimaryEmailAddr": {"Address": f"c{id}@example.com"},
        "PrimaryPhone": {"FreeFormNumber": "(555) 0100"},
        "BillAddr": {"Line1": "1 Oak St", "City": "Reno", "CountrySubDivisionCode": "NV", "PostalCode": "89501",
                     "Country": "USA"}, **more,
    }  # fmt: skip


def sale(amount: float, *, detail: str = "SalesItemLineDetail") -> dict:
    return {
        "Amount": amount, "Description": "Work", "DetailType": detail,
        detail: {"ItemRef": ref(1, "Hours"), "UnitPrice": amount, "Qty": 1, "TaxCodeRef": ref("NON"),
                 "ItemAccountRef": ref(3)},
    }  # fmt: skip


def invoice(id: int, of: int, *amounts: float, balance: float | None = None, **more: object) -> dict:
    total = sum(amounts)
    return {
        "Id": str(id), "DocNumber": f"{1000 + id}", "TxnDate": "2026-05-01", "DueDate": "2026-05-31",
        "CustomerRef": ref(of), "TotalAmt": total, "Balance": total if balance is None else balance,
        "CurrencyRef": ref("USD"), "SalesTermRef": ref(1), "TxnTaxDetail": {"TotalTax": 0},
        "BillAddr": {"Line1": "1 Oak St", "City": "Reno", "Country": "USA"},
        "Line": [*map(sale, amounts), {"Amount": total, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}],
        **more,
    }  # fmt: skip


def bill(id: int, of: int, amount: float, **more: object) -> dict:
    expense = {"Amount": amount, "DetailType": "AccountBasedExpenseLineDetail",
               "AccountBasedExpenseLineDetail": {"AccountRef": ref(4)}}  # fmt: skip
    return {
        "Id": str(id), "TxnDate": "2026-05-02", "VendorRef": ref(of), "TotalAmt": amount, "Balance": amount,
        "CurrencyRef": ref("USD"), "Line": [expense], **more,
    }  # fmt: skip


def payment(id: int, of: int, total: float, *linked: tuple[str, int, float], **more: object) -> dict:
    return {
        "Id": str(id), "TxnDate": "2026-05-20", "CustomerRef": ref(of), "TotalAmt": total, "UnappliedAmt": 0,
        "PaymentRefNum": f"P{id}", "CurrencyRef": ref("USD"), "DepositToAccountRef": ref(2),
        "Line": [
            {"Amount": amount, "LinkedTxn": [{"TxnId": str(to), "TxnType": type_}]} for type_, to, amount in linked
        ], **more,
    }  # fmt: skip


def account(id: int, name: str, classification: str, type_: str) -> dict:
    return {
        "Id": str(id), "Name": name, "FullyQualifiedName": name, "AcctNum": f"{id}000", "Active": True,
        "Classification": classification, "AccountType": type_, "AccountSubType": type_.replace(" ", ""),
    }  # fmt: skip


def journal(id: int, amount: float, **more: object) -> dict:
    posted = [
        {"Amount": amount, "Description": "Accrual", "DetailType": "JournalEntryLineDetail",
         "JournalEntryLineDetail": {"PostingType": side, "AccountRef": ref(of)}}
        for side, of in (("Debit", 4), ("Credit", 2))
    ]  # fmt: skip
    return {"Id": str(id), "DocNumber": f"J{id}", "TxnDate": "2026-06-30", "CurrencyRef": ref("USD"), "Line": posted,
            **more}  # fmt: skip


def fill(double: QuickBooksDouble, invoices: int = 6) -> None:
    """Books of last week: customers, a vendor, documents of each entity, payments, a journal entry."""
    at = double.now - timedelta(days=7)

    def put(entity: str, *records: dict) -> None:
        for record in records:
            double.put(entity, record, at=at)

    put("Term", {"Id": "1", "Name": "Net 30"})
    put(
        "Account",
        account(2, "Checking", "Asset", "Bank"),
        account(3, "Sales", "Revenue", "Income"),
        account(4, "Rent", "Expense", "Expense"),
    )
    put("Customer", customer(1, "Acme"), customer(2, "Zoë & Söhne", Active=False), customer(3, "Job", ParentRef=ref(1)))
    put("Vendor", {"Id": "1", "DisplayName": "Vendor Ltd", "Active": True, "AcctNum": "V-77"})
    put("Invoice", *(invoice(number, 1, 100, 50 + number) for number in range(1, invoices + 1)))
    foreign = {"CurrencyRef": ref("EUR"), "ExchangeRate": 1.1}
    put(
        "Invoice",
        invoice(901, 2, 100, **foreign),
        invoice(902, 1, 0, PrivateNote="Voided - wrong customer"),
    )
    put("CreditMemo", invoice(903, 1, 40, RemainingCredit=10))
    put("SalesReceipt", invoice(904, 1, 25, balance=0))
    put("Bill", bill(905, 1, 200))
    put("VendorCredit", bill(906, 1, 30))
    # 70 of money and 30 of the credit memo settle the first invoice; a credit alone settles the second.
    put("Payment", payment(907, 1, 70, ("Invoice", 1, 100), ("CreditMemo", 903, 30)))
    put("Payment", payment(908, 1, 0, ("Invoice", 2, 5), ("CreditMemo", 903, 5)))
    put("BillPayment", {
        "Id": "909", "TxnDate": "2026-05-21", "VendorRef": ref(1), "TotalAmt": 50, "PayType": "Check",
        "CheckPayment": {"BankAccountRef": ref(2)}, "CurrencyRef": ref("USD"),
        "Line": [{"Amount": 50, "LinkedTxn": [{"TxnId": "905", "TxnType": "Bill"}]}],
    })  # fmt: skip
    put("RefundReceipt", {"Id": "910", "TxnDate": "2026-05-22", "CustomerRef": ref(1), "TotalAmt": 15, "Line": []})
    put("JournalEntry", journal(911, 500))


def change(double: QuickBooksDouble) -> None:
    """What happens in the books afterwards: new, changed, voided, deleted."""
    double.put("Customer", customer(4, "New Ltd"))
    double.change("Customer", "1", DisplayName="Acme plc")
    double.put("Invoice", invoice(920, 4, 10, 20, 30))
    double.change("Invoice", "1", Line=[sale(151)], Balance=51)
    double.change("Invoice", "2", TotalAmt=0, Balance=0, PrivateNote="Voided", Line=[sale(0), sale(0)])
    double.delete("Invoice", "3")
    double.delete("SalesReceipt", "904")
    double.change("Payment", "907", TotalAmt=100, Line=payment(0, 1, 100, ("Invoice", 1, 100))["Line"])
    double.delete("Payment", "908")
    double.delete("JournalEntry", "911")
    double.put("JournalEntry", journal(921, 700))


__all__ = ["REALM", "QuickBooks", "QuickBooksDouble", "change", "fill"]
