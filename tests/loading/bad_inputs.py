"""For each code of the catalogue of problems, an upload that has the problem."""

import io
import zipfile

from syncs.problem_codes import CODES
from tests.connectors.reading import zipped
from tests.import_profiles.faulty_files import FAULTY, IN_LARGE_FILES
from tests.samples.sheets import STAMP, cell, number, sheet, workbook

COMPANY = "erpKey,companyName,companyType,isActive"
GOOD = {"companies.csv": f"{COMPANY}\nC1,Acme,Customer,true\n"}
INVOICE = "erpKey,companyErpKey,customerErpKey,currencyRate"
PAYMENT = (
    "erpKey,companyErpKey,paymentType,isOpen,paymentDate,postDate,paymentAmount,unappliedAmount,currencyRate,"
    "baseCurrencyPaymentAmount,baseCurrencyUnappliedAmount"
)
APPLIED = "erpKey,invoiceErpKey,creditMemoInvoiceErpKey,entryNumber,applyToInvoiceDate,creditMemoAppliedAmount"


def invoice(column, value):
    """A good company and an invoice with one more column, whose value stands in line 2."""
    return GOOD | {"invoices.csv": f"{INVOICE},{column}\nI1,C1,C1,1,{value}\n"}


def company(column, value):
    return {"companies.csv": f"{COMPANY},{column}\nC1,Acme,Customer,true,\nC2,Bolt,Customer,true,{value}\n"}


def with_flag(files, place, flag):
    """A ZIP whose first entry has a flag set in both of its headers."""
    packed = bytearray(zipped(files))
    for signature, offset in ((b"PK\x03\x04", 0), (b"PK\x01\x02", 2)):
        packed[packed.find(signature) + place + offset] |= flag
    return bytes(packed)


def with_method(files, compression):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, (name, content) in enumerate(files.items()):
            archive.writestr(name, content, zipfile.ZIP_DEFLATED if number else compression)
    return packed.getvalue()


def overlapping():
    """A ZIP whose second entry points at the first one's bytes."""
    packed = bytearray(zipped({"a.csv": "x" * 99, "b.csv": "x" * 99}, zipfile.ZIP_STORED))
    second = packed.rfind(b"PK\x01\x02")
    packed[second + 42 : second + 46] = bytes(4)
    return bytes(packed)


OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
LOCKED = {"contacts.csv": "erpKey\n", **GOOD}

# Code: the upload (files of a ZIP, or a file's name and content), and settings that make a limit reachable.
BAD = {
    "required_empty": company("city", "x\n ,Core,Customer,true,y"),
    "required_missing": GOOD | {"contacts.csv": "erpKey,companyErpKey\nK1,C1\n"},
    "too_long": company("defaultCurrencyCode", "EURO"),
    "bad_number": invoice("totalAmount", '"1.234,50"'),
    "ambiguous_number": invoice("totalAmount", '"25,000"'),
    "ambiguous_date": invoice("invoiceDate", "2024-05-03\nI2,C1,C1,1,2024-31-12"),
    "number_too_large": invoice("totalAmount", "123456789012345678901"),
    "too_many_decimals": invoice("totalAmount", "0.123456789"),
    "bad_integer": GOOD | {"invoices.csv": f"{INVOICE}\nI1,C1,C1,1\n", "invoiceLines.csv": "erpKey,invoiceErpKey,"
                           "lineNumber,onMatchAction\nL1,I1,1,one\n"},
    "out_of_range": company("onMatchAction", "3"),
    "bad_boolean": {"companies.csv": f"{COMPANY}\nC1,Acme,Customer,true\nC2,Bolt,Customer,perhaps\n"},
    "bad_uuid": company("networkId", "4711"),
    "bad_date": invoice("invoiceDate", "31.12.2024"),
    "impossible_date": invoice("invoiceDate", "2023-02-29"),
    "impossible_time": invoice("created", "2024-01-01T25:00"),
    "bad_time_zone": invoice("created", "2024-01-01T10:00:00 Europe/Berlin"),
    "bad_json": {"companies.jsonl": '{"erpKey": "C1", "companyName": "Acme", "companyType": "Customer", '
                 '"isActive": true}\n{"erpKey": "C2",\n'},
    "nested_value": {"companies.jsonl": '{"erpKey": "C1", "companyName": "Acme", "companyType": "Customer", '
                     '"isActive": true}\n{"erpKey": "C2", "companyName": {"en": "Bolt", "de": "Bolzen"}, '
                     '"companyType": "Customer", "isActive": true}\n'},
    "nul_character": company("city", "Ro\0me"),
    "bad_encoding": {"companies.csv": f"{COMPANY}\nC1,Acme,Customer,true\nC2,Caf\udc81,Customer,true\n".encode(
        "utf-8", "surrogateescape")},
    "invisible_character": {"companies.csv": f"{COMPANY}\nC1,Acme,Customer,true\nC2\u200b,Bolt,Customer,true\n"},
    "boolean_key": ("batch.json", '{"companies": [{"erpKey": "C1", "companyName": "Acme", "companyType": "Customer", '
                    '"isActive": true}, {"erpKey": true, "companyName": "Bolt", "companyType": "Customer", '
                    '"isActive": true}]}'),
    "key_from_number": ("batch.json", '{"companies": [{"erpKey": 17.0, "companyName": "Acme", "companyType": '
                        '"Customer", "isActive": true}]}'),
    "key_changed_by_spreadsheet": {"companies.csv": f"{COMPANY}\n4.5E+17,Acme,Customer,true\n4711,B,Customer,true\n"
                                   "4.5E+17,Core,Customer,true\n"},
    "unknown_currency": company("defaultCurrencyCode", "QQQ"),
    "currency_in_lower_case": company("defaultCurrencyCode", "chf"),
    "cell_error": {"company.xlsx": workbook(sheet(COMPANY.split(","), ["C1", "Acme", "Customer", "true"],
                                                  ["C2", cell("e", "#REF!"), "Customer", "true"]))},
    "unknown_text": {"companies.csv": f"{COMPANY}\nC1,Acme,Client,true\nC2,Bolt,Client,true\n"},
    "value_assumed": GOOD | {"payments.csv": f"{PAYMENT.partition(',currencyRate')[0]}\n"
                             "P1,C1,AR Payment,false,2024-01-31,2024-01-31,5,0\n"},
    "reference_not_found": GOOD | {"invoices.csv": f"{INVOICE}\nI1,C1,C9,1\n"},
    "reference_missing": GOOD | {"invoices.csv": "erpKey,companyErpKey,currencyRate\nI1,C1,1\n"},
    "reference_disagrees": {"companies.csv": f"{COMPANY},parentCompanyErpKey,parentCompanyNetworkId\n"
                            "C1,Acme,Customer,true,,\nC2,Bolt,Customer,true,C1,{B1}\n"},
    "network_id_mismatch": company("networkId", "{B1}"),
    "unknown_kind": GOOD | {"customFields.csv": "tableKey,erpKey,customFieldLabel,value\nPlanet,C1,Colour,red\n"},
    "applied_to_itself": GOOD | {"invoices.csv": f"{INVOICE}\nI1,C1,C1,1\n", "creditmemoapplied.csv": f"{APPLIED}\n"
                                 "A1,I1,I1,1,2024-01-31,5\n"},
    "self_reference": company("parentCompanyErpKey", "C2"),
    "superseded": {"companies.csv": f"{COMPANY}\nC1,Acme,Customer,true\nC1,Bolt,Customer,true\n"},
    "left_as_it_is": {"companies.csv": f"{COMPANY},onMatchAction\nB1,Acme,Customer,true,1\n"},
    "delete_not_asked_for": {"companies.csv": f"{COMPANY},onMatchAction\nB1,Acme,Customer,true,2\n"},
    "still_referenced": {"companies.csv": f"{COMPANY},onMatchAction\nC1,Acme,Customer,true,\nB1,B,Customer,true,2\n"},
    "kept_because_referenced": GOOD,
    "kept_because_incomplete": {"companies.csv": f"{COMPANY}\nC1,Acme,Customer,true\nC2,Bolt,Customer,perhaps\n"},
    "too_many_cells": {"companies.csv": f"{COMPANY}\nC1,Acme, Inc,Customer,true\nC2,Bolt,Customer,true\n"},
    "too_few_cells": {"companies.csv": f"{COMPANY}\nC1,Acme,Customer,true\nTotal: 1\n"},
    "cells_missing": {"companies.csv": f"{COMPANY},city,country\nC1,Acme,Customer,true\n"},
    "line_cut_off": {"companies.csv": f"{COMPANY}\nC1,Acme,Customer,true\nC2,Bo"},
    "stray_quote": {"companies.csv": f'{COMPANY}\nC1,Acme,Customer,true\nC2,"6" nails",Customer,true\n'},
    "unclosed_quote": {"companies.csv": f'{COMPANY}\nC1,"Acme,Customer,true\nC2,Bolt,Customer,true\n'},
    "line_too_long": ({"companies.csv": f"{COMPANY}\nC1,Acme,Customer,true\nC2,{'x' * 2_000},Customer,true\n"},
                      {"LINE_MAX_BYTES": 1_000}),
    "total_line": GOOD | {"invoices.csv": f"{INVOICE},totalAmount\nI1,C1,C1,1,5.00\nTotal,,,,5.00\n"},
    "other_delimiter": {"companies.csv": f"{COMPANY}\nC1,Acme,Customer,true\nC2;Bolt;Customer;true\n"},
    "rows_in_quotes": {"companies.csv": f'{COMPANY}\n"C1,Acme,Customer,true"\n"C2,""Bolt"",Customer,true"\n'},
    "header_repeated": {"companies.csv": f"{COMPANY}\nC1,Acme,Customer,true\n{COMPANY}\nC2,Bolt,Customer,true\n"},
    "other_header": {"companies.csv": f"{COMPANY}\nC1,Acme,Customer,true\nerpKey,companyType,companyName,isActive\n"
                     "C2,Customer,Bolt,true\nC3,Customer,Core,true\n"},
    "row_too_long": {"companies.csv": f'{COMPANY}\nC1,Acme,Customer,true\nC2,"{"Bolt" + chr(10) * 1_500}",x,true\n'},
    "duplicate_member": {"companies.jsonl": '{"erpKey": "C1", "companyName": "A", "companyName": "B"}\n'},
    "too_many_members": {"companies.jsonl": "".join(f'{{"m{number}": 1}}\n' for number in range(2_100))},
    "unknown_file": GOOD | {"invoces.csv": "erpKey\nI1\n"},
    "unknown_format": GOOD | {"invoices.pdf": "%PDF"},
    "not_text": GOOD | {"invoices.csv": "PK\x03\x04\x14\0[Content_Types].xml"},
    "other_format": GOOD | {"invoices.csv": '[{"erpKey": "I1"}]'},
    "file_empty": GOOD | {"invoices.csv": ""},
    "file_without_rows": GOOD | {"invoices.csv": "erpKey,totalAmount\n"},
    "header_missing": GOOD | {"invoices.csv": "I1,C1,10.00\nI2,C1,20.00\n"},
    "header_misplaced": GOOD | {"invoices.csv": f"I1,C1,C1,1\n{INVOICE}\n"},
    "lines_above_header": {"companies.csv": f"Companies of ACME\n\n{COMPANY}\nC1,Acme,Customer,true\n"},
    "wrong_delimiter": GOOD | {"invoices.csv": "erpKey^companyErpKey\nI1^C1\n"},
    "header_unreadable": GOOD | {"invoices.csv": 'erpKey,"total\nI1,5\n'},
    "header_blank": GOOD | {"invoices.csv": "erpKey,,totalAmount\nI1,,5\n"},
    "header_duplicated": GOOD | {"invoices.csv": "erpKey,totalAmount,TotalAmount\nI1,5,6\n"},
    "column_twice": GOOD | {"customFields.csv": "tableKey,entityType,erpKey,customFieldLabel,value\n"
                            "Company,Company,C1,Colour,red\n"},
    "too_many_columns": GOOD | {"invoices.csv": ",".join(f"c{number}" for number in range(1_001)) + "\n"},
    "key_column_missing": GOOD | {"invoices.csv": "erpKye,totalAmount\nI1,5\n"},
    "unknown_column": company("citty", "Rome"),
    "legacy_column": company("companyStatus", "Active"),
    "encoding_assumed": {"companies.csv": f"{COMPANY}\nC1,Acme,Customer,true\nC2,Café,Customer,true\n".encode(
        "cp1252")},
    "file_truncated": ("companies.csv", f"{COMPANY}\nC1,Acme,Customer,true\n".encode("utf-16") + b"x"),
    "not_json_lines": GOOD | {"invoices.json": '[\n{"erpKey": "I1"}\n]'},
    "not_a_list": ("batch.json", '{"companies": [{"erpKey": "C1", "companyName": "Acme", "companyType": "Customer", '
                   '"isActive": true}], "invoices": {"erpKey": "I1"}}'),
    "workbook_damaged": GOOD | {"invoices.xlsx": "no workbook"},
    "workbook_locked": GOOD | {"invoices.xlsx": OLD},
    "workbook_too_big": GOOD | {"invoices.xlsx": workbook(sheet(["erpKey"], [cell("s", "0")]),
                                                          shared="<si><t>I1</t></si>" * 6)},
    "sheets_not_read": {"company.xlsx": workbook(sheet(COMPANY.split(","), ["C1", "Acme", "Customer", "true"]),
                                                 sheet([cell("n", "1")]), names=["Data", "Notes"])},
    "shown_otherwise": {"company.xlsx": workbook(sheet(COMPANY.split(","), [number("45351", STAMP), "Acme", "Customer",
                                                                           "true"]))},
    "digits_lost": {"company.xlsx": workbook(sheet(COMPANY.split(","), [number("4.0063813339310001E+15"), "Acme",
                                                                       "Customer", "true"]))},
    "formulas_not_calculated": {"company.xlsx": workbook(
        sheet(COMPANY.split(","), ["C1", '<c t="str"><f>A2&amp;"!"</f><v>C1!</v></c>', "Customer", "true"]),
        calculation='fullCalcOnLoad="1"')},
    "merged_cells": {"company.xlsx": workbook(sheet([*COMPANY.split(","), "city"], ["C1", "A", "Vendor", "true", "X"],
                                                    ["C2", "B", "Customer", "true"], merged=["E2:E3"]))},
    "zip_damaged": ("books.zip", zipped(GOOD)[:-40]),
    "zip_without_files": {"readme.md": "x"},
    "encrypted": ("books.zip", with_flag(LOCKED, 6, 1)),
    "unknown_compression": ("books.zip", with_method(LOCKED, zipfile.ZIP_BZIP2)),
    "zip_entries": ({f"{number}.csv": "" for number in range(5)}, {"ZIP_MAX_ENTRIES": 4}),
    "zip_too_big": ({"companies.csv": COMPANY + "\n" + "C1,Acme,Customer,true\n" * 1_000},
                    {"UNPACKED_MAX_BYTES": 9_000}),
    "zip_ratio": ({"companies.csv": COMPANY + "\n" * 11_000_000}, {"UNPACKED_MAX_RATIO": 100}),
    "zip_unlisted": ("books.zip", zipped({"contacts.csv": "erpKey,companyErpKey\nK1,C1\n"}) + zipped(GOOD)),
    "zip_overlapping": ("books.zip", overlapping()),
    "nothing_loaded": {"companies.csv": f"{COMPANY}\nC1,Acme,Customer,perhaps\n"},
    "reject_limit": {"companies.csv": f"{COMPANY}\nC1,Acme,Customer,perhaps\nC2,Bolt,Customer,true\n"},
    "delete_guard": GOOD,
}  # fmt: skip
# Those that need records in the books: a company B1 with an invoice.
WITH_BOOKS = {
    "reference_disagrees", "network_id_mismatch", "left_as_it_is", "delete_not_asked_for", "still_referenced",
    "kept_because_referenced", "kept_because_incomplete", "delete_guard",
}  # fmt: skip
# Those that no upload has: a connector's and the platform's own, each tested where it arises.
ELSEWHERE = {
    "bad_setting", "source_unreadable", "upload_missing", "unknown_connector", "out_of_memory", "our_fault",
    "source_budget", "source_disconnected", "none_of_kind", "stream_not_read",
    "file_too_large", "file_waits", "file_not_moved", "several_deliveries",
    "database_busy", "database_gone", "storage_unavailable", "worker_lost", "worker_stopping", "worker_stopped",
    "stopped_worker",
}  # fmt: skip

# Those of files that are read by an import profile have one there.
WITH_PROFILE = FAULTY.keys() | IN_LARGE_FILES

assert BAD.keys() | ELSEWHERE | WITH_PROFILE == CODES.keys()
