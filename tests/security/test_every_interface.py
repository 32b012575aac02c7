"""Who may call what: every route of the URLconf, with every method, as every kind of person.

A new route fails here until the matrix says who may do what. The stranger is the owner of another account.
"""

import re
from itertools import product

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import get_resolver

from adsplatform.records_api.kinds import kinds
from syncs import connectors
from tests.callers import Program
from tests.factories import UserFactory
from tests.security.populated_account import GuardedERP, PopulatedAccount

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ACTORS = ("anonymous", "stranger", "reader", "member", "admin", "owner", "staff")


def rows(anonymous, stranger, reader, member, admin=None, owner=None, staff=None):
    """The status for each actor; by default an admin gets what a member gets, an owner what an admin gets, etc."""
    admin = member if admin is None else admin
    owner = admin if owner is None else owner
    return dict(zip(ACTORS, (anonymous, stranger, reader, member, admin, owner, staff or owner), strict=True))


def all_alike(status):
    return dict.fromkeys(ACTORS, status)


# The API: where it has no such method; reading, which everyone in the account may.
NO_METHOD = rows(401, 405, 405, 405)
LOOK = rows(401, 404, 200, 200)
LIST = rows(401, 200, 200, 200)
# Writing: for everyone but read-only members; for owners and admins.
WRITE = rows(401, 404, 403, 200)
ADMINISTER = rows(401, 404, 403, 403, 200)
# The Inbox redirects to its sign-in.
PAGE_OF_ALL = rows(302, 200, 200, 200)
PAGE = rows(302, 404, 200, 200)
BUTTON_PAGE = rows(302, 404, 302, 302)
BUTTON = rows(302, 404, 403, 302)
ADMINS_BUTTON = rows(302, 404, 403, 403, 302)
# Whoever may look but not change gets a 403, whatever the method.
NO_METHOD_OF_PAGE = rows(302, 405, 403, 405)
NO_METHOD_OF_ADMINS_PAGE = rows(302, 405, 403, 403, 405)
NO_METHOD_OF_OPEN_PAGE = rows(302, 405, 405, 405)
OPTIONS_OF_PAGE = rows(302, 200, 200, 200)

API = {
    "status": {"GET": all_alike(200), "*": all_alike(405)},
    "status/auth": {"GET": LIST},
    "sign-in": {"POST": all_alike(400), "*": all_alike(405)},
    # Keys are revoked, not signed out.
    "sign-out": {"POST": rows(401, 400, 400, 400)},
    "openapi.json": {"GET": all_alike(200), "*": all_alike(405)},
    "definitions/countries": {"GET": all_alike(200), "*": all_alike(405)},
    "definitions/currencies": {"GET": all_alike(200), "*": all_alike(405)},
    "definitions/states": {"GET": all_alike(200), "*": all_alike(405)},
    "codedefinitions/query": {"GET": LIST},
    # The same for every account.
    "codedefinitions/<str:pk>": {"GET": LIST},
    "transactions/query": {"GET": LIST},
    "transactions/<str:pk>/details": {"GET": LOOK},
    "userroles/query": {"GET": LIST},
    "userroles/<str:pk>": {"GET": LIST},
    "definitions/problem-codes": {"GET": all_alike(200), "*": all_alike(405)},
    "definitions/templates/<str:file>": {"GET": all_alike(200), "*": all_alike(405)},
    "apikeys": {"POST": rows(401, 201, 201, 201)},
    "apikeys/query": {"GET": LIST},
    "apikeys/<str:pk>": {"GET": rows(401, 404, 404, 404, 200), "DELETE": rows(401, 404, 404, 404, 200)},
    "appenrollments": {"POST": rows(401, 201, 403, 403, 201)},
    "appenrollments/query": {"GET": LIST},
    "appenrollments/settings/<str:pk>": {"GET": LOOK},
    "appenrollments/<str:pk>": {"GET": LOOK, "PATCH": ADMINISTER, "DELETE": ADMINISTER},
    "appenrollments/<str:pk>/reconnect": {"POST": ADMINISTER},
    "appenrollments/<str:pk>/check": {"POST": ADMINISTER},
    # At a vendor for which there is no client here.
    "appenrollments/<str:pk>/connect": {
        "POST": rows(401, 404, 403, 403, 424), "PATCH": rows(401, 404, 403, 403, 424),
        "DELETE": rows(401, 404, 403, 403, 424),
    },
    "appenrollments/<str:pk>/state": {"GET": LOOK, "DELETE": ADMINISTER},
    "appenrollments/<str:pk>/import-profile": {"GET": LOOK, "PUT": ADMINISTER},
    "applications": {"POST": rows(401, 403, 403, 403, 403, 403, 200)},
    "applications/query": {"GET": LIST},
    "applications/<str:pk>": {
        # The catalogue is everybody's.
        "GET": LIST,
        "PATCH": rows(401, 403, 403, 403, 403, 403, 200),
        "DELETE": rows(401, 403, 403, 403, 403, 403, 200),
    },
    "applications/<str:pk>/form": {"GET": LIST},
    "applications/<str:pk>/connect": {"POST": rows(401, 424, 403, 403, 424)},
    "applications/<str:pk>/check": {"POST": rows(401, 200, 403, 403, 200)},
    "sync": {"POST": rows(401, 400, 403, 200)},
    "sync/batch": {"POST": rows(401, 400, 403, 200)},
    "sync/zip": {"POST": rows(401, 400, 403, 200)},
    "sync/zip/inspect": {"POST": rows(401, 404, 403, 200)},
    # Without the headers that say what to upload; with a body that is no part; before it is complete.
    "sync/uploads": {"POST": rows(401, 400, 403, 400)},
    "sync/uploads/<str:pk>": {
        "GET": LOOK, "PATCH": rows(401, 404, 403, 415), "DELETE": rows(401, 404, 403, 204),
    },
    "sync/uploads/<str:pk>/finish": {"POST": rows(401, 404, 403, 409)},
    "sync/query": {"GET": LIST},
    "sync/<str:pk>": {
        "GET": LOOK,
        "PATCH": rows(401, 404, 403, 403, 403, 403, 400),
        "DELETE": rows(401, 404, 403, 400),
    },
    "sync/<str:pk>/replay": {"POST": rows(401, 404, 403, 409)},
    "sync/<str:pk>/rejected-lines": {"GET": LOOK},
    "sync/<str:pk>/control-totals": {"GET": LOOK},
    "sync/<str:pk>/apply": {"POST": WRITE},
    "sync/<str:pk>/allow-deletes": {"POST": ADMINISTER},
    "sync/<str:pk>/differences/query": {"GET": LOOK},
    "sync/<str:pk>/details/query": {"GET": LOOK},
    "sync/<str:pk>/details/<str:detail>": {"PATCH": WRITE},
}  # fmt: skip
# Records are read by everyone, and written by nobody here.
for kind in kinds().values():
    base = kind.path.lower()
    one = f"{base}/<str:definition>/<str:pk>" if kind.name == "CustomField" else f"{base}/<str:pk>"
    API |= {base: {}, f"{base}/query": {"GET": LIST}, one: {"GET": LOOK}}
API["invoices/<str:pk>/workflow-status-history"] = {"GET": LOOK}
# Of another account, a stranger's reports say nothing.
OF_SIDES = "aging ar/aging ar/aging/records ap/aging ap/aging/records daily-payable-outstanding".split()
OF_RECEIVABLES = "cashflow daily-sales-outstanding dailysalesoutstanding risk-rates riskrates".split()
for report in ("balance-sheet", "income-statement", "trial-balance"):
    API[f"reports/{report}"] = {"GET": LOOK}
for report in (*OF_SIDES, *OF_RECEIVABLES):
    API[f"reports/{report}"] = {"GET": LIST}
# Django's form pages take PUT for POST.
INBOX = {
    "sign-in/": {
        "GET": rows(200, 302, 302, 302), "POST": rows(200, 302, 302, 302), "PUT": rows(200, 302, 302, 302),
        "*": rows(405, 302, 302, 302), "OPTIONS": rows(200, 302, 302, 302),
    },
    "sign-out/": {"POST": all_alike(302), "*": all_alike(405), "OPTIONS": all_alike(200)},
    "password/": {"GET": PAGE_OF_ALL, "POST": PAGE_OF_ALL, "PUT": PAGE_OF_ALL, "*": NO_METHOD_OF_OPEN_PAGE},
    # A link that was never made.
    "set-password/<uidb64>/<token>/": {"GET": all_alike(200), "OPTIONS": all_alike(200), "*": all_alike(200)},
    "notices/staff/<uuid:pk>/seen/": {"GET": BUTTON_PAGE, "POST": ADMINS_BUTTON, "*": NO_METHOD_OF_ADMINS_PAGE},
    # A stranger is sent back to the choice of accounts, and stays where he is.
    "account/": {"GET": PAGE_OF_ALL, "POST": all_alike(302), "*": NO_METHOD_OF_OPEN_PAGE},
    "reference/": {"GET": PAGE_OF_ALL},
    "keys/test-batch/": {"GET": rows(302, 302, 302, 302), "POST": rows(302, 302, 403, 302)},
    "keys/": {"GET": PAGE_OF_ALL, "POST": PAGE_OF_ALL, "PUT": PAGE_OF_ALL, "*": NO_METHOD_OF_OPEN_PAGE},
    "keys/<uuid:pk>/revoke/": {
        "GET": rows(302, 404, 404, 404, 302), "POST": rows(302, 404, 404, 404, 302), "*": NO_METHOD_OF_OPEN_PAGE,
    },
    # A stranger sees and sets what is his own.
    "account/settings/": {
        "GET": rows(302, 200, 403, 403, 200), "POST": rows(302, 302, 403, 403, 302),
        "PUT": rows(302, 200, 403, 403, 200), "*": NO_METHOD_OF_ADMINS_PAGE,
    },
    # A stranger sees what happened in his own.
    "changes/": {"GET": rows(302, 200, 403, 403, 200), "*": NO_METHOD_OF_ADMINS_PAGE},
    "changes/export/": {"GET": rows(302, 200, 403, 403, 200), "*": NO_METHOD_OF_ADMINS_PAGE},
    "notices/": {"GET": PAGE_OF_ALL, "POST": rows(302, 302, 403, 403, 302), "*": NO_METHOD_OF_ADMINS_PAGE},
    "": {"GET": PAGE_OF_ALL},
    "enroll/": {"GET": PAGE_OF_ALL},
    "enroll/<uuid:pk>/": {
        "GET": rows(302, 200, 403, 403, 200), "POST": rows(302, 302, 403, 403, 302),
        "PUT": rows(302, 302, 403, 403, 302), "*": NO_METHOD_OF_ADMINS_PAGE,
    },
    "enrollments/<uuid:pk>/": {
        "GET": PAGE, "POST": ADMINS_BUTTON, "PUT": rows(302, 404, 403, 403, 200), "*": NO_METHOD_OF_ADMINS_PAGE,
    },
    "enrollments/<uuid:pk>/credentials/": {
        "GET": rows(302, 404, 403, 403, 200), "POST": ADMINS_BUTTON, "PUT": ADMINS_BUTTON,
        "*": NO_METHOD_OF_ADMINS_PAGE,
    },
    # Without an answer of a vendor, and for an enrollment that nobody has connected.
    "connect/back/": {"GET": rows(302, 302, 403, 403, 302), "*": NO_METHOD_OF_ADMINS_PAGE},
    "enrollments/<uuid:pk>/tenant/": {
        "GET": rows(302, 404, 403, 403, 302), "POST": ADMINS_BUTTON, "PUT": ADMINS_BUTTON,
        "*": NO_METHOD_OF_ADMINS_PAGE,
    },
    "enrollments/<uuid:pk>/disconnect/": {"GET": BUTTON_PAGE, "POST": ADMINS_BUTTON, "*": NO_METHOD_OF_ADMINS_PAGE},
    "enrollments/<uuid:pk>/source/": {
        "GET": rows(302, 404, 403, 403, 200), "POST": ADMINS_BUTTON, "PUT": ADMINS_BUTTON,
        "*": NO_METHOD_OF_ADMINS_PAGE,
    },
    # Without the name as it is, the form is shown again.
    "enrollments/<uuid:pk>/remove/": {
        "GET": rows(302, 404, 403, 403, 200), "POST": ADMINS_BUTTON, "PUT": rows(302, 404, 403, 403, 200),
        "*": NO_METHOD_OF_ADMINS_PAGE,
    },
    "enrollments/<uuid:pk>/profiles/<uuid:profile>/": {
        "GET": PAGE, "POST": rows(302, 404, 403, 403, 200), "*": NO_METHOD_OF_ADMINS_PAGE,
    },
    "enrollments/<uuid:pk>/profiles/<uuid:profile>/remove/": {
        "GET": BUTTON_PAGE, "POST": ADMINS_BUTTON, "*": NO_METHOD_OF_ADMINS_PAGE,
    },
    "uploads/<uuid:pk>/how-written/": {"GET": PAGE, "POST": rows(302, 404, 403, 200)},
    "uploads/<uuid:pk>/cancel/": {"GET": BUTTON_PAGE, "POST": BUTTON},
    "enrollments/<uuid:pk>/switch/": {"GET": BUTTON_PAGE, "POST": ADMINS_BUTTON, "*": NO_METHOD_OF_ADMINS_PAGE},
    "enrollments/<uuid:pk>/try/": {"GET": BUTTON_PAGE, "POST": ADMINS_BUTTON, "*": NO_METHOD_OF_ADMINS_PAGE},
    "enrollments/<uuid:pk>/read-again/": {"GET": BUTTON_PAGE, "POST": ADMINS_BUTTON, "*": NO_METHOD_OF_ADMINS_PAGE},
    "enrollments/<uuid:pk>/streams/": {"GET": BUTTON_PAGE, "POST": ADMINS_BUTTON, "*": NO_METHOD_OF_ADMINS_PAGE},
    "enrollments/<uuid:pk>/sync-now/": {"GET": BUTTON_PAGE, "POST": BUTTON},
    "upload/": {"GET": rows(302, 200, 403, 200), "POST": rows(302, 200, 403, 200), "PUT": rows(302, 200, 403, 200)},
    # Called by the upload page's script: without headers that say what; with a body that is no part.
    "upload/parts/": {"POST": rows(401, 400, 403, 400), "OPTIONS": NO_METHOD, "*": NO_METHOD},
    "upload/parts/<str:pk>/": {
        "GET": LOOK, "PATCH": rows(401, 404, 403, 415), "DELETE": rows(401, 404, 403, 204), "OPTIONS": NO_METHOD,
        "*": NO_METHOD,
    },
    # The columns are the same for every account.
    "columns/": {"GET": PAGE_OF_ALL},
    "columns/<str:kind>/": {"GET": PAGE_OF_ALL},
    # A stranger sees the kinds, and what is his own.
    "records/": {"GET": PAGE_OF_ALL},
    "records/<slug:kind>/": {"GET": PAGE_OF_ALL},
    "records/<slug:kind>/export/": {"GET": PAGE_OF_ALL},
    "search/": {"GET": PAGE_OF_ALL},
    "records/<slug:kind>/<uuid:pk>/": {"GET": PAGE},
    "records/<slug:kind>/<uuid:pk>/line/": {"GET": PAGE},
    "records/<slug:kind>/<uuid:pk>/removal/": {"GET": PAGE},
    "syncs/": {"GET": PAGE_OF_ALL},
    "syncs/<uuid:pk>/": {"GET": PAGE},
    "problem-codes/": {"GET": PAGE_OF_ALL},
    # Of another account, a stranger's reports say nothing.
    "reports/": {"GET": PAGE_OF_ALL},
    "reports/<slug:name>/": {"GET": PAGE_OF_ALL},
    "reports/aging/items/": {"GET": PAGE_OF_ALL},
    "syncs/<uuid:pk>/problems/": {"GET": PAGE},
    "syncs/<uuid:pk>/apply/": {"GET": BUTTON_PAGE, "POST": BUTTON},
    "syncs/<uuid:pk>/allow-deletes/": {
        "GET": rows(302, 404, 302, 302, 200), "POST": ADMINS_BUTTON, "*": NO_METHOD_OF_ADMINS_PAGE,
    },
    "syncs/<uuid:pk>/cancel/": {"GET": BUTTON_PAGE, "POST": BUTTON},
    "syncs/<uuid:pk>/problems/download/": {"GET": PAGE},
    "syncs/<uuid:pk>/lines/<int:detail>/": {"GET": PAGE, "POST": BUTTON},
    "syncs/<uuid:pk>/load-again/": {"GET": BUTTON_PAGE, "POST": BUTTON},
}  # fmt: skip
# Routes outside the matrix; those for machines are tested in tests/deploy.
OPEN = {"favicon.ico", ".well-known/security.txt", "^api(?:/|$)", "admin/", "healthz", "readyz", "metrics"}


def routes():
    for part in get_resolver().url_patterns:
        if str(part.pattern) not in OPEN:
            for module in part.url_patterns:
                yield from (f"{part.pattern}{route.pattern}" for route in module.url_patterns)


ROUTES = sorted(routes())
EXPECTED = {f"api/v1/{route}": row for route, row in API.items()} | INBOX


def test_every_route_is_in_the_matrix():
    assert set(ROUTES) == set(EXPECTED)
    assert {str(part.pattern) for part in get_resolver().url_patterns} - {"api/v1/", ""} == OPEN


@pytest.fixture
def populated(db, monkeypatch):
    cache.clear()
    monkeypatch.setitem(connectors.registry, "guarded-erp", GuardedERP())
    return PopulatedAccount()


def expected_of(route, method) -> dict:
    row = EXPECTED[route]
    if method in row:
        return row[method]
    if route.startswith("api/"):
        return row.get("*", NO_METHOD)
    if method == "OPTIONS":
        return OPTIONS_OF_PAGE
    if "*" in row:
        return row["*"]
    return NO_METHOD_OF_PAGE


@pytest.mark.untraced
def test_every_route_answers_only_those_who_may_use_it(populated):
    different, told = {}, []
    for route in ROUTES:
        # Whoever calls too often is refused, but not for what was called before this route.
        cache.clear()
        for method, actor in product(METHODS, ACTORS):
            with transaction.atomic():
                answer = populated.ask(actor, route, method)
                # Every answer is read to its end, because an account has few unfinished downloads at once.
                if populated.secrets_in(answer, route) and actor in ("anonymous", "stranger"):
                    told.append((route, method, actor))
                transaction.set_rollback(True)
            expected = expected_of(route, method)[actor]
            if answer.status_code != expected:
                different[route, method, actor] = (answer.status_code, expected)
    assert different == {}, "route, method and actor: (status, expected)"
    assert told == [], "What is the account's was told to others."


def admin_pages(patterns, prefix="/admin/"):
    for pattern in patterns:
        path = prefix + re.sub(r"<[^>]+>", "7", str(pattern.pattern).lstrip("^").replace("(?P<url>.*)$", "x"))
        if hasattr(pattern, "url_patterns"):
            yield from admin_pages(pattern.url_patterns, path)
        else:
            yield path


def test_the_admin_is_only_for_platform_staff_with_permissions(populated):
    (admin,) = (part for part in get_resolver().url_patterns if str(part.pattern) == "admin/")
    pages = sorted(set(admin_pages(admin.url_patterns)))
    assert len(pages) > 100
    owner, staff = Client(), Client()
    owner.force_login(populated.people["owner"][0].user)
    staff.force_login(UserFactory(is_staff=True))
    for page in pages:
        if page in ("/admin/login/", "/admin/logout/"):
            continue
        for client in (Client(), owner):
            for answer in (client.get(page), client.post(page)):
                assert (answer.status_code, "/admin/login/" in answer.headers.get("Location", "")) == (302, True), page
        # All staff may change their own password.
        if page.count("/") > 3 and "/r/" not in page and "password_change" not in page:
            assert staff.get(page).status_code in (302, 403, 404), page


# Columns that no caller may set, by table.
PROTECTED = {
    "syncs_syncrequest": {"sync_request_id", "group_key", "status_code", "failure_count", "created", "lines_read"},
    "enrollments_appenrollment": {
        "group_key", "created_user_id", "modified_user_id", "is_deleted", "is_uploads", "created", "app_id",
        "delete_limit_percent", "encrypted_credentials",
    },
    "accounts_apikey": {"group_key", "key_hash", "key_prefix", "created_user_id", "revoked", "api_key_id"},
}  # fmt: skip
FORGED = "00000000-0000-4000-8000-00000000e711"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "appenrollments/<str:pk>"),
        ("POST", "appenrollments"),
        ("POST", "apikeys"),
        ("POST", "sync"),
    ],
)
def test_callers_cannot_set_protected_columns(populated, method, path):
    stranger = populated.people["stranger"][0]
    owner = Program(account=populated.account)
    tables = {"appenrollments": "enrollments_appenrollment", "apikeys": "accounts_apikey", "sync": "syncs_syncrequest"}
    columns = PROTECTED[tables[path.partition("/")[0]]]
    forged = {}
    for column in columns:
        name = re.sub("_([a-z])", lambda found: found[1].upper(), column)
        for spelling in (column, name, f"{column}_id", f"{name}Id"):
            forged[spelling] = FORGED
    forged |= {"groupKey": str(stranger.group_key_id), "group_key": str(stranger.group_key_id), "statusCode": "Success"}
    asked = populated.body(f"api/v1/{path}")
    asked = [forged | one for one in asked] if isinstance(asked, list) else forged | asked
    before = {
        row["pk"]: row
        for row in type(populated.enrollment).objects.values("pk", *PROTECTED["enrollments_appenrollment"])
    }
    answer = owner.send_json(method, populated.address(f"api/v1/{path}"), asked, "")
    assert answer.status_code in (200, 201)
    assert str(stranger.group_key_id) not in answer.text
    assert FORGED not in answer.text
    created = answer.json()[0] if isinstance(answer.json(), list) else answer.json()
    assert created["groupKey"] == str(populated.account.pk)
    if path == "sync":
        assert created["statusCode"] in ("Ready", "Connector")
    if method == "PATCH":
        changed = (
            type(populated.enrollment)
            .objects.values("pk", *PROTECTED["enrollments_appenrollment"])
            .get(pk=populated.enrollment.pk)
        )
        assert {**changed, "modified_user_id": None} == {**before[populated.enrollment.pk], "modified_user_id": None}
