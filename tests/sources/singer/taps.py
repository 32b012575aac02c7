"""Taps of others, each in a virtual environment of its own, and import profiles for what they read here."""

from pathlib import Path

from syncs.import_profiles.header_names import fingerprint
from tests.sources.cache import environment_of

HERE = Path(__file__).parent


def tap(name: str) -> str:
    """The program of a tap, which is installed first unless it is there."""
    return str(environment_of(name, HERE / f"{name}.txt") / "bin" / name)


def profile(stream: str, columns: list[str], kind: str, **fields) -> dict:
    """The document of a profile for a stream."""
    return {
        "format": "import-profile/1",
        "name": stream,
        "match": {"columns": columns, "fingerprint": fingerprint(columns), "file": stream},
        "read": {"header": 1},
        "styles": {"decimal": ".", "thousands": [], "dates": "YYYY-MM-DD", "true": ["true"], "false": ["false"]},
        "records": [{"kind": kind, "fields": fields}],
    }


def customers(stream: str) -> dict:
    """Of the table `customer` of the servers in `tests.sql_source`."""
    return profile(
        stream,
        ["id", "name", "changed"],
        "Company",
        erpKey="id",
        companyName="name",
        companyType={"constant": "Customer"},
        isActive={"constant": "true"},
    )


def invoices(stream: str, columns=("id", "customer", "total", "day", "changed")) -> dict:
    """Of the table `invoice` there."""
    return profile(
        stream,
        list(columns),
        "Invoice",
        erpKey="id",
        companyErpKey="customer",
        customerErpKey="customer",
        totalAmount="total",
        currencyCode={"constant": "EUR"},
        currencyRate={"constant": "1"},
        invoiceDate="day",
    )
