"""The demo company's customers and vendors, and the people there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from syncs.connectors.demo import names
from syncs.connectors.demo.values import BASE_CURRENCY, DAYS, Record, number_in, stamps


@dataclass(slots=True)
class Party:
    """A customer or vendor."""

    key: str
    name: str
    is_vendor: bool
    place: tuple[str, str, str, str, str, str]
    address: str
    contact: str
    terms: int
    tax_rate: Decimal

    @property
    def currency(self) -> str:
        return self.place[5]


class Parties:
    """The demo company itself and all its customers and vendors."""

    def __init__(self, random: Random, today: date) -> None:
        self.random, self.today = random, today
        self.own = Party(
            "DEMO-COMPANY",
            names.OWN_COMPANY,
            False,
            names.USA[0],
            "12 Foundry St",
            "DEMO-CONTACT-OWN",
            30,
            Decimal(0),
        )
        self.others = [self._party("CUSTOMER", number, name) for number, name in enumerate(names.CUSTOMERS, start=1)]
        self.others += [self._party("VENDOR", number, name) for number, name in enumerate(names.VENDORS, start=1)]

    @property
    def customers(self) -> list[Party]:
        return [party for party in self.others if not party.is_vendor]

    @property
    def vendors(self) -> list[Party]:
        return [party for party in self.others if party.is_vendor]

    def companies(self) -> list[Record]:
        own = self._company(self.own) | {"companyType": "Company", "parentCompanyErpKey": None}
        return [own, *map(self._company, self.others)]

    def contacts(self) -> Iterator[Record]:
        for party in (self.own, *self.others):
            yield self._contact(party, "", "Primary")
            if self.random.random() < 0.3:
                yield self._contact(party, "-B", "Billing")

    def segments(self) -> list[Record]:
        """A custom field, to show what such fields look like."""
        return [
            {
                "tableKey": "Company",
                "erpKey": party.key,
                "customFieldLabel": "Segment",
                "value": "Home" if party.currency == BASE_CURRENCY else "Abroad",
            }
            for party in self.others
        ]

    def _party(self, kind: str, number: int, name: str) -> Party:
        is_home = bool(number % 3)
        return Party(
            key=f"DEMO-{kind}-{number:02d}",
            name=name,
            is_vendor=kind == "VENDOR",
            place=self.random.choice(names.USA) if is_home else names.ABROAD[number // 3 % len(names.ABROAD)],
            address=f"{self.random.randint(1, 990)} {self.random.choice(names.STREETS)}",
            contact=f"DEMO-CONTACT-{kind}-{number:02d}",
            terms=self.random.choice((14, 30, 30, 45)),
            tax_rate=Decimal(self.random.choice(("0.065", "0.0825"))) if is_home else Decimal(0),
        )

    def _company(self, party: Party) -> Record:
        city, region, postal_code, _, country, currency = party.place
        number = number_in(party.key)
        domain = "".join(filter(str.isalpha, party.name.lower()))
        return {
            "erpKey": party.key,
            "companyName": party.name,
            "companyType": "Vendor" if party.is_vendor else "Customer",
            "parentCompanyErpKey": self.own.key,
            "isActive": True,
            "defaultCurrencyCode": currency,
            "primaryContactErpKey": party.contact,
            "address1": party.address,
            "city": city,
            "stateRegion": region,
            "postalCode": postal_code,
            "country": country,
            "phoneNumber": f"+1 206 555 {number:04d}",
            "taxId": f"00-{number:07d}",
            "preferredDeliveryMethod": "Email",
            "emailAddress": f"billing@{domain}.example",
            **stamps(self.today - timedelta(days=DAYS + 30), self.today - timedelta(days=DAYS)),
        }

    def _contact(self, party: Party, suffix: str, role: str) -> Record:
        first, last = self.random.choice(names.FIRST_NAMES), self.random.choice(names.LAST_NAMES)
        city, region, postal_code, country_code, _, _ = party.place
        return {
            "erpKey": party.contact + suffix,
            "companyErpKey": party.key,
            "contactName": f"{first} {last}",
            "contactCode": f"{first[0]}{last[:3]}".upper(),
            "title": self.random.choice(names.TITLES),
            "roleCode": role,
            "emailAddress": f"{first}.{last}@{party.key}.example".lower(),
            "phone": f"+1 206 555 {number_in(party.key):04d}",
            "address1": party.address,
            "city": city,
            "stateRegion": region,
            "postalCode": postal_code,
            "countryCode": country_code,
            "isActive": True,
            **stamps(self.today - timedelta(days=DAYS + 30), self.today - timedelta(days=DAYS)),
        }
