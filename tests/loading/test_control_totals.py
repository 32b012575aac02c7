"""Control totals: what the amounts of a file and of the books add up to, and whether the records agree."""

import re
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from adsplatform.records.specification import entities
from syncs.connectors.protocol import ConnectorError
from syncs.loading.context import MergeContext
from syncs.loading.control_totals.recount import check_totals, recount
from syncs.models import BookTotal, ControlTotal
from tests.factories import AppEnrollmentFactory, SyncRequestFactory
from tests.loading.conftest import balance, company, invoice
from tests.loading.totals import COMPANIES, NONE, figures, loaded_only, of_books, of_lines, stored


def test_amounts_are_totalled_by_currency_whatever_its_case(loaded):
    assert of_lines(loaded) == {"EUR": loaded_only(2, "10"), "USD": loaded_only(1, "5")}
    assert of_books(loaded) == stored() == {"EUR": (2, "10"), "USD": (1, "5")}


def test_an_empty_cell_is_no_amount(sync):
    result = sync({"companies": COMPANIES, "invoices": [invoice(totalAmount="", currencyCode="EUR")]})
    assert not result.control_totals.exists()


def test_kinds_without_amounts_have_no_totals(sync):
    assert not sync({"companies": COMPANIES}).control_totals.exists()


def test_the_same_lines_again_are_loaded_and_change_no_total(sync, loaded):
    again = sync({"invoices": [invoice("I1", totalAmount="10.1", currencyCode="EUR")]})
    assert of_lines(again) == {"EUR": loaded_only(1, "10.1")}
    assert of_books(again) == of_books(loaded)


def test_rejected_and_skipped_amounts_are_totalled_separately(sync, loaded):
    result = sync({"invoices": [
        invoice("I4", totalAmount="1", currencyCode="EUR"),
        invoice("I4", totalAmount="2", currencyCode="EUR"),
        invoice("I5", totalAmount="4", currencyCode="EUR", currencyRate="x"),
        invoice("I6", "C9", totalAmount="8", currencyCode="EUR"),
        invoice("I7", totalAmount="twelve", currencyCode="EUR"),
        invoice("I1", totalAmount="16", currencyCode="EUR", onMatchAction="1"),
        invoice("I2", totalAmount="32", currencyCode="EUR", onMatchAction="2"),
        invoice("I8", totalAmount="64", currencyCode="EURO"),
    ]})  # fmt: skip
    # I7 gives no readable amount, I8 no readable currency.
    assert of_lines(result) == {
        "EUR": ((6, "63"), (1, "2"), (2, "12"), (3, "49")),
        "": ((1, "64"), NONE, (1, "64"), NONE),
    }
    assert of_books(result) == {"EUR": (2, "12.1"), "USD": (1, "5")}
    assert {checked.agrees for checked in check_totals(result.control_totals.all())} == {True}


def test_a_row_without_a_currency_counts_under_none_and_its_record_under_its_own(sync, loaded):
    result = sync({"invoices": [{"erpKey": "I1", "totalAmount": "20"}]})
    assert of_lines(result) == {"": loaded_only(1, "20")}
    assert of_books(result) == {"EUR": (2, "19.9"), "USD": (1, "5")}


def test_a_record_that_changes_its_currency_moves_to_the_total_of_the_new_one(sync, loaded):
    result = sync({"invoices": [{"erpKey": "I1", "currencyCode": "CHF"}]})
    assert of_lines(result) == {}
    assert of_books(result) == stored() == {"EUR": (1, "-0.1"), "CHF": (1, "10.1"), "USD": (1, "5")}


def test_a_total_disappears_with_the_last_record_of_its_currency(sync, loaded):
    result = sync({"invoices": [{"erpKey": "I3", "onMatchAction": "2"}]})
    assert of_books(result) == stored() == {"EUR": (2, "10")}


def test_computed_amounts_count_in_the_books(sync, loaded):
    assert of_lines(loaded, "baseCurrencyTotalAmount") == {}
    assert of_books(loaded, "baseCurrencyTotalAmount") == {"": (3, "15")}
    result = sync({"invoices": [{"erpKey": "I3", "currencyRate": "2"}]})
    assert of_books(result, "baseCurrencyTotalAmount") == {"": (3, "20")}


def test_a_new_record_and_its_row_share_one_sum(sync, monkeypatch):
    statements, execute = [], MergeContext.execute

    def recorded(context, statement, values=None):
        statements.append(statement.as_string(context.cursor.connection))
        execute(context, statement, values)

    monkeypatch.setattr(MergeContext, "execute", recorded)
    sync({"companies": [company()], "invoices": [invoice(totalAmount="1"), invoice("I2", totalAmount="2")]})
    of_rows, *_ = (each for each in statements if "INSERT INTO amount_tally" in each and "'Invoice'" in each)
    amounts = re.findall(r"sum\((.*?)\) AS", of_rows)
    # The other one is the product, which only new records take.
    assert [amount for amount in amounts if "round" not in amount] == ['s."total_amount"']


def test_sums_are_exact_whatever_their_size(sync):
    amounts = ["9" * 20 + "." + "9" * 8] * 3 + ["0.00000001", "+00.10", ".5", "7.", "1.00000000000000"]
    result = sync({"companies": COMPANIES, "invoices": [
        invoice(f"I{at}", totalAmount=amount, baseCurrencyTotalAmount="0", currencyCode="JPY")
        for at, amount in enumerate(amounts)
    ]})  # fmt: skip
    sum = "300000000000000000008.59999998"
    assert of_lines(result) == {"JPY": loaded_only(8, sum)}
    assert of_books(result) == {"JPY": (8, sum)}
    assert {checked.agrees for checked in check_totals(result.control_totals.all())} == {True}
    assert recount(result.app_enrollment) == []


def test_odd_currencies_count_as_none(sync):
    odd = ["\t\\N", "€", "E R", "É€R", "ÄÖÜ", "", "  ", "12"]
    result = sync({"companies": COMPANIES, "invoices": [
        invoice(f"I{at}", totalAmount="1", currencyCode=code) for at, code in enumerate(odd)
    ]})  # fmt: skip
    assert of_lines(result) == {"": loaded_only(8, "8")}
    assert of_books(result) == {"": (8, "8")}


def test_ledger_lines_are_totalled_in_both_their_currencies(sync):
    line = {
        "journalEntryErpKey": "J1", "accountNumber": "1", "accountName": "Cash", "debit": "1", "credit": "2",
        "currencyCode": "USD", "baseDebit": "3", "baseCredit": "4", "baseCurrencyCode": "EUR", "currencyRate": "9",
        "sourceCreatedUser": "me", "erpKey": "L1",
    }  # fmt: skip
    result = sync({
        "journalEntries": [{"erpKey": "J1", "sourcePostingDate": "2024-01-01"}], "journalEntryLines": [line],
    })  # fmt: skip
    found = [(total.column, total.currency, figures(total, "books")) for total in result.control_totals.order_by("pk")]
    assert found == [
        ("debit", "USD", (1, "1")), ("credit", "USD", (1, "2")),
        ("baseDebit", "EUR", (1, "3")), ("baseCredit", "EUR", (1, "4")),
    ]  # fmt: skip


def test_rates_quantities_and_unit_prices_are_not_totalled():
    left_out = {
        (entity.name, column.wire)
        for entity in entities().values()
        for column in entity.columns.values()
        if column.type == "amount" and not column.adds_up
    }
    assert left_out == {
        ("CustomField", "numericValue"), ("Invoice", "currencyRate"), ("InvoiceLine", "quantity"),
        ("InvoiceLine", "quantityReceived"), ("InvoiceLine", "quantityShipped"), ("InvoiceLine", "taxRate"),
        ("InvoiceLine", "unitPrice"), ("JournalEntryLine", "currencyRate"), ("Payment", "currencyRate"),
    }  # fmt: skip
    for entity in entities().values():
        for column in entity.amounts:
            assert not column.currency or entity.columns[column.currency].type == "text"


def test_a_full_sync_subtracts_what_it_deletes(sync, loaded):
    result = sync({"invoices": [invoice("I1", totalAmount="10.10", currencyCode="EUR")]}, run_full_sync=True,
                  allow_deletes=True)  # fmt: skip
    assert of_lines(result) == {"EUR": loaded_only(1, "10.1")}
    assert of_books(result) == stored() == {"EUR": (1, "10.1")}


def test_each_part_has_totals_of_its_own(sync, loaded):
    part = {"run_full_sync": True, "total_batches": 2, "allow_deletes": True}
    first = sync({"invoices": [invoice("I1", totalAmount="1", currencyCode="EUR")]}, **part)
    assert of_books(first) == {"EUR": (2, "0.9"), "USD": (1, "5")}
    last = sync({"invoices": [invoice("I9", totalAmount="2", currencyCode="EUR")]}, current_batch=2,
                parent_sync_request=first, **part)  # fmt: skip
    assert of_lines(last) == {"EUR": loaded_only(1, "2")}
    assert of_books(last) == stored() == {"EUR": (2, "3")}


def test_deleted_balances_are_subtracted(sync):
    accounts = [{
        "erpKey": "A1", "code": "1", "name": "Cash", "status": "Active", "cashflowType": "cash",
        "description": "Cash", "classification": "Asset",
    }]  # fmt: skip
    both = [balance("1", financialAccountErpKey="A1"), balance("2", financialAccountErpKey="A1", balance="5")]
    sync({"financialAccounts": accounts, "financialAccountBalanceHistories": both})
    assert stored("balance") == {"": (2, "6.1")}
    result = sync({"financialAccountBalanceHistories": both[1:]})
    assert of_books(result, "balance") == stored("balance") == {"": (1, "5")}


def test_a_preview_reports_what_the_books_would_hold_and_stores_nothing(sync, loaded):
    before = stored()
    lines = [
        invoice("I1", totalAmount="1", currencyCode="EUR"),
        invoice("I4", totalAmount="2", currencyCode="EUR"),
        invoice("I4", totalAmount="3", currencyCode="EUR"),
        invoice("I5", "C9", totalAmount="4", currencyCode="EUR"),
        {"erpKey": "I3", "totalAmount": "7", "onMatchAction": "2"},
    ]
    preview = sync({"invoices": lines}, dry_run=True)
    assert of_lines(preview)["EUR"] == ((4, "10"), (2, "4"), (1, "4"), (1, "2"))
    assert of_books(preview) == {"EUR": (3, "3.9")}
    assert stored() == before
    result = sync({"invoices": lines})
    assert (of_lines(result), of_books(result)) == (of_lines(preview), of_books(preview))
    assert stored() == of_books(result)


def test_a_preview_of_a_full_sync_subtracts_what_it_would_delete(sync, loaded):
    lines = [invoice("I1", totalAmount="10.10", currencyCode="EUR")]
    preview = sync({"invoices": lines}, dry_run=True, run_full_sync=True)
    assert of_books(preview) == {"EUR": (1, "10.1")}
    assert stored() == {"EUR": (2, "10"), "USD": (1, "5")}


def test_amounts_of_a_failed_sync_that_were_not_rejected_count_as_skipped(sync, loaded):
    lines = [invoice("I1", totalAmount="1", currencyCode="EUR"), invoice("I4", totalAmount="2", currencyRate="x")]
    result = sync({"invoices": lines, "payments": ConnectorError("The source broke off.", code="source_failed")})
    assert result.status_code == "Failed"
    assert of_lines(result) == {"EUR": ((1, "1"), NONE, NONE, (1, "1")), "": ((1, "2"), NONE, (1, "2"), NONE)}
    assert of_books(result) == of_books(loaded)


def test_rows_that_the_merge_rejected_before_a_guard_stopped_it_count_as_rejected(sync, loaded, enrollment):
    enrollment.reject_limit_percent = 10
    enrollment.save()
    lines = [invoice("I1", totalAmount="1", currencyCode="EUR"), invoice("I4", "C9", totalAmount="2")]
    result = sync({"invoices": lines})
    assert "Stopped" in result.process_result_message
    assert of_lines(result) == {"EUR": ((1, "1"), NONE, NONE, (1, "1")), "": ((1, "2"), NONE, (1, "2"), NONE)}


def test_a_merge_that_fails_leaves_no_totals_behind(sync, loaded):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE records_invoice ADD CONSTRAINT broken CHECK (total_amount <> 66)")
    lines = [
        invoice("I4", totalAmount="66", currencyCode="EUR"),
        invoice("I5", "C9", totalAmount="3", currencyCode="EUR"),
    ]
    result = sync({"invoices": lines})
    assert result.process_result_message.startswith("Something went wrong on our side.")
    assert of_lines(result) == {"EUR": ((2, "69"), NONE, NONE, (2, "69"))}
    assert of_books(result) == stored() == of_books(loaded)


def test_the_database_refuses_totals_that_do_not_agree(loaded):
    for wrong in ({"loaded_count": 3}, {"loaded_sum": Decimal("10.01")}, {"file_count": 1}, {"skipped_sum": 1}):
        with pytest.raises(IntegrityError, match="every_amount_accounted_for"), transaction.atomic():
            loaded.control_totals.filter(column="totalAmount", currency="EUR").update(**wrong)


def test_two_enrollments_have_separate_totals(sync, loaded, enrollment):
    other = AppEnrollmentFactory(app=enrollment.app, group_key=enrollment.group_key)
    result = sync({"companies": COMPANIES, "invoices": [invoice(totalAmount="1", currencyCode="EUR")]}, into=other)
    assert of_books(result) == {"EUR": (1, "1")}
    assert recount(enrollment) == recount(other) == []


def test_stored_totals_are_deleted_with_their_enrollment(enrollment):
    other = AppEnrollmentFactory(app=enrollment.app, group_key=enrollment.group_key)
    for each in (enrollment, other):
        BookTotal.objects.create(app_enrollment=each, group_key=each.group_key, entity="Invoice", column="netAmount")
    other.delete()
    assert [total.app_enrollment for total in BookTotal.objects.all()] == [enrollment]


def test_control_totals_are_deleted_with_their_sync(db):
    sync_request = SyncRequestFactory(succeeded=True)
    ControlTotal.objects.create(
        sync_request=sync_request, group_key=sync_request.group_key, entity="Invoice", column="netAmount"
    )
    sync_request.delete()
    assert not ControlTotal.objects.exists()
