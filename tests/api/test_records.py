"""The read endpoints of all kinds of record."""

import json
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from adsplatform.records import models as records
from adsplatform.records_api import counting, includes
from adsplatform.records_api.kinds import kinds
from tests.books import Books
from tests.factories import SyncRequestFactory

KINDS = list(kinds().values())


@pytest.fixture
def books(program):
    return Books(program.account)


def exact(answer):
    return json.loads(answer.content, parse_float=Decimal)


def query(program, path, **parameters):
    from urllib.parse import urlencode

    answer = program.get(f"{path}/query", urlencode(parameters))
    assert answer.status_code == 200, answer.content
    return exact(answer)


def test_every_kind_is_queried_and_retrieved_by_its_own_account_only(program, stranger, books):
    Books(stranger.account)
    for kind in KINDS:
        found = query(program, kind.path)
        assert found["totalCount"] == len(found["records"]) > 0, kind.path
        assert {record["groupKey"] for record in found["records"]} == {str(program.account.pk)}
        if kind.name == "CustomField":
            continue
        for record in found["records"]:
            path = f"{kind.path}/{record[kind.id_name]}"
            assert exact(program.get(path)) == record
            assert stranger.get(path).status_code == 404


def test_every_member_can_be_filtered_and_sorted_by(program, books):
    for kind in KINDS:
        (record, *_) = query(program, kind.path)["records"]
        for member in kind.members:
            if member.type == "json":
                continue
            value = record.get(member.name)
            condition = f"{member.name} is null" if value is None else f"{member.name} = {_constant(value)}"
            found = query(program, kind.path, filter=condition, order=f"{member.name} desc")
            assert record in found["records"], (kind.name, condition)


def _constant(value):
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value).lower()


def test_an_invoice_looks_as_published(program, books):
    invoice = exact(program.get(f"Invoices/{books.invoice.pk}"))
    assert invoice["invoiceId"] == str(books.invoice.pk)
    assert invoice["customerName"] == "Müller & Söhne"
    assert (invoice["totalAmount"], invoice["outstandingBalanceAmount"]) == (Decimal(119), Decimal(49))
    assert (invoice["invoiceDate"], invoice["created"]) == ("2025-03-01", "2025-03-01T12:00:00.120Z")
    assert exact(program.get(f"invoice-addresses/{invoice['primaryBillToAddressId']}"))["city"] == "Köln"
    assert "primaryOriginAddressId" not in invoice
    assert "billToAddressCity" not in invoice
    assert not {"rowHash", "id"} & {*invoice}


def test_a_text_of_json_is_read_as_the_list_that_it_holds(program, books):
    values = {"one": '[{"type": "VAT", "value": "DE1"}]', "other": "DE1"}
    read = []
    for text in values.values():
        records.Company.objects.filter(pk=books.company.pk).update(company_identifiers=text)
        read.append(exact(program.get(f"Companies/{books.company.pk}"))["companyIdentifiers"])
    assert read == [[{"type": "VAT", "value": "DE1"}], "DE1"]


def test_a_record_names_who_requested_the_syncs_that_wrote_it(program, books):
    nobody = "00000000-0000-0000-0000-000000000000"
    sync = SyncRequestFactory(app_enrollment=books.enrollment, modified_user=program.user)
    records.Company.objects.filter(pk=books.company.pk).update(created_sync_id=sync.pk)
    company = exact(program.get(f"Companies/{books.company.pk}"))
    assert (company["createdUserId"], company["modifiedUserId"]) == (str(program.user.pk), nobody)
    found = query(program, "Companies", filter=f"createdUserId = '{program.user.pk}'")
    assert [each["companyId"] for each in found["records"]] == [company["companyId"]]


def test_amounts_leave_as_exact_numbers(program, books):
    answer = program.get(f"journal-entry-lines/{books.entry_line.pk}")
    assert b'"debit":12345678901234567890.12345678,' in answer.content
    assert exact(answer)["dimensions"] == {"project": "P-7"}


def test_a_record_whose_reference_leads_nowhere_is_still_found(program, books):
    records.Company.objects.all().delete()
    found = query(program, "Invoices", include="Company,Customer")
    assert found["totalCount"] == 2
    assert all("customerName" not in record and "customer" not in record for record in found["records"])


def test_everything_that_belongs_to_an_invoice_is_included(program, books):
    names = "Addresses, lines, Payments, CREDITMEMOS, WorkflowStatuses, Company, Customer, CustomFields, Notes"
    (invoice, memo) = query(program, "Invoices", include=f"{names}, Attachments, PDFSupport", order="erpKey")["records"]
    assert [line["erpKey"] for line in invoice["lines"]] == ["I1-1"]
    assert [address["line1"] for address in invoice["addresses"]] == ["Hauptstr. 1"]
    assert invoice["payments"] == [
        {
            "groupKey": str(program.account.pk),
            "paymentAppliedId": str(books.application.pk),
            "invoiceId": str(books.invoice.pk),
            "paymentId": str(books.payment.pk),
            "applyToInvoiceDate": "2025-03-01",
            "paymentAppliedAmount": Decimal("59.5"),
            "currencyCode": "EUR",
            "companyId": str(books.company.pk),
            "paymentAmount": Decimal("59.5"),
            "unappliedAmount": 0,
            "baseCurrencyPaymentAmount": Decimal("59.5"),
            "baseCurrencyUnappliedAmount": 0,
            "baseCurrencyPaymentAppliedAmount": Decimal("59.5"),
        }
    ]
    (credit,) = invoice["creditMemos"]
    assert credit["baseCurrencyCreditMemoAppliedAmount"] == Decimal("10.5")
    assert (credit["creditMemoAppliedAmount"], credit["totalAmount"]) == (Decimal("10.5"), Decimal("10.5"))
    assert invoice["workflowStatuses"][0]["workflowStatusNotes"] == "Sent"
    assert (invoice["company"]["erpKey"], invoice["customer"]["erpKey"]) == ("C2", "C1")
    assert invoice["customerPrimaryContact"]["contactName"] == "Ana"
    (value,), (definition,) = invoice["customFieldValues"], invoice["customFieldDefinitions"]
    assert (value["value"], definition["customFieldLabel"]) == ("4711", "Cost centre")
    assert value["customFieldDefinitionId"] == definition["customFieldDefinitionId"]
    assert (invoice["notes"], invoice["attachments"], invoice["hasPdf"]) == ([], [], False)
    assert (memo["lines"], memo["payments"], memo["customFieldValues"]) == ([], [], [])


def test_what_is_included_belongs_to_the_account(program, stranger, books):
    # References are not checked by the database, so one may name a record of another account.
    foreign = Books(stranger.account)
    records.Invoice.objects.filter(pk=books.invoice.pk).update(customer=foreign.company)
    records.InvoiceLine.objects.filter(pk=foreign.line.pk).update(invoice=books.invoice)
    invoice = exact(program.get(f"Invoices/{books.invoice.pk}", "include=Customer,Lines"))
    assert ("customer" in invoice, "customerName" in invoice) == (False, False)
    assert [line["erpKey"] for line in invoice["lines"]] == ["I1-1"]
    assert len(invoice["lines"]) == 1


def test_every_include_of_every_kind_answers(program, books):
    for kind in KINDS:
        for name in includes.INCLUDES.get(kind.name, {}):
            found = query(program, kind.path, include=name)["records"]
            assert found, (kind.name, name)
            assert not any(member.startswith("_") for record in found for member in record), (kind.name, name)


def test_a_page_takes_the_same_statements_whatever_its_size(program, books, django_assert_max_num_queries):
    for number in range(5):
        books.add_invoice(f"X{number}", "AR Invoice", Decimal(1), Decimal(1))
    path, parameters = "Invoices/query", "include=Lines&pageSize=5"
    program.get(path, parameters)
    with CaptureQueriesContext(connection) as captured:
        program.get(path, parameters)
    of_records = [each["sql"] for each in captured if "records_" in each["sql"]]
    assert len(of_records) == 3, of_records


def test_too_much_to_include_is_cut_and_said(program, books, monkeypatch):
    monkeypatch.setattr(includes, "MOST_OF_A_RECORD", 1)
    books.add(records.InvoiceLine, erp_key="I1-2", invoice=books.invoice, line_number="2")
    answer = program.get(f"Invoices/{books.invoice.pk}", "include=Lines,Addresses")
    assert [line["lineNumber"] for line in exact(answer)["lines"]] == ["1"]
    assert answer.headers["X-Includes-Incomplete"] == "Lines"
    label = {"erp_key": "I1", "table_key": "Invoice", "custom_field_label": "Project", "record_key": books.invoice.pk}
    books.add(records.CustomField, **label)
    answer = program.get(f"Invoices/{books.invoice.pk}", "include=CustomFields")
    assert answer.headers["X-Includes-Incomplete"] == "CustomFields"
    monkeypatch.setattr(includes, "MOST_OF_A_PAGE", 1)
    refused = program.get("Invoices/query", "include=Lines")
    assert refused.status_code == 400
    assert "Ask for smaller pages" in refused.json()["detail"]


def test_a_great_count_is_an_estimate_and_says_so(program, books, monkeypatch):
    monkeypatch.setattr(counting, "COUNTED", 1)
    answer = program.get("Invoices/query", "pageSize=1&filter=totalAmount > 0")
    assert answer.headers["X-Total-Count-Exact"] == "false"
    assert answer.json()["totalCount"] >= 2


def test_all_records_of_a_kind_are_not_counted_because_merges_keep_their_number(program, stranger, books, monkeypatch):
    monkeypatch.setattr(counting, "COUNTED", 1)
    Books(stranger.account)
    with CaptureQueriesContext(connection) as captured:
        answer = program.get("Invoices/query", "pageSize=1")
    assert answer.json()["totalCount"] == 2
    assert "X-Total-Count-Exact" not in answer.headers
    assert not any("COUNT(" in each["sql"] for each in captured)


def test_pages_follow_the_conventions_of_all_queries(program, books):
    first = query(program, "Invoices", pageSize=1, pageNumber=0, order="erpKey")
    assert (first["totalCount"], first["pageSize"], first["pageNumber"]) == (2, 1, 0)
    past = query(program, "Invoices", pageSize=1, pageNumber=9)
    assert (past["records"], past["totalCount"]) == ([], 2)
    assert "pageNumber" not in query(program, "Invoices")
    assert program.get("Invoices/query", "pageSize=501").status_code == 400
    assert program.get("invoice-lines/query", "pageSize=10000").status_code == 200
    assert "totalAmount" in program.get("Invoices/query", "filter=totl > 1").json()["detail"]


def test_pages_in_the_usual_order_have_every_record_once_and_the_oldest_first(program, stranger, books):
    others = Books(stranger.account)
    later = books.add_invoice("I9", "AR Invoice", Decimal(1), Decimal(1))
    others.add_invoice("I9", "AR Invoice", Decimal(1), Decimal(1))
    pages = [query(program, "Invoices", pageSize=1, pageNumber=number) for number in range(4)]
    ids = [[record["invoiceId"] for record in page["records"]] for page in pages]
    assert ids == [[str(books.invoice.pk)], [str(books.credit_memo.pk)], [str(later.pk)], []]
    assert [page["totalCount"] for page in pages] == [3, 3, 3, 3]
    narrowed = query(program, "Invoices", pageSize=1, pageNumber=1, filter="totalAmount > 20 or erpKey = 'I9'")
    assert [record["erpKey"] for record in narrowed["records"]] == ["I9"]


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_single_records_are_not_written(program, books, method):
    for path in ("Invoices", f"Invoices/{books.invoice.pk}"):
        answer = program.send_json(method, path, [{}], "")
        assert answer.status_code == 405
        assert "POST /api/v1/Sync/batch" in answer.json()["detail"]


def test_a_bare_path_says_where_the_list_is(program, books):
    answer = program.get("Invoices")
    assert answer.status_code == 405
    assert "/api/v1/Invoices/query" in answer.json()["detail"]


def test_the_history_of_an_invoice_is_an_array(program, stranger, books):
    path = f"Invoices/{books.invoice.pk}/workflow-status-history"
    (step,) = program.get(path).json()
    assert (step["workflowStatusReasonCode"], step["created"]) == ("SENT", "2025-03-01T12:00:00.120Z")
    assert stranger.get(path).status_code == 404
    assert program.get(f"Invoices/{uuid4()}/workflow-status-history").status_code == 404


def test_workflow_statuses_are_those_that_records_name(program, stranger, books):
    named = uuid4()
    books.add_invoice("W1", "AR Invoice", Decimal(1), Decimal(1), workflow_status_id=named)
    books.add_invoice("W2", "AR Invoice", Decimal(1), Decimal(1), workflow_status_code="SENT")
    Books(stranger.account)
    by_id, by_code = query(program, "workflow-statuses", include="Children,Parents")["records"]
    if by_id["name"] == "SENT":
        by_id, by_code = by_code, by_id
    assert (by_id["id"], by_id["name"], "code" in by_id) == (str(named), str(named), False)
    assert (by_code["name"], by_code["code"], by_code["children"], by_code["parents"]) == ("SENT", "SENT", [], [])
    for reference in (
        program.get(f"Invoices/{books.invoice.pk}/workflow-status-history").json()[0],
        query(program, "Invoices", filter=f"workflowStatusId = {by_code['id']}")["records"][0],
    ):
        status = program.get(f"workflow-statuses/{reference['workflowStatusId']}").json()
        assert status["code"] == "SENT"
    assert reference["erpKey"] == "W2"
    assert stranger.get(f"workflow-statuses/{by_code['id']}").status_code == 404


def test_a_definition_of_a_custom_field_names_its_application(program, books):
    (definition,) = query(program, "CustomFieldDefinitions")["records"]
    assert definition["appId"] == str(books.enrollment.app_id)


def test_a_custom_field_is_found_by_its_definition_or_label(program, stranger, books):
    (value,) = query(program, "CustomFieldValues", include="CustomFieldDefinition")["records"]
    assert value["customFieldDefinition"]["customFieldDefinitionId"] == value["customFieldDefinitionId"]
    for name in (value["customFieldDefinitionId"], "Cost%20centre"):
        path = f"CustomFieldValues/{name}/{books.invoice.pk}"
        assert program.get(path).json()["value"] == "4711"
        assert stranger.get(path).status_code == 404
    assert program.get(f"CustomFieldValues/Other/{books.invoice.pk}").status_code == 404
