"""How the fields of a query are declared."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.models import CharField, DurationField, FileField, Model, TextField
from django.test.utils import isolate_apps

from adsplatform.accounts.models import User
from adsplatform.searchlight import Field, Fields
from syncs.models import SyncRequest, Upload


def test_types_and_paths_are_read_from_a_model():
    fields = Fields.from_model(
        SyncRequest,
        [
            "syncRequestId",
            "groupKey",
            "appEnrollmentId",
            "statusCode",
            "operationType",
            "failureCount",
            "runFullSync",
            "created",
        ],
        default_order=("-created",),
    )
    assert list(fields) == [
        Field("syncRequestId", "sync_request_id", "uuid"),
        Field("groupKey", "group_key_id", "uuid"),
        Field("appEnrollmentId", "app_enrollment_id", "uuid"),
        Field("statusCode", "status_code", "text"),
        Field("operationType", "operation_type", "enum", {"Read": 0, "Write": 1}),
        Field("failureCount", "failure_count", "integer"),
        Field("runFullSync", "run_full_sync", "boolean"),
        Field("created", "created", "datetime"),
    ]
    assert fields.key == "sync_request_id"
    assert fields.default_order == ("-created",)


def test_paths_may_be_named_and_lead_through_relations():
    fields = Fields.from_model(
        SyncRequest,
        {"account": "group_key__name", "parentId": "parent_sync_request", "file": "upload__content"},
        key="pk",
    )
    assert list(fields) == [
        Field("account", "group_key__name", "text"),
        Field("parentId", "parent_sync_request_id", "uuid"),
        Field("file", "upload__content", "text"),
    ]
    assert fields.key == "pk"


@pytest.mark.parametrize(("path", "part"), [("groups", "groups"), ("groups__name", "groups"), ("api_keys", "api_keys")])
def test_a_path_to_many_rows_is_a_configuration_error(path, part):
    with pytest.raises(ImproperlyConfigured, match=f"^name: “{part}” leads to many rows.$"):
        Fields.from_model(User, {"name": path})


@isolate_apps("syncs")
def test_a_column_that_no_type_fits_is_a_configuration_error():
    class Stopwatch(Model):  # noqa: DJ008
        took = DurationField()

        class Meta:
            app_label = "syncs"

    with pytest.raises(ImproperlyConfigured, match="^took: a query has no type for a DurationField.$"):
        Fields.from_model(Stopwatch, {"took": "took"})


def test_a_name_finds_its_field_in_any_case_and_by_its_aliases():
    field = Field("syncRequestId", "sync_request_id", "uuid", aliases=("id",))
    fields = Fields([field], key="sync_request_id")
    assert fields.find("SYNCREQUESTID") is fields.find("Id") is field
    assert fields.find("sync_request_id") is None


def test_two_fields_of_one_name_are_a_configuration_error():
    with pytest.raises(ImproperlyConfigured, match="^Two fields are called “ID”.$"):
        Fields([Field("id", "a", "text"), Field("other", "b", "text", aliases=("ID",))], key="id")


def test_an_unknown_type_is_a_configuration_error():
    with pytest.raises(ImproperlyConfigured, match="^id: no type is called “string”.$"):
        Field("id", "id", "string")


def test_an_enum_without_members_is_a_configuration_error():
    with pytest.raises(ImproperlyConfigured, match="^size: an enum has choices, and only an enum has.$"):
        Field("size", "size", "enum")


@pytest.mark.parametrize("kind", [CharField, TextField, FileField])
def test_every_kind_of_text_can_be_compared_without_regard_to_case(kind):
    assert "ignoring_case" in kind.get_lookups()
    assert Upload._meta.get_field("content").get_transform("ignoring_case")
