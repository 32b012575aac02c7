"""A ZIP of as many invoices as asked for, with the 35 columns of the vendor's sample file, and their companies."""

import csv
import io
import random
import zipfile
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
COMPANIES = 500


def write_zip(path: Path, rows: int, *, changed_share: float = 0.0, seed: int = 1) -> Path:
    """Write companies.csv and invoices.csv into a ZIP; a share of the invoices has another amount than before."""
    draw, change = random.Random(seed), random.Random(seed + 1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        keys = [str(UUID(int=draw.getrandbits(128))).upper() for _ in range(COMPANIES)]
        with archive.open("companies.csv", "w") as entry, io.TextIOWrapper(entry, "utf-8", newline="") as text:
            writer = csv.writer(text)
            writer.writerow(("erpKey", "companyName", "companyType", "isActive"))
            writer.writerows((key, f"Company {number}", "Customer", "TRUE") for number, key in enumerate(keys))
        with archive.open("invoices.csv", "w", force_zip64=True) as entry:
            with io.TextIOWrapper(entry, "utf-8", newline="") as text:
                writer = csv.writer(text)
                writer.writerow(COLUMNS)
                writer.writerows(
                    _invoice(number, draw, keys, change.random() < changed_share) for number in range(rows)
                )
    return path


def _invoice(number, draw, companies, changed):
    amount = draw.randrange(100, 10_000_000)
    day = f"20{draw.randrange(18, 26)}-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}"
    closed = draw.random() < 0.7
    street = f"{draw.randrange(1, 9999)} Interstate {draw.randrange(1, 99)} S"
    place = ("Colorado Springs", "CO", f"{draw.randrange(10_000, 99_999)}", "US")
    return (
        str(UUID(int=draw.getrandbits(128))).upper(), f"PO{draw.randrange(10**6)}", f"DEMO{number:09}",
        "AR Invoice", "Closed" if closed else "Open", "Open", "Open", "USD", f"{(amount + changed) / 100:.2f}", "0",
        "0", "0" if closed else f"{amount / 100:.2f}", day, day, day if closed else "", day, f"{day}T12:04:24.47",
        f"{day}T12:04:24.47", f"{day} 12:04:24", companies[0], draw.choice(companies), street, *place, street, *place,
        *place,
    )  # fmt: skip
