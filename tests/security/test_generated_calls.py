"""Calls generated from the document of the API (Schemathesis): no failure of ours, and no answer that it does not have.

All checks of Schemathesis run but `negative_data_rejection`, because the API is lenient on purpose: it takes the text
None, parameters as JSON and names in any case. That nobody reads an object of another account is checked here for every
object that was read, in place of `object_level_authorization`, which needs calls that build on one another.
"""

import json
import random

import pytest
import schemathesis
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.generation.hypothesis.builder import HypothesisTestConfig, HypothesisTestMode, create_test

from adsplatform.openapi.generator import document
from adsplatform.rest.middleware import wire_path
from adsplatform.wsgi import application
from syncs import connectors
from tests.security.populated_account import GuardedERP, PopulatedAccount

# Generated calls of each operation.
EXAMPLES = 6
# Where an input that its schema allows can still be wrong, and is then refused with 400: it names an object that must
# exist, has a language or rules of its own, or is a file.
A_DAY = "a day lies from 1900 to 9000"
# Paths of what is the same for every account.
SHARED = ("/api/v1/Applications/", "/api/v1/CodeDefinitions/", "/api/v1/UserRoles/")
JUDGED = {
    "POST /api/v1/ApiKeys": "a key ends on a day to come",
    "POST /api/v1/AppEnrollments": "an application has to be one of the catalogue",
    "PATCH /api/v1/AppEnrollments/{id}": "a schedule is a cron expression",
    "POST /api/v1/AppEnrollments/{id}/reconnect": "a connector asks for credentials of its own",
    "PATCH /api/v1/AppEnrollments/{id}/connect": "the books have to be some that access was given to",
    "PUT /api/v1/AppEnrollments/{id}/import-profile": "a profile is a document of its own format",
    "POST /api/v1/Applications": "an address has to be one of the web",
    "PATCH /api/v1/Applications/{id}": "an address has to be one of the web",
    "POST /api/v1/Sync": "an enrollment has to exist",
    "POST /api/v1/Sync/batch": "an enrollment has to exist, and a list must hold records",
    "PATCH /api/v1/Sync/{id}": "a status has to be one that can follow",
    "DELETE /api/v1/Sync/{id}": "a finished sync cannot be cancelled",
    "PATCH /api/v1/Sync/{id}/details/{detail}": "a line can have no other columns than its file",
    "GET /api/v1/Sync/{id}/rejected-lines": "a sync may have rejected no lines",
    "POST /api/v1/Sync/uploads": "a file has a name and a size",
    "PATCH /api/v1/Sync/uploads/{id}": "a part has to fit",
    "POST /api/v1/Sync/uploads/{id}/finish": "an upload has to be complete",
    "POST /api/v1/Sync/zip": "a file has to be one",
    "POST /api/v1/Sync/zip/inspect": "a file has to be one",
    "POST /api/v1/sign-in": "a password has to be right",
    "POST /api/v1/sign-out": "a key is no token",
    "GET /api/v1/Reports/aging": "bounds rise, and a currency is the account's",
    "GET /api/v1/Reports/ar/aging": A_DAY,
    "GET /api/v1/Reports/ap/aging": A_DAY,
    "GET /api/v1/Reports/ar/aging/records": A_DAY,
    "GET /api/v1/Reports/ap/aging/records": A_DAY,
    "GET /api/v1/Transactions/query": A_DAY,
    "GET /api/v1/Reports/balance-sheet": A_DAY,
    "GET /api/v1/Reports/income-statement": A_DAY,
    "GET /api/v1/Reports/trial-balance": A_DAY,
    "GET /api/v1/Reports/cashflow": A_DAY,
    "GET /api/v1/Reports/daily-payable-outstanding": A_DAY,
    "GET /api/v1/Reports/daily-sales-outstanding": A_DAY,
    "GET /api/v1/Reports/dailysalesoutstanding": A_DAY,
    "GET /api/v1/Reports/risk-rates": A_DAY,
    "GET /api/v1/Reports/riskrates": A_DAY,
}
# Not a type that Schemathesis knows.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


@pytest.fixture
def populated(db, monkeypatch):
    cache.clear()
    monkeypatch.setitem(connectors.registry, "guarded-erp", GuardedERP())
    # As Django's own test client does, or the end of a request would end the test's transaction.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield PopulatedAccount()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def schema():
    accepted = ["2xx", "401", "403", "404", "405", "409", "412", "413", "415", "424", "429"]
    checks = {"positive_data_acceptance": {"expected-statuses": accepted}}
    operations = [
        {
            "include-name": name,
            "checks": {"positive_data_acceptance": {"expected-statuses": [*accepted, "400"]}},
        }
        for name in JUDGED
    ]
    config = SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "checks": {**checks, "negative_data_rejection": {"enabled": False}},
            "operations": operations,
        }
    )
    loaded = schemathesis.openapi.from_dict(json.loads(document()), config=config)
    loaded.app = application
    return loaded


class Caller:
    """Makes generated calls as the owner of an account; asks for what exists in it about half of the time."""

    def __init__(self, populated, operation):
        self.populated = populated
        self.headers = {"Api-Key": populated.people["owner"][1]}
        self.stranger = {"Api-Key": populated.people["stranger"][1]}
        self.random = random.Random(operation.label)
        self.parameters = {each["name"]: each["schema"] for each in operation.definition.raw.get("parameters", ())}
        self.calls = 0

    def __call__(self, case):
        self.calls += 1
        self.make_sensible(case)
        with transaction.atomic():
            try:
                response = case.call(headers=self.headers)
                case.validate_response(response, headers=self.headers)
                if case.method == "GET" and response.status_code == 200 and "security" in case.operation.definition.raw:
                    self.check_stranger(case)
            finally:
                transaction.set_rollback(True)

    def make_sensible(self, case):
        """Filters and orders are texts in a language of their own: name fields that there are."""
        for name, choose in (("filter", self.a_filter), ("order", self.an_order), ("include", self.an_include)):
            if isinstance(case.query, dict) and isinstance(case.query.get(name), str):
                case.query[name] = choose(self.parameters[name])
        if case.path_parameters and self.random.random() < 0.5:
            self.name_what_exists(case)

    def a_filter(self, schema):
        name = self.random.choice(list(schema.get("x-fields", {"message": {}})))
        return f"{name} is not null"

    def an_order(self, schema):
        return f"{self.random.choice(schema['x-fields'])} desc"

    def an_include(self, schema):
        return ",".join(schema["x-includes"][:2])

    def name_what_exists(self, case):
        route = wire_path(case.path).lstrip("/")
        for name in case.path_parameters:
            own = {"id": "<str:pk>", "definition": "<str:definition>", "file": "<str:file>", "detail": "<str:detail>"}
            route = route.replace("{" + name.lower() + "}", own[name])
        words = route.split("/")
        found = self.populated.address(route).lstrip("/").split("/")
        for word, value in zip(words, found, strict=True):
            for name, place in (("id", "<str:pk>"), ("definition", "<str:definition>"), ("file", "<str:file>")):
                if word == place:
                    case.path_parameters[name] = value
            if word == "<str:detail>":
                case.path_parameters["detail"] = int(value)

    def check_stranger(self, case):
        """Another account finds nothing of what was read by its id."""
        if not case.path_parameters:
            return
        answer = case.call(headers=self.stranger)
        shared = case.path.startswith(SHARED)
        assert answer.status_code == (200 if shared else 404), case.formatted_path


def calls_of(operation, caller):
    """The test that Schemathesis makes of an operation: its examples, and generated calls, right and wrong."""
    modes = [HypothesisTestMode.EXAMPLES, HypothesisTestMode.FUZZING]
    config = HypothesisTestConfig(
        project=operation.schema.config,
        modes=modes,
        settings=settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )

    def test(case):
        caller(case)

    return create_test(operation=operation, test_func=test, config=config)


def _sentences(failure):
    inner = failure.exceptions if isinstance(failure, BaseExceptionGroup) else (failure,)
    return "; ".join(_sentences(each) if isinstance(each, BaseExceptionGroup) else str(each) for each in inner)


@pytest.mark.untraced
def test_no_call_fails_and_every_answer_is_as_described(populated):
    found, made = {}, 0
    for result in schema().get_all_operations():
        operation = result.ok()
        cache.clear()
        caller = Caller(populated, operation)
        try:
            calls_of(operation, caller)()
        except (Failure, BaseExceptionGroup) as failure:
            found[operation.label] = failure
        made += caller.calls
    assert found == {}, "\n\n".join(f"{label}: {_sentences(failure)}" for label, failure in found.items())
    assert made > 500
