"""Workbooks of three writers are read as two other readers read them."""

import datetime
import io
import random
import shutil
import subprocess
from decimal import Decimal

import openpyxl
import pytest
import python_calamine
import xlsxwriter

from syncs.loading.staging.vocabulary import RecordNames
from tests.connectors.reading import read

SEED = 20_241_231
HEADER = ["erpKey", "amount", "day", "moment", "flag", "text", "formula"]
ROWS = 300


def values(seed):
    """Rows of values as a workbook stores them; None is an empty cell."""
    draw = random.Random(seed)
    day = datetime.date(1900, 3, 1)
    for number in range(ROWS):
        amount = draw.choice(
            [draw.randint(-(10**12), 10**12), round(draw.uniform(-1e6, 1e6), 2), draw.random(), draw.random() * 1e-7, 0]
        )
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=draw.randint(0, 3 * 10**9))
        row = [
            f"K{number}",
            amount,
            day + datetime.timedelta(days=draw.randint(0, 80_000)),
            moment,
            draw.random() < 0.5,
            draw.choice(["x", "ä–ü €", "a,b", 'say "so"', "two\nlines", " blanks ", "<&>", "日本", "007", "1e5"]),
            None,
        ]
        yield [row[0], *(None if draw.random() < 0.1 else value for value in row[1:])]


def by_openpyxl(rows):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEADER)
    for number, row in enumerate(rows, start=2):
        for place, value in enumerate(row, start=1):
            cell = sheet.cell(number, place, value)
            if place == 3:
                cell.number_format = "yyyy-mm-dd"
            if place == 6:
                cell.data_type = "s" if value is not None else "n"
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def by_xlsxwriter(rows, **options):
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed, {"in_memory": True, **options}) as book:
        sheet = book.add_worksheet()
        first = 1462 if options.get("default_date_1904") else 0
        day, moment = book.add_format({"num_format": "dd.mm.yyyy"}), book.add_format({"num_format": "d/m/yy hh:mm:ss"})
        sheet.write_row(0, 0, HEADER)
        for number, row in enumerate(rows, start=1):
            for place, value in enumerate(row):
                if place == 2 and value and (value - datetime.date(1904, 1, 1)).days < 0 < first:
                    value = datetime.date(1999, 12, 31)
                if value is None:
                    sheet.write_blank(number, place, None, day)
                elif place in (2, 3):
                    sheet.write_datetime(number, place, value, day if place == 2 else moment)
                elif place == 4:
                    sheet.write_boolean(number, place, value)
                elif place == 1:
                    sheet.write_number(number, place, value)
                else:
                    sheet.write_string(number, place, value)
            sheet.write_formula(number, 6, "=1+1", None, number)
    return packed.getvalue()


def by_libreoffice(rows, tmp_path):
    (tmp_path / "book.xlsx").write_bytes(by_xlsxwriter(rows))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", "--headless", profile, "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir"]
    subprocess.run([*command, tmp_path / "out", tmp_path / "book.xlsx"], check=True, timeout=120, capture_output=True)
    return (tmp_path / "out" / "book.xlsx").read_bytes()


@pytest.fixture(params=["openpyxl", "xlsxwriter", "xlsxwriter in place", "xlsxwriter since 1904", "libreoffice"])
def book(request, tmp_path):
    rows = list(values(SEED))
    if request.param == "openpyxl":
        return by_openpyxl(rows)
    if request.param == "libreoffice":
        if not shutil.which("soffice"):
            pytest.skip("LibreOffice is not installed.")
        return by_libreoffice(rows, tmp_path)
    options = {"constant_memory": True} if "in place" in request.param else {}
    return by_xlsxwriter(rows, **options, **({"default_date_1904": True} if "1904" in request.param else {}))


def our_rows(book):
    blocks, problems = read(book, format="zip", file_name="companies.xlsx")
    assert [problem.code for problem in problems if problem.kind == "error"] == []
    return {line: cells for block in blocks for line, cells in zip(block.lines, block.cells, strict=True)}


def is_same(ours, theirs):
    """Whether our text is the value that another reader gives."""
    if theirs is None or theirs == "":
        return ours == ""
    if isinstance(theirs, bool):
        return ours == str(theirs).lower()
    if isinstance(theirs, (int, float)):
        # Spreadsheets show 15 digits; the others are noise of the binary fraction.
        exact = Decimal(repr(theirs))
        return Decimal(ours) == exact or abs(Decimal(ours) - exact) <= abs(exact).scaleb(-14) / 2
    if isinstance(theirs, datetime.datetime):
        return datetime.datetime.fromisoformat(ours) == theirs.replace(microsecond=0)
    if isinstance(theirs, datetime.date):
        return ours == theirs.isoformat()
    return ours == theirs


def test_openpyxl_reads_the_same(book):
    ours = our_rows(book)
    sheet = openpyxl.load_workbook(io.BytesIO(book), data_only=True).active
    theirs = {cells[0].row: [cell.value for cell in cells] for cells in sheet.iter_rows(min_row=2)}
    assert len(theirs) == len(ours) == ROWS
    for line, cells in theirs.items():
        for place, value in enumerate(cells):
            assert is_same(ours[line][place], value), (line, HEADER[place], ours[line][place], value)


def test_calamine_reads_the_same(book):
    ours = our_rows(book)
    sheet = python_calamine.load_workbook(io.BytesIO(book)).get_sheet_by_index(0)
    theirs = sheet.to_python()
    assert len(theirs) == ROWS + 1
    for line, cells in enumerate(theirs[1:], start=2):
        for place, value in enumerate(cells):
            assert is_same(ours[line][place], value), (line, HEADER[place], ours[line][place], value)


def test_two_sheets_of_a_writer_are_read_to_their_ends():
    book = openpyxl.Workbook()
    book.active.append(["erpKey", "city"])
    book.active.append(["C1", "Rome"])
    more = book.create_sheet("Companies")
    more.append(["erpKey", "city"])
    more.append(["C2", "Oslo"])
    more.append(["C3"])
    packed = io.BytesIO()
    book.save(packed)
    theirs = python_calamine.load_workbook(io.BytesIO(packed.getvalue()))
    blocks, _ = read(packed.getvalue(), format="zip", file_name="companies.xlsx", vocabulary=RecordNames())
    assert [len(block) + 1 for block in blocks] == [
        len(theirs.get_sheet_by_name(name).to_python()) for name in theirs.sheet_names
    ]
