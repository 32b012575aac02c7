"""A file that is not known yet, its questions, and the form in which a person answers them."""

import re

from syncs.import_profiles.inspected import (
    Choice,
    InspectedColumn,
    InspectedFile,
    Preview,
    Question,
    Reading,
    Verdict,
)

DATES = Question(
    "dates:Date",
    "dates",
    "In which order are day and month of “Date”?",
    Verdict.OPEN,
    show="03/04/2025 is 3 April or March 4",
    column="Date",
    choices=(Choice("DD/MM/YYYY", "Day first"), Choice("MM/DD/YYYY", "Month first")),
)
CURRENCY = Question(
    "constant:currencyCode", "constant", "Which currency are the amounts in?", Verdict.LIKELY,
    suggest="GBP", kind="Invoice", field="currencyCode", is_free=True,
)  # fmt: skip
STATUS = Question(
    "values:Status", "values", "What do the words of “Status” mean?", Verdict.OPEN, column="Status",
    choices=(Choice("Open", "Open"), Choice("Closed", "Closed")), words=("paid", "due <soon>"),
)  # fmt: skip
COLUMNS = (
    InspectedColumn("No", ("Invoice.erpKey",), Verdict.SURE, samples=("A-1", "A-2", "A-3", "A-4")),
    InspectedColumn("Date", ("Invoice.invoiceDate",), Verdict.OPEN, style="dates", evidence="0 of 30 prove it"),
    InspectedColumn(
        "Total", ("Invoice.totalAmount",), Verdict.SURE, style="decimal point",
        evidence="14 of 30 prove it, none against; line 12: 1,150.50",
    ),
    InspectedColumn("Remarks", (), Verdict.SURE, is_ignored=True, samples=("<b>",)),
)  # fmt: skip
PROPOSAL = {
    "format": "import-profile/1",
    "name": "Invoices of a shop",
    "match": {"columns": ["No", "Date", "Total", "Remarks"], "fingerprint": "25fe85a9829658f5"},
    "read": {"encoding": "utf-8", "delimiter": ",", "header": 1},
    "styles": {"decimal": ".", "dates": "DD/MM/YYYY"},
    "records": [
        {
            "kind": "Invoice",
            "fields": {
                "erpKey": "No",
                "invoiceDate": "Date",
                "totalAmount": "Total",
                "companyErpKey": {"constant": "OWN"},
                "customerErpKey": {"constant": "C1"},
                "currencyCode": {"constant": "GBP"},
            },
        }
    ],
}
FILE = InspectedFile(
    "sales.csv",
    "csv",
    Reading.PROPOSAL,
    columns=COLUMNS,
    kinds=("Invoice",),
    summary="commas, decimal points, dates like 03/04/2025, 3 of 4 columns recognised",
    told=("decimal point: 1,150.50 decides",),
    ask=(DATES, CURRENCY),
    preview=Preview(
        first_lines=((1, "No,Date,Total,Remarks"), (2, "A-1,03/04/2025,<10>,")),
        last_lines=((31, "A-30,05/06/2025,7.00,"),),
        lines=30,
    ),
    proposal=PROPOSAL,
)


def posted(do="check", prefix="f0-", shown=(DATES, CURRENCY), **answers):
    """The form as a browser sends it: what is shown, with these answers."""
    form = {"do": do, f"{prefix}shown": [question.id for question in shown]}
    form |= {f"{prefix}q-{CURRENCY.id}": "other", f"{prefix}q-{CURRENCY.id}-other": "GBP"}
    for at, column in enumerate(COLUMNS):
        form[f"{prefix}c{at}t0"] = column.fields[0] if column.fields else ""
        form[f"{prefix}c{at}t1"] = ""
    form |= {f"{prefix}k0f": "Invoice.companyErpKey", f"{prefix}k0v": "OWN"}
    form |= {f"{prefix}k1f": "Invoice.customerErpKey", f"{prefix}k1v": "C1"}
    return form | answers


DAY_FIRST = {f"f0-q-{DATES.id}": '"DD/MM/YYYY"'}


def is_off(answer):
    """Whether *Confirm* is off."""
    (button,) = re.findall(r'<button[^>]* name="do" value="confirm"([^>]*)>', answer.text)
    return "disabled" in button
