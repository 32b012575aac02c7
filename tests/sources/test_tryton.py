"""Tryton's books loaded by syncs: beside what Tryton itself reports, before and after changes at the source."""

from collections import defaultdict
from decimal import Decimal

import pytest

from adsplatform.records.models import (
    Company,
    FinancialAccount,
    FinancialAccountBalanceHistory,
    Invoice,
    JournalEntryLine,
    Payment,
    PaymentApplied,
)
from enrollments.models import Application
from enrollments.services import enroll
from syncs import tasks
from syncs.services import requests
from tests.factories import MembershipFactory
from tests.sources.tryton.reading import AT_ONCE
from tests.sources.tryton.server import tryton_server

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def own_tryton():
    """A server with books that a test of this module changes."""
    with tryton_server() as server:
        yield server


@pytest.fixture
def member():
    return MembershipFactory()


@pytest.fixture
def enrollment(member, own_tryton):
    app = Application.objects.get(connector="tryton")
    return enroll(member.group_key, app, member.user, settings=AT_ONCE, credentials=own_tryton.by_key)


def synced(enrollment, member, **wanted):
    """What a sync changed, by kind: added, changed, deleted."""
    sync_request = requests.request_sync(enrollment, member.user, **wanted)
    tasks.run_next_sync()
    sync_request.refresh_from_db()
    assert sync_request.status_code == "Success", sync_request.process_result_message
    # Two accounts of the chart have codes that a spreadsheet would take for dates; there is none.
    assert not sync_request.details.exists()
    found = {
        result.entity: (result.inserted, result.updated, result.delete_count) for result in sync_request.results.all()
    }
    return {kind: changes for kind, changes in found.items() if any(changes)}


def test_the_books_agree_with_tryton_before_and_after_changes(enrollment, member, own_tryton):
    loaded = synced(enrollment, member, full=True)
    assert loaded["Invoice"] == (24, 0, 0)
    assert len(loaded) == 13
    _assert_agreement(own_tryton.books("report"))
    before = dict(PaymentApplied.objects.values_list("erp_key", "invoice__reference_code"))

    assert synced(enrollment, member) == {}
    own_tryton.books("change")
    changes = synced(enrollment, member)
    _assert_agreement(own_tryton.books("report"))
    # Two more are sold; what is due of four others has changed, two of them by reconciliations alone.
    assert changes["Invoice"] == (2, 4, 0)
    assert changes["InvoiceLine"] == (4, 0, 0)
    # A party was renamed, a vendor has become a customer too, and one without invoices was deleted.
    assert changes["Company"] == (0, 2, 1)
    assert Company.objects.get(company_name="Vendor 3").company_type == "CustomerVendor"
    after = dict(PaymentApplied.objects.values_list("erp_key", "invoice__reference_code"))
    assert [before[key] for key in before.keys() - after.keys()] == ["15"]
    assert sorted(after[key] for key in after.keys() - before.keys()) == ["16", "4", "8"]
    assert Company.objects.filter(company_name="Customer 3 & Sons").count() == 1

    # Nothing is left for a full sync.
    assert synced(enrollment, member, full=True) == {}


def _assert_agreement(told):
    """Receivable and payable by party, what is due by invoice, and the trial balance are those of Tryton."""
    owed = {"AR": defaultdict(Decimal), "AP": defaultdict(Decimal)}
    for invoice in Invoice.objects.filter(is_voided=False).select_related("company", "customer"):
        side = invoice.invoice_type_code[:2]
        party = (invoice.customer if side == "AR" else invoice.company).erp_key
        sign = -1 if invoice.invoice_type_code.endswith("Memo") else 1
        owed[side][party] += sign * invoice.base_currency_outstanding_balance_amount
    for payment in Payment.objects.select_related("company"):
        owed[payment.payment_type[:2]][payment.company.erp_key] -= payment.base_currency_unapplied_amount
    assert {party: amount for party, amount in owed["AR"].items() if amount} == amounts(told["receivable"])
    assert {party: -amount for party, amount in owed["AP"].items() if amount} == amounts(told["payable"])

    invoices = {invoice.reference_code: invoice for invoice in Invoice.objects.all()}
    assert invoices.keys() == told["due"].keys()
    for number, (side, state, total, due) in told["due"].items():
        sign = -1 if Decimal(total) < 0 else 1
        found = invoices[number]
        assert (found.total_amount, found.outstanding_balance_amount) == (sign * Decimal(total), sign * Decimal(due))
        assert found.invoice_type_code == f"A{'R' if side == 'out' else 'P'} {'Invoice' if sign > 0 else 'Credit Memo'}"
        assert found.is_voided <= (state == "cancelled")
        applied = sum(PaymentApplied.objects.filter(invoice=found).values_list("payment_applied_amount", flat=True))
        assert applied <= found.total_amount

    posted = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for line in JournalEntryLine.objects.all():
        posted[line.account_number][0] += line.base_debit
        posted[line.account_number][1] += line.base_credit
    assert dict(posted) == {code: [Decimal(debit), Decimal(credit)] for code, (debit, credit) in told["trial"].items()}
    assert JournalEntryLine.objects.count() == told["lines"]
    codes = dict(FinancialAccount.objects.values_list("pk", "code"))
    closing = FinancialAccountBalanceHistory.objects.filter(financial_year=2025, period_number=12)
    assert {codes[balance.financial_account_id]: balance.balance for balance in closing} == {
        code: Decimal(debit) - Decimal(credit) for code, (debit, credit) in told["trial"].items()
    }


def amounts(by_party):
    return {party: Decimal(amount) for party, amount in by_party.items()}
