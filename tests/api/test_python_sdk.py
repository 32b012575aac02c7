"""The vendor's own Python SDK, unchanged, against a server of ours."""

import inspect
import threading
import zipfile
from uuid import uuid4
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections
from lockstep.lockstep_api import LockstepApi

from adsplatform.records_api.includes import INCLUDES
from adsplatform.records_api.kinds import kinds
from adsplatform.wsgi import application
from enrollments.models import AppEnrollment
from syncs.models import SyncRequest
from tests.books import Books
from tests.factories import AppEnrollmentFactory, SyncEntityResultFactory, SyncResultDetailFactory

pytestmark = pytest.mark.django_db


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def server(db):
    """A real server on a real port that shares the test's connection, and so its transaction."""
    shared = connections["default"]
    shared.inc_thread_sharing()
    # As Django's own test client does, or the end of a request would end the test's transaction.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    httpd = make_server("127.0.0.1", 0, application, handler_class=Quiet)

    def serve():
        connections["default"] = shared
        httpd.serve_forever(poll_interval=0.01)

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    thread.join()
    httpd.server_close()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    shared.dec_thread_sharing()


@pytest.fixture
def sdk(program, server):
    api = LockstepApi(server, "tests")
    api.with_api_key(program.key)
    return api


def test_ping_returns_the_caller(sdk, program):
    answer = sdk.status.ping()
    assert (answer.success, answer.value.loggedIn) == (True, True)
    assert answer.value.emailAddress == program.user.email


def test_a_sync_from_its_creation_to_its_end(sdk, program):
    enrollment = AppEnrollmentFactory(group_key=program.account)
    created = sdk.sync.create_sync({"appEnrollmentId": str(enrollment.pk)})
    assert (created.status_code, created.value.statusCode) == (200, "Ready")
    id = created.value.syncRequestId
    assert sdk.sync.retrieve_sync(id, "Details").value.statusCode == "Connector"
    assert sdk.sync.cancel_sync(id).value.statusCode == "Cancelled"
    assert sdk.sync.cancel_sync(id).success is True
    refused = sdk.sync.update_sync(id, {"statusCode": "Failed"})
    assert (refused.success, refused.error.status, refused.error.title) == (False, 403, "Not allowed.")


def test_a_file_is_uploaded(sdk, tmp_path):
    path = tmp_path / "my books.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("companies.csv", "erpKey\nC1\n")
    answer = sdk.sync.upload_sync_file(None, True, str(path))
    assert (answer.success, answer.value.runFullSync) == (True, True)
    upload = SyncRequest.objects.get().upload
    assert (upload.file_name, upload.size) == ("my books.zip", path.stat().st_size)


def test_a_batch_is_sent(sdk):
    answer = sdk.sync.create_batch_import({"companies": [{"erpKey": "C1", "companyName": "Größe"}]})
    assert (answer.success, answer.value.statusCode) == (True, "Ready")
    refused = sdk.sync.create_batch_import({"companies": None})
    assert refused.error.detail.startswith("The batch holds no records.")


def test_syncs_are_queried_with_their_details(sdk, program):
    result = SyncEntityResultFactory(sync_request__app_enrollment__group_key=program.account, lines_read=1, rejected=1)
    SyncResultDetailFactory(sync_request=result.sync_request, erp_key="I1", message="Bad amount.", line=2)
    answer = sdk.sync.query_syncs("statusCode eq 'Success'", "details", "created desc", 1, 0)
    assert (answer.value.totalCount, answer.value.pageSize, answer.value.pageNumber) == (1, 1, 0)
    assert answer.value.records[0].details["Invoice"]["errors"] == {"I1": ["invoices.csv, line 2: Bad amount."]}
    assert sdk.sync.query_syncs(None, None, None, None, None).value.pageSize == 250
    assert sdk.sync.query_syncs("nonsense", None, None, None, None).error.status == 400


def test_an_enrollment_is_made_and_ended(sdk):
    apps = sdk.applications.query_applications("name startswith 'Demo'", None, None, None, None)
    app_id = apps.value.records[0].appId
    made = sdk.appEnrollments.create_app_enrollments(True, [{"appId": app_id}])
    id = made.value[0].appEnrollmentId
    assert sdk.appEnrollments.retrieve_app_enrollment(id, "App,LastSync").value.lastSync is not None
    (setting,) = sdk.appEnrollments.query_enrollment_fields(id).value.records
    assert (setting.customFieldLabel, setting.numericValue, setting.value) == ("Invoices", 1200, "1200")
    (value,) = sdk.appEnrollments.reconnect_app_enrollment(id, {"username": "ann"}).value
    assert (value.recordKey, value.tableKey, value.value) == (id, "AppEnrollment", "1200")
    assert sdk.appEnrollments.update_app_enrollment(id, {"IsActive": "False"}).value.isActive is False
    assert "removed" in sdk.appEnrollments.delete_app_enrollment(id, True).value.messages[-1]
    assert sdk.appEnrollments.delete_app_enrollment(id, False).error.status == 404


def test_an_api_key_is_created_used_and_revoked(sdk, server):
    made = sdk.apiKeys.create_api_key({"name": "nightly"}).value
    other = LockstepApi(server, "tests")
    other.with_bearer_token(made.apiKey)
    assert other.status.ping().value.loggedIn is True
    assert sdk.apiKeys.revoke_api_key(made.apiKeyId).success is True
    assert other.status.ping().value.errorMessage.startswith("The API key nightly (LSPK-")
    assert other.sync.retrieve_sync(made.apiKeyId, None).error.title == "Unauthorized"


# The clients that read records: their queries, their look-ups, and the kinds of record.
READERS = {
    "companies": ("query_companies", "retrieve_company", "Company"),
    "contacts": ("query_contacts", "retrieve_contact", "Contact"),
    "creditMemosApplied": ("query_credit_memos_applied", "retrieve_credit_memo_applied", "CreditMemoApplied"),
    "customFieldDefinitions": (
        "query_field_definitions",
        "retrieve_field_definition",
        "CustomFieldDefinition",
    ),
    "financialAccount": ("query_financial_accounts", "retrieve_financial_account", "FinancialAccount"),
    "financialAccountBalanceHistory": (
        "query_balance_history",
        "retrieve_balance_history",
        "FinancialAccountBalanceHistory",
    ),
    "financialYearSettings": (
        "query_financial_year_settings",
        "retrieve_financial_year_setting",
        "FinancialYearSetting",
    ),
    "invoiceAddresses": ("query_invoice_addresses", "retrieve_invoice_address", "InvoiceAddress"),
    "invoiceLines": ("query_invoice_lines", "", "InvoiceLine"),
    "invoices": ("query_invoices", "retrieve_invoice", "Invoice"),
    "journalEntries": ("query_journal_entries", "retrieve_journal_entry", "JournalEntry"),
    "journalEntryLines": ("query_journal_entry_lines", "retrieve_journal_entry_line", "JournalEntryLine"),
    "payments": ("query_payments", "retrieve_payment", "Payment"),
    "paymentsApplied": ("query_payments_applied", "retrieve_payment_applied", "PaymentApplied"),
    "workflowStatuses": ("query_workflow_statuses", "retrieve_workflow_status", "WorkflowStatus"),
}


def test_records_of_every_kind_are_read(sdk, program):
    Books(program.account)
    for client, (query, retrieve, name) in READERS.items():
        client, kind = getattr(sdk, client), kinds()[name]
        include = ",".join(INCLUDES.get(name, {}))
        takes_include = "include" in inspect.signature(getattr(client, query)).parameters
        asked = ("", include, "", 250, 0) if takes_include else ("", "", 250, 0)
        found = getattr(client, query)(*asked)
        assert (found.success, found.value.totalCount > 0) == (True, True), name
        if retrieve:
            id = getattr(found.value.records[0], kind.id_name)
            method = getattr(client, retrieve)
            one = method(id, include) if "include" in inspect.signature(method).parameters else method(id)
            assert (one.success, getattr(one.value, kind.id_name)) == (True, id)
    invoice = sdk.invoices.query_invoices("invoiceTypeCode = 'AR Invoice'", "Lines", "", 1, 0).value.records[0]
    assert (invoice.totalAmount, len(invoice.lines)) == (119, 1)
    history = sdk.invoices.retrieve_invoice_workflow_status_histories(invoice.invoiceId)
    assert history.success
    value = sdk.customFieldValues.query_fields("", "", "", 1, 0).value.records[0]
    read = sdk.customFieldValues.retrieve_field(value.customFieldDefinitionId, value.recordKey, "")
    assert read.value.value == "4711"
    refused = sdk.invoices.delete_invoice(invoice.invoiceId)
    assert (refused.success, refused.error.status) == (False, 405)


def test_reports_are_read(sdk, program):
    Books(program.account)
    assert sdk.reports.cash_flow(3_000).value.invoicesBilled == 119
    assert len(sdk.reports.daily_sales_outstanding(None).value) == 12
    assert sdk.reports.days_payable_outstanding().value[0].invoiceCount == 0
    books = str(AppEnrollment.objects.get(app_id__isnull=False, group_key=program.account).pk)
    asked = ("2025-03-01", "2025-03-31", books)
    assert sdk.reports.trial_balance_report(*asked).value.reportName.startswith("Trial Balance for ")
    for statement in (sdk.reports.income_statement_report, sdk.reports.balance_sheet_report):
        found = statement(*asked, "Quarterly", 2, "PP", True, True).value
        assert (found.rows[0]["rowType"], found.reportEndDate) == ("Header", "2025-03-31")
    assert sdk.reports.risk_rates().value[0].totalInvoiceCount == 0
    found = sdk.reports.invoice_aging_report(None, None, None, None, None, None)
    assert [row.bucket for row in found.value] == [0, 30, 60, 90, 120, 180]
    assert (found.value[-1].currencyCode, found.value[-1].outstandingBalance) == ("EUR", 49)
    found = sdk.reports.invoice_aging_report(str(uuid4()), True, "EUR", None, [0, 30], True)
    assert (found.success, found.error.status) == (False, 404)
