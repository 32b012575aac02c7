"""Reports over what the sample files and the demo connector load, through the whole path."""

from decimal import Decimal

from adsplatform.records.models import FinancialAccount, JournalEntry, JournalEntryLine
from syncs.loading import pipeline
from syncs.models import SyncRequest
from syncs.services import requests
from tests.factories import AppEnrollmentFactory
from tests.loading.uploading import Uploads
from tests.samples.workbooks import as_zip, workbooks


def amount_of(row, column="totalAmount"):
    return Decimal(row[column] or 0)


def sign_of(row):
    return -1 if row["invoiceTypeCode"] == "Credit Memo" else 1


def test_aging_of_the_sample_files(program, report, follow):
    enrollment = AppEnrollmentFactory(group_key=program.account)
    files = workbooks()
    assert Uploads(enrollment).load(as_zip(files), "books.zip", format="zip").status_code == "Success"
    outstanding = sum(sign_of(row) * amount_of(row, "outstandingBalanceAmount") for row in files["invoice"])
    found = report("ar/aging")
    assert found["total"] == outstanding
    # All are long overdue, and a credit memo has no due date but an invoice date.
    assert [bucket["value"] for bucket in found["buckets"]] == [0, 0, 0, 0, outstanding]
    assert report("ap/aging")["total"] == 0
    # On a day before the invoices were paid, all of them were open: 180 days after that of the invoices, not yet due.
    early = report("ar/aging", reportDate="2021-03-06")
    invoiced = sum(amount_of(row) for row in files["invoice"] if sign_of(row) == 1)
    credited = sum(amount_of(row) for row in files["invoice"] if sign_of(row) == -1)
    assert (early["buckets"][0]["value"], early["buckets"][4]["value"]) == (invoiced, -credited)
    # Later, payments and credit memos had settled some.
    late = report("ar/aging", reportDate="2021-10-12")
    paid = sum(amount_of(row, "paymentAppliedAmount") for row in files["paymentapplied"])
    applied = sum(amount_of(row, "creditMemoAppliedAmount") for row in files["creditmemoapplied"])
    assert late["total"] == invoiced - paid - applied - (credited - applied)
    assert follow(late["source"])[1] == late["total"]


def test_ledger_reports_of_the_demo_books(program, report):
    enrollment = AppEnrollmentFactory(group_key=program.account)
    sync_request = SyncRequest.objects.get(pk=requests.request_sync(enrollment, None).pk)
    sync_request.start()
    pipeline.run(sync_request)
    days = list(JournalEntry.objects.order_by("source_posting_date").values_list("source_posting_date", flat=True))
    asked = {"startDate": days[0].date(), "endDate": days[-1].date(), "appEnrollmentId": enrollment.pk}
    (total,) = (row for row in report("trial-balance", **asked)["rows"] if row["label"] == "Total")
    debit, credit = (cell["value"] for cell in total["cells"])
    assert debit == credit > 0
    rows = report("income-statement", **asked)["rows"]
    classes = dict(FinancialAccount.objects.values_list("pk", "classification"))
    earned = sum(
        line.base_credit - line.base_debit
        for line in JournalEntryLine.objects.all()
        if classes[line.financial_account_id] in ("Income", "Expense")
    )
    assert rows[-1]["cells"][0]["value"] == earned != 0
    labels = [row["label"] for row in report("balance-sheet", **asked)["rows"]]
    assert labels == ["Account", "Assets", "Liabilities", "Equity", "Liabilities and equity"]
