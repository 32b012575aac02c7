"""What is reported of files, workbooks and whole syncs: for each code of a problem its exact place and sentence."""

# Code: kind, file, line, column, value, sentence.
OF_FILES = {
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
