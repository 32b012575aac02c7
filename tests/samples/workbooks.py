"""Six files in the shape of the vendor's sample workbooks, 4,821 rows: same columns and oddities, made-up data."""

import csv
import io
import random
import zipfile
from uuid import UUID

ROWS = {
    "company": 22,
    "contact": 21,
    "invoice": 2121,
    "payment": 1318,
    "paymentapplied": 1318,
    "creditmemoapplied": 21,
}
CREATED, MODIFIED = "2021-11-09T12:04:24.46", "2021-11-09 12:04:24"


def workbooks() -> dict[str, list[dict]]:
    """Rows by file, the same every time."""
    draw = random.Random(20211109)

    def key():
        return str(UUID(int=draw.getrandbits(128))).upper()

    stamps = {"created": CREATED, "modified": MODIFIED}
    owner, customers, contacts = key(), [key() for _ in range(21)], [key() for _ in range(21)]
    company = [
        _company(owner, "Sample Books Inc", "Company", "", "") | stamps,
        *(
            _company(customer, f"Customer {number}", "Customer", owner, contact) | stamps
            for number, (customer, contact) in enumerate(zip(customers, contacts, strict=True))
        ),
    ]
    contact = [
        {
            "erpKey": one, "contactName": f"Person {number}", "contactCode": "Primary", "title": "Owner",
            "roleCode": "TestCode", "emailAddress": f"person{number}@example.com", "phone": "5550100", "fax": "",
            "address1": "113 Cherry Street", "address2": "", "address3": "", "city": "Seattle", "stateRegion": "WA",
            "postalCode": "98104-2205", "countryCode": "US", "isActive": "TRUE", "webpageUrl": "", "pictureUrl": "",
            **stamps, "companyErpKey": customer,
        }
        for number, (one, customer) in enumerate(zip(contacts, customers, strict=True))
    ]  # fmt: skip
    invoice = [
        _invoice(draw, key(), number, owner, customers[number % 21], "Credit Memo" if number >= 2100 else "Invoice")
        | stamps
        for number in range(2121)
    ]
    payment = [
        {
            "erpKey": key(), "paymentType": "Cash", "tenderType": "Wire Transfer", "isOpen": "FALSE",
            "paymentDate": "2021-04-30", "postDate": "2021-11-09", "paymentAmount": invoice[number]["totalAmount"],
            "unappliedAmount": "0", "currencyCode": "USD", **stamps,
            "companyErpKey": invoice[number]["customerErpKey"],
        }
        for number in range(1318)
    ]  # fmt: skip
    paymentapplied = [
        {
            "erpKey": key(), "entryNumber": "1", "applyToInvoiceDate": "2021-04-30T00:00:00",
            "paymentAppliedAmount": payment[number]["paymentAmount"], **stamps,
            "invoiceErpKey": invoice[number]["erpKey"], "paymentErpKey": payment[number]["erpKey"],
        }
        for number in range(1318)
    ]  # fmt: skip
    creditmemoapplied = [
        {
            "erpKey": key(), "entryNumber": "5", "applyToInvoiceDate": "2021-10-12T00:00:00",
            "creditMemoAppliedAmount": "10.5", **stamps, "invoiceErpKey": invoice[number]["erpKey"],
            "creditMemoInvoiceErpKey": invoice[2100 + number]["erpKey"],
        }
        for number in range(21)
    ]  # fmt: skip
    return {
        "company": company,
        "contact": contact,
        "invoice": invoice,
        "payment": payment,
        "paymentapplied": paymentapplied,
        "creditmemoapplied": creditmemoapplied,
    }


def as_zip(files: dict[str, list[dict]]) -> bytes:
    """The rows as CSV files in a ZIP."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in files.items():
            archive.writestr(f"{name}.csv", as_csv(rows))
    return content.getvalue()


def as_csv(rows: list[dict]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def with_three_faults() -> dict[str, list[dict]]:
    """The same, but for an amount in words, a reference to nobody, and an impossible date; see `FAULTS`."""
    files = workbooks()
    files["invoice"][0]["totalAmount"] = "twelve"
    files["paymentapplied"][1300]["invoiceErpKey"] = "NOBODY"
    files["creditmemoapplied"][20]["applyToInvoiceDate"] = "2021-02-30"
    return files


# (entity, file, line, column, value, message) of what `with_three_faults` breaks.
FAULTS = [
    (
        "CreditMemoApplied", "creditmemoapplied.csv", 22, "applyToInvoiceDate", "2021-02-30",
        "applyToInvoiceDate: “2021-02-30” names a day that does not exist. Write it as YYYY-MM-DDTHH:MM:SS, with Z or "
        "an offset if it is not UTC.",
    ),
    (
        "Invoice", "invoice.csv", 2, "totalAmount", "twelve",
        "totalAmount: “twelve” is not a number. Write digits with a decimal point, like 1234.50.",
    ),
    (
        "PaymentApplied", "paymentapplied.csv", 1302, "invoiceErpKey", "NOBODY",
        "invoiceErpKey: no invoice has the key “NOBODY”, neither in this input nor among the records loaded before. "
        "Load the invoice, or correct the key.",
    ),
]  # fmt: skip


def _company(key, name, kind, parent, contact):
    return {
        "companyName": name, "erpKey": key, "companyType": kind, "companyStatus": "Active", "isActive": "TRUE",
        "defaultCurrencyCode": "USD", "address1": "6980 Dorsett Rd", "city": "Abilene", "stateRegion": "KS",
        "postalCode": "67410", "country": "US", "phoneNumber": "4566882411", "faxNumber": "4566882424",
        "created": "", "modified": "", "taxId": "111-22-3333", "apEmailAddress": f"{key[9:]}_AP@.com",
        "arEmailAddress": f"{key[9:]}_AR@.com", "parentCompanyErpKey": parent, "primaryContactErpKey": contact,
    }  # fmt: skip


def _invoice(draw, key, number, owner, customer, kind):
    amount = f"{draw.randrange(100, 9_000)}"
    place = ("Colorado Springs", "CO", "80919", "US") if number < 500 else ("",) * 4
    street = "721 Interstate 45 S" if number < 500 else ""
    return {
        "erpKey": key, "purchaseOrderCode": f"{number % 97:02}E{number % 9}", "referenceCode": f"DEMOI{number:09}",
        "invoiceTypeCode": kind, "invoiceStatusCode": "Open", "termsCode": "Open", "specialTerms": "Open",
        "currencyCode": "USD", "totalAmount": amount, "salesTaxAmount": "0", "discountAmount": "0",
        "outstandingBalanceAmount": amount, "invoiceDate": "2020-09-07", "postedDate": "2020-09-07",
        "invoiceClosedDate": "", "paymentDueDate": "" if kind == "Credit Memo" else "2021-03-06",
        "importedDate": "2021-11-09T12:04:24.47", "created": "", "modified": "", "companyErpKey": owner,
        "customerErpKey": customer, "originAddressLine1": street, "originAddressCity": place[0],
        "originAddressRegion": place[1], "originAddressPostalCode": place[2], "originAddressCountry": place[3],
        "billToAddressLine1": street, "billToAddressCity": place[0], "billToAddressRegion": place[1],
        "billToAddressPostalCode": place[2], "billToAddressCountry": place[3], "shipToAddressCity": place[0],
        "shipToAddressRegion": place[1], "shipToAddressPostalCode": place[2], "shipToAddressCountry": place[3],
    }  # fmt: skip
