"""Rejected lines as files: exact on their way back, harmless in a spreadsheet, never held whole."""

import csv
import io
import time
import zipfile
from xml.etree import ElementTree

import psutil
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from adsplatform.errors import NotFound, PlatformError
from adsplatform.formula_guard import escape_csv_cell, escape_workbook_cell, unescape_cell
from adsplatform.records.models import Company, Invoice
from syncs.models import SyncFile
from syncs.rejected_rows import download as downloads
from syncs.rejected_rows.download import download_of
from tests.corrections.conftest import COMPANIES, INVOICES
from tests.factories import SyncRequestFactory

pytestmark = pytest.mark.django_db
XLSX = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def download(sync_request, format="csv", **narrowed):
    found = download_of(sync_request, sync_request.details.filter(**narrowed), format)
    return found.name, b"".join(found.chunks)


def rows_of(content, delimiter=","):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def cells_of(workbook):
    """Every cell of a workbook's first sheet, with its type, as a spreadsheet reads it."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        root = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
        assert not list(root.iter(f"{XLSX}f"))
        return [
            [(cell.get("t"), "".join(text.text or "" for text in cell.iter(f"{XLSX}t"))) for cell in row]
            for row in root.iter(f"{XLSX}row")
        ]


def test_a_file_has_a_row_for_each_rejected_row_with_its_columns_and_problems(faulty):
    name, content = download(faulty)
    assert name == "Invoice.csv"
    header, second, fourth = rows_of(content, ";")
    assert header == [*INVOICES.partition("\n")[0].split(";"), "_file", "_line", "_column", "_code", "_message"]
    assert second == [
        "I2", "C1", "C1", "twelve", "2024-02-31", "two\nlines; and =a formula", "invoices.csv", "3",
        "totalAmount; invoiceDate", "bad_number; impossible_date",
        "totalAmount: “twelve” is not a number. Write digits with a decimal point, like 1234.50. invoiceDate: "
        "“2024-02-31” names a day that does not exist. Write it as YYYY-MM-DD, like 2024-02-29.",
    ]  # fmt: skip
    assert fourth[:6] == ["I4", "C9", "C1", "+4.50", "2024-01-31", "'quoted"]


def test_a_row_has_all_its_problems_even_when_filtered_by_one(faulty):
    (_, line) = rows_of(download(faulty, code="bad_number")[1], ";")
    assert line[9] == "bad_number; impossible_date"


def test_a_corrected_file_loads_without_a_remark(faulty, load):
    name, content = download(faulty)
    corrected = content.replace(b"twelve", b"12").replace(b"2024-02-31;", b"2024-02-28;").replace(b"C9", b"C1")
    again = load(corrected, name=name)
    assert (again.status_code, again.process_result_message) == ("Success", "2 invoices loaded: 2 added.")
    assert [detail.code for detail in again.details.all()] == ["value_assumed"]
    assert Invoice.objects.get(erp_key="I4").reference_code == "'quoted"
    assert Invoice.objects.get(erp_key="I2").reference_code == "two\nlines; and =a formula"


def test_cells_that_look_like_formulas_come_back_as_they_were(load):
    evil = "=cmd|' /C calc'!A0"
    sync = load(
        {
            "companies.csv": COMPANIES
            + f'C2,"{evil}",Customer,perhaps\nC3,\'=x,Customer,perhaps\nC4,x;{evil},Customer,perhaps\n'
        }
    )
    name, content = download(sync)
    assert [row[1] for row in rows_of(content)[1:]] == ["'" + evil, "''=x", f"x;'{evil}"]
    # As a spreadsheet reads it that separates cells by semicolons: none begins a formula.
    assert not [cell for row in rows_of(content, ";") for cell in row if cell.startswith("=")]
    load(content.replace(b"perhaps", b"true"), name=name)
    assert Company.objects.get(erp_key="C2").company_name == evil
    assert Company.objects.get(erp_key="C3").company_name == "'=x"
    assert Company.objects.get(erp_key="C4").company_name == f"x;{evil}"


def test_a_workbook_has_texts_and_no_formulas(load):
    sync = load({"companies.csv": COMPANIES + "C2,=1+1,Customer,perhaps\n-5,'=x,Customer,perhaps\n"})
    name, content = download(sync, "xlsx")
    assert name == "Company.xlsx"
    _, second, third = cells_of(content)
    assert second[:4] == [("inlineStr", text) for text in ("C2", "=1+1", "Customer", "perhaps")]
    assert third[:2] == [("inlineStr", "-5"), ("inlineStr", "''=x")]


def test_every_kind_and_every_set_of_columns_has_its_own_file_in_a_zip(load):
    sync = load(
        {
            "companies.csv": COMPANIES + "C2,,x,true\n",
            "invoices.csv": INVOICES,
            "invoice.jsonl": '{"erpKey": "J1", "totalAmount": "x"}\n{"erpKey": "J2", "isVoided": "x"}\n',
        }
    )
    name, content = download(sync)
    assert name == "rejected-lines.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        heads = {name: archive.read(name).decode("utf-8-sig").splitlines()[0] for name in archive.namelist()}
    marks = "_file,_line,_column,_code,_message"
    assert heads == {
        "Company.csv": f"erpKey,companyName,companyType,isActive,{marks}",
        "Invoice.csv": f"erpKey,totalAmount,{marks}",
        "2/Invoice.csv": f"erpKey,isVoided,{marks}",
        "3/Invoice.csv": f"{INVOICES.partition(chr(10))[0]};{marks.replace(',', ';')}",
    }
    again = load(content, name=name)
    assert {(r.entity, r.lines_read) for r in again.results.all()} == {("Company", 1), ("Invoice", 4)}
    assert not again.details.filter(code__in=("unknown_column", "unknown_file")).exists()


def test_a_line_that_could_not_be_split_has_blank_cells_and_its_raw_text(load):
    sync = load({"companies.csv": COMPANIES + "C2,Be,ta,Customer,true\n"})
    (_, line) = rows_of(download(sync)[1])
    assert line[:4] == ["", "", "", ""]
    assert line[-1].endswith("The line as it was sent: C2,Be,ta,Customer,true")


def test_cured_lines_are_left_out(faulty, correct, load_again):
    correct(faulty, 3, totalAmount="13", invoiceDate="2024-02-29")
    load_again(faulty)
    assert [row[0] for row in rows_of(download(faulty)[1], ";")] == ["erpKey", "I4"]


def test_nothing_to_download_and_an_unknown_format_are_refused(faulty, load):
    with pytest.raises(NotFound, match="no rejected line to download"):
        download(faulty, code="nothing")
    with pytest.raises(PlatformError, match="Lines come as csv or xlsx, not as “pdf”."):
        download(faulty, "pdf")


def test_too_many_sets_of_columns_are_refused(load, monkeypatch):
    monkeypatch.setattr(downloads, "MAX_SHAPES", 1)
    sync = load({"companies.csv": COMPANIES + "C2,,x,true\n", "invoices.csv": INVOICES})
    with pytest.raises(PlatformError, match="2 different sets of columns"):
        download(sync)


def test_a_browser_that_numbers_its_downloads_does_no_harm(faulty, load):
    _, content = download(faulty)
    assert load(content, name="Invoice (1).csv").results.get().entity == "Invoice"


@pytest.mark.parametrize(
    "cell",
    ["-5", "+5", "-1,234.50", "+49 30 1234-56", "-", "2024-01-31", "plain", "", "a-b", "O'Hara", "'t Hooft", "'-5"],
)
def test_harmless_cells_are_written_as_they_are(cell):
    assert escape_csv_cell(cell) == escape_workbook_cell(cell) == unescape_cell(cell) == cell


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1", "@SUM(1)", "+cmd|x", "-2+A1", "  =1", "\t5", "＝1", "＋x", "－x", "＠x", "\u00a0=1", "=", "'=1", "''@x",
        "' =1", "-1e5", '"=1"',
    ],
)  # fmt: skip
def test_cells_that_look_like_formulas_are_escaped_and_come_back(cell):
    assert escape_csv_cell(cell) == "'" + cell
    assert unescape_cell(escape_csv_cell(cell)) == cell
    assert unescape_cell(escape_workbook_cell(cell)) == cell


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        # What a spreadsheet reads that separates cells by semicolons, commas, tabs or bars.
        ("x;=cmd|' /C calc'!A0", "x;'=cmd|' /C calc'!A0"),
        ("x,=cmd|x", "x,'=cmd|x"),
        ("x\t=cmd|x", "x\t'=cmd|x"),
        ("x|@SUM(1)", "x|'@SUM(1)"),
        ('x; "=1', "x;' \"=1"),
        ("a\n=1", "a\n'=1"),
        ("a\r\n +x", "a\r\n' +x"),
        ("\r=1", "'\r'=1"),
        ("x;'=1;-x", "x;''=1;'-x"),
        ("5;-3", "5;-3"),
        ("Street 1,\r\nRome", "Street 1,\r\nRome"),
    ],
)
def test_formulas_behind_a_separator_of_any_locale_are_escaped(cell, written):
    assert escape_csv_cell(cell) == written
    assert unescape_cell(written) == cell


@given(st.text("=+-@＝'\" ,;|\t\r\n1x"))
def test_every_cell_comes_back_as_it_was(cell):
    assert unescape_cell(escape_csv_cell(cell)) == cell
    assert unescape_cell(escape_workbook_cell(cell)) == cell


@pytest.mark.parametrize("part", [",-", ";", "'", '"', " ", ";'", "\t=", "-1,"])
def test_a_long_cell_is_escaped_in_no_time(part):
    cell = part * 50_000 + "x"
    started = time.process_time()
    assert unescape_cell(escape_csv_cell(cell)) == cell
    assert time.process_time() - started < 2


@pytest.fixture
def many(db):
    """100,000 rejected lines."""
    sync = SyncRequestFactory(succeeded=True)
    columns = ["erpKey", *(f"column{number}" for number in range(20))]
    SyncFile.objects.create(
        sync_request=sync, group_key=sync.group_key, entity="Invoice", file="i.csv", columns=columns, delimiter=","
    )
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO syncs_syncresultdetail (sync_request_id, group_key, entity, kind, erp_key, file, line, "column",
                                                value, code, message, raw_line)
            SELECT %s, %s, 'Invoice', 'error', '', 'i.csv', line, 'totalAmount', '', 'bad_number', 'Bad.',
                   'I' || line || repeat(',some value', 20)
            FROM generate_series(2, 100001) line
            """,
            [sync.pk, sync.group_key_id],
        )
        # As autovacuum would have by then.
        cursor.execute("ANALYZE syncs_syncresultdetail")
    return sync


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_a_hundred_thousand_lines_are_sent_in_bounded_memory(many, format):
    wanted = many.details.filter(line__lte=5_000) if format == "xlsx" else many.details.all()
    process = psutil.Process()
    before = most = process.memory_info().rss
    found, size = download_of(many, wanted, format), 0
    for chunk in found.chunks:
        size += len(chunk)
        assert len(chunk) < 1024**2
        most = max(most, process.memory_info().rss)
    assert size > (25_000_000 if format == "csv" else 50_000)
    # The lines are 30 MB of text, and a multiple of that as Python objects.
    assert most - before < 30_000_000
