"""Programs of two accounts, and calls of reports."""

import json
from decimal import Decimal
from urllib.parse import urlencode

import pytest

from tests.callers import Program


@pytest.fixture
def program(db):
    return Program()


@pytest.fixture
def stranger(db):
    return Program()


@pytest.fixture
def report(program):
    """Call a report: `report("ar/aging", reportDate=day)`; amounts come as decimals."""

    def call(name, **parameters):
        answer = program.get(f"Reports/{name}", urlencode(parameters, doseq=True))
        assert answer.status_code == 200, answer.content
        return exact(answer)

    return call


@pytest.fixture
def refusal(program):
    """The problem document of a report that is refused, with its status."""

    def call(name, caller=None, **parameters):
        answer = (caller or program).get(f"Reports/{name}", urlencode(parameters, doseq=True))
        return answer.status_code, answer.json()["detail"]

    return call


@pytest.fixture
def follow(program):
    """The records behind a figure, and what they add up to."""

    def call(source):
        path, _, query = source["query"].partition("?")
        found, number = [], 0
        while True:
            answer = program.get(path, f"{query}&pageSize=100&pageNumber={number}")
            assert answer.status_code == 200, answer.content
            page = exact(answer)
            found += page["records"]
            if len(found) >= page["totalCount"]:
                break
            number += 1
        total = sum((each.get(source["sumOf"], Decimal(0)) for each in found), Decimal(0))
        if "less" in source:
            total -= sum((each.get(source["less"], Decimal(0)) for each in found), Decimal(0))
        return found, total

    return call


def exact(answer):
    return json.loads(answer.content, parse_float=Decimal)
