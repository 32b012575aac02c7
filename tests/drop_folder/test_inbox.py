"""Enrolling in a drop folder in the Inbox: the form, the first look at the server's key, the test, the enrollment."""

import html

import pytest

from adsplatform.accounts.models import Role
from enrollments.models import AppEnrollment, Application
from enrollments.services import setting_values
from tests.drop_folder.test_conformance import COMPANIES
from tests.factories import member

pytestmark = pytest.mark.django_db


@pytest.fixture
def inbox(client):
    client.force_login(member(Role.OWNER)[0].user)
    return client


@pytest.fixture
def address(folder):
    return f"/enroll/{Application.objects.get(connector=folder.connector).pk}/"


def form(folder, **settings):
    given = {"afterwards": "move", "processed": "processed", "failed": "failed"} | folder.settings | settings
    credentials = {f"credential_{name}": value for name, value in folder.credentials.items()}
    return {f"setting_{name}": value for name, value in given.items()} | credentials


def text_of(answer):
    return html.unescape(answer.text)


def test_the_form_has_the_connectors_fields_and_secrets_are_typed_unseen(inbox, address, folder):
    text = text_of(inbox.get(address))
    for part in (
        "<h2>Files</h2>",
        "<h2>When files are complete</h2>",
        "Only read, and remember what",
        "Test connection</button>",
    ):
        assert part in text
    secret = "secretAccessKey" if folder.connector == "s3-folder" else "privateKey"
    assert f'<input type="password" name="credential_{secret}"' in text


def test_a_test_says_what_is_there_and_enrolling_stores_the_settings(inbox, address, folder):
    folder.put("companies.csv", COMPANIES)
    assert "has 1 file to load: companies.csv." in text_of(inbox.post(address, form(folder) | {"try": "1"}))
    assert not AppEnrollment.objects.exists()
    answer = inbox.post(address, form(folder, afterwards="keep"))
    enrollment = AppEnrollment.objects.get()
    assert answer.url == f"/enrollments/{enrollment.pk}/"
    assert setting_values(enrollment)["afterwards"] == "keep"
    text = text_of(inbox.get(answer.url))
    assert all(
        value not in text for name, value in folder.credentials.items() if name not in ("username", "accessKeyId")
    )
    assert folder.names() == ["companies.csv"]


def test_the_first_test_shows_the_fingerprint(inbox, sftp_folder):
    address = f"/enroll/{Application.objects.get(connector='sftp-folder').pk}/"
    text = text_of(inbox.post(address, form(sftp_folder, hostKey="") | {"try": "1"}))
    assert f"The server “127.0.0.1” shows the key ssh-ed25519 {sftp_folder.sshd.fingerprint}. Compare it" in text
    assert "Compare it" in text_of(inbox.post(address, form(sftp_folder, hostKey="")))
    assert not AppEnrollment.objects.exists()
