"""Finds companies by another field than their key, for files that name them so.

A name leads to a company only if exactly one has it, among the records of the enrollment and the rows of this input.
Names are compared without outer blanks, composed (NFC), and whatever their case; similar names are different.
"""

import unicodedata
from uuid import UUID

import polars as pl
from psycopg import sql

from adsplatform.records.checks import quoted
from adsplatform.records.specification import entities
from syncs.connectors.protocol import Columns, Rows
from syncs.import_profiles.cell_values import Unfit
from syncs.loading.staging.copy_thread import CopyThread

FIELDS = {"companyName": "company_name", "taxId": "tax_id", "referenceCode": "reference_code"}
CALLED = {"companyName": "name", "taxId": "tax id", "referenceCode": "reference code"}
# Keys that a sentence lists, where several companies have one name.
KEYS_LISTED = 5
_SCHEMA = {"name": pl.String, "key": pl.String}


class EnrollmentCompanies:
    """The companies of one enrollment's books and of one input, by their names."""

    def __init__(self, copy_thread: CopyThread, app_enrollment_id: UUID) -> None:
        self._copy_thread, self._app_enrollment_id = copy_thread, app_enrollment_id
        # By field: what this input says, and the names of all companies once they were read.
        self._noted: dict[str, list[pl.DataFrame]] = {field: [] for field in FIELDS}
        self._by_name: dict[str, pl.DataFrame] = {}
        # By field and name: the keys that were found.
        self._found: dict[tuple[str, str], list[str]] = {}

    def note(self, block: Rows | Columns) -> None:
        """Take in rows of companies of this input; what they say counts instead of what the books say."""
        places = {name.strip().lower(): place for place, name in enumerate(block.columns)}
        key_place = places.get("erpkey")
        if key_place is None:
            return
        keys = _cells(block, key_place)
        for field in FIELDS:
            place = places.get(field.lower())
            if place is not None:
                names = [folded(name) if name else None for name in _cells(block, place)]
                self._noted[field].append(pl.DataFrame({"name": names, "key": keys}, schema=_SCHEMA))

    def keys_of(self, field: str, names: pl.Series) -> tuple[pl.Series, dict[int, Unfit]]:
        """The key of the company that has each name, and why a name leads to none, by its row."""
        different = {name: folded(name) for name in names.drop_nulls().unique().to_list()}
        self._look_up(field, set(different.values()))
        keys: list[str | None] = []
        unknown: dict[int, Unfit] = {}
        for row, name in enumerate(names.to_list()):
            found = [] if name is None else self._found[field, different[name]]
            keys.append(found[0] if len(found) == 1 else None)
            if name is not None and len(found) != 1:
                unknown[row] = _unfit(field, name, found)
        return pl.Series(keys, dtype=pl.String), unknown

    def _look_up(self, field: str, names: set[str]) -> None:
        new = [name for name in names if (field, name) not in self._found]
        if not new:
            return
        if field not in self._by_name:
            self._by_name[field] = self._read(field)
        known = self._by_name[field]
        self._found |= {(field, name): [] for name in new}
        for name, key in known.filter(pl.col("name").is_in(new)).unique().sort("key").iter_rows():
            self._found[field, name].append(key)

    def _read(self, field: str) -> pl.DataFrame:
        """The names of all companies: of the books, and of this input, which counts where it has the company too."""
        company = entities()["Company"]
        self._copy_thread.wait()
        cursor = self._copy_thread.cursor
        cursor.execute(
            sql.SQL("SELECT {name}, erp_key FROM {table} WHERE app_enrollment_id = %s AND {name} IS NOT NULL").format(
                name=sql.Identifier(FIELDS[field]), table=sql.Identifier(company.table)
            ),
            [self._app_enrollment_id],
        )
        of_books = pl.DataFrame(schema=_SCHEMA)
        while rows := cursor.fetchmany(10_000):
            of_books.extend(pl.DataFrame([(folded(name), key) for name, key in rows], schema=_SCHEMA, orient="row"))
        noted = self._noted[field]
        if not noted:
            return of_books
        # Of several rows of one company the last one counts, as in the merge.
        of_input = pl.concat(noted).unique("key", keep="last", maintain_order=True)
        return pl.concat([of_books.join(of_input, on="key", how="anti"), of_input]).drop_nulls()


def folded(name: str) -> str:
    """The form in which names are compared."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).strip().casefold())


def _cells(block: Rows | Columns, place: int) -> list[str | None]:
    cells = block.cells[place] if isinstance(block, Columns) else [row[place] for row in block.cells]
    return [cell.strip() if isinstance(cell, str) and cell.strip() else None for cell in cells]


def _unfit(field: str, name: str, keys: list[str]) -> Unfit:
    if not keys:
        return Unfit(
            "reference_not_found",
            f"no company has the {CALLED[field]} {quoted(name)}, neither in this input nor among the records loaded "
            f"before. Load the company, or correct the {CALLED[field]}.",
        )
    listed = ", ".join(quoted(key) for key in keys[:KEYS_LISTED]) + (" and others" if len(keys) > KEYS_LISTED else "")
    return Unfit(
        "reference_ambiguous",
        f"{len(keys):,} companies have the {CALLED[field]} {quoted(name)}: {listed}. Name the company by its key, or "
        "give the companies different names.",
    )
