"""What holds for every operation under /api/, so that a new one cannot be forgotten."""

import re
import uuid

import pytest
from django.db import transaction
from django.urls import get_resolver

from adsplatform.accounts.models import Role
from tests.callers import Program, anonymous

pytestmark = pytest.mark.django_db

UNKNOWN = str(uuid.UUID(int=7))
# These answer whoever asks.
ANONYMOUS = {
    ("GET", "status"),
    ("POST", "sign-in"),
    ("GET", "openapi.json"),
    ("GET", "definitions/countries"),
    ("GET", "definitions/currencies"),
    ("GET", "definitions/states"),
    ("GET", "definitions/problem-codes"),
    ("GET", f"definitions/templates/{UNKNOWN}"),
}


def operations():
    """Every (method, path, view) of the API by its name, with ids filled in."""
    (api,) = (part for part in get_resolver().url_patterns if str(part.pattern) == "api/v1/")
    for route in (route for module in api.url_patterns for route in module.url_patterns):
        path = re.sub(r"<[^>]+>", UNKNOWN, str(route.pattern))
        for method in route.callback.actions:
            if method != "head":
                yield f"{method} {route.pattern}", (method.upper(), path, route.callback)


OPERATIONS = dict(operations())
CLOSED = {name: each for name, each in OPERATIONS.items() if each[:2] not in ANONYMOUS}


# The kinds of record by their paths; the last two are not published, but derived from their models as the others are.
READ = (
    "companies contacts credit-memos-applied customfielddefinitions financialaccount financialaccountbalancehistory "
    "financialyearsettings invoice-addresses invoice-lines invoices journal-entries journal-entry-lines payments "
    "payments-applied workflow-statuses base-currencies invoice-workflow-statuses"
).split()


def test_the_operations_are_the_published_ones():
    of_records = {f"get {path}/{end}" for path in READ for end in ("<str:pk>", "query")}
    assert set(OPERATIONS) == of_records | {
        "get customfieldvalues/<str:definition>/<str:pk>",
        "get customfieldvalues/query",
        "get invoices/<str:pk>/workflow-status-history",
        "delete apikeys/<str:pk>",
        "delete appenrollments/<str:pk>",
        "delete applications/<str:pk>",
        "delete sync/<str:pk>",
        "get apikeys/<str:pk>",
        "get apikeys/query",
        "get appenrollments/<str:pk>",
        "get appenrollments/<str:pk>/import-profile",
        "get appenrollments/query",
        "get appenrollments/settings/<str:pk>",
        "get applications/<str:pk>",
        "get applications/query",
        "get definitions/problem-codes",
        "get openapi.json",
        "get transactions/<str:pk>/details",
        "get transactions/query",
        "get codedefinitions/<str:pk>",
        "get codedefinitions/query",
        "get definitions/countries",
        "get definitions/currencies",
        "get definitions/states",
        "get userroles/<str:pk>",
        "get userroles/query",
        "get definitions/templates/<str:file>",
        "get reports/aging",
        "get reports/ap/aging",
        "get reports/ap/aging/records",
        "get reports/ar/aging",
        "get reports/ar/aging/records",
        "get reports/balance-sheet",
        "get reports/cashflow",
        "get reports/income-statement",
        "get reports/trial-balance",
        "get reports/daily-payable-outstanding",
        "get reports/daily-sales-outstanding",
        "get reports/dailysalesoutstanding",
        "get reports/risk-rates",
        "get reports/riskrates",
        "get status",
        "get status/auth",
        "get sync/<str:pk>",
        "get sync/<str:pk>/control-totals",
        "get sync/<str:pk>/details/query",
        "get sync/<str:pk>/differences/query",
        "get sync/<str:pk>/rejected-lines",
        "get sync/query",
        "put appenrollments/<str:pk>/import-profile",
        "patch appenrollments/<str:pk>",
        "patch applications/<str:pk>",
        "patch sync/<str:pk>",
        "patch sync/<str:pk>/details/<str:detail>",
        "post apikeys",
        "post applications",
        "post appenrollments",
        "post appenrollments/<str:pk>/reconnect",
        "post appenrollments/<str:pk>/check",
        "get appenrollments/<str:pk>/state",
        "delete appenrollments/<str:pk>/state",
        "get applications/<str:pk>/form",
        "post applications/<str:pk>/check",
        "post applications/<str:pk>/connect",
        "post appenrollments/<str:pk>/connect",
        "patch appenrollments/<str:pk>/connect",
        "delete appenrollments/<str:pk>/connect",
        "post sign-in",
        "post sign-out",
        "post sync",
        "post sync/<str:pk>/allow-deletes",
        "post sync/<str:pk>/apply",
        "post sync/<str:pk>/replay",
        "post sync/batch",
        "post sync/uploads",
        "get sync/uploads/<str:pk>",
        "patch sync/uploads/<str:pk>",
        "delete sync/uploads/<str:pk>",
        "post sync/uploads/<str:pk>/finish",
        "post sync/zip",
        "post sync/zip/inspect",
    }


def test_without_a_credential_it_is_401():
    for method, path, _ in CLOSED.values():
        answer = anonymous().generic(method, f"/api/v1/{path}", b"{}", content_type="application/json")
        assert answer.status_code == 401, (method, path)
        assert answer.headers["WWW-Authenticate"] == "Bearer", (method, path)
        assert answer.json()["title"] == "Unauthorized", (method, path)


def test_it_names_the_roles_it_is_for():
    roles = {name: view.cls.roles[view.actions[method.lower()]] for name, (method, _, view) in CLOSED.items()}
    assert {name for name, those in roles.items() if not those or not those <= set(Role)} == set()


def each_by_itself(operations):
    """Each (method, path), rolled back afterwards, so that none sees what another has changed or counted."""
    for method, path, _ in operations:
        with transaction.atomic():
            yield method, path
            transaction.set_rollback(True)


def test_an_unknown_id_is_a_404_with_a_sentence():
    program = Program(is_staff=True)
    for method, path in each_by_itself(each for each in CLOSED.values() if UNKNOWN in each[1]):
        body = {"statusCode": "Failed", "name": "x"} if method == "PATCH" else {}
        answer = program.send_json(method, path, body, "")
        assert answer.status_code == 404, (method, path)
        assert answer.json()["detail"].endswith(f"with the id “{UNKNOWN}”."), (method, path)


def test_malformed_bodies_are_never_a_server_error():
    program = Program(is_staff=True)
    for method, path in each_by_itself(OPERATIONS.values()):
        for body in (
            b"\x00\xff",
            b"[[[]]]",
            b'{"a": "\\u0000"}',
            b'[{"name": {"a": 1}, "appId": []}]',
            b"null",
            b"[7]",
        ):
            answer = program.send(method, path, body, "application/json", "filter=%00&params=%7B%7D&include=%FF")
            assert answer.status_code < 500, (method, path, body)
            assert answer.headers["Content-Type"].startswith("application/"), (method, path, body)


@pytest.mark.parametrize("charset", ["idna", "punycode", "undefined", "utf-7", "utf-16", "unicode_escape", "a\\0b"])
def test_odd_character_sets_are_never_a_server_error(charset):
    program = Program()
    for method, path in each_by_itself(each for each in OPERATIONS.values() if each[0] == "POST"):
        answer = program.send(method, path, b'{"name": "\xff\\ud800"}', f"text/plain; charset={charset}")
        assert 400 <= answer.status_code < 500, path
