"""The document of the API: complete, valid, in the published spelling, and shown to people."""

import json
import os
import re
import subprocess
import sys

import pytest
from django.core.management import call_command
from django.urls import get_resolver

from adsplatform.openapi.generator import document
from adsplatform.records_api.includes import INCLUDES
from adsplatform.records_api.kinds import kinds
from adsplatform.rest.middleware import wire_path
from adsplatform.rest.problems import TYPES
from tests.callers import anonymous
from tests.product import PROJECT


@pytest.fixture(scope="module")
def openapi():
    return json.loads(document())


def operations_of(openapi):
    return [
        (path, method, operation) for path, methods in openapi["paths"].items() for method, operation in methods.items()
    ]


def test_first_requests_at_once_get_the_whole_document():
    program = (
        "import django; django.setup()\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from adsplatform.openapi.generator import document\n"
        "with ThreadPoolExecutor(8) as threads:\n"
        "    print(len({future.result() for future in [threads.submit(document) for _ in range(8)]}))\n"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.stdout == "1\n", done.stderr


def test_it_is_generated_without_a_warning_and_is_valid(tmp_path):
    # The command exits with an error if there is any.
    call_command("spectacular", file=str(tmp_path / "openapi.yaml"), validate=True, fail_on_warn=True)


def test_everyone_can_read_it(db, openapi):
    answer = anonymous().get("/api/v1/openapi.json")
    assert (answer.status_code, answer.json()["openapi"]) == (200, "3.1.1")
    assert answer.json() == openapi


def test_it_has_every_operation_of_the_api(openapi):
    (api,) = (part for part in get_resolver().url_patterns if str(part.pattern) == "api/v1/")
    routed = {
        (re.sub("<[^>]*>", "{}", f"/api/v1/{route.pattern}"), method)
        for module in api.url_patterns
        for route in module.url_patterns
        for method in route.callback.actions
        if method != "head"
    }
    described = {(re.sub(r"\{[^}]*\}", "{}", wire_path(path)), method) for path, method, _ in operations_of(openapi)}
    assert described == routed


def test_paths_of_records_are_spelled_as_published(openapi):
    for kind in kinds().values():
        assert f"/api/v1/{kind.path}/query" in openapi["paths"]


def test_every_operation_says_what_it_does_for_whom_and_what_can_go_wrong(openapi):
    for path, method, operation in operations_of(openapi):
        described = operation["description"]
        assert operation["summary"], (path, method)
        assert "security" in operation or "For everyone, without a credential." in described, (path, method)
        assert "security" not in operation or "Roles: Group Owner" in described, (path, method)
        assert {"400", "429", "500"} <= set(operation["responses"]), (path, method)
        assert ("404" in operation["responses"]) >= ("{" in path), (path, method)


def test_every_type_of_problem_has_an_example(openapi):
    responses = openapi["components"]["responses"]
    examples = [each["content"]["application/problem+json"]["example"] for each in responses.values()]
    assert {example["status"] for example in examples} == set(TYPES)
    assert all(example["detail"].endswith((".", "?")) for example in examples)


def test_every_body_of_json_has_an_example(openapi):
    for path, method, operation in operations_of(openapi):
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            assert "example" in content["application/json"], (path, method)


def test_a_kind_of_record_has_all_its_members(openapi):
    for kind in kinds().values():
        schema = openapi["components"]["schemas"][kind.model_name]
        named = {member.name for member in kind.members}
        assert named <= set(schema["properties"])
        query = openapi["paths"][f"/api/v1/{kind.path}/query"]["get"]
        parameters = {each["name"]: each for each in query["parameters"]}
        assert set(parameters) == {"filter", "include", "order", "pageSize", "pageNumber"}
        assert set(parameters["include"]["schema"]["x-includes"]) == set(INCLUDES.get(kind.name, {}))
