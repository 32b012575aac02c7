"""For each problem of import profiles: a profile, a file that has the problem, and what is said of it.

The books hold the companies K1 “Holz AG”, K2 “Twin KG” and K3 “Twin KG”. An expectation is (kind, file, line, column,
value, sentence).
"""

from tests.import_profiles.documents import COLUMNS, document, invoice_fields

HEADER = ";".join(COLUMNS)
GOOD_LINE = "R1;31.12.2024;K1;RE;1.000,50;190,10;1.190,60;ja"
BOOKS = (("K1", "Holz AG"), ("K2", "Twin KG"), ("K3", "Twin KG"))

WHEN_RE = document(records=[{"kind": "Invoice", "when": {"column": "Art", "in": ["RE"]}, "fields": invoice_fields()}])
STATUS = document(
    records=[
        {
            "kind": "Invoice",
            "fields": invoice_fields(invoiceStatusCode={"column": "Art", "values": {"RE": "Open", "GS": "Closed"}}),
        }
    ]
)
BY_NAME = document(
    records=[{"kind": "Invoice", "fields": invoice_fields(customerErpKey={"column": "Debitor", "by": "companyName"})}]
)
TOTALS = document(
    read={"encoding": "utf-8", "delimiter": ";", "header": 1, "skip": [{"totals": "Debitor"}]},
)
BANK_COLUMNS = ["Datum", "Beleg", "Konto", "Soll", "Haben"]


def payment_fields(**fields):
    return {
        "erpKey": "Beleg",
        "companyErpKey": "Konto",
        "paymentType": {"constant": "AR Payment"},
        "isOpen": {"constant": True},
        "paymentDate": "Datum",
        "postDate": "Datum",
        "currencyCode": {"constant": "EUR"},
        "paymentAmount": "Haben",
        "unappliedAmount": {"constant": 0},
    } | fields


TWO_SIDES = document(
    BANK_COLUMNS,
    records=[
        {"kind": "Payment", "when": {"column": "Haben", "filled": True}, "fields": payment_fields()},
        {
            "kind": "Payment",
            "when": {"column": "Soll", "filled": True},
            "fields": payment_fields(paymentType={"constant": "AP Payment"}, paymentAmount="Soll"),
        },
    ],
)
ONE_SIDE = document(
    BANK_COLUMNS,
    records=[{"kind": "Payment", "fields": payment_fields(paymentAmount={"debit": "Soll", "credit": "Haben"})}],
)
WITH_CURRENCY = document(columns={"Netto": {"currencyInCell": True}})
GROUPED = document(
    records=[
        {
            "kind": "Invoice",
            "group": ["Belegnr."],
            "fields": invoice_fields(netAmount={"sum": ["Netto"]}, salesTaxAmount={"sum": ["Steuer"]}) | {},
        }
    ]
)
ENTRY_COLUMNS = ["Nr.", "Datum", "Konto", "Name", "Soll", "Haben"]


def entry_document():
    euro, user = {"constant": "EUR"}, {"constant": "import"}
    return document(
        ENTRY_COLUMNS,
        records=[
            {
                "kind": "JournalEntry",
                "group": ["Nr."],
                "fields": {
                    "erpKey": "Nr.",
                    "sourcePostingDate": "Datum",
                },
            },
            {
                "kind": "JournalEntryLine",
                "lineOf": ["Nr."],
                "fields": {
                    "erpKey": {"join": ["Nr.", "#n"], "with": "-"},
                    "journalEntryErpKey": "Nr.",
                    "accountNumber": "Konto",
                    "accountName": "Name",
                    "debit": "Soll",
                    "credit": "Haben",
                    "currencyCode": euro,
                    "baseDebit": "Soll",
                    "baseCredit": "Haben",
                    "baseCurrencyCode": euro,
                    "sourceCreatedUser": user,
                },
            },
        ],
    )


def invoices(*lines, header=HEADER):
    return "\n".join([header, *lines, ""])


FAULTY = {
    "profile_contradicted": (
        document(),
        invoices(GOOD_LINE, "R2;12/31/2024;K1;RE;1;0;1;ja"),
        ("error", "rechnungen.csv", None, "", "",
         "The file “rechnungen.csv” does not fit the import profile “Rechnungen”: in line 3, Belegdatum: “12/31/2024” "
         "is a date, but it is not written DD.MM.YYYY. Nothing was loaded. Export the file as it was exported before, "
         "or change the profile."),
    ),
    "profile_needed": (
        None,
        invoices(GOOD_LINE),
        ("error", "rechnungen.csv", None, "", "",
         "Nothing could be loaded: the columns of “rechnungen.csv” are not known. Say how it is written, in the Inbox "
         "at this sync or by an import profile, then load it again."),
    ),
    "value_not_mapped": (
        STATUS,
        invoices(GOOD_LINE, "R2;31.12.2024;K1;XX;1;0;1;ja"),
        ("error", "rechnungen.csv", 3, "Art", "XX",
         "Art: “XX” is not one of the values that the import profile knows (“GS”, “RE”). Add it to the profile, or "
         "correct the line."),
    ),
    "no_record_in_line": (
        WHEN_RE,
        invoices(GOOD_LINE, "R2;31.12.2024;K1;AN;1;0;1;ja"),
        ("error", "rechnungen.csv", 3, "Art", "AN",
         "By the import profile “Rechnungen” the line is no record: Art is “AN”. Correct the line, or add to the "
         "profile what such lines are."),
    ),
    "two_records_in_line": (
        TWO_SIDES,
        invoices("31.12.2024;B1;K1;;5,00", "31.12.2024;B2;K1;7,00;5,00", header=";".join(BANK_COLUMNS)),
        ("error", "rechnungen.csv", 3, "Haben", "5,00",
         "Haben: by the import profile the line would be two records of one key, one because of this column and one "
         "because of “Soll”. Correct the line, so that it is one."),
    ),
    "debit_and_credit": (
        ONE_SIDE,
        invoices("31.12.2024;B1;K1;0,00;5,00", "31.12.2024;B2;K1;7,00;5,00", header=";".join(BANK_COLUMNS)),
        ("error", "rechnungen.csv", 3, "Soll", "7.00",
         "Soll: the line has an amount here and one in “Haben”, “5.00”; only one of the two may be filled. Correct the "
         "line."),
    ),
    "currency_contradicted": (
        WITH_CURRENCY,
        invoices("R1;31.12.2024;K1;RE;€ 1,00;0;1;ja", "R2;31.12.2024;K1;RE;1,00 USD;0;1;ja"),
        ("error", "rechnungen.csv", 3, "Netto", "1,00 USD",
         "Netto: “1,00 USD” is an amount in USD, but the currency of the record is “EUR”. Correct the line, or take "
         "the currency from another column."),
    ),
    "group_differs": (
        GROUPED,
        invoices(
            "R1;31.12.2024;K1;RE;1;0;2;ja", "R1;;K1;RE;1;0;;ja", "R2;30.12.2024;K1;RE;1;0;1;ja",
            "R2;31.12.2024;K1;RE;1;0;1;ja",
        ),
        ("error", "rechnungen.csv", 4, "Belegdatum", "2024-12-31",
         "Belegdatum: “2024-12-30” in line 4 and “2024-12-31” in line 5 differ, but both lines belong to “R2”. Correct "
         "one of them."),
    ),
    "group_incomplete": (
        GROUPED,
        invoices("R1;31.12.2024;K1;RE;1;0;2;ja", ";;K1;RE;1;0;;ja"),
        ("error", "rechnungen.csv", None, "", "",
         "Line 3 of “rechnungen.csv” does not say to which record it belongs: “Belegnr.” is empty. A record of several "
         "lines would be loaded without it, so nothing was loaded. Fill it in, or let the import profile leave such "
         "lines out."),
    ),
    "entry_unbalanced": (
        entry_document(),
        invoices(
            "E1;31.12.2024;4400;Erlöse;0,00;10,00", "E1;;1200;Bank;10,00;0,00", "E2;31.12.2024;4400;Erlöse;;10,00",
            "E2;;1200;Bank;9,00;", header=";".join(ENTRY_COLUMNS),
        ),
        ("error", "rechnungen.csv", 4, "Soll", "9.00",
         "Soll: the lines of “E2” add up to 9.00 of debit and 10.00 of credit, which must be equal. Correct the "
         "lines."),
    ),
    "reference_ambiguous": (
        BY_NAME,
        invoices("R1;31.12.2024; holz ag;RE;1;0;1;ja", "R2;31.12.2024;Twin KG;RE;1;0;1;ja"),
        ("error", "rechnungen.csv", 3, "Debitor", "Twin KG",
         "Debitor: 2 companies have the name “Twin KG”: “K2”, “K3”. Name the company by its key, or give the companies "
         "different names."),
    ),
    "lines_belong_together": (
        GROUPED,
        "\n".join([f"{HEADER};_file;_line;_column;_code;_message", f"{GOOD_LINE};x;2;;;", ""]),
        ("error", "rechnungen.csv", None, "", "",
         "The lines of “rechnungen.csv” belong together in records or groups of several lines, so some of them cannot "
         "be loaded alone. Nothing was loaded. Correct them in the file that was sent first, then send that again."),
    ),
    "lines_left_out": (
        TOTALS,
        invoices(GOOD_LINE, ";;Summe;;1.000,50;190,10;1.190,60;"),
        ("warning", "rechnungen.csv", None, "totals", "",
         "Line 3 is a total: its amounts are the sums of the lines above it. It was not loaded."),
    ),
}  # fmt: skip
# Is tested where a file is large enough.
IN_LARGE_FILES = {"group_scattered"}
