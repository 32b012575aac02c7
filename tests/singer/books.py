"""The environment of our own tap, its books, and sources that read them."""

import json
import os
import shutil
import sys
from pathlib import Path
from uuid import UUID

import psutil

from syncs.connectors import connector_named
from syncs.connectors.protocol import Limits, Source
from syncs.loading.staging.vocabulary import RecordNames

TAP, PASSWORD = "tap-books", "right horse"
SCRIPT = Path(__file__).parent / "tap_books.py"


class Books:
    """A folder with the tap in its `bin`, and what it reads; `rows` by stream may be changed and saved."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir(parents=True)
        self.command = folder / "bin" / TAP
        shutil.copy(SCRIPT, self.command)
        (folder / "bin" / "python").symlink_to(os.path.realpath(sys.executable))
        self.rows = {
            "companies": [
                {"erpKey": "C1", "companyName": "Acme", "companyType": "Customer", "isActive": True},
                {"erpKey": "C2", "companyName": "Zoë & Söhne", "companyType": "Customer", "isActive": False},
                {"erpKey": "C3", "companyName": "Old Ltd", "companyType": "Customer", "isActive": True},
            ],
            "invoices": [invoice("I1", "C1", 10.125, 1), invoice("I2", "C2", 1.25, 2), invoice("I3", "C2", -0.5, 3)],
            "customers": [customer("70001", "Kabel GmbH", "DE136695976"), customer("70002", "Rohr AG", "DE111111125")],
        }
        self.save()

    def save(self) -> None:
        (self.folder / "books.json").write_text(json.dumps({"password": PASSWORD, **self.rows}))

    def processes(self) -> list[psutil.Process]:
        """The processes of the tap, and those that they have started."""
        return [
            process
            for process in psutil.process_iter(["cmdline"])
            if any(str(self.folder) in part for part in process.info["cmdline"] or ())
        ]

    @property
    def allowed(self) -> dict[str, object]:
        """What SINGER_TAPS says of it."""
        return {TAP: str(self.command)}


def invoice(key, company, total, second):
    return {
        "erpKey": key, "companyErpKey": company, "customerErpKey": company, "totalAmount": total,
        "currencyCode": "EUR", "currencyRate": 1, "changed": f"2026-01-01T00:00:0{second}+00:00",
    }  # fmt: skip


def customer(number, name, tax_id):
    return {"Customer Number": number, "Customer Name": name, "VAT ID": tax_id, "_sdc_deleted_at": None}


def settings_of(streams="companies\ninvoices", **config) -> dict[str, str]:
    return {"tap": TAP, "config": json.dumps(config), "streams": streams}


def credentials_of(password=PASSWORD, **more) -> dict[str, str]:
    return {"secrets": json.dumps({"password": password, **more})}


def source_of(streams="companies\ninvoices", *, password=PASSWORD, token="a token", given=None, **config) -> Source:
    """A source of the tap; `given` are members of the `Source`."""
    return Source(
        **{
            "app_enrollment_id": UUID("0198c1a2-3f6e-7a51-9c7a-2f8f6f0f2d11"),
            "full": True,
            "limits": Limits(10**8, 100, 10, 10**6),
            "settings": settings_of(streams, **config),
            "credentials": credentials_of(password, token=token),
            "vocabulary": RecordNames(),
        }
        | (given or {})
    )


def items_of(source: Source) -> list:
    return list(connector_named("singer").rows(source))
