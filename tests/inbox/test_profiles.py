"""An enrollment's import profiles in the Inbox: listed, looked at, changed into a new version, removed."""

import pytest

from adsplatform.accounts.models import AuditEntry, Role
from enrollments.models import Application
from syncs.import_profiles.documents import parse
from syncs.models import ImportProfileVersion
from syncs.services.import_profiles import save_profile
from tests.factories import AppEnrollmentFactory, member

COLUMNS = ["Rechnungsnr.", "Datum", "Brutto", "Bezahlt"]
DOCUMENT = {
    "format": "import-profile/1",
    "name": "Rechnungen",
    "match": {"columns": COLUMNS, "fingerprint": "c2a9aba2b2ea914e"},
    "read": {"encoding": "utf-8", "delimiter": ";", "header": 1},
    "styles": {"decimal": ",", "dates": "DD.MM.YYYY"},
    "records": [
        {
            "kind": "Invoice",
            "fields": {
                "erpKey": "Rechnungsnr.",
                "companyErpKey": {"constant": "OWN"},
                "customerErpKey": {"constant": "C1"},
                "invoiceDate": "Datum",
                "totalAmount": "Brutto",
                "invoiceStatusCode": {"column": "Bezahlt", "values": {"ja": "Closed", "nein": "Open"}},
            },
        }
    ],
}


@pytest.fixture
def enrollment(account):
    return AppEnrollmentFactory(group_key=account, app=Application.objects.get(connector="file-upload"))


@pytest.fixture
def version(enrollment, membership):
    return save_profile(enrollment, membership.user, DOCUMENT)


@pytest.fixture
def page(enrollment, version):
    return f"/enrollments/{enrollment.pk}/profiles/{version.pk}/"


def posted(**changed):
    form = {"name": "Rechnungen", "decimal": '","', "dates": '"DD.MM.YYYY"', "m0w0": "Closed", "m0w1": "Open"}
    targets = ("Invoice.erpKey", "Invoice.invoiceDate", "Invoice.totalAmount", "Invoice.invoiceStatusCode")
    for at, target in enumerate(targets):
        form |= {f"p-c{at}t0": target, f"p-c{at}t1": ""}
    form |= {"p-k0f": "Invoice.companyErpKey", "p-k0v": "OWN", "p-k1f": "Invoice.customerErpKey", "p-k1v": "C1"}
    return form | changed


def test_the_document_of_these_tests_is_a_profile():
    assert parse(DOCUMENT).kinds == ("Invoice",)


def test_the_enrollment_lists_its_profiles(inbox, enrollment, version, page, membership):
    text = inbox.get(f"/enrollments/{enrollment.pk}/").text
    assert f'<a href="{page}">Rechnungen</a>' in text
    assert membership.user.email in text


def test_a_profile_shows_columns_styles_words_and_constants(inbox, page):
    text = inbox.get(page).text
    for part in (*COLUMNS, "version 1", "Comma: 1234,50", "DD.MM.YYYY", "ja", "nein", 'value="Closed"', 'value="OWN"'):
        assert part in text, part
    assert '<option value="Invoice.totalAmount" selected>' in text


def test_a_change_makes_a_new_version_and_the_old_one_stays(inbox, page, version, enrollment, membership):
    changed = {"name": "Rechnungen ab 2025", "dates": '"YYYY-MM-DD"', "m0w1": "", "p-c2t0": "Invoice.netAmount",
               "p-k2f": "Invoice.currencyCode", "p-k2v": "EUR"}  # fmt: skip
    answer = inbox.post(page, posted(**changed), follow=True)
    assert "The profile “Rechnungen ab 2025” is saved as version 2." in answer.text
    now = ImportProfileVersion.objects.get(replaced=None)
    assert (now.version, now.name, now.created_user) == (2, "Rechnungen ab 2025", membership.user)
    assert now.document["styles"] == {"decimal": ",", "dates": "YYYY-MM-DD"}
    assert now.document["records"][0]["fields"] == {
        "erpKey": "Rechnungsnr.",
        "companyErpKey": {"constant": "OWN"},
        "customerErpKey": {"constant": "C1"},
        "invoiceDate": "Datum",
        "netAmount": "Brutto",
        "invoiceStatusCode": {"column": "Bezahlt", "values": {"ja": "Closed", "nein": None}},
        "currencyCode": {"constant": "EUR"},
    }
    version.refresh_from_db()
    assert version.replaced
    assert version.document["styles"]["dates"] == "DD.MM.YYYY"
    # Of an old version nothing is changed any more.
    assert "New files are no longer read by this version." in inbox.get(page).text
    assert "Save as a new version" not in inbox.get(page).text
    assert f"/profiles/{version.pk}/" in answer.text


def test_letters_and_one_column_may_be_written_otherwise(inbox, page):
    inbox.post(page, posted(**{"p-c2decimal": ".", "encoding": '"cp1252"'}))
    document = ImportProfileVersion.objects.get(replaced=None).document
    assert document["read"]["encoding"] == "cp1252"
    assert document["styles"]["decimal"] == ","
    assert document["columns"]["Brutto"]["decimal"] == "."
    assert parse(document).style_of("Brutto").decimal == "."


def test_saving_without_a_change_makes_no_version(inbox, page):
    inbox.post(page, posted())
    assert ImportProfileVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"p-c0t0": ""}, "erpKey"),
        ({"name": " "}, "name"),
        ({"p-c1t0": "Invoice.totalAmount"}, "“totalAmount” is filled from “Brutto” already."),
    ],
)
def test_a_change_that_cannot_be_says_why_and_is_not_saved(inbox, page, change, sentence):
    answer = inbox.post(page, posted(**change))
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text
    assert sentence in answer.text
    assert ImportProfileVersion.objects.count() == 1


def test_a_change_of_a_version_that_somebody_replaced_meanwhile_is_refused(inbox, page, version, enrollment):
    save_profile(enrollment, None, {**DOCUMENT, "name": "Somebody else’s"})
    answer = inbox.post(page, posted(name="Mine"))
    assert "has been changed since" in answer.text
    assert ImportProfileVersion.objects.get(replaced=None).name == "Somebody else’s"


def test_a_removed_profile_reads_no_more_files_and_is_in_the_audit_trail(inbox, page, version, enrollment, membership):
    answer = inbox.post(f"{page}remove/", follow=True)
    assert "The profile “Rechnungen” is removed. Its files will be asked about again." in answer.text
    assert not ImportProfileVersion.objects.current().exists()
    assert AuditEntry.objects.filter(subject="import profile", user_email=membership.user.email).exists()


@pytest.mark.parametrize("role", [Role.MEMBER, Role.READ_ONLY])
def test_only_owners_and_admins_change_and_remove_profiles(sign_in_as, page, role):
    browser = sign_in_as(role)
    text = browser.get(page).text
    assert "Rechnungsnr." in text
    assert "Save as a new version" not in text
    assert browser.post(page, posted(name="Mine")).status_code == 403
    assert browser.post(f"{page}remove/").status_code == 403
    assert ImportProfileVersion.objects.current().count() == 1


def test_another_account_finds_no_profile_and_neither_does_another_enrollment(client, inbox, page, version, account):
    other = AppEnrollmentFactory(group_key=account)
    assert inbox.get(f"/enrollments/{other.pk}/profiles/{version.pk}/").status_code == 404
    client.force_login(member(Role.OWNER)[0].user)
    assert client.get(page).status_code == 404
    assert client.post(page, posted()).status_code == 404
    assert client.post(f"{page}remove/").status_code == 404
    assert ImportProfileVersion.objects.current().exists()
