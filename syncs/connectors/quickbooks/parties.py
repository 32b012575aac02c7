"""Customers and vendors of QuickBooks as companies and contacts, and the company itself."""

from collections.abc import Callable

from syncs.connectors.cloud_ledger.answers import Entry, Row
from syncs.connectors.cloud_ledger.streams import Kind
from syncs.connectors.cloud_ledger.values import country_code, lines_of
from syncs.connectors.quickbooks.books import Books, key_of, stamps

MONTHS = (
    "January February March April May June July August September October November December".split()
)  # fmt: skip
LAST_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
COMPANY = Kind(
    "Company",
    "Customers, vendors and the company",
    deletes="none is deleted in QuickBooks",
    most={
        "companyName": 100, **{f"address{number}": 170 for number in range(1, 5)}, "city": 100, "stateRegion": 60,
        "postalCode": 10, "country": 100, "phoneNumber": 20, "faxNumber": 20, "taxId": 30, "emailAddress": 254,
        "referenceCode": 30,
    },
    cut=("companyName",),
)  # fmt: skip
CONTACT = Kind(
    "Contact",
    "People of customers and vendors",
    deletes="none is deleted in QuickBooks",
    most={
        "contactName": 100, "title": 50, "emailAddress": 200, "phone": 20, "fax": 20, "webpageUrl": 512,
        **{f"address{number}": 80 for number in range(1, 5)}, "city": 100, "stateRegion": 60, "postalCode": 10,
    },
)  # fmt: skip


def of_party(entity: str, company_type: str) -> Callable[[Books, Entry], dict[str, list[Row]]]:
    """The company and the contact of a customer or a vendor."""

    def rows(books: Books, party: Entry) -> dict[str, list[Row]]:
        key = key_of(entity, party)
        parent = party.text("ParentRef", "value")
        company: Row = {
            **_company(key, party, party.part("BillAddr")),
            "companyName": party.text("CompanyName") or party.text("DisplayName") or key,
            "companyType": company_type,
            # A job of a customer.
            "parentCompanyErpKey": f"{entity}|{parent}" if parent else None,
            "isActive": party.flag("Active", default=True),
            "primaryContactErpKey": key,
            "defaultCurrencyCode": party.text("CurrencyRef", "value"),
            "taxId": party.text("TaxIdentifier") or party.text("PrimaryTaxIdentifier"),
            "externalReference": party.text("DisplayName"),
            "referenceCode": party.text("AcctNum"),
        }
        return {"Company": [company], "Contact": [_contact(key, party)]}

    return rows


def of_company(books: Books, company: Entry) -> dict[str, list[Row]]:
    """The own company, the currency and the financial year."""
    own: Row = {
        **_company(books.own_key, company, company.part("CompanyAddr")),
        "companyName": company.text("LegalName") or company.text("CompanyName") or "Company",
        "companyType": "Company",
        "parentCompanyErpKey": None,
        "isActive": True,
        "primaryContactErpKey": None,
        "defaultCurrencyCode": books.currency,
        "taxId": company.text("EmployerId"),
        "externalReference": company.text("CompanyName"),
        "referenceCode": None,
        "emailAddress": company.text("Email", "Address"),
    }
    return {
        "Company": [own],
        "BaseCurrency": [{"baseCurrencyCode": books.currency}],
        "FinancialYearSetting": [_year(company)],
    }


def _company(key: str, party: Entry, address: Entry) -> Row:
    return {
        "erpKey": key,
        **_lines(address),
        "city": address.text("City"),
        "stateRegion": address.text("CountrySubDivisionCode"),
        "postalCode": address.text("PostalCode"),
        "country": address.text("Country"),
        "phoneNumber": party.text("PrimaryPhone", "FreeFormNumber"),
        "faxNumber": party.text("Fax", "FreeFormNumber"),
        "emailAddress": party.text("PrimaryEmailAddr", "Address"),
        **stamps(party),
    }


def _contact(key: str, party: Entry) -> Row:
    address = party.part("BillAddr")
    names = [name for name in (party.text("GivenName"), party.text("FamilyName")) if name]
    return {
        "erpKey": key,
        "companyErpKey": key,
        "contactName": " ".join(names) or party.text("DisplayName"),
        "title": party.text("Title"),
        "emailAddress": party.text("PrimaryEmailAddr", "Address"),
        "phone": party.text("PrimaryPhone", "FreeFormNumber") or party.text("Mobile", "FreeFormNumber"),
        "fax": party.text("Fax", "FreeFormNumber"),
        "webpageUrl": party.text("WebAddr", "URI"),
        **_lines(address),
        "city": address.text("City"),
        "stateRegion": address.text("CountrySubDivisionCode"),
        "postalCode": address.text("PostalCode"),
        # By two or three letters, or by name.
        "countryCode": country_code(address.text("Country")),
        "isActive": party.flag("Active", default=True),
        **stamps(party),
    }


def _lines(address: Entry) -> Row:
    return lines_of([address.text(f"Line{number}") for number in range(1, 6)], 4, "address")


def _year(company: Entry) -> Row:
    name = company.text("FiscalYearStartMonth") or "January"
    start = MONTHS.index(name) if name in MONTHS else 0
    end = (start - 1) % 12
    return {
        "yearType": "Calendar" if start == 0 else "Fiscal",
        "totalPeriods": 12,
        "startDate": f"{start + 1:02d}-01",
        "endDate": f"{end + 1:02d}-{LAST_DAYS[end]:02d}",
    }
