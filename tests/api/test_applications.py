"""The catalogue in the API: everyone reads it, platform staff change it."""

import uuid

import pytest
from django.contrib.auth.models import Permission

from adsplatform.accounts.models import ApiKey, Role
from enrollments.models import Application
from tests.callers import Program
from tests.factories import AppEnrollmentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(db):
    return Application.objects.get(connector="demo-data")


@pytest.fixture
def staff(db):
    """Platform staff who may look after the catalogue, and read an account."""
    program = Program(Role.READ_ONLY, is_staff=True)
    permissions = Permission.objects.filter(codename__in=["add_application", "change_application"])
    program.user.user_permissions.set(permissions)
    return program


def test_everyone_sees_the_catalogue(demo):
    reader = Program(Role.READ_ONLY)
    answer = reader.get("Applications/query").json()
    names = [row["name"] for row in answer["records"]]
    assert {"Demo Data Connector", "File Upload", "JSON Batch", "SQL Database", "Tryton"} < set(names)
    assert names == sorted(Application.objects.values_list("name", flat=True))
    body = reader.get(f"Applications/{demo.pk}").json()
    assert body.pop("created").endswith("Z")
    assert body.pop("modified").endswith("Z")
    assert body == {
        "appId": str(demo.pk),
        "name": "Demo Data Connector",
        "description": "Loads believable demo books, so that you can try the platform out.",
        "appType": "Connector",
        "isActive": True,
    }


def test_includes_show_the_callers_own_enrollments_and_empty_lists(program, enrollment, foreign_enrollment, demo):
    AppEnrollmentFactory(group_key=program.account, is_deleted=True)
    query = "include=Notes,Attachments,CustomFields,enrollments"
    for body in (
        program.get(f"Applications/{demo.pk}", query=query).json(),
        program.get("Applications/query", query=f"{query}&filter=appType+eq+Connector").json()["records"][0],
    ):
        assert [row["appEnrollmentId"] for row in body["enrollments"]] == [str(enrollment.pk)]
        assert [body[name] for name in ("notes", "attachments", "customFieldDefinitions", "customFieldValues")] == [
            [],
            [],
            [],
            [],
        ]


@pytest.mark.parametrize("id", [str(uuid.uuid4()), "not-a-guid"])
def test_an_id_that_names_no_application_is_a_404(program, id):
    answer = program.get(f"Applications/{id}")
    assert answer.status_code == 404
    assert answer.json()["detail"] == f"There is no application with the id “{id}”."


def test_staff_change_the_catalogue(staff):
    answer = staff.post("Applications", [{"name": "Example ERP", "appType": "Connector", "iconUrl": None}])
    assert answer.status_code == 200
    (made,) = answer.json()
    assert (made["name"], made["createdUserId"]) == ("Example ERP", str(staff.user.pk))
    path = f"Applications/{made['appId']}"
    changed = staff.patch(path, {"Description": "An ERP.", "projectUrl": "https://erp.example.com"}).json()
    assert (changed["name"], changed["description"]) == ("Example ERP", "An ERP.")
    assert "description" not in staff.patch(path, {"description": None}).json()
    assert staff.delete(path).json() == {"messages": [f"Application {made['appId']} is kept, but no longer available"]}
    assert staff.get(path).json()["isActive"] is False
    names = [row["name"] for row in staff.get("Applications/query").json()["records"]]
    assert "Example ERP" not in names


def test_staff_without_the_permission_or_with_an_earlier_key_change_nothing(staff, demo):
    unpermitted = Program(is_staff=True)
    # Made before its user became staff.
    ApiKey.objects.filter(created_user=staff.user).update(is_of_staff=False)
    for program in (unpermitted, staff):
        assert program.post("Applications", [{"name": "Mine", "appType": "Connector"}]).status_code == 403
        assert program.patch(f"Applications/{demo.pk}", {"name": "Mine"}).status_code == 403
        assert program.delete(f"Applications/{demo.pk}").status_code == 403
    demo.refresh_from_db()
    assert (demo.name, demo.is_active) == ("Demo Data Connector", True)


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "ftp://erp.example.com", "erp"])
def test_an_address_in_the_catalogue_is_one_of_the_web(staff, demo, address):
    answer = staff.patch(f"Applications/{demo.pk}", {"projectUrl": address})
    assert answer.status_code == 400
    assert answer.json()["errors"] == {
        "projectUrl": [
            f"projectUrl: “{address}” is no address of the web. Write all of it, like https://erp.example.com/start."
        ]
    }
    assert staff.patch(f"Applications/{demo.pk}", {"iconUrl": address}).status_code == 400
    assert staff.patch(f"Applications/{demo.pk}", {"iconUrl": "https://erp.example.com/a.png"}).status_code == 200


def test_an_application_needs_a_name_and_a_type(staff):
    answer = staff.post("Applications", [{"name": "x" * 101}])
    assert answer.json()["errors"] == {
        "$[0].name": ["$[0].name: Ensure this field has no more than 100 characters."],
        "$[0].appType": ["$[0].appType: This is missing."],
    }


def test_an_owner_who_is_not_staff_changes_nothing(program, demo):
    answers = [
        program.post("Applications", [{"name": "Mine", "appType": "Connector"}]),
        program.patch(f"Applications/{demo.pk}", {"name": "Mine"}),
        program.delete(f"Applications/{demo.pk}"),
    ]
    assert [answer.status_code for answer in answers] == [403] * 3
    assert {answer.json()["detail"] for answer in answers} == {
        "The catalogue of applications is kept by those of the platform's own staff who have that permission."
    }
    demo.refresh_from_db()
    assert (demo.name, demo.is_active) == ("Demo Data Connector", True)
