"""A signed-in person of each role, and an account with something in it."""

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile

from adsplatform.accounts.models import Role
from syncs.import_profiles.inspected import Inspection
from syncs.services import unanswered
from tests.factories import AppEnrollmentFactory, SyncRequestFactory, member
from tests.inbox.unknown_files import FILE


@pytest.fixture(autouse=True)
def no_memory_of_other_tests(db):
    cache.clear()


@pytest.fixture
def membership(db):
    """An owner and the account."""
    return member(Role.OWNER)[0]


@pytest.fixture
def account(membership):
    return membership.group_key


@pytest.fixture
def inbox(client, membership):
    """The owner's browser."""
    client.force_login(membership.user)
    return client


@pytest.fixture
def sign_in_as(client, account):
    """The browser of a new member with this role."""

    def sign_in(role):
        client.force_login(member(role, account)[0].user)
        return client

    return sign_in


@pytest.fixture
def enrollment(account):
    return AppEnrollmentFactory(group_key=account)


@pytest.fixture
def make_sync(enrollment):
    return lambda *args, **values: SyncRequestFactory(app_enrollment=enrollment, **values)


@pytest.fixture
def inspected(monkeypatch):
    """What an inspection finds: its `files` may be set, and `follow` makes of a file and answers another file."""

    class Inspected:
        files = [FILE]
        saved = []

        @staticmethod
        def follow(file, answers):
            return file

        def __call__(self, upload, enrollment, answers=None):
            answers = answers or {}
            files = [self.follow(file, answers.get(file.file, {})) for file in self.files]
            return Inspection(files)

    found = Inspected()
    monkeypatch.setattr(unanswered, "inspect_upload", found)
    monkeypatch.setattr(unanswered, "save_profile", lambda *given: found.saved.append(given))
    found.saved = []
    return found


@pytest.fixture
def upload_file(inbox, enrollment):
    """Upload a file that is not known, and return the address of its page."""

    def upload_file(**more):
        rows = "".join(f"A-{number},03/04/2025,10.50,\n" for number in range(1, 8))
        file = SimpleUploadedFile("sales.csv", f"No,Date,Total,Remarks\n{rows}".encode())
        answer = inbox.post("/upload/", {"file": file, "enrollment": enrollment.pk, **more})
        assert answer.status_code == 302
        return answer.url

    return upload_file
