"""What is reported of cells and rows: for each code of a problem its exact place and sentence."""

# Code: kind, file, line, column, value, sentence.
OF_ROWS = {
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
        "erpKey: 2 lines (2 and 4) have a key that looks like a number, a date, TRUE or FALSE which a spreadsheet made "
        "of it, like “4.5E+17”. It was loaded as it is; different keys may have become one. Compare it with the "
        "source, and format the column as text before keys are put into it.",
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
}  # fmt: skip
