"""Workbooks through the real path: a problem names its cell, and a sheet and its CSV are the same records."""

import io
import zipfile

from tests.samples.sheets import STAMP, ZEROS, number, sheet, workbook
from tests.samples.workbooks import as_zip, workbooks

HEADER = ["erpKey", "companyName", "companyType", "isActive", "postalCode", "parentCompanyErpKey"]


def problems_of(sync_request):
    return [
        (d.file, d.line, d.column, d.value, d.code, d.message)
        for d in sync_request.details.filter(kind="error").order_by("id")
    ]


def test_a_problem_in_a_sheet_names_its_cell(uploads):
    result = uploads.load(
        workbook(
            sheet(
                HEADER,
                ["C1", "Acme", "Customer", "true", number("1234", ZEROS)],
                ["C2", "Bolt", "Customer", "perhaps", "x"],
                ["C3", "Core", "Customer", "true", "x", "C9"],
            )
        ),
        "company.xlsx",
    )
    assert result.status_code == "Success"
    assert problems_of(result) == [
        (
            "company.xlsx", 3, "isActive", "perhaps", "bad_boolean",
            "Cell D3, isActive: “perhaps” is neither true nor false. Write true or false.",
        ),
        (
            "company.xlsx", 4, "parentCompanyErpKey", "C9", "reference_not_found",
            "Cell F4, parentCompanyErpKey: no company has the key “C9”, neither in this input nor among the records "
            "loaded before. Load the company, or correct the key.",
        ),
    ]  # fmt: skip


def test_a_csv_file_on_top_of_its_workbook_changes_nothing(uploads):
    files = workbooks()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in files.items():
            archive.writestr(f"{name}.xlsx", as_workbook(rows))
    first = uploads.load(packed.getvalue(), "books.zip")
    assert first.process_result_message == "4,821 lines loaded: 4,821 added."
    again = uploads.load(as_zip(files), "books.zip")
    assert again.process_result_message == "Nothing new: 4,821 lines looked at, none had changed."


def as_workbook(rows):
    """The rows with the kinds of cells that the vendor's own workbooks have."""
    return workbook(sheet(list(rows[0]), *[[typed(*item) for item in row.items()] for row in rows]))


def typed(column, value):
    if column == "modified":
        return number("44509.503060879628", STAMP)  # and some hundredths that the sheet does not show
    if value in ("TRUE", "FALSE"):
        return f'<c t="b"><v>{int(value == "TRUE")}</v></c>'
    if value.replace(".", "", 1).isdigit() and column not in ("erpKey", "purchaseOrderCode"):
        return number(value)
    return value or None
