"""Every code of the catalogue of problems, brought about by an upload: its exact place and its sentence."""

import pytest
from django.core.files.storage import default_storage

from adsplatform.records.models import Company
from enrollments.models import CustomFieldDefinition
from syncs.connectors.formats import xlsx_texts
from syncs.connectors.protocol import ConnectorError
from syncs.loading import pipeline
from syncs.problem_codes import CODES
from tests.connectors.reading import zipped
from tests.factories import AppEnrollmentFactory, SyncRequestFactory
from tests.loading.bad_inputs import BAD, COMPANY, ELSEWHERE, INVOICE, WITH_BOOKS, WITH_PROFILE

# Code: kind, file, line, column, value, sentence.
EXPECTED = {
    "required_empty": (
        "error", "companies.csv", 4, "erpKey", " ",
        "erpKey is empty, but every company needs it. Fill it in.",
    ),
    "required_missing": (
        "error", "contacts.csv", 2, "isActive", "",
        "isActive is missing, but every new contact needs it. Add the column and fill it in.",
    ),
    "too_long": (
        "error", "companies.csv", 3, "defaultCurrencyCode", "EURO",
        "defaultCurrencyCode: “EURO” has 4 characters, but a currency has 3. Write its code, such as EUR.",
    ),
    "bad_number": (
        "error", "invoices.csv", 2, "totalAmount", "1.234,50",
        "totalAmount: “1.234,50” is not a number. Write the decimals after a point, not a comma, and "
        "leave out thousands separators, like 1234.50.",
    ),
    "ambiguous_number": (
        "error", "invoices.csv", 2, "totalAmount", "25,000",
        "totalAmount: “25,000” can be read two ways, as 25000 or as 25. Write 25000 or 25, whichever is meant; or say "
        "in an import profile what a comma means in this file.",
    ),
    "ambiguous_date": (
        "error", "invoices.csv", 2, "invoiceDate", "2024-05-03",
        "invoiceDate: “2024-05-03” can be read two ways, because line 3 has “2024-31-12”, with the day before the "
        "month. Write all dates as YYYY-MM-DD, like 2024-02-29.",
    ),
    "number_too_large": (
        "error", "invoices.csv", 2, "totalAmount", "123456789012345678901",
        "totalAmount: “123456789012345678901” has more than 20 digits before the decimal point. Check the"
        " amount.",
    ),
    "too_many_decimals": (
        "error", "invoices.csv", 2, "totalAmount", "0.123456789",
        "totalAmount: “0.123456789” has more than 8 decimal places. Round it to 8 or fewer.",
    ),
    "bad_integer": (
        "error", "invoiceLines.csv", 2, "onMatchAction", "one",
        "onMatchAction: “one” is not a whole number. Write digits only, like 12.",
    ),
    "out_of_range": (
        "error", "companies.csv", 3, "onMatchAction", "3",
        "onMatchAction: “3” is out of range; use a number from 0 to 2.",
    ),
    "bad_boolean": (
        "error", "companies.csv", 3, "isActive", "perhaps",
        "isActive: “perhaps” is neither true nor false. Write true or false.",
    ),
    "bad_uuid": (
        "error", "companies.csv", 3, "networkId", "4711",
        "networkId: “4711” is not a platform id. Such an id looks like "
        "0f8fad5b-d9cb-469f-a165-70867728950e.",
    ),
    "bad_date": (
        "error", "invoices.csv", 2, "invoiceDate", "31.12.2024",
        "invoiceDate: “31.12.2024” is not a date. Write it as YYYY-MM-DD, like 2024-02-29.",
    ),
    "impossible_date": (
        "error", "invoices.csv", 2, "invoiceDate", "2023-02-29",
        "invoiceDate: “2023-02-29” names a day that does not exist. Write it as YYYY-MM-DD, like "
        "2024-02-29.",
    ),
    "impossible_time": (
        "error", "invoices.csv", 2, "created", "2024-01-01T25:00",
        "created: “2024-01-01T25:00” names a time that does not exist. Write it as YYYY-MM-DDTHH:MM:SS, "
        "with Z or an offset if it is not UTC.",
    ),
    "bad_time_zone": (
        "error", "invoices.csv", 2, "created", "2024-01-01T10:00:00 Europe/Berlin",
        "created: “2024-01-01T10:00:00 Europe/Berlin” does not end in a time zone that is known. Write Z "
        "for UTC, or the hours from UTC, like +02:00.",
    ),
    "bad_json": (
        "error", "companies.jsonl", 2, "", "",
        "The text is not valid JSON because its end is missing. Correct it, or export it again.",
    ),
    "nested_value": (
        "error", "companies.jsonl", 2, "companyName", '{"en": "Bolt", "de": "Bolzen"}',
        'companyName: “{"en": "Bolt", "de": "Bolzen"}” is an object or a list, and a text belongs here. Write the '
        "text that is meant, or null for none.",
    ),
    "nul_character": (
        "error", "companies.csv", 3, "city", "Ro␀me",
        "city: “Ro␀me” contains a NUL character. Remove it; it is not part of any text.",
    ),
    "bad_encoding": (
        "error", "companies.csv", 3, "companyName", "Caf\\x81",
        "companyName: “Caf\\x81” holds the byte 0x81 at character 4, which is not UTF-8 text. Save the "
        "file as UTF-8, then send it again.",
    ),
    "invisible_character": (
        "error", "companies.csv", 3, "erpKey", "C2\u200b",
        "erpKey: “C2[U+200B]” contains a character that cannot be seen, U+200B (zero width space) after “C2”. "
        "Remove it; with it, the key is another one than it seems.",
    ),
    "boolean_key": (
        "error", "batch", 2, "erpKey", "true",
        "erpKey: true is no key, but JSON’s word for yes or no. Send the key as a text, in quotation marks.",
    ),
    "key_from_number": (
        "warning", "batch", None, "erpKey", "17.0",
        "erpKey: line 1 has a number where a key belongs, like “17.0”. Its digits were read as the key. Send keys as "
        "texts, in quotation marks.",
    ),
    "key_changed_by_spreadsheet": (
        "warning", "companies.csv", None, "erpKey", "4.5E+17",
        "erpKey: 2 lines (2 and 4) have a key that looks like a number or a date which a spreadsheet made of it, like "
        "“4.5E+17”. It was loaded as it is; different keys may have become one. Compare it with the source, and "
        "format the column as text before keys are put into it.",
    ),
    "unknown_currency": (
        "warning", "companies.csv", None, "defaultCurrencyCode", "QQQ",
        "defaultCurrencyCode: line 3 has a text that is no currency’s code by ISO 4217: “QQQ”. It was loaded as it "
        "is. Write a code such as EUR.",
    ),
    "currency_in_lower_case": (
        "warning", "companies.csv", None, "defaultCurrencyCode", "chf",
        "defaultCurrencyCode: line 3 has a currency’s code in small letters: “chf”. It was read in capital letters.",
    ),
    "cell_error": (
        "error", "company.xlsx", 3, "companyName", "#REF!",
        "Cell B3 shows “#REF!”. Correct the formula, then save the workbook again.",
    ),
    "unknown_text": (
        "warning", "companies.csv", 2, "companyType", "Client",
        "companyType: “Client” is none of the texts known here (Company, Customer, Group, Vendor, Third "
        "Party, CustomerVendor). Lines that have it load all the same.",
    ),
    "value_assumed": (
        "warning", "payments.csv", None, "", "",
        "payments.csv leaves out currencyRate, baseCurrencyPaymentAmount and baseCurrencyUnappliedAmount."
        " For new records, and where a cell is empty, a rate of 1, and amounts times the rate, were assumed. "
        "Add the values if that is not right.",
    ),
    "reference_not_found": (
        "error", "invoices.csv", 2, "customerErpKey", "C9",
        "customerErpKey: no company has the key “C9”, neither in this input nor among the records loaded "
        "before. Load the company, or correct the key.",
    ),
    "reference_missing": (
        "error", "invoices.csv", 2, "customerErpKey", "",
        "customerErpKey is missing, but every invoice needs it. Add the column and fill it in.",
    ),
    "reference_disagrees": (
        "error", "companies.csv", 3, "parentCompanyNetworkId", "{B1}",
        "parentCompanyNetworkId: “{B1}” does not name the same company as"
        " the line's other reference to it. Correct one of them, or leave one empty.",
    ),
    "network_id_mismatch": (
        "error", "companies.csv", 3, "networkId", "{B1}",
        "networkId: “{B1}” is not the platform id of the company with "
        "this key. Leave networkId empty, or correct one of the two.",
    ),
    "unknown_kind": (
        "error", "customFields.csv", 2, "tableKey", "Planet",
        "tableKey: “Planet” is no kind of record that can be referred to. Write one of Company, Contact, Invoice, "
        "InvoiceLine, Payment.",
    ),
    "applied_to_itself": (
        "error", "creditmemoapplied.csv", 2, "creditMemoInvoiceErpKey", "I1",
        "creditMemoInvoiceErpKey: “I1” is applied to itself. Correct one of the two keys.",
    ),
    "self_reference": (
        "warning", "companies.csv", 3, "parentCompanyErpKey", "C2",
        "parentCompanyErpKey: this company names itself. It was loaded so; leave the cell empty if there "
        "is nothing above it.",
    ),
    "superseded": (
        "skip", "companies.csv", 2, "", "",
        "Superseded by line 3 of companies.csv, which has the same key.",
    ),
    "left_as_it_is": (
        "skip", "companies.csv", 2, "onMatchAction", "1",
        "The company exists already and was left as it is, because onMatchAction is 1.",
    ),
    "delete_not_asked_for": (
        "error", "companies.csv", 2, "onMatchAction", "2",
        "onMatchAction: 2 would delete this company, and the upload did not say that its lines may delete. If it is to "
        "be deleted, send the file again with “Lines may delete records” (deleteOnMatch=true); if not, write 0 or "
        "leave the cell empty.",
    ),
    "still_referenced": (
        "error", "companies.csv", 3, "onMatchAction", "2",
        "onMatchAction: this company cannot be deleted because invoices refer to it. Delete those first.",
    ),
    "kept_because_referenced": (
        "warning", "", None, "", "",
        "This company is not in the full data set, but invoices still refer to it; it was kept.",
    ),
    "kept_because_incomplete": (
        "warning", "", None, "", "",
        "1 company is in the books and not among the lines that could be read; it was kept, because 1 of its lines "
        "was rejected. Correct that, then send the full data set again.",
    ),
    "too_many_cells": (
        "error", "companies.csv", 2, "", "",
        "The row has 1 cell more than the header has columns (4). Put a value that contains a comma in "
        "quotation marks, or remove what is too much.",
    ),
    "too_few_cells": (
        "error", "companies.csv", 3, "", "",
        "The row has 1 cell, but the header has 4 columns. Remove the line if it is a title or a total, "
        "or fill it in.",
    ),
    "cells_missing": (
        "warning", "companies.csv", 2, "", "",
        "The row ends before the last column (4 of 6 cells). What is not there was left as it is in the books.",
    ),
    "line_cut_off": (
        "error", "companies.csv", 3, "", "",
        "The last line has 2 cells of 4 and no end: the file was probably cut off. Export it again, then "
        "send it again.",
    ),
    "stray_quote": (
        "error", "companies.csv", 3, "", "",
        "A value has text after its closing quotation mark. Double every quotation mark inside the value,"
        " like \"6\"\" nails\".",
    ),
    "unclosed_quote": (
        "error", "companies.csv", None, "", "",
        "In line 2, a value opens with a quotation mark that is not closed up to the end of the file, so none of the "
        "2 lines from there on was loaded. Close it, or double it if it belongs to the value, like \"6\"\" nails\".",
    ),
    "line_too_long": (
        "error", "companies.csv", 3, "", "",
        "The line is longer than 1,000 bytes, the most that one line may have. Check that the file has "
        "line breaks, and shorten the line.",
    ),
    "total_line": (
        "error", "invoices.csv", 3, "erpKey", "Total",
        "erpKey: “Total” stands here, and besides it the line has only numbers. It seems to be a line of totals and "
        "was not loaded. Remove it from the file.",
    ),
    "other_delimiter": (
        "error", "companies.csv", 3, "", "",
        "The row’s cells seem to be separated by a semicolon, but the header’s by a comma. Separate both alike, then "
        "send the file again.",
    ),
    "rows_in_quotes": (
        "warning", "companies.csv", 2, "", "",
        "From line 2 on, whole rows stand in quotation marks. They were read as if the marks were not there. Look "
        "whether every value is in its column.",
    ),
    "header_repeated": (
        "warning", "companies.csv", 3, "", "",
        "The header stands once more in line 3, and was passed over there.",
    ),
    "other_header": (
        "error", "companies.csv", None, "", "",
        "Line 3 names other columns than the header, so the 2 lines behind it were not loaded. Send them as a file of "
        "their own.",
    ),
    "row_too_long": (
        "error", "companies.csv", 3, "", "",
        "The row goes on over 1,501 lines, because a value in quotation marks does. A row may have at most 1,000 lines "
        "and 10,485,760 bytes, so it was not loaded. Shorten the value; or close its quotation mark, if that was "
        "forgotten.",
    ),
    "duplicate_member": (
        "error", "companies.jsonl", 1, "companyName", "",
        "The member “companyName” stands in the object more than once. Keep one of them.",
    ),
    "too_many_members": (
        "error", "books.zip", None, "", "",
        "The file “companies.jsonl” has objects with more than 2,000 different members, up to line 1,576. Write the "
        "same members in each object, as columns of a table.",
    ),
    "unknown_file": (
        "error", "invoces.csv", None, "invoces", "",
        "“invoces” is not a kind of record, so none of its lines were loaded. Did you mean “invoices”? "
        "Name it after one: baseCurrencies, companies, contacts, creditMemoApplications, customFields, "
        "financialAccountBalanceHistories, financialAccounts, financialYearSettings, invoiceLines, "
        "invoiceWorkflowStatuses, invoices, journalEntries, journalEntryLines, paymentApplications, "
        "payments.",
    ),
    "unknown_format": (
        "error", "invoices.pdf", None, "", "",
        "The file “invoices.pdf” is neither CSV, JSONL nor XLSX, so nothing was loaded from it. Save it "
        "as “CSV UTF-8”, then send it again.",
    ),
    "not_text": (
        "error", "invoices.csv", None, "", "",
        "The file is not a text file: it seems to be a workbook (XLSX) or a ZIP file. Name it after what it is, or "
            "save it as “CSV UTF-8”, then send it again.",
    ),
    "other_format": (
        "error", "invoices.csv", None, "", "",
        "The file seems to be JSON, not CSV, so nothing was loaded from it. Write one object on each line, without a "
        "list around them, and name the file invoices.jsonl; or save it as “CSV UTF-8”.",
    ),
    "file_empty": (
        "warning", "invoices.csv", None, "", "",
        "The file is empty, so nothing was loaded from it.",
    ),
    "file_without_rows": (
        "warning", "invoices.csv", None, "", "",
        "The file has a header and no rows, so nothing was loaded from it.",
    ),
    "header_missing": (
        "error", "invoices.csv", None, "", "",
        "invoices.csv names no column that invoices have, so none of its lines were loaded. Write the "
        "names of the columns into its first line, like erpKey, companyErpKey and customerErpKey.",
    ),
    "header_misplaced": (
        "error", "invoices.csv", None, "", "",
        "The names of the columns stand in line 2, below lines that look like rows, so nothing was loaded. Move them "
        "into the first line.",
    ),
    "lines_above_header": (
        "warning", "companies.csv", 1, "", "",
        "Line 1 (“Companies of ACME”) stands above the names of the columns, which stand in line 3. The file was read "
        "from there on.",
    ),
    "wrong_delimiter": (
        "error", "invoices.csv", None, "", "",
        "invoices.csv has all names of its header in one cell, because “^” separates them, so none of its lines "
        "were loaded. Separate the cells by a comma, or write sep=^ alone into the first line.",
    ),
    "header_unreadable": (
        "error", "invoices.csv", None, "", "",
        "The header in line 1 cannot be read: a quotation mark stands in a wrong place or is not closed. "
        "Correct the header, then send the file again.",
    ),
    "header_blank": (
        "error", "invoices.csv", None, "", "",
        "Column 2 has no name in the header in line 1. Name it or remove it.",
    ),
    "header_duplicated": (
        "error", "invoices.csv", None, "totalAmount", "",
        "The header in line 1 names the column “totalAmount” twice. Keep one column of that name.",
    ),
    "column_twice": (
        "warning", "customFields.csv", None, "entityType", "",
        "customFields.csv has tableKey twice, as “tableKey” and “entityType”; the first is used. Remove "
        "the other.",
    ),
    "too_many_columns": (
        "error", "invoices.csv", None, "", "",
        "The header in line 1 names 1,001 columns; at most 1,000 can be read. Remove those that are not "
        "needed.",
    ),
    "key_column_missing": (
        "error", "invoices.csv", None, "erpKey", "",
        "invoices.csv has no column erpKey, without which no invoice can be told from another; none of "
        "its lines were loaded. Add the column.",
    ),
    "unknown_column": (
        "warning", "companies.csv", None, "citty", "",
        "No company has a column “citty”; its values were not loaded. Did you mean “city”?",
    ),
    "legacy_column": (
        "warning", "companies.csv", None, "companyStatus", "",
        "The column “companyStatus” is no longer used; its values were not loaded.",
    ),
    "encoding_assumed": (
        "warning", "companies.csv", 3, "", "",
        "From line 3 on, the file holds text that is not UTF-8; it was read as Windows-1252. Look whether"
        " letters like ä and é are right; if not, save the file as “CSV UTF-8” and send it again.",
    ),
    "file_truncated": (
        "error", "companies.csv", None, "", "",
        "The file “companies.csv” ends in the middle of a character, so it was probably cut off. Export "
        "it again, then send it again.",
    ),
    "not_json_lines": (
        "error", "invoices.json", None, "", "",
        "The file is one JSON document, not JSON lines. Write one object on each line, without a list "
        "around them and without commas between them.",
    ),
    "not_a_list": (
        "error", "batch", None, "invoices", "",
        "The member “invoices” is not a list of records, so nothing was loaded from it. Put the records "
        "into a list, or leave the member out.",
    ),
    "workbook_damaged": (
        "error", "invoices.xlsx", None, "", "",
        "The file is not a workbook that can be read, or it is damaged. Open it in your spreadsheet "
        "program, save it as “Excel workbook (.xlsx)” or as “CSV UTF-8”, then send it again.",
    ),
    "workbook_locked": (
        "error", "invoices.xlsx", None, "", "",
        "The workbook is locked with a password, or is of a kind from before 2007 (.xls). Save it as "
        "“Excel workbook (.xlsx)” without a password, then send it again.",
    ),
    "workbook_too_big": (
        "error", "invoices.xlsx", None, "", "",
        "The workbook holds more than 5 different texts, the most that are read. Save the sheet as “CSV "
        "UTF-8”, then send that.",
    ),
    "sheets_not_read": (
        "warning", "company.xlsx", None, "", "",
        "The sheet “Notes” was not read, because it does not have the columns of a kind of record that its name or "
        "the file’s says. Name it after the kind of its records; if it holds none, remove it.",
    ),
    "shown_otherwise": (
        "warning", "company.xlsx", None, "erpKey", "2024-02-29T00:00:00",
        "erpKey: cell A2 is shown by a number format that depends on the computer or hides a part of the value, so "
        "the value itself was read: “2024-02-29T00:00:00”. Format the column as text if it should be read as it is "
        "shown.",
    ),
    "digits_lost": (
        "warning", "company.xlsx", None, "erpKey", "4006381333931000",
        "erpKey: cell A2 holds a number of more than 15 digits, of which spreadsheets keep only the first 15: "
        "“4006381333931000”. Compare with the original, and format the column as text before filling it in.",
    ),
    "formulas_not_calculated": (
        "warning", "company.xlsx", None, "", "",
        "1 cell is a formula, the first B2, and the workbook asks to be calculated when it is opened, so the results "
        "that were read may be out of date. Open the workbook in your spreadsheet program, save it, then send it "
        "again.",
    ),
    "merged_cells": (
        "warning", "company.xlsx", None, "", "",
        "Merged cells hold their value only in the first of them; the others were read as empty: E2:E3. Unmerge "
        "them, and fill each cell in.",
    ),
    "zip_damaged": (
        "error", "books.zip", None, "", "",
        "The file “books.zip” is not a ZIP file or is damaged. Make it again, then send it again.",
    ),
    "zip_without_files": (
        "error", "books.zip", None, "", "",
        "The file “books.zip” holds no CSV, JSONL or XLSX file that can be read. Put at least one into "
        "it, then send it again.",
    ),
    "encrypted": (
        "error", "contacts.csv", None, "", "",
        "The file “contacts.csv” is locked with a password, so nothing was loaded from it. Make the ZIP "
        "without a password, then send it again.",
    ),
    "unknown_compression": (
        "error", "contacts.csv", None, "", "",
        "The file “contacts.csv” is compressed in an unusual way, so nothing was loaded from it. Make the"
        " ZIP with the ordinary method (Deflate), then send it again.",
    ),
    "zip_entries": (
        "error", "books.zip", None, "", "",
        "The file “books.zip” holds 5 files; at most 4 are read. Put fewer files into it.",
    ),
    "zip_too_big": (
        "error", "books.zip", None, "", "",
        "The file “books.zip” unpacks to more than 8.789 KB, the most that is read. Split it into several"
        " files.",
    ),
    "zip_ratio": (
        "error", "books.zip", None, "", "",
        "The file “books.zip” unpacks to more than 100 times its size, as no real data do. Send the files"
        " without the ZIP.",
    ),
    "zip_unlisted": (
        "error", "books.zip", None, "", "",
        "The file “books.zip” holds something that its list of files does not name, such as another ZIP in front of "
        "it; nothing was loaded from that. Make the ZIP again, with all files in it.",
    ),
    "zip_overlapping": (
        "error", "books.zip", None, "", "",
        "The file “books.zip” has files that overlap each other, as no program that makes ZIP files does."
        " Make the ZIP again.",
    ),
    "nothing_loaded": (
        "error", "books.zip", None, "", "",
        "Nothing could be loaded: the only line was rejected. The problems say why.",
    ),
    "reject_limit": (
        "error", "books.zip", None, "", "",
        "Stopped: 1 of 2 lines was rejected, more than the 10 % that File Upload allows. Nothing was "
        "changed.",
    ),
    "delete_guard": (
        "error", "books.zip", None, "", "",
        "Stopped: this full sync would delete 30 of 30 companies, more than the 50 % that File Upload "
        "allows. Nothing was changed.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("code", list(BAD))
def test_the_place_and_the_sentence_are_exact(code, uploads, settings, monkeypatch):
    given, limits = BAD[code], {}
    if isinstance(given, tuple) and isinstance(given[1], dict):
        given, limits = given
    id = fill_books(uploads, code)
    for name, value in limits.items():
        setattr(settings, name, value)
    if code == "workbook_too_big":
        monkeypatch.setattr(xlsx_texts, "MAX_TEXTS", 5)
    if code == "reject_limit":
        uploads.enrollment.reject_limit_percent = 10
        uploads.enrollment.save()
    if isinstance(given, dict):
        files = {name: text.replace("{B1}", id) if isinstance(text, str) else text for name, text in given.items()}
        given = ("books.zip", zipped(files))
    format = "batch" if given[0] == "batch.json" else ""
    is_full = code in ("kept_because_referenced", "kept_because_incomplete", "delete_guard")
    may_delete = code == "still_referenced"
    result = uploads.load(given[1], given[0], format=format, full=is_full, delete_on_match=may_delete)
    found = result.details.filter(code=code).order_by("id").first()
    reported = (found.kind, found.file, found.line, found.column, found.value, found.message)
    assert tuple(one.replace(id, "{B1}") if id and isinstance(one, str) else one for one in reported) == EXPECTED[code]


def fill_books(uploads, code) -> str:
    """What some of the samples meet in the books; the id of company B1."""
    if code not in WITH_BOOKS:
        return ""
    companies = 30 if code == "delete_guard" else 1
    lines = "".join(f"B{number},Base,Customer,true\n" for number in range(1, companies + 1))
    uploads.load(f"{COMPANY}\n{lines}", "companies.csv")
    uploads.load(f"{INVOICE}\nBI,B1,B1,1\n", "invoices.csv")
    return str(Company.objects.get(erp_key="B1").pk)


def test_every_code_has_a_sample():
    assert EXPECTED.keys() == BAD.keys()
    assert EXPECTED.keys() | ELSEWHERE | WITH_PROFILE == CODES.keys()


def test_no_sentence_names_a_class_or_sql():
    for code, (*_, message) in EXPECTED.items():
        for word in ("psycopg", "django", "Error", "Exception", "Traceback", "SELECT", "None", "staged", "NULL"):
            assert word not in message, code
        assert message.endswith((".", "?")), code


def reason_of(sync_request):
    assert sync_request.status_code == "Failed"
    return [(detail.code, detail.message) for detail in sync_request.details.all()]


def test_a_source_that_does_not_answer_is_reported(sync):
    result = sync({"companies": ConnectorError("The ERP did not answer. Try again later.")})
    assert reason_of(result) == [("source_unreadable", "The ERP did not answer. Try again later.")]


def test_an_error_of_the_platform_is_reported_as_such(sync):
    result = sync({"companies": [None]})
    assert reason_of(result) == [("our_fault", "Something went wrong on our side. Nothing was changed.")]


def test_a_missing_upload_is_reported(uploads):
    sync_request = uploads.ask("erpKey\nC1\n", "companies.csv")
    default_storage.delete(sync_request.upload.content.name)
    sync_request = uploads.run(sync_request)
    assert reason_of(sync_request) == [
        (
            "upload_missing",
            "The uploaded file “companies.csv” is no longer in the upload storage. Upload it again.",
        )
    ]


def test_an_unknown_connector_is_reported(db):
    sync_request = SyncRequestFactory(running=True, connector="nobody")
    pipeline.run(sync_request)
    sync_request.refresh_from_db()
    assert reason_of(sync_request) == [
        ("unknown_connector", "No connector is called “nobody”. Known: demo-data, file-upload, json-batch.")
    ]


def test_a_wrong_setting_is_reported(db):
    enrollment = AppEnrollmentFactory()
    CustomFieldDefinition.objects.filter(app=enrollment.app, app_enrollment=None).delete()
    CustomFieldDefinition.objects.create(
        group_key=enrollment.group_key, app=enrollment.app, app_enrollment=enrollment, table_key="AppEnrollment",
        custom_field_label="Invoices", data_type="Number", value="many",
    )  # fmt: skip
    sync_request = SyncRequestFactory(app_enrollment=enrollment, running=True, connector="demo-data")
    pipeline.run(sync_request)
    sync_request.refresh_from_db()
    assert [code for code, _ in reason_of(sync_request)] == ["bad_setting"]
