"""How rows are printed: as a table for people, as CSV for spreadsheets, as a line of JSON each for programs."""

import csv
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import chain, islice
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from adsplatform.command_line.client import Row
from adsplatform.formula_guard import escape_csv_cell
from adsplatform.visible_text import visible

# So many rows decide which columns a table has.
WIDTH_SAMPLE = 200
# Of rows without chosen columns, a table has the first so many that say something to people.
MOST_COLUMNS = 8
_FOR_PROGRAMS = re.compile("(Id|Key)$|^(created|modified|source|imported)")
# Of a pipe or a file, in which lines are not to be broken.
UNBROKEN = 100_000


def print_rows(rows: Iterable[Row], form: str, columns: Sequence[str] = (), nothing: str = "Nothing was found.") -> int:
    """Print rows as “table”, “csv” or “json” and return how many there were.

    Without columns, those of the first rows are printed: of a table the first ones for people, of CSV all.
    """
    if form == "json":
        return sum(1 for row in rows if not print(json_text(row)))
    rows = iter(rows)
    first = list(islice(rows, WIDTH_SAMPLE))
    if not columns:
        columns = _columns_of(first) if form == "csv" else _for_people(_columns_of(first))
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        count = 0
        for row in chain(first, rows):
            writer.writerow([csv_cell(row.get(name)) for name in columns])
            count += 1
        return count
    if not first:
        print(nothing)
        return 0
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        is_number = all(_is_number(row.get(name)) for row in first if row.get(name) is not None)
        table.add_column(
            name, justify="right" if is_number else "left", overflow="fold", no_wrap=is_number or name.endswith("Id")
        )
    count = 0
    for row in chain(first, rows):
        table.add_row(*(visible(_cell(row.get(name))) for name in columns))
        count += 1
    width = None if sys.stdout.isatty() else UNBROKEN
    Console(width=width, markup=False, highlight=False).print(table)
    return count


def print_document(document: Any, form: str) -> None:
    """Print an answer that is a list of rows, or an object with single values and lists of rows.

    As CSV only the rows are printed, under one heading of columns.
    """
    if form == "json":
        print(json_text(document))
        return
    tables = {"": document} if isinstance(document, list) else _lists_of_rows(document)
    if form == "csv":
        print_rows(chain.from_iterable(tables.values()), form)
        return
    if isinstance(document, Mapping):
        for name, value in document.items():
            if not isinstance(value, Mapping | list):
                print(f"{name}: {visible(_cell(value))}")
    for name, rows in tables.items():
        print(f"\n{name}" if name else "", end="\n" if name else "")
        print_rows([{key: value for key, value in row.items() if not isinstance(value, Mapping)} for row in rows], form)


def _lists_of_rows(document: Mapping[str, Any]) -> dict[str, list[Row]]:
    """The lists of objects in an object."""
    return {
        name: value
        for name, value in document.items()
        if isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value)
    }


def csv_cell(value: Any) -> str:
    """A cell that a spreadsheet takes for what it is."""
    return _cell(value) if _is_number(value) else escape_csv_cell(_cell(value))


def json_text(value: Any) -> str:
    """JSON with every amount as it was sent."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(name)}: {json_text(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(json_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def progress() -> Progress:
    """A bar of the bytes sent; nothing is drawn where the output is no terminal."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _columns_of(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _for_people(columns: list[str]) -> list[str]:
    named = [name for name in columns if name == "erpKey" or not _FOR_PROGRAMS.search(name)]
    return (named or columns)[:MOST_COLUMNS]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json_text(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
