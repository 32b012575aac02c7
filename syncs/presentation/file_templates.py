"""Templates to fill in: a file with all columns of a kind of record and an example row, and a ZIP of all kinds.

A workbook is written by XlsxWriter, as downloads of rejected rows are. Its columns of texts are formatted as text, so
that a spreadsheet keeps the zeros at the beginning of a key, and its second sheet explains every column.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal

import xlsxwriter

from adsplatform.errors import NotFound
from adsplatform.records.column_texts import ColumnText, column_texts
from adsplatform.records.specification import Entity, entities, entity_named, names_of_entities
from syncs.connectors.formats import explanation_sheet
from syncs.rejected_rows.download import FORMATS, Download

SAMPLE_NAME = "sample"
# Excel's widths are in characters.
WIDTHS = (34, 40, 8, 30, 80)
NUMBER_FORMATS = {"date": "yyyy-mm-dd", "stamp": "yyyy-mm-dd hh:mm:ss", "amount": "0.00######", "integer": "0"}
# The sample's own company, a credit memo to apply, and the other side of the booking: what the examples refer to.
FURTHER_ROWS: dict[str, dict[str, str]] = {
    "Company": {
        "erpKey": "OWN",
        "companyName": "Example Books Ltd",
        "companyType": "Company",
        "taxId": "GB987654321",
        "emailAddress": "office@books.example",
        "referenceCode": "BOOKS",
    },
    "Invoice": {
        "erpKey": "CM-1",
        "referenceCode": "2025-0002",
        "invoiceTypeCode": "AR Credit Memo",
        "invoiceStatusCode": "Closed",
        "totalAmount": "100.00",
        "salesTaxAmount": "15.97",
        "netAmount": "84.03",
        "outstandingBalanceAmount": "0.00",
        "baseCurrencyTotalAmount": "100.00",
        "baseCurrencySalesTaxAmount": "15.97",
        "baseCurrencyNetAmount": "84.03",
        "baseCurrencyOutstandingBalanceAmount": "0.00",
    },
    "JournalEntryLine": {
        "erpKey": "J-1-2",
        "debit": "1000.00",
        "credit": "0.00",
        "baseDebit": "1000.00",
        "baseCredit": "0.00",
    },
}


def template_named(file_name: str) -> Download:
    """The template that `invoices.csv`, `Company.xlsx` or `sample.zip` names; raises NotFound for any other name."""
    name, _, ending = file_name.rpartition(".")
    if (name.lower(), ending.lower()) == (SAMPLE_NAME, "zip"):
        return sample_zip()
    entity = entity_named(name)
    if entity is None or ending.lower() not in FORMATS:
        raise NotFound(
            f"There is no template called “{file_name}”. Ask for KIND.csv, KIND.xlsx or {SAMPLE_NAME}.zip, where KIND "
            f"is one of: {', '.join(names_of_entities())}."
        )
    return template_of(entity, ending.lower())


def template_of(entity: Entity, format: str) -> Download:
    """The template of one kind of record, as `csv` or `xlsx`."""
    texts = column_texts(entity.name)
    example = {text.name: text.example for text in texts}
    content = _csv([example]) if format == "csv" else _xlsx(entity, texts, example)
    return Download(f"{entity.model.BATCH_KEY}.{format}", FORMATS[format], [content])


def sample_zip(kinds: Iterable[str] | None = None) -> Download:
    """A ZIP of records that belong together, one file for each kind; `kinds` narrows it to some."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in entities() if kinds is None else kinds:
            archive.writestr(f"{entities()[name].model.BATCH_KEY}.csv", _csv(_sample_rows(name)))
    return Download(f"{SAMPLE_NAME}.zip", "application/zip", [packed.getvalue()])


def _sample_rows(kind: str) -> list[dict[str, str]]:
    example = {text.name: text.example for text in column_texts(kind)}
    further = FURTHER_ROWS.get(kind)
    return [example, example | further] if further else [example]


def _csv(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    # The byte order mark by which spreadsheets recognise UTF-8.
    return ("\ufeff" + text.getvalue()).encode()


def _xlsx(entity: Entity, texts: tuple[ColumnText, ...], example: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed, {"in_memory": True}) as workbook:
        bold = workbook.add_format({"bold": True})
        needed = workbook.add_format({"bold": True, "bg_color": "#FFF2CC"})
        sheet = workbook.add_worksheet(entity.model.BATCH_KEY[:31])
        sheet.freeze_panes(1, 0)
        for at, text in enumerate(texts):
            style = workbook.add_format({"num_format": NUMBER_FORMATS.get(text.column.type, "@")})
            sheet.set_column(at, at, max(12, len(text.name) + 2), style)
            sheet.write_string(0, at, text.name, needed if text.required.startswith("yes") else bold)
            _write_example(sheet, at, text, example[text.name], style)
        _explain(workbook, texts, bold)
    return packed.getvalue()


def _write_example(
    sheet: xlsxwriter.worksheet.Worksheet, at: int, text: ColumnText, value: str, style: xlsxwriter.format.Format
) -> None:
    if not value:
        return
    if text.column.type == "date":
        sheet.write_datetime(1, at, date.fromisoformat(value), style)
    elif text.column.type == "stamp":
        sheet.write_datetime(1, at, datetime.fromisoformat(value), style)
    elif text.column.type in ("amount", "integer"):
        sheet.write_number(1, at, Decimal(value), style)
    else:
        sheet.write_string(1, at, value, style)


def _explain(workbook: xlsxwriter.Workbook, texts: tuple[ColumnText, ...], bold: xlsxwriter.format.Format) -> None:
    sheet = workbook.add_worksheet(explanation_sheet.NAME)
    sheet.freeze_panes(1, 0)
    wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
    for at, (name, width) in enumerate(zip(explanation_sheet.HEADER, WIDTHS, strict=True)):
        sheet.set_column(at, at, width)
        sheet.write_string(0, at, name, bold)
    for number, text in enumerate(texts, start=1):
        for at, cell in enumerate((text.name, text.type, text.length, text.required, text.meaning)):
            sheet.write_string(number, at, cell, wrapped)
