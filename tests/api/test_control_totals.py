"""Control totals, for programs."""

import pytest

from adsplatform.records.models import Invoice
from syncs import tasks
from tests.callers import Program
from tests.factories import ControlTotalFactory, SyncRequestFactory

pytestmark = pytest.mark.django_db
INVOICE = {"erpKey": "I1", "companyErpKey": "C1", "customerErpKey": "C1", "currencyCode": "EUR", "totalAmount": 10.10}
BATCH = {
    "companies": [{"erpKey": "C1", "companyName": "Acme", "companyType": "Customer", "isActive": True}],
    "invoices": [
        INVOICE,
        INVOICE | {"erpKey": "I2", "totalAmount": "99999999999999999999.99999999", "baseCurrencyTotalAmount": "1"},
        INVOICE | {"erpKey": "I3", "totalAmount": 5, "companyErpKey": "C9"},
        INVOICE | {"erpKey": "I4", "totalAmount": 2, "currencyCode": None},
    ],
}


@pytest.fixture
def loaded(program):
    sync_request_id = program.post("Sync/batch", BATCH).json()["syncRequestId"]
    tasks.run_next_sync()
    return sync_request_id


def test_control_totals_are_by_kind_of_record_amount_and_currency(program, loaded):
    answer = program.get(f"Sync/{loaded}/control-totals").json()
    assert answer["totalCount"] == 3
    assert [(one["column"], one.get("currency")) for one in answer["records"]] == [
        ("totalAmount", None), ("totalAmount", "EUR"), ("baseCurrencyTotalAmount", None),
    ]  # fmt: skip
    assert answer["records"][1] == {
        "entity": "Invoice", "column": "totalAmount", "currency": "EUR",
        "fileCount": 3, "fileSum": "100000000000000000015.09999999",
        "loadedCount": 2, "loadedSum": "100000000000000000010.09999999",
        "rejectedCount": 1, "rejectedSum": "5", "skippedCount": 0, "skippedSum": "0", "agrees": True,
        "booksCount": 2, "booksSum": "100000000000000000010.09999999",
    }  # fmt: skip


def test_totals_say_where_the_records_differ(program, loaded):
    Invoice.objects.filter(erp_key="I4").delete()
    answer = program.get(f"Sync/{loaded}/control-totals").json()
    assert [one["agrees"] for one in answer["records"]] == [False, True, False]


def test_totals_of_books_that_have_changed_since_are_not_compared(program, loaded):
    program.post("Sync/batch", BATCH | {"invoices": [INVOICE | {"erpKey": "I5"}]})
    tasks.run_next_sync()
    answer = program.get(f"Sync/{loaded}/control-totals").json()
    assert [one.get("agrees") for one in answer["records"]] == [True, None, None]


def test_totals_are_filtered_ordered_and_paged(program, loaded):
    found = program.get(f"Sync/{loaded}/control-totals", "filter=currency EQ 'eur'").json()["records"]
    assert [one["currency"] for one in found] == ["EUR"]
    page = program.get(f"Sync/{loaded}/control-totals", "order=column&pageSize=1&pageNumber=0").json()
    assert [one["column"] for one in page["records"]] == ["baseCurrencyTotalAmount"]


def test_a_person_who_may_only_read_sees_the_totals(program, loaded):
    reader = Program("Read-Only", program.account)
    assert reader.get(f"Sync/{loaded}/control-totals").json()["totalCount"] == 3


def test_a_sync_that_is_not_finished_has_none(program, enrollment):
    waiting = SyncRequestFactory(app_enrollment=enrollment, queued=True)
    assert program.get(f"Sync/{waiting.pk}/control-totals").json()["records"] == []


def test_a_stranger_gets_404(stranger, enrollment):
    total = ControlTotalFactory(sync_request__app_enrollment=enrollment)
    answer = stranger.get(f"Sync/{total.sync_request_id}/control-totals")
    assert answer.status_code == 404
    assert answer.json()["detail"] == f"There is no sync with the id “{total.sync_request_id}”."
