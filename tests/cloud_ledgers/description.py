"""What the vendors' answers and requests may consist of, as far as the doubles use it.

Xero publishes a description (OpenAPI); this is a reduced one of our own, which a test compares with it where the
environment variable XERO_OPENAPI names the file. Intuit publishes none: this follows its reference of entities. A
double that sends what is not here, or is asked for it, fails its test.
"""

import re

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MS_DATE = re.compile(r"/Date\(\d+\+0000\)/")
DAY = re.compile(r"\d{4}-\d\d-\d\d")

# The types: text, number, true or false, id, time in milliseconds; a name is an object, a list of a name several.
TEXT, NUMBER, FLAG, ID, TIME = "text", "number", "flag", "id", "time"
XERO: dict[str, dict[str, object]] = {
    "Contact": {
        "ContactID": ID, "ContactStatus": TEXT, "Name": TEXT, "FirstName": TEXT, "LastName": TEXT, "EmailAddress": TEXT,
        "ContactNumber": TEXT, "AccountNumber": TEXT, "CompanyNumber": TEXT, "TaxNumber": TEXT, "DefaultCurrency": TEXT,
        "IsSupplier": FLAG, "IsCustomer": FLAG, "Website": TEXT, "MergedToContactID": ID, "UpdatedDateUTC": TIME,
        "Addresses": ["Address"], "Phones": ["Phone"], "ContactPersons": ["ContactPerson"],
    },
    "ContactPerson": {"FirstName": TEXT, "LastName": TEXT, "EmailAddress": TEXT, "IncludeInEmails": FLAG},
    "Address": {
        "AddressType": TEXT, "AddressLine1": TEXT, "AddressLine2": TEXT, "AddressLine3": TEXT, "AddressLine4": TEXT,
        "City": TEXT, "Region": TEXT, "PostalCode": TEXT, "Country": TEXT,
    },
    "Phone": {"PhoneType": TEXT, "PhoneNumber": TEXT, "PhoneAreaCode": TEXT, "PhoneCountryCode": TEXT},
    "Invoice": {
        "InvoiceID": ID, "Type": TEXT, "Status": TEXT, "Contact": "Contact", "InvoiceNumber": TEXT, "Reference": TEXT,
        "Date": TIME, "DueDate": TIME, "FullyPaidOnDate": TIME, "PlannedPaymentDate": TIME, "LineAmountTypes": TEXT,
        "SubTotal": NUMBER, "TotalTax": NUMBER, "Total": NUMBER, "TotalDiscount": NUMBER, "AmountDue": NUMBER,
        "AmountPaid": NUMBER, "AmountCredited": NUMBER, "CurrencyCode": TEXT, "CurrencyRate": NUMBER,
        "UpdatedDateUTC": TIME, "LineItems": ["LineItem"],
    },
    "LineItem": {
        "LineItemID": ID, "Description": TEXT, "Quantity": NUMBER, "UnitAmount": NUMBER, "ItemCode": TEXT,
        "AccountCode": TEXT, "AccountID": ID, "TaxType": TEXT, "TaxAmount": NUMBER, "LineAmount": NUMBER,
    },
    "CreditNote": {
        "CreditNoteID": ID, "CreditNoteNumber": TEXT, "Type": TEXT, "Status": TEXT, "Contact": "Contact",
        "Reference": TEXT, "Date": TIME, "DueDate": TIME, "LineAmountTypes": TEXT, "SubTotal": NUMBER,
        "TotalTax": NUMBER, "Total": NUMBER, "RemainingCredit": NUMBER, "CurrencyCode": TEXT, "CurrencyRate": NUMBER,
        "UpdatedDateUTC": TIME, "LineItems": ["LineItem"], "Allocations": ["Allocation"],
    },
    "Overpayment": {
        "OverpaymentID": ID, "Type": TEXT, "Status": TEXT, "Contact": "Contact", "Date": TIME, "LineAmountTypes": TEXT,
        "SubTotal": NUMBER, "TotalTax": NUMBER, "Total": NUMBER, "RemainingCredit": NUMBER, "CurrencyCode": TEXT,
        "CurrencyRate": NUMBER, "Reference": TEXT, "UpdatedDateUTC": TIME, "LineItems": ["LineItem"],
        "Allocations": ["Allocation"],
    },
    "Prepayment": {
        "PrepaymentID": ID, "Type": TEXT, "Status": TEXT, "Contact": "Contact", "Date": TIME, "LineAmountTypes": TEXT,
        "SubTotal": NUMBER, "TotalTax": NUMBER, "Total": NUMBER, "RemainingCredit": NUMBER, "CurrencyCode": TEXT,
        "CurrencyRate": NUMBER, "InvoiceNumber": TEXT, "UpdatedDateUTC": TIME, "LineItems": ["LineItem"],
        "Allocations": ["Allocation"],
    },
    "Allocation": {"AllocationID": ID, "Invoice": "Invoice", "Amount": NUMBER, "Date": TIME, "IsDeleted": FLAG},
    "Payment": {
        "PaymentID": ID, "Invoice": "Invoice", "CreditNote": "CreditNote", "Account": "Account", "Date": TIME,
        "Amount": NUMBER, "CurrencyRate": NUMBER, "Reference": TEXT, "Details": TEXT, "Status": TEXT,
        "PaymentType": TEXT, "UpdatedDateUTC": TIME,
    },
    "Account": {
        "AccountID": ID, "Code": TEXT, "Name": TEXT, "Type": TEXT, "Class": TEXT, "Status": TEXT, "Description": TEXT,
        "SystemAccount": TEXT, "ReportingCodeName": TEXT, "UpdatedDateUTC": TIME,
    },
    "ManualJournal": {
        "ManualJournalID": ID, "Narration": TEXT, "Date": TIME, "Status": TEXT, "UpdatedDateUTC": TIME,
        "JournalLines": ["ManualJournalLine"],
    },
    "ManualJournalLine": {
        "LineAmount": NUMBER, "AccountCode": TEXT, "AccountID": ID, "Description": TEXT, "TaxType": TEXT,
        "IsBlank": FLAG,
    },
    "Organisation": {
        "OrganisationID": ID, "Name": TEXT, "LegalName": TEXT, "BaseCurrency": TEXT, "CountryCode": TEXT,
        "RegistrationNumber": TEXT, "TaxNumber": TEXT, "FinancialYearEndDay": NUMBER, "FinancialYearEndMonth": NUMBER,
        "Addresses": ["Address"], "Phones": ["Phone"],
    },
}  # fmt: skip
# By endpoint: the object that it lists, and what it may be asked with.
XERO_ENDPOINTS = {
    "Organisation": ("Organisation", set()),
    "Accounts": ("Account", set()),
    "Contacts": ("Contact", {"page", "pageSize", "order", "includeArchived"}),
    "Invoices": ("Invoice", {"page", "pageSize", "order", "unitdp"}),
    "CreditNotes": ("CreditNote", {"page", "pageSize", "order", "unitdp"}),
    "Overpayments": ("Overpayment", {"page", "pageSize", "order", "unitdp"}),
    "Prepayments": ("Prepayment", {"page", "pageSize", "order", "unitdp"}),
    "Payments": ("Payment", {"page", "pageSize", "order"}),
    "ManualJournals": ("ManualJournal", {"page", "pageSize", "order"}),
}
REF, META = "Ref", "MetaData"
QUICKBOOKS: dict[str, dict[str, object]] = {
    "Ref": {"value": TEXT, "name": TEXT},
    "MetaData": {"CreateTime": TEXT, "LastUpdatedTime": TEXT},
    "EmailAddress": {"Address": TEXT},
    "TelephoneNumber": {"FreeFormNumber": TEXT},
    "WebSiteAddress": {"URI": TEXT},
    "PhysicalAddress": {
        "Line1": TEXT, "Line2": TEXT, "Line3": TEXT, "Line4": TEXT, "Line5": TEXT, "City": TEXT,
        "CountrySubDivisionCode": TEXT, "PostalCode": TEXT, "Country": TEXT,
    },
    "Customer": {
        "Id": TEXT, "DisplayName": TEXT, "CompanyName": TEXT, "GivenName": TEXT, "FamilyName": TEXT, "Title": TEXT,
        "Active": FLAG, "PrimaryEmailAddr": "EmailAddress", "PrimaryPhone": "TelephoneNumber", "BillAddr":
        "PhysicalAddress", "WebAddr": "WebSiteAddress", "ParentRef": REF, "CurrencyRef": REF, META: META,
    },
    "Vendor": {
        "Id": TEXT, "DisplayName": TEXT, "CompanyName": TEXT, "GivenName": TEXT, "FamilyName": TEXT, "Active": FLAG,
        "PrimaryEmailAddr": "EmailAddress", "PrimaryPhone": "TelephoneNumber", "BillAddr": "PhysicalAddress",
        "AcctNum": TEXT, "TaxIdentifier": TEXT, "CurrencyRef": REF, META: META,
    },
    "Document": {
        "Id": TEXT, "DocNumber": TEXT, "TxnDate": TEXT, "DueDate": TEXT, "CustomerRef": REF, "VendorRef": REF,
        "TotalAmt": NUMBER, "Balance": NUMBER, "RemainingCredit": NUMBER, "TxnTaxDetail": "TxnTaxDetail",
        "CurrencyRef": REF, "ExchangeRate": NUMBER, "SalesTermRef": REF, "BillAddr": "PhysicalAddress",
        "ShipAddr": "PhysicalAddress", "PrivateNote": TEXT, "Line": ["Line"], META: META,
    },
    "TxnTaxDetail": {"TotalTax": NUMBER},
    "Line": {
        "Id": TEXT, "LineNum": NUMBER, "Amount": NUMBER, "Description": TEXT, "DetailType": TEXT,
        "SalesItemLineDetail": "Detail", "AccountBasedExpenseLineDetail": "Detail", "DiscountLineDetail": "Detail",
        "SubTotalLineDetail": "Detail", "GroupLineDetail": "Group", "JournalEntryLineDetail": "Posting",
        "LinkedTxn": ["LinkedTxn"],
    },
    "Detail": {
        "ItemRef": REF, "UnitPrice": NUMBER, "Qty": NUMBER, "TaxCodeRef": REF, "AccountRef": REF,
        "ItemAccountRef": REF, "DiscountAccountRef": REF,
    },
    "Group": {"Line": ["Line"]},
    "Posting": {"PostingType": TEXT, "AccountRef": REF},
    "LinkedTxn": {"TxnId": TEXT, "TxnType": TEXT},
    "Payment": {
        "Id": TEXT, "TxnDate": TEXT, "CustomerRef": REF, "VendorRef": REF, "TotalAmt": NUMBER, "UnappliedAmt": NUMBER,
        "PaymentRefNum": TEXT, "DocNumber": TEXT, "PaymentMethodRef": REF, "DepositToAccountRef": REF, "PayType": TEXT,
        "CheckPayment": "Check", "CurrencyRef": REF, "ExchangeRate": NUMBER, "PrivateNote": TEXT, "Line": ["Line"],
        META: META,
    },
    "Check": {"BankAccountRef": REF},
    "JournalEntry": {
        "Id": TEXT, "DocNumber": TEXT, "TxnDate": TEXT, "PrivateNote": TEXT, "CurrencyRef": REF,
        "ExchangeRate": NUMBER, "Line": ["Line"], META: META,
    },
    "Account": {
        "Id": TEXT, "Name": TEXT, "FullyQualifiedName": TEXT, "AcctNum": TEXT, "Classification": TEXT,
        "AccountType": TEXT, "AccountSubType": TEXT, "Active": FLAG, "Description": TEXT, META: META,
    },
    "Term": {"Id": TEXT, "Name": TEXT, META: META},
    "CompanyInfo": {
        "Id": TEXT, "CompanyName": TEXT, "LegalName": TEXT, "CompanyAddr": "PhysicalAddress", "Country": TEXT,
        "FiscalYearStartMonth": TEXT, "Email": "EmailAddress", "PrimaryPhone": "TelephoneNumber",
        "EmployerId": TEXT, META: META,
    },
}  # fmt: skip
QUICKBOOKS |= dict.fromkeys(("Invoice", "SalesReceipt", "CreditMemo", "Bill", "VendorCredit"), QUICKBOOKS["Document"])
QUICKBOOKS |= dict.fromkeys(("BillPayment", "RefundReceipt"), QUICKBOOKS["Payment"])


def check(description: dict[str, dict[str, object]], name: str, value: object, path: str = "") -> None:
    """Raise AssertionError unless the value is what the description calls so."""
    path, known = path or name, description[name]
    assert isinstance(value, dict), f"{path} is no object"
    for member, found in value.items():
        assert member in known, f"{path}.{member} is not described"
        wanted, place = known[member], f"{path}.{member}"
        if isinstance(wanted, list):
            for each in found:
                check(description, wanted[0], each, place)
        elif wanted in description:
            check(description, str(wanted), found, place)
        else:
            assert _is(str(wanted), found), f"{place} is {found!r}, which is no {wanted}"


def _is(type_: str, value: object) -> bool:
    match type_:
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "flag":
            return isinstance(value, bool)
        case "id":
            return isinstance(value, str) and bool(UUID.fullmatch(value))
        case "time":
            return isinstance(value, str) and bool(MS_DATE.fullmatch(value))
    return isinstance(value, str)
