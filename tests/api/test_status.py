"""Status: answers everyone, and says to callers who they are."""

import pytest

import adsplatform
from adsplatform.accounts.models import Role
from adsplatform.accounts.services import issue_token
from adsplatform.observability import health
from tests.callers import Program, anonymous
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db

NO_WORKER = "No worker is running; syncs wait until one is started."


def test_a_caller_learns_who_it_is(settings):
    settings.ENVIRONMENT = "test"
    program = Program(Role.MEMBER, name="Ann", email="ann@example.com")
    other = MembershipFactory(user=program.user, role=Role.READ_ONLY, group_key__name="Other Ltd")
    answer = program.get("Status")
    assert answer.status_code == 200
    account = program.account
    key_id = str(program.user.api_keys.get().pk)
    assert answer.json() == {
        "userName": "Ann",
        "emailAddress": "ann@example.com",
        "accountName": account.name,
        "userId": str(program.user.pk),
        "groupKey": str(account.pk),
        "loggedIn": True,
        "roles": ["Member"],
        "apiKeyId": key_id,
        "userStatus": "Active",
        "environment": "test",
        "version": adsplatform.__version__,
        "isImpersonated": False,
        "userGroups": [
            {
                "groupKey": str(account.pk),
                "userRole": "Member",
                "groupName": account.name,
                "status": "Active",
            },
        ],
        "dependencies": {"Database": "Healthy", "Storage": "Healthy", "Queue": NO_WORKER},
    }
    # Not to the holder of a key, but to the person, who has the password.
    token, _ = issue_token(program.membership)
    program.headers = {"Authorization": f"Bearer {token}"}
    groups = program.get("Status").json()["userGroups"]
    assert [(group["groupName"], group["userRole"]) for group in groups] == [
        (account.name, "Member"),
        (other.group_key.name, "Read-Only"),
    ]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "This call needs a credential."),
        ({"Api-Key": "LSPK-unknown"}, "No API key is like this one."),
        ({"Authorization": "Bearer eyJ.eyJ.c2ln"}, "The bearer token is none of ours or is damaged."),
    ],
)
def test_without_a_good_credential_it_says_why_and_is_still_200(headers, reason):
    answer = anonymous().get("/api/v1/Status/", headers=headers)
    assert answer.status_code == 200
    status = answer.json()
    assert status.pop("errorMessage").startswith(reason)
    assert status == {
        "loggedIn": False,
        "dependencies": {"Database": "Healthy", "Storage": "Healthy", "Queue": NO_WORKER},
    }


def test_use_company_info_is_ignored():
    assert Program().get("Status", query="useCompanyInfo=True").json()["loggedIn"] is True


def test_status_auth_is_for_callers_with_a_good_credential():
    assert Program(Role.READ_ONLY).get("Status/auth").json()["loggedIn"] is True
    assert anonymous().get("/api/v1/Status/auth").status_code == 401


def test_a_dependency_that_does_not_answer_is_reported_and_breaks_nothing(monkeypatch):
    def fail():
        raise OSError("disk on fire")

    monkeypatch.setitem(health.CHECKS, "Storage", fail)
    monkeypatch.setitem(health.CHECKS, "Database", fail)
    assert Program().get("Status").json() == {
        "loggedIn": False,
        "errorMessage": "Database does not answer. The reason is in the log.",
        "dependencies": {
            "Database": "Database does not answer. The reason is in the log.",
            "Storage": "Storage does not answer. The reason is in the log.",
            "Queue": NO_WORKER,
        },
    }


def test_an_upload_folder_that_cannot_be_written_is_reported(monkeypatch, tmp_path, settings):
    (tmp_path / "uploads").mkdir()
    monkeypatch.setattr(health.os, "access", lambda path, mode: False)
    assert health.dependencies()["Storage"] == "Uploads cannot be written to their folder."


def test_the_version_is_the_packages(pytestconfig):
    import tomllib

    project = tomllib.loads((pytestconfig.rootpath / "pyproject.toml").read_text())
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "adsplatform.__version__"}
