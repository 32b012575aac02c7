"""Programs of two accounts."""

import pytest

from tests.callers import Program
from tests.factories import AppEnrollmentFactory


@pytest.fixture
def program(db):
    return Program()


@pytest.fixture
def stranger(db):
    return Program()


@pytest.fixture
def enrollment(program):
    return AppEnrollmentFactory(group_key=program.account)


@pytest.fixture
def foreign_enrollment(stranger):
    return AppEnrollmentFactory(group_key=stranger.account)
