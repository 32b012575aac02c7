"""Parties and their addresses and contact mechanisms as companies and contacts."""

from collections.abc import Iterator
from datetime import datetime

from syncs.connectors.tryton.invoices import STATES
from syncs.connectors.tryton.kinds import Books, Kind, Part, changed
from syncs.connectors.tryton.record import Record, Row, stamps
from syncs.connectors.tryton.server import PAGE, Domain, chunks, pages

# Inactive ones are hidden otherwise.
ALSO_INACTIVE: Domain = ["active", "in", [True, False]]
WAYS = ("email", "phone", "mobile", "fax", "website")
ADDRESS = ("street", "city", "postal_code", "country.code", "country.name", "subdivision.name")
LINES = 4


def companies(books: Books, page: list[Record]) -> list[Row]:
    """A company of each party; its type follows from the invoices that it has."""
    customers, vendors = (_with_invoices(books, [party.id for party in page], side) for side in ("out", "in"))
    rows = []
    for party in page:
        ways = party.many("contact_mechanisms")
        address = next(iter(party.many("addresses")), None)
        first = {way: next((each for each in ways if each.text("type") == way), None) for way in WAYS}
        phone = first["phone"] or first["mobile"]
        rows.append(
            {
                "erpKey": str(party.id),
                "companyName": party.text("name") or party.text("code") or f"Party {party.id}",
                "companyType": _type(party.id, books, customers, vendors),
                "isActive": party.flag("active"),
                "primaryContactErpKey": f"mechanism-{first['email'].id}" if first["email"] else None,
                **_lines(address),
                "city": address.text("city") if address else None,
                "stateRegion": address.text_of("subdivision", "name") if address else None,
                "postalCode": address.text("postal_code") if address else None,
                "country": address.text_of("country", "name") if address else None,
                "phoneNumber": phone.text("value") if phone else None,
                "faxNumber": first["fax"].text("value") if first["fax"] else None,
                "emailAddress": first["email"].text("value") if first["email"] else None,
                "taxId": party.text_of("tax_identifier", "code"),
                "externalReference": party.text("code"),
                **stamps(party),
            }
        )
    return rows


def _type(party: int, books: Books, customers: set[int], vendors: set[int]) -> str:
    if party == books.party:
        return "Company"
    if party in customers:
        return "CustomerVendor" if party in vendors else "Customer"
    return "Vendor" if party in vendors else "Third Party"


def _with_invoices(books: Books, parties: list[int], side: str) -> set[int]:
    """Those of the parties that have an invoice of that side. Each answer names at least one more of them."""
    found: set[int] = set()
    for some in chunks(parties):
        while left := [party for party in some if party not in found]:
            domain: Domain = [["party", "in", left], ["type", "=", side], STATES, ["company", "=", books.company]]
            page = books.server.search("account.invoice", domain, ["party"], PAGE)
            found.update(invoice.integer("party") for invoice in page)
            if len(page) < PAGE:
                break
    return found


def _lines(address: Record | None) -> Row:
    """The lines of the street. What is beyond the last one joins it, so that nothing is lost."""
    lines = (address.text("street") or "").splitlines() if address else []
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], ", ".join(lines[LINES - 1 :])]
    return {f"address{number}": lines[number - 1] if number <= len(lines) else None for number in range(1, LINES + 1)}


def contacts_at_addresses(books: Books, page: list[Record]) -> list[Row]:
    """A contact of each address of a party."""
    return [
        {
            "erpKey": f"address-{address.id}",
            "companyErpKey": str(_party(address).id),
            "contactName": address.text("attn") or address.text("party_name") or _party(address).text("name"),
            "locale": _party(address).text_of("lang", "code"),
            **_lines(address),
            "city": address.text("city"),
            "stateRegion": address.text_of("subdivision", "name"),
            "postalCode": address.text("postal_code"),
            "countryCode": address.text_of("country", "code"),
            "isActive": address.flag("active"),
            **stamps(address),
        }
        for address in page
    ]


def contacts_by_mechanism(books: Books, page: list[Record]) -> list[Row]:
    """A contact of each way to reach a party."""
    rows = []
    for way in page:
        kind, value = way.text("type"), way.text("value")
        rows.append(
            {
                "erpKey": f"mechanism-{way.id}",
                "companyErpKey": str(_party(way).id),
                "contactName": way.text("name") or _party(way).text("name"),
                "locale": _party(way).text_of("lang", "code"),
                "emailAddress": value if kind == "email" else None,
                "phone": value if kind in ("phone", "mobile") else None,
                "fax": value if kind == "fax" else None,
                "webpageUrl": value if kind == "website" else None,
                "isActive": way.flag("active"),
                **stamps(way),
            }
        )
    return rows


def _party(record: Record) -> Record:
    return record.related("party") or Record("party.party", {"id": 0, "name": None, "lang": None})


class Companies(Kind):
    """Companies, which change their type by an invoice that leaves no stamp on them."""

    def rows(self, books: Books, since: datetime | None) -> Iterator[list[Row]]:
        seen: set[int] = set()
        for rows in super().rows(books, since):
            if since:
                seen.update(int(str(row["erpKey"])) for row in rows)
            yield rows
        if not since:
            return
        domain: Domain = [STATES, ["company", "=", books.company], changed([""], since)]
        for page in pages(books.server, "account.invoice", domain, ["party"]):
            (part,), others = self.parts, {invoice.integer("party") for invoice in page} - seen
            seen |= others
            for some in chunks(others):
                found = books.server.search(part.model, [["id", "in", some], ALSO_INACTIVE], part.fields, len(some))
                yield part.rows(books, found)


COMPANIES = Companies(
    "Company",
    "companies",
    "Parties",
    Part(
        "party.party",
        (
            "name", "code", "active", "tax_identifier.code", "contact_mechanisms.type", "contact_mechanisms.value",
            *(f"addresses.{field}" for field in ADDRESS), "create_date", "write_date",
        ),
        lambda _: [ALSO_INACTIVE],
        companies,
        touched=("", "addresses.", "contact_mechanisms.", "identifiers."),
    ),
    most={
        **{f"address{number}": 170 for number in range(1, LINES + 1)},
        "city": 100, "stateRegion": 60, "postalCode": 10, "country": 100, "phoneNumber": 20, "faxNumber": 20,
        "emailAddress": 254, "taxId": 30,
    },
)  # fmt: skip
OF_PARTY = ("party.name", "party.lang.code", "active", "create_date", "write_date")
CONTACTS = Kind(
    "Contact",
    "contacts",
    "Addresses and contact mechanisms",
    Part(
        "party.address",
        ("attn", "party_name", *ADDRESS, *OF_PARTY),
        lambda _: [ALSO_INACTIVE, ["party", "!=", None]],
        contacts_at_addresses,
        touched=("", "party."),
        key="address-",
    ),
    Part(
        "party.contact_mechanism",
        ("type", "value", "name", *OF_PARTY),
        lambda _: [ALSO_INACTIVE, ["type", "in", list(WAYS)]],
        contacts_by_mechanism,
        touched=("", "party."),
        key="mechanism-",
    ),
    most={
        **{f"address{number}": 80 for number in range(1, LINES + 1)},
        "contactName": 100, "emailAddress": 200, "phone": 20, "fax": 20, "city": 100, "stateRegion": 60,
        "postalCode": 10, "webpageUrl": 512,
    },
)  # fmt: skip
