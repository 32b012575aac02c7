"""The import profiles of an enrollment in the API: read, saved as versions, replaced; not those of other accounts."""

import pytest

from adsplatform.accounts.models import AuditEntry, Role
from enrollments.models import Application
from syncs.models import ImportProfileVersion
from tests.callers import Program
from tests.factories import AppEnrollmentFactory
from tests.import_profiles.documents import COLUMNS, document

pytestmark = pytest.mark.django_db

OTHER = [*COLUMNS, "Notiz"]


@pytest.fixture
def enrollment(program):
    return AppEnrollmentFactory(app=Application.objects.get(connector="file-upload"), group_key=program.account)


@pytest.fixture
def path(enrollment):
    return f"AppEnrollments/{enrollment.pk}/import-profile"


def versions(answer):
    return [(profile["name"], profile["version"]) for profile in answer.json()["profiles"]]


def put(program, path, body):
    return program.send_json("PUT", path, body, "")


def test_an_enrollment_has_no_profile_at_first(program, path):
    answer = program.get(path)
    assert (answer.status_code, answer.json()) == (200, {"profiles": []})


def test_one_document_is_added_and_confirmed_by_the_caller(program, path):
    answer = put(program, path, document())
    assert answer.status_code == 200
    (profile,) = answer.json()["profiles"]
    confirmed = profile.pop("confirmed")
    assert profile == document() | {"version": 1}
    assert confirmed["by"] == program.user.email
    assert confirmed["at"].endswith("Z")
    assert program.get(path).json()["profiles"] == [profile | {"confirmed": confirmed}]


def test_the_same_document_again_makes_no_version_and_another_one_does(program, path, enrollment):
    put(program, path, document())
    assert versions(put(program, path, document())) == [("Rechnungen", 1)]
    assert versions(put(program, path, document(name="Neu"))) == [("Neu", 2)]
    assert ImportProfileVersion.objects.filter(app_enrollment=enrollment).count() == 2
    assert put(program, path, document(OTHER, name="Andere")).status_code == 200
    assert versions(program.get(path)) == [("Andere", 1), ("Neu", 2)]


def test_what_was_fetched_can_be_sent_back_as_it_is(program, path):
    put(program, path, document())
    fetched = program.get(path).json()
    assert put(program, path, fetched).json() == fetched


def test_a_list_replaces_all_profiles(program, path):
    put(program, path, document())
    answer = put(program, path, {"profiles": [document(OTHER, name="Andere")]})
    assert versions(answer) == [("Andere", 1)]
    assert versions(put(program, path, {"profiles": []})) == []
    # A profile that comes back goes on counting its versions.
    assert versions(put(program, path, document())) == [("Rechnungen", 2)]


def test_a_change_of_an_old_version_is_a_conflict(program, path):
    put(program, path, document())
    put(program, path, document(name="Neu"))
    answer = put(program, path, document(name="Alt") | {"version": 1})
    assert answer.status_code == 409
    assert answer.json()["detail"] == (
        "The import profile “Alt” has been changed since: its version is 2, not 1. Fetch it again, then change that."
    )
    assert versions(program.get(path)) == [("Neu", 2)]


@pytest.mark.parametrize(
    ("body", "field", "sentence"),
    [
        (
            [],
            "profiles",
            "Send an import profile, or an object with the member “profiles”: the list of",
        ),
        ({"profiles": {}}, "profiles", "Send an import profile, or an object with the member “profiles”"),
        (document(records=[]), "records", "records: the list needs at least 1 entry."),
        ({"profiles": [document(), 5]}, "profiles[1]", "The import profile: an object is expected here."),
        ({"profiles": [document(), document(name="B")]}, "profiles", "Two of the profiles are for the same files."),
        (document() | {"version": "1"}, "version", "version: a whole number is expected here."),
    ],
)
def test_a_fault_is_a_problem_document_and_nothing_is_saved(program, path, body, field, sentence):
    answer = put(program, path, body)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json()["detail"].startswith(sentence)
    assert field in str(answer.json())
    assert program.get(path).json() == {"profiles": []}


def test_another_account_gets_404_and_a_member_may_only_look(program, path):
    put(program, path, document())
    stranger = Program()
    assert stranger.get(path).status_code == put(stranger, path, document()).status_code == 404
    member = Program(Role.MEMBER, program.account)
    assert member.get(path).status_code == 200
    assert put(member, path, document()).status_code == 403


def test_a_change_is_in_the_audit_trail(program, path):
    put(program, path, document())
    entry = AuditEntry.objects.filter(subject="import profile").latest("pk")
    assert (entry.action, entry.after["name"], entry.after["version"]) == ("added", "Rechnungen", 1)
