"""How long reads take where an account has millions of records among others': `python -m tests.benchmarks reading`.

The calls go through the whole of Django in one process, without a network. What they are compared with is the same
rows, read by the statement alone and written as JSON by the same encoder, in the same run.
"""

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from uuid import UUID

from tests.benchmarks.filling import multiply, without_indexes
from tests.benchmarks.server import PROJECT, BenchmarkServer
from tests.benchmarks.tables import table

# How many lines there are at most, one for each of the first invoices; how many invoices another account has, and of
# how many companies.
MOST_LINES, OF_ANOTHER, COMPANIES = 1_000_000, 150_000, 300
# The first of the others, whose Inbox is looked at.
FIRST_OTHER = UUID(int=1)
PAGE = 250
FILTER = "invoiceTypeCode = 'AR Invoice' and totalAmount > 1000.50 and (paymentDueDate < TODAY - 30 or isVoided = true)"
# The id of an invoice, and of a line, by its number: ids rise with time.
ID = "(lpad(to_hex(1700000000000 + ({number})), 12, '0') || '7{kind}8000' || lpad(to_hex({number}), 12, '0'))::uuid"


def reading(server: BenchmarkServer, records: int, others: int, calls: int) -> str:
    """Read among so many invoices of an account and of others; each figure is the 95th percentile of so many calls."""
    server.fresh()
    key = _ask(server, "fill", records, others)
    with server.connect() as connection:
        connection.execute("VACUUM ANALYZE")
    found = _ask(server, "measure", key, records, calls)
    headings = (f"{records:,} invoices beside {others:,} of others", "is", "at most")
    return table(headings, found)


def _ask(server: BenchmarkServer, *what):
    command = [sys.executable, "-m", "tests.benchmarks.reading", *map(str, what)]
    # No limit is to be met; the host is that of Django's client.
    without_limits = {"READS_PER_MINUTE": "1000000000", "READ_SECONDS": "600"}
    environment = server.environment | without_limits | {"HTTPS": "false", "ALLOWED_HOSTS": "testserver"}
    done = subprocess.run(command, cwd=PROJECT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def fill(records: int, others: int) -> str:
    """An account with invoices and lines, others with invoices; returns the account's key."""
    from django.db.models import F

    from adsplatform.records.models import Invoice, InvoiceLine
    from adsplatform.records.models.counts import RecordCount
    from tests.books import Books
    from tests.factories import member

    membership, key = member("Group Owner")
    books = Books(membership.group_key)
    own = {"id": ID.format(number="number + 1", kind="000"), "erp_key": "number::text"}
    account = f"lpad(to_hex(number / {OF_ANOTHER} + 1), 32, '0')::uuid"
    company = f"lpad(to_hex(mod(number, {COMPANIES}) + 1), 32, '0')::uuid"
    of_others = {"id": ID.format(number="number + 1", kind="002"), "group_key": account, "erp_key": "number::text"}
    with without_indexes(Invoice):
        multiply(books.invoice, records, **own, total_amount="mod(number, 5000)")
        if others:
            multiply(books.invoice, others, **of_others, app_enrollment_id=account, customer_id=company)
            _fill_first_other(books.company, company, min(others, OF_ANOTHER))
    lines = min(records, MOST_LINES)
    if lines:
        InvoiceLine.objects.exclude(pk=books.line.pk).delete()
        of_line = {"id": ID.format(number="number + 1", kind="001"), "erp_key": "number::text"}
        with without_indexes(InvoiceLine):
            multiply(books.line, lines, **of_line, invoice_id=own["id"])
    for model, more in ((Invoice, records), (InvoiceLine, lines)):
        RecordCount.objects.filter(entity=model.__name__).update(count=F("count") + more)
    return key


def _fill_first_other(company, id: str, invoices: int) -> None:
    """The first of the other accounts, with a person and companies."""
    from adsplatform.accounts.models import Account
    from adsplatform.records.models.counts import RecordCount
    from enrollments.models import AppEnrollment, Application
    from tests.factories import member

    account = Account.objects.create(pk=FIRST_OTHER, name="Another", base_currency_code="EUR")
    member("Group Owner", account)
    own = {"group_key": account, "app": Application.objects.first()}
    enrollment = AppEnrollment.objects.create(pk=FIRST_OTHER, **own)
    own_id = f"'{account.pk}'::uuid"
    multiply(company, COMPANIES, id=id, erp_key="number::text", group_key=own_id, app_enrollment_id=own_id)
    RecordCount.objects.create(group_key=account.pk, app_enrollment=enrollment, entity="Invoice", count=invoices)


def measure(key: str, records: int, calls: int) -> list[tuple[str, str, str]]:
    """Each figure beside its limit."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(raise_request_exception=False)

    def ask(path: str):
        answer = client.get(f"/api/v1/{path}", headers={"Api-Key": key})
        assert answer.status_code == 200, answer.content
        return answer.json()

    draw = random.Random(1)
    ids = [each["invoiceId"] for each in ask(f"Invoices/query?pageSize={PAGE}")["records"]]
    last = max(0, records // PAGE - 1)
    page = f"Invoices/query?pageSize={PAGE}"
    retrieve = _p95(calls, lambda: ask(f"Invoices/{draw.choice(ids)}"))
    first, bare_first = _p95_of_both(calls, lambda: ask(page), lambda: _bare(0))
    # The bare statement reads every row before the page.
    deep, bare_deep = _p95_of_both(min(calls, 5), lambda: ask(f"{page}&pageNumber={last}"), lambda: _bare(last * PAGE))
    counted = _p95(calls, _count)
    with CaptureQueriesContext(connection) as captured:
        ask(f"{page}&include=Lines")
    statements = sum("records_" in each["sql"] and "EXPLAIN" not in each["sql"] for each in captured)
    with_lines = _p95(calls, lambda: ask(f"{page}&include=Lines"))
    parsed = _p95(1_000, _parse)
    return [
        *_inbox_pages(calls),
        ("one invoice, ms", f"{retrieve:.1f}", "15"),
        (f"a page of {PAGE}, ms", f"{first:.1f}", ""),
        ("… ÷ the bare statement and JSON", f"{first / bare_first:.2f}", "2"),
        ("… with lines, ms", f"{with_lines:.1f}", ""),
        ("… statements over records", str(statements), "3"),
        (f"page {last:,}, ms", f"{deep:.1f}", ""),
        ("… ÷ the bare statement with OFFSET", f"{deep / bare_deep:.2f}", "2"),
        ("counting ÷ a page", f"{counted / first:.2f}", "0.20"),
        ("parsing a filter, µs", f"{parsed * 1_000:.0f}", "100"),
    ]


def _inbox_pages(calls: int) -> list[tuple[str, str, str]]:
    """Pages of the Inbox of the first other account, if there is one."""
    from django.test import Client

    from adsplatform.accounts.models import Membership

    membership = Membership.objects.filter(group_key=FIRST_OTHER).first()
    if membership is None:
        return []
    browser = Client(raise_request_exception=False)
    browser.force_login(membership.user)
    pages = {
        "list of invoices": "invoices/",
        "the same, searched": "invoices/?q=1234",
        "the same, filtered": "invoices/?least=100&filter=paymentDueDate < TODAY",
        "the same, of a company": f"invoices/?customer={FIRST_OTHER}",
        "company with its invoices": f"companies/{FIRST_OTHER}/",
    }

    def look(page: str) -> None:
        answer = browser.get(f"/records/{page}")
        assert answer.status_code == 200, answer.content

    return [(f"Inbox, {name}, ms", f"{_p95(calls, partial(look, page)):.0f}", "150") for name, page in pages.items()]


def _p95(calls: int, call: Callable[[], object]) -> float:
    """The 95th percentile of so many calls, in milliseconds."""
    return _p95_of_both(calls, call, lambda: None)[0]


def _p95_of_both(calls: int, call: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    """That of two kinds of calls in turn."""
    call(), other()
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(calls):
        for measured, each in zip(took, (call, other), strict=True):
            began = time.perf_counter()
            each()
            measured.append((time.perf_counter() - began) * 1_000)
    first, second = (sorted(each)[int(len(each) * 0.95) - 1] for each in took)
    return first, second


def _rows():
    from adsplatform.accounts.models import ApiKey
    from adsplatform.records_api.kinds import kinds

    account = ApiKey.objects.exclude(group_key=FIRST_OTHER).get().group_key
    kind = kinds()["Invoice"]
    return kind, kind.rows(account)


def _bare(start: int) -> bytes:
    """The rows of a page by the same statement with OFFSET, as JSON."""
    from django.db import connection

    from adsplatform.rest.renderers import encode, stamp

    kind, rows = _rows()
    chosen = rows.values_list(*(member.selected for member in kind.members)).order_by("id")[start : start + PAGE]
    statement, parameters = chosen.query.sql_with_params()
    names = [member.name for member in kind.members]
    stamps = [place for place, member in enumerate(kind.members) if member.type == "datetime"]
    objects = []
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        for values in cursor:
            row = list(values)
            for place in stamps:
                row[place] = row[place] and stamp(row[place])
            objects.append(dict(zip(names, row, strict=True)))
    return encode(objects)


def _count() -> object:
    """As `totalCount` without a filter."""
    from adsplatform.accounts.models import ApiKey
    from adsplatform.records.models import Invoice
    from adsplatform.records_api.counting import kept_count

    return kept_count(ApiKey.objects.exclude(group_key=FIRST_OTHER).get().group_key_id, Invoice)


def _parse() -> object:
    from adsplatform.records_api.kinds import kinds
    from adsplatform.searchlight import Searchlight

    return Searchlight(kinds()["Invoice"].fields).filter(FILTER)


if __name__ == "__main__":
    import django

    django.setup()
    act, *given = sys.argv[1:]
    values = [int(each) if each.isdecimal() else each for each in given]
    print(json.dumps({"fill": fill, "measure": measure}[act](*values)))
