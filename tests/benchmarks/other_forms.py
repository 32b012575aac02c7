"""The same invoices in the other forms that are measured.

JSONL in a ZIP, CSV as a German program writes it, a JSON batch, pages of dicts, plain CSV.
"""

import csv
import io
import json
import marshal
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from syncs.import_profiles.header_names import fingerprint
from tests.benchmarks.invoices import AMOUNTS, COMPANY_COLUMNS, Invoices

PAGE = 1_000
DATES = ("invoiceDate", "postedDate", "invoiceClosedDate", "paymentDueDate")
STAMPS = ("importedDate", "created", "modified")


def write_jsonl_zip(path: Path, invoices: Invoices) -> Path:
    """Write companies.jsonl and invoices.jsonl into a ZIP."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, records in _records(invoices):
            with (
                archive.open(f"{name}.jsonl", "w", force_zip64=True) as entry,
                io.TextIOWrapper(entry, "utf-8", newline="") as text,
            ):
                text.writelines(f"{json.dumps(record)}\n" for record in records)
    return path


def write_german_zip(path: Path, invoices: Invoices) -> Path:
    """Write companies.csv and a Rechnungen.csv with semicolons, decimal commas and days first; see `german_profile`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("companies.csv", "w") as entry, io.TextIOWrapper(entry, "utf-8", newline="") as text:
            csv.writer(text).writerows([COMPANY_COLUMNS, *invoices.companies()])
        with (
            archive.open("Rechnungen.csv", "w", force_zip64=True) as entry,
            io.TextIOWrapper(entry, "utf-8", newline="") as text,
        ):
            writer = csv.writer(text, delimiter=";")
            writer.writerow(map(_german_name, invoices.columns))
            writer.writerows(german_rows(invoices))
    return path


def german_rows(invoices: Invoices) -> Iterator[list[str]]:
    """The rows with decimal commas and days first."""
    amounts = [invoices.columns.index(name) for name in AMOUNTS]
    dates = [invoices.columns.index(name) for name in DATES]
    for row in invoices:
        cells = list(row)
        for at in amounts:
            cells[at] = cells[at].replace(".", ",")
        for at in dates:
            cells[at] = ".".join(reversed(cells[at].split("-")))
        yield cells


def german_profile(invoices: Invoices) -> dict[str, object]:
    """The import profile of the file that `write_german_zip` writes."""
    columns = list(map(_german_name, invoices.columns))
    return {
        "format": "import-profile/1",
        "name": "Rechnungen",
        "match": {"columns": columns, "fingerprint": fingerprint(columns)},
        "read": {"encoding": "utf-8", "delimiter": ";", "header": 1},
        "styles": {"decimal": ",", "dates": "DD.MM.YYYY"},
        "columns": {_german_name(name): {"dates": "YYYY-MM-DD"} for name in STAMPS},
        "records": [{"kind": "Invoice", "fields": dict(zip(invoices.columns, columns, strict=True))}],
    }


def _german_name(column: str) -> str:
    return f"Feld {column}"


def write_batch(path: Path, invoices: Invoices) -> Path:
    """Write one JSON document as POST /api/v1/Sync/batch takes it."""
    with path.open("w", encoding="utf-8") as text:
        for opening, (name, records) in zip("{,", _records(invoices), strict=True):
            text.write(f"{opening}{json.dumps(name)}: [")
            for position, record in enumerate(records):
                text.write(f"{',' if position else ''}\n{json.dumps(record)}")
            text.write("]")
        text.write("}")
    return path


def write_pages(path: Path, invoices: Invoices) -> Path:
    """Write what a connector would have fetched: pages of (kind, dicts, their JSON texts), each after its length.

    From a file, marshal would read every value by itself, which takes longer than loading it.
    """
    with path.open("wb") as file:
        for name, records in _records(invoices, amount=str):
            while page := list(islice(records, PAGE)):
                data = marshal.dumps((name, page, [json.dumps(record) for record in page]))
                file.write(len(data).to_bytes(8) + data)
    return path


def write_csv(path: Path, invoices: Invoices) -> Path:
    """Write invoices.csv as it is, for those who read nothing else."""
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(invoices.columns)
        writer.writerows(invoices)
    return path


def _records(invoices: Invoices, amount=float) -> Iterator[tuple[str, Iterator[dict]]]:
    """Each kind of record, as dicts in which an empty cell is None."""

    def dicts(columns, rows):
        for row in rows:
            record = {name: value or None for name, value in zip(columns, row, strict=True)}
            # As in the JSON of most systems, amounts are numbers.
            record.update((name, amount(record[name])) for name in AMOUNTS if name in record)
            yield record

    yield "companies", dicts(COMPANY_COLUMNS, invoices.companies())
    yield "invoices", dicts(invoices.columns, invoices)
