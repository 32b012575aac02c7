"""As many made-up invoices as asked for, with the 35 columns of the vendor's sample file, and a ZIP of them."""

import csv
import io
import random
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from uuid import UUID

COLUMNS = (
    "erpKey", "purchaseOrderCode", "referenceCode", "invoiceTypeCode", "invoiceStatusCode", "termsCode", "specialTerms",
    "currencyCode", "totalAmount", "salesTaxAmount", "discountAmount", "outstandingBalanceAmount", "invoiceDate",
    "postedDate", "invoiceClosedDate", "paymentDueDate", "importedDate", "created", "modified", "companyErpKey",
    "customerErpKey", "originAddressLine1", "originAddressCity", "originAddressRegion", "originAddressPostalCode",
    "originAddressCountry", "billToAddressLine1", "billToAddressCity", "billToAddressRegion", "billToAddressPostalCode",
    "billToAddressCountry", "shipToAddressCity", "shipToAddressRegion", "shipToAddressPostalCode",
    "shipToAddressCountry",
)  # fmt: skip
AMOUNTS = ("totalAmount", "salesTaxAmount", "discountAmount", "outstandingBalanceAmount")
COMPANY_COLUMNS = ("erpKey", "companyName", "companyType", "isActive")
COMPANIES = 500
NOTES = 5_000
# The faults of bad lines, in turn: a column and its wrong value.
FAULTS = (
    ("totalAmount", "twelve"),
    ("invoiceDate", "2024-02-30"),
    ("currencyCode", "DOLLARS"),
    ("customerErpKey", "NOBODY"),
    ("erpKey", ""),
)


@dataclass(frozen=True)
class Invoices:
    """So many invoices of 500 companies, always the same ones.

    A share of them has another amount than without `changed`, a share is `bad`. `notes` is the length of a text that
    makes the rows longer, as some systems' rows are.
    """

    rows: int
    changed: float = 0.0
    bad: float = 0.0
    notes: int = 0
    seed: int = 1

    @property
    def columns(self) -> tuple[str, ...]:
        return (*COLUMNS, "workflowStatusNotes") if self.notes else COLUMNS

    @property
    def bad_rows(self) -> int:
        return int(self.rows * self.bad)

    @cached_property
    def changed_rows(self) -> int:
        change = self._random("changes")
        return sum(change.random() < self.changed for _ in range(self.rows))

    @cached_property
    def total(self) -> Decimal:
        """The sum of the amounts, for comparison with the books."""
        at = COLUMNS.index("totalAmount")
        return sum((Decimal(row[at]) for row in self), Decimal())

    def companies(self) -> list[tuple[str, ...]]:
        return [(key, f"Company {number}", "Customer", "TRUE") for number, key in enumerate(self._keys())]

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        draw, change, note = map(self._random, ("rows", "changes", "notes"))
        # Inventing one for each row would take longer than loading it. Equal ones are so far from each other that the
        # ZIP does not become smaller.
        notes = [_note(note, self.notes) for _ in range(NOTES)] if self.notes else []
        keys = self._keys()
        faults = 0
        for number in range(self.rows):
            row = _invoice(number, draw, keys, change.random() < self.changed)
            if self.notes:
                row += (note.choice(notes),)
            if self.bad and self._is_bad(number):
                row = _spoilt(row, *FAULTS[faults % len(FAULTS)])
                faults += 1
            yield row

    def _keys(self) -> list[str]:
        draw = self._random("companies")
        return [_uuid(draw) for _ in range(COMPANIES)]

    def _random(self, what: str) -> random.Random:
        return random.Random(f"{self.seed} {what}")

    def _is_bad(self, number: int) -> bool:
        """Evenly spread over the file."""
        return int((number + 1) * self.bad) > int(number * self.bad)


def write_zip(path: Path, rows: int, *, changed_share: float = 0.0, seed: int = 1) -> Path:
    """Write companies.csv and invoices.csv into a ZIP; a share of the invoices has another amount than before."""
    return write_csv_zip(path, Invoices(rows, changed=changed_share, seed=seed))


def write_csv_zip(path: Path, invoices: Invoices) -> Path:
    """Write companies.csv and invoices.csv into a ZIP, row by row."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, columns, rows in (
            ("companies.csv", COMPANY_COLUMNS, invoices.companies()),
            ("invoices.csv", invoices.columns, invoices),
        ):
            with (
                archive.open(name, "w", force_zip64=True) as entry,
                io.TextIOWrapper(entry, "utf-8", newline="") as text,
            ):
                writer = csv.writer(text)
                writer.writerow(columns)
                writer.writerows(rows)
    return path


def _invoice(number, draw, companies, changed):
    amount = draw.randrange(100, 10_000_000)
    day = f"20{draw.randrange(18, 26)}-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}"
    closed = draw.random() < 0.7
    street = f"{draw.randrange(1, 9999)} Interstate {draw.randrange(1, 99)} S"
    place = ("Colorado Springs", "CO", f"{draw.randrange(10_000, 99_999)}", "US")
    return (
        _uuid(draw), f"PO{draw.randrange(10**6)}", f"DEMO{number:09}",
        "AR Invoice", "Closed" if closed else "Open", "Open", "Open", "USD", f"{(amount + changed) / 100:.2f}", "0",
        "0", "0" if closed else f"{amount / 100:.2f}", day, day, day if closed else "", day, f"{day}T12:04:24.47",
        f"{day}T12:04:24.47", f"{day} 12:04:24", companies[0], draw.choice(companies), street, *place, street, *place,
        *place,
    )  # fmt: skip


def _spoilt(row, column, value):
    at = COLUMNS.index(column)
    return (*row[:at], value, *row[at + 1 :])


def _uuid(draw) -> str:
    return str(UUID(int=draw.getrandbits(128))).upper()


_SENTENCES = (
    "Goods received in full and checked against the order.",
    "The customer has asked for a copy by post.",
    "Approved by the regional office; see the order's history.",
    "Delivered in two parts, the second of which was late.",
    "Discount agreed on the telephone, to be confirmed in writing.",
    "Waiting for the credit note of the previous month.",
)


def _note(draw, length: int) -> str:
    words = []
    while sum(map(len, words)) < length:
        words.append(f"{draw.choice(_SENTENCES)} Case {draw.randrange(100_000)}. ")
    return "".join(words)[:length].rstrip()
