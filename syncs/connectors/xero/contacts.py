"""Contacts of Xero as companies and contacts, and the organisation itself."""

from syncs.connectors.cloud_ledger.answers import Entry, Row
from syncs.connectors.cloud_ledger.streams import Kind, child_key
from syncs.connectors.cloud_ledger.values import country_code, lines_of
from syncs.connectors.xero.books import Books, stamp

STREET, POSTAL = "STREET", "POBOX"
COMPANY = Kind(
    "Company",
    "Contacts and the organisation",
    deletes="none is deleted in Xero",
    most={
        "companyName": 100, **{f"address{number}": 170 for number in range(1, 5)}, "city": 100, "stateRegion": 60,
        "postalCode": 10, "country": 100, "phoneNumber": 20, "faxNumber": 20, "taxId": 30, "emailAddress": 254,
        "companyRegistrationNumber": 20, "referenceCode": 30,
    },
    cut=("companyName",),
)  # fmt: skip
CONTACT = Kind(
    "Contact",
    "People of contacts",
    is_child=True,
    most={
        "contactName": 100, "emailAddress": 200, "phone": 20, "fax": 20, "webpageUrl": 512,
        **{f"address{number}": 80 for number in range(1, 5)}, "city": 100, "stateRegion": 60, "postalCode": 10,
    },
)  # fmt: skip


def key(contact: Entry) -> str:
    return contact.text("ContactID") or ""


def of_contact(books: Books, contact: Entry) -> dict[str, list[Row]]:
    """The company, and a contact for its main person and each further one."""
    return {"Company": [_company(contact)], "Contact": _people(contact)}


def of_organisation(books: Books, organisation: Entry) -> dict[str, list[Row]]:
    """The own company, the currency and the financial year."""
    own = {
        **_company(organisation),
        "erpKey": books.own_key,
        "companyName": organisation.text("LegalName") or organisation.text("Name") or "Organisation",
        "companyType": "Company",
        "isActive": True,
        "companyRegistrationNumber": organisation.text("RegistrationNumber"),
        "defaultCurrencyCode": books.currency or None,
    }
    return {
        "Company": [own],
        "BaseCurrency": [{"baseCurrencyCode": books.currency}],
        "FinancialYearSetting": [_year(organisation)],
    }


def _company(contact: Entry) -> Row:
    address = _address(contact, POSTAL) or _address(contact, STREET)
    is_customer, is_supplier = contact.flag("IsCustomer"), contact.flag("IsSupplier")
    kind = "CustomerVendor" if is_customer and is_supplier else "Customer" if is_customer else "Vendor"
    people = _people(contact)
    return {
        "erpKey": key(contact),
        "companyName": contact.text("Name") or key(contact),
        "companyType": kind if is_customer or is_supplier else "Third Party",
        # One that was merged into another is archived.
        "isActive": contact.text("ContactStatus") == "ACTIVE",
        "defaultCurrencyCode": contact.text("DefaultCurrency"),
        "primaryContactErpKey": str(people[0]["erpKey"]) if people else None,
        **_lines(address),
        "city": address.text("City"),
        "stateRegion": address.text("Region"),
        "postalCode": address.text("PostalCode"),
        "country": address.text("Country"),
        "phoneNumber": _phone(contact, "DEFAULT") or _phone(contact, "MOBILE"),
        "faxNumber": _phone(contact, "FAX"),
        "emailAddress": contact.text("EmailAddress"),
        "taxId": contact.text("TaxNumber"),
        "companyRegistrationNumber": contact.text("CompanyNumber"),
        "externalReference": contact.text("ContactNumber"),
        "referenceCode": contact.text("AccountNumber"),
        "modified": stamp(contact),
    }


def _people(contact: Entry) -> list[Row]:
    """The main person, if one is named or has an e-mail address, and those that are listed."""
    listed = contact.many("ContactPersons")
    main = [contact] if any(contact.text(name) for name in ("FirstName", "LastName", "EmailAddress")) else []
    return [_person(contact, place, person) for place, person in enumerate([*main, *listed], start=1)]


def _person(contact: Entry, place: int, person: Entry) -> Row:
    address = _address(contact, POSTAL) or _address(contact, STREET)
    names = [name for name in (person.text("FirstName"), person.text("LastName")) if name]
    return {
        "erpKey": child_key(key(contact), place),
        "companyErpKey": key(contact),
        "contactName": " ".join(names) or contact.text("Name"),
        "emailAddress": person.text("EmailAddress"),
        "phone": _phone(contact, "DEFAULT") or _phone(contact, "MOBILE"),
        "fax": _phone(contact, "FAX"),
        "webpageUrl": contact.text("Website"),
        **_lines(address),
        "city": address.text("City"),
        "stateRegion": address.text("Region"),
        "postalCode": address.text("PostalCode"),
        "countryCode": country_code(address.text("Country")),
        "isActive": contact.text("ContactStatus") == "ACTIVE",
        "modified": stamp(contact),
    }


def _address(contact: Entry, kind: str) -> Entry:
    """The address of that kind, if there is something in it."""
    found = (each for each in contact.many("Addresses") if each.text("AddressType") == kind)
    return next((each for each in found if any(each.text(part) for part in ("AddressLine1", "City"))), Entry({}))


def _lines(address: Entry) -> Row:
    return lines_of([address.text(f"AddressLine{number}") for number in range(1, 5)], 4, "address")


def _phone(contact: Entry, kind: str) -> str | None:
    """A number as it is dialled: country, area and number with blanks between them."""
    for phone in contact.many("Phones"):
        if phone.text("PhoneType") == kind and phone.text("PhoneNumber"):
            parts = (phone.text(name) for name in ("PhoneCountryCode", "PhoneAreaCode", "PhoneNumber"))
            return " ".join(part for part in parts if part)
    return None


def _year(organisation: Entry) -> Row:
    """The financial year, which begins on the day after the one on which it ends."""
    end_month = int(organisation.amount("FinancialYearEndMonth")) or 12
    end_day = int(organisation.amount("FinancialYearEndDay")) or 31
    is_end_of_month = end_day >= (28 if end_month == 2 else 30)
    start_month = end_month % 12 + 1 if is_end_of_month else end_month
    start_day = 1 if is_end_of_month else end_day + 1
    return {
        "yearType": "Calendar" if (end_month, is_end_of_month) == (12, True) else "Fiscal",
        "totalPeriods": 12,
        "startDate": f"{start_month:02d}-{start_day:02d}",
        "endDate": f"{end_month:02d}-{end_day:02d}",
    }
