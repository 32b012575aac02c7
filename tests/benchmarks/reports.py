"""How long reports over a million open invoices take: `python -m tests.benchmarks reports`."""

import json
import subprocess
import sys
import time
from statistics import median

from tests.benchmarks.filling import multiply
from tests.benchmarks.server import PROJECT, BenchmarkServer
from tests.benchmarks.tables import table

COMPANIES, TIMES = 500, 5


def reports(server: BenchmarkServer, invoices: int) -> str:
    """The seconds of reports over so many open invoices, each partly paid, beside as many of another account."""
    server.fresh()
    _run(server, "fill", invoices)
    with server.connect() as connection:
        connection.execute("VACUUM ANALYZE")
    found = json.loads(_run(server, "measure", invoices))
    headings = ("report", "median s", "slowest s")
    rows = [(name, f"{median(seconds):.3f}", f"{max(seconds):.3f}") for name, seconds in found.items()]
    return f"{invoices:,} open invoices of the account, and as many of another\n\n{table(headings, rows)}"


def _run(server, *what) -> str:
    command = [sys.executable, "-m", "tests.benchmarks.reports", *map(str, what)]
    done = subprocess.run(command, cwd=PROJECT, env=server.environment, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def fill(invoices: int):
    """The books of two accounts; every tenth invoice is in another currency, every twentieth a credit memo."""
    for name in ("Measured", "Another"):
        _fill_account(name, invoices)


def _fill_account(name, invoices):
    from datetime import UTC, date, datetime
    from decimal import Decimal
    from uuid import uuid4

    from adsplatform.accounts.models import Account
    from adsplatform.records import models as records
    from enrollments.models import AppEnrollment, Application

    account = Account.objects.create(name=name, base_currency_code="EUR")
    enrollment = AppEnrollment.objects.create(app=Application.objects.first(), group_key=account)
    own = {"group_key": account.pk, "app_enrollment": enrollment}
    companies = records.Company.objects.bulk_create(
        records.Company(**own, erp_key=f"C{number}", company_name=f"C{number}", company_type="Customer", is_active=True)
        for number in range(COMPANIES)
    )
    amount, company = Decimal("119.00"), companies[0]
    invoice = records.Invoice.objects.create(
        **own, erp_key="I", company=company, customer=company, invoice_type_code="AR Invoice", currency_code="EUR",
        total_amount=amount, outstanding_balance_amount=amount, currency_rate=1, base_currency_total_amount=amount,
        base_currency_outstanding_balance_amount=amount, invoice_date=date.today(), payment_due_date=date.today(),
        origin_address_line1="721 Interstate 45 S", origin_address_city="Colorado Springs",
        bill_to_address_line1="721 Interstate 45 S", bill_to_address_city="Colorado Springs",
    )  # fmt: skip
    applied = records.PaymentApplied.objects.create(
        **own, erp_key="P", invoice=invoice, payment_id=uuid4(), entry_number=1,
        apply_to_invoice_date=datetime.now(UTC), payment_applied_amount=amount / 2,
    )  # fmt: skip
    # Ids from the name, so that those of the two accounts differ.
    id_of_invoice = f"md5('{name}' || number)::uuid"
    ids = "ARRAY[" + ",".join(f"'{each.pk}'" for each in companies) + "]::uuid[]"
    multiply(
        invoice,
        invoices,
        id=id_of_invoice,
        erp_key="'I' || number",
        customer_id=f"({ids})[1 + mod(number, {COMPANIES})]",
        invoice_type_code="CASE WHEN mod(number, 20) = 0 THEN 'AR Credit Memo' ELSE 'AR Invoice' END",
        currency_code="CASE WHEN mod(number, 10) = 0 THEN 'USD' ELSE 'EUR' END",
        invoice_date="current_date - mod(number, 200)",
        payment_due_date="current_date - mod(number, 200) + 30",
    )
    multiply(
        applied,
        invoices,
        id=f"md5('{name} applied' || number)::uuid",
        erp_key="'P' || number",
        invoice_id=id_of_invoice,
        apply_to_invoice_date="now() - mod(number, 200) * interval '1 day'",
    )


def measure(invoices: int) -> dict[str, list[float]]:
    """The seconds of each report, as requests of an account ask for it; the connection sees only its rows."""
    from datetime import timedelta

    from adsplatform.accounts import row_security
    from adsplatform.accounts.models import Account, User
    from adsplatform.reports.aging import Aging
    from adsplatform.reports.cash_flow import cash_flow
    from adsplatform.reports.days_outstanding import days_outstanding
    from adsplatform.reports.parameters import today
    from adsplatform.reports.risk_rates import risk_rates
    from adsplatform.reports.sides import Side

    account = Account.objects.get(name="Measured")
    row_security.restrict_to(account.pk, User(email="nobody@example.com").pk)
    now = Aging(account=account, side=Side.AR, day=today())
    earlier = Aging(account=account, side=Side.AR, day=today() - timedelta(days=30))
    found = {
        "aging, five buckets": now.values,
        "aging by company": now.by_company,
        "aging, 250 documents of a bucket": lambda: now.items(bucket=1, limit=250),
        "aging of an earlier day": earlier.values,
        "days sales outstanding": lambda: days_outstanding(account, Side.AR, today()),
        "risk rates": lambda: risk_rates(account, today()),
        "cash flow": lambda: cash_flow(account, today(), 30),
    }
    # With the one that all others are copies of.
    expected = 119 + sum(-119 if number % 20 == 0 else 119 for number in range(invoices))
    if (total := sum(now.values())) != expected:
        raise AssertionError(f"The aging comes to {total}, not to {expected}.")
    return {name: [_seconds(report) for _ in range(TIMES)] for name, report in found.items()}


def _seconds(report) -> float:
    began = time.monotonic()
    report()
    return time.monotonic() - began


if __name__ == "__main__":
    import django

    django.setup()
    if sys.argv[1] == "fill":
        fill(int(sys.argv[2]))
    else:
        print(json.dumps(measure(int(sys.argv[2]))))
