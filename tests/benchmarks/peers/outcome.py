"""What every peer is told, and how it says what came of it; needs nothing but Python, for each has its own packages."""

import json
import resource
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote, urlsplit

AMOUNTS = ("totalAmount", "salesTaxAmount", "discountAmount", "outstandingBalanceAmount")
DATES = ("invoiceDate", "postedDate", "invoiceClosedDate", "paymentDueDate")
STAMPS = ("importedDate", "created", "modified")
KEY = "erpKey"


@dataclass
class Task:
    """Load this CSV, in this order, into the database; then the table must hold so many rows and amounts."""

    csv: Path
    url: str
    folder: Path
    rows: int
    total: Decimal
    is_reload: bool

    def done(self, cursor, table: str, seconds: float, total: str = "total_amount") -> None:
        """Say how long it took; ends with an error when the table does not hold what it should."""
        cursor.execute(f"SELECT count(*), sum({total}) FROM {table}")
        found = tuple(cursor.fetchone())
        if found != (self.rows, self.total):
            sys.exit(
                f"{table} holds {found[0]} rows and {found[1]} in all; expected were {self.rows} and {self.total}."
            )
        peak = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        print(json.dumps({"seconds": seconds, "peak_mb": peak / 1024}))

    def connection(self) -> dict[str, str]:
        """The parts of the database's address."""
        parts = urlsplit(self.url)
        return {
            "host": parts.hostname,
            "port": str(parts.port or 5432),
            "user": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "name": parts.path[1:],
        }


def task() -> Task:
    csv, url, folder, rows, total, which = sys.argv[1:]
    return Task(Path(csv), url, Path(folder), int(rows), Decimal(total), which == "again")
