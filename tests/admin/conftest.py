"""What the admin's tests start from: a signed-in superuser, and one of everything."""

import datetime
import uuid
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.db import models

from adsplatform.accounts.models import ApiKey, AuditEntry
from adsplatform.records.models import Record
from syncs.models import Upload
from tests.factories import (
    MembershipFactory,
    NoticeFactory,
    SyncEntityResultFactory,
    SyncRequestFactory,
    SyncResultDetailFactory,
    UserFactory,
)


@pytest.fixture
def superuser(db):
    return UserFactory(staff=True, email="root@example.com", name="Root")


@pytest.fixture
def browser(client, superuser):
    """A client that is signed in as a superuser."""
    client.force_login(superuser)
    return client


def make_record(kind: type[Record], enrollment, **values) -> Record:
    """A record of any kind; fields that must have a value and are not given get one of their type."""
    made_up = {
        models.DateTimeField: datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC),
        models.DateField: datetime.date(2026, 3, 1),
        models.DecimalField: Decimal("1234.5"),
        models.IntegerField: 3,
        models.BooleanField: True,
        models.UUIDField: uuid.UUID(int=7),
        models.CharField: "USD",
        models.TextField: "some text",
    }
    values |= {"app_enrollment": enrollment, "group_key": enrollment.group_key_id}
    for field in kind._meta.local_fields:
        if field.null or field.has_default() or field.is_relation:
            continue
        fitting = [value for type_, value in made_up.items() if isinstance(field, type_)]
        if fitting:
            values.setdefault(field.name, fitting[0])
    return kind.objects.create(**values)


def make_upload(account, name: str = "books.zip", content: bytes = b"PK-what was sent") -> Upload:
    upload = Upload(group_key=account, file_name=name, format=Upload.Format.ZIP, sha256="ab" * 32)
    upload.content.save("stored", ContentFile(content), save=False)
    upload.size = len(content)
    upload.save()
    return upload


def fill(rows: int = 1):
    """The given number of rows on every page of the admin; returns one object of each model."""
    made = {}
    for _ in range(rows):
        membership = MembershipFactory()
        key, _ = ApiKey.make(account=membership.group_key, user=membership.user, name="Bookkeeping")
        sync_request = SyncRequestFactory(
            succeeded=True,
            app_enrollment__group_key=membership.group_key,
            app_enrollment__cron_settings="30 2 * * 1-5",
            upload=make_upload(membership.group_key),
        )
        enrollment = sync_request.app_enrollment
        result = SyncEntityResultFactory(
            sync_request=sync_request, entity="Invoice", lines_read=10, inserted=9, rejected=1
        )
        detail = SyncResultDetailFactory(sync_request=sync_request)
        records = {}
        for kind in Record.__subclasses__():
            references = {
                field.attname: records[field.related_model].pk
                for field in kind._meta.local_fields
                if field.is_relation and field.related_model in records
            }
            # What is referred to and not made yet is missing, as records may be.
            missing = {
                field.attname: result.sync_request_id
                for field in kind._meta.local_fields
                if field.is_relation and field.name != "app_enrollment" and field.attname not in references
            }
            records[kind] = make_record(kind, enrollment, **references, **missing)
        objects = [
            membership.group_key,
            membership.user,
            key,
            sync_request,
            enrollment,
            enrollment.app,
            detail,
            NoticeFactory(app_enrollment=enrollment),
            AuditEntry.objects.newest_first().filter(subject="API key").first(),
        ]
        objects += [*records.values(), Group.objects.create(name=f"Staff of {enrollment.pk}")]
        made = {type(each): each for each in objects}
    return made
