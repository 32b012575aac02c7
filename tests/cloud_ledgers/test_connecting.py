"""Connecting at a vendor in the Inbox and by the API: there, back, the tenant, again, and the end."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from django.core.cache import cache
from django.test import Client

from adsplatform.accounts.models import AuditEntry, Role
from enrollments import services
from enrollments.models import DISCONNECTED_HERE, AppEnrollment, Application, SyncPlan
from syncs.loading import pipeline
from syncs.models import SyncRequest
from syncs.models.notices import Notice
from syncs.monitoring.freshness import update_notices
from tests.callers import Program
from tests.cloud_ledgers.double import CLIENT, Answer
from tests.cloud_ledgers.xero_double import DEMO, OTHER
from tests.factories import MembershipFactory, SyncRequestFactory, member

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_memory_of_other_tests(db):
    cache.clear()


@pytest.fixture
def owner():
    return member(Role.OWNER)[0]


@pytest.fixture
def inbox(client, owner):
    client.force_login(owner.user)
    return client


def way_on(inbox, page) -> str:
    """The vendor's address to which a page leads."""
    found = re.search(r'class="button primary" href="(http[^"]+)"', inbox.get(page).text)
    assert found, "The page leads to no vendor."
    return found[1].replace("&amp;", "&")


def agree(way, *tenants, allow=True) -> str:
    """Agree at the vendor; the path to which it sends back."""
    page = requests.get(way, timeout=10)
    assert page.status_code == 200, page.text
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    form = [*fields.items(), *(("tenant", tenant) for tenant in tenants), ("allow" if allow else "refuse", "1")]
    back = requests.post(way.partition("?")[0], form, timeout=10, allow_redirects=False).headers["Location"]
    parts = urlsplit(back)
    return f"{parts.path}?{parts.query}"


def enrol_page(name) -> str:
    return f"/enroll/{Application.objects.get(connector=name).pk}/"


@pytest.fixture
def enrolled(ledger, inbox):
    """An enrollment of the first tenant, connected in the Inbox."""
    first = next(iter(ledger.double.tenants))
    inbox.get(agree(way_on(inbox, enrol_page(ledger.name)), first))
    return AppEnrollment.objects.select_related("app").get()


def messages_of(answer) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def test_a_person_connects_and_is_enrolled_under_the_name_of_the_books(ledger, inbox, owner):
    first, name = next(iter(ledger.double.tenants.items()))
    way = way_on(inbox, enrol_page(ledger.name))
    asked = {key: values[0] for key, values in parse_qs(urlsplit(way).query).items()}
    assert asked["redirect_uri"] == "http://testserver/connect/back/"
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["scope"] == ledger.connector.vendor.scopes
    answer = inbox.get(agree(way, first), follow=True)
    assert messages_of(answer) == f"{name} is connected."
    enrollment = AppEnrollment.objects.get()
    assert (str(enrollment), enrollment.group_key, enrollment.credentials["tenant"]) == (name, owner.group_key, first)
    assert f"{name} at {ledger.connector.vendor_name}" in answer.text
    assert ">Reconnect</a>" in answer.text
    assert not {*enrollment.credentials} & {"clientId", "clientSecret"}
    for secret in (enrollment.credentials["accessToken"], enrollment.credentials["refreshToken"]):
        assert secret not in answer.text
    entry = AuditEntry.objects.get(subject="enrollment", action="added")
    assert (entry.user_id, entry.door, entry.subject_id) == (owner.user.pk, "inbox", str(enrollment.pk))


def test_an_answer_is_good_for_its_person_its_account_and_a_while(ledger, inbox, owner, monkeypatch):
    first = next(iter(ledger.double.tenants))
    back = agree(way_on(inbox, enrol_page(ledger.name)), first)
    other, elsewhere = Client(), Client()
    other.force_login(member(Role.OWNER, owner.group_key)[0].user)
    assert "begun by somebody else" in messages_of(other.get(back, follow=True))
    # The same person, who has changed to another account meanwhile.
    second = MembershipFactory(user=owner.user, role=Role.OWNER)
    inbox.post("/account/", {"group_key": str(second.group_key_id)})
    assert "begun in another account" in messages_of(inbox.get(back, follow=True))
    inbox.post("/account/", {"group_key": str(owner.group_key_id)})
    assert "no answer to a connection" in messages_of(inbox.get(back.replace("state=", "state=x"), follow=True))
    with monkeypatch.context() as later:
        later.setattr("enrollments.connections.STATE_SECONDS", -1)
        assert "took too long" in messages_of(inbox.get(back, follow=True))
    assert not AppEnrollment.objects.exists()
    assert elsewhere.get(back).url.startswith("/sign-in/?next=/connect/back/")


def test_an_answer_of_one_vendor_is_none_of_another(xero, inbox, settings):
    settings.OAUTH_CLIENTS = {"xero": CLIENT, "quickbooks": CLIENT}
    back = agree(way_on(inbox, enrol_page("xero")), DEMO)
    of_quickbooks = way_on(inbox, enrol_page("quickbooks"))
    state = parse_qs(urlsplit(of_quickbooks).query)["state"][0]
    code = parse_qs(urlsplit(back).query)["code"][0]
    answer = inbox.get(f"/connect/back/?{urlencode({'state': state, 'code': code})}", follow=True)
    assert "QuickBooks did not say which company" in messages_of(answer)
    assert xero.double.paths("/token") == []


def test_the_second_use_of_an_answer_is_refused(ledger, inbox):
    back = agree(way_on(inbox, enrol_page(ledger.name)), next(iter(ledger.double.tenants)))
    inbox.get(back)
    assert "does not accept its own answer any more" in messages_of(inbox.get(back, follow=True))
    assert AppEnrollment.objects.count() == 1


def test_nobody_who_may_not_administer_connects(ledger, client, owner):
    client.force_login(member(Role.MEMBER, owner.group_key)[0].user)
    assert client.get("/connect/back/?state=x&code=y").status_code == 403


def test_whoever_does_not_agree_is_told_so(ledger, inbox):
    page = enrol_page(ledger.name)
    answer = inbox.get(agree(way_on(inbox, page), allow=False), follow=True)
    assert "Nobody gave access to" in messages_of(answer)
    assert answer.redirect_chain[-1][0] == page
    assert not AppEnrollment.objects.exists()


def test_of_several_organisations_one_is_chosen(xero, inbox):
    answer = inbox.get(agree(way_on(inbox, enrol_page("xero")), DEMO, OTHER), follow=True)
    enrollment = AppEnrollment.objects.get()
    assert answer.redirect_chain[-1][0] == f"/enrollments/{enrollment.pk}/tenant/"
    assert "Demo Company (UK)" in answer.text
    assert "Other Ltd" in answer.text
    assert "It is not chosen whose books are read" in inbox.get(f"/enrollments/{enrollment.pk}/").text
    answer = inbox.post(f"/enrollments/{enrollment.pk}/tenant/", {"tenant": "none"})
    assert "Select a valid choice" in answer.text
    answer = inbox.post(f"/enrollments/{enrollment.pk}/tenant/", {"tenant": OTHER}, follow=True)
    assert messages_of(answer) == "Other Ltd is connected."
    answer = inbox.post(f"/enrollments/{enrollment.pk}/tenant/", {"tenant": DEMO})
    assert "records of two must not be mixed" in answer.text
    assert AppEnrollment.objects.get().credentials["tenantName"] == "Other Ltd"


def test_without_a_client_the_page_says_who_has_to_do_what(xero, inbox, settings):
    settings.OAUTH_CLIENTS = {}
    text = inbox.get(enrol_page("xero")).text
    assert "Whoever runs the platform has to register it at Xero" in text
    assert "Connect to" not in text
    assert "Whoever runs the platform" in inbox.post(enrol_page("xero"), {}).text
    assert not AppEnrollment.objects.exists()


def test_settings_are_tried_with_a_token_that_is_renewed_first(ledger, inbox, enrolled):
    page = f"/enrollments/{enrolled.pk}/source/"
    stale = enrolled.credentials | {"accessTokenEnds": datetime.now(UTC).isoformat()}
    services.replace_credentials(enrolled, None, stale)
    text = inbox.post(page, {"setting_kinds": "Company", "try": "1"}).text
    assert "gives access to “" in text
    assert ledger.double.refreshed == 1
    assert AppEnrollment.objects.get().credentials["refreshToken"] == ledger.double.grants[0].refresh


def sync(enrollment, **values) -> SyncRequest:
    request = SyncRequestFactory(app_enrollment=enrollment, connector=enrollment.app.connector, running=True, **values)
    pipeline.run(request)
    request.refresh_from_db()
    return request


def test_the_first_sync_loads_and_the_next_reads_what_has_changed(ledger, enrolled):
    first = sync(enrolled, run_full_sync=True)
    assert first.status_code == "Success", first.process_result_message
    counts = {each.entity: each.inserted for each in first.results.all()}
    assert counts["Invoice"] == 12
    assert not [detail.message for detail in first.details.filter(kind="error")]
    ledger.double.offset += timedelta(hours=1)
    enrolled.refresh_from_db()
    services.replace_credentials(
        enrolled, None, {"accessTokenEnds": (ledger.double.now + timedelta(hours=9)).isoformat()}
    )
    ledger.double.grants[0].access_ends += timedelta(hours=9)
    ledger.made_with.change(ledger.double)
    second = sync(AppEnrollment.objects.select_related("app").get())
    assert second.status_code == "Success", second.process_result_message
    deleted = {each.entity: each.deleted_as_missing for each in second.results.all()}
    assert deleted["CreditMemoApplied"] == {"xero": 1, "quickbooks": 2}[ledger.name]
    assert deleted["InvoiceLine"] >= 1


def test_access_that_ended_lets_the_schedule_rest_until_somebody_reconnects(ledger, inbox, enrolled, owner):
    services.change_enrollment(enrolled, owner.user, cron_settings="0 2 * * *")
    assert SyncPlan.objects.get().next_sync_at
    ledger.double.grants.clear()
    failed = sync(AppEnrollment.objects.select_related("app").get())
    assert (failed.status_code, failed.details.get().code) == ("Failed", "source_disconnected")
    assert not SyncPlan.objects.exists()
    update_notices(datetime.now(UTC))
    notice = Notice.objects.get()
    assert (notice.kind, notice.closed) == ("connection", None)
    assert "does not give access any more" in notice.message
    page = inbox.get(f"/enrollments/{enrolled.pk}/")
    assert page.text.count(f'href="/enrollments/{enrolled.pk}/credentials/">Reconnect</a>') == 2

    first = next(iter(ledger.double.tenants))
    answer = inbox.get(agree(way_on(inbox, f"/enrollments/{enrolled.pk}/credentials/"), first), follow=True)
    assert "is connected." in messages_of(answer)
    assert SyncPlan.objects.get().next_sync_at
    enrolled.refresh_from_db()
    assert enrolled.connection_problem == ""
    assert sync(enrolled).status_code == "Success"
    update_notices(datetime.now(UTC))
    notice.refresh_from_db()
    assert notice.cure == "It is connected again."
    changes = AuditEntry.objects.filter(subject="enrollment", action="changed", user_id=owner.user.pk)
    assert any("encrypted_credentials" in entry.after for entry in changes)


def test_a_connection_that_nobody_uses_is_told_before_it_ends(ledger, enrolled):
    now = datetime.now(UTC)
    update_notices(now)
    assert not Notice.objects.exists()
    update_notices(enrolled.connection_ends - timedelta(days=13))
    assert "unless a sync uses it before. Reconnect it." in Notice.objects.get().message
    # A sync renews it.
    AppEnrollment.objects.update(connection_ends=now + timedelta(days=160))
    update_notices(enrolled.connection_ends - timedelta(days=13))
    assert Notice.objects.get().closed


def test_whoever_reconnects_must_choose_the_same_books(ledger, inbox, enrolled):
    other = list(ledger.double.tenants)[1]
    answer = inbox.get(agree(way_on(inbox, f"/enrollments/{enrolled.pk}/credentials/"), other), follow=True)
    assert "access was given to others only" in messages_of(answer)
    assert AppEnrollment.objects.get().credentials == enrolled.credentials


def test_disconnecting_gives_the_access_back(ledger, inbox, enrolled, owner):
    services.change_enrollment(enrolled, owner.user, cron_settings="0 2 * * *")
    answer = inbox.post(f"/enrollments/{enrolled.pk}/disconnect/", follow=True)
    assert "is disconnected from" in messages_of(answer)
    assert DISCONNECTED_HERE in answer.text
    enrolled.refresh_from_db()
    assert set(enrolled.credentials) == {"tenant", "tenantName"}
    assert not SyncPlan.objects.exists()
    assert ledger.double.grants == []
    # On purpose, so nobody is warned.
    update_notices(datetime.now(UTC))
    assert not Notice.objects.exists()
    failed = sync(enrolled)
    assert "is not connected" in failed.process_result_message
    entry = AuditEntry.objects.filter(subject="enrollment", action="changed").order_by("-pk")[0]
    assert entry.user_id == owner.user.pk


def test_a_vendor_that_is_away_is_not_disconnected(ledger, inbox, enrolled):
    ledger.double.fail("/", *[Answer("", 503)] * 9)
    answer = inbox.post(f"/enrollments/{enrolled.pk}/disconnect/", follow=True)
    assert "answered 503" in messages_of(answer)
    assert AppEnrollment.objects.get().credentials == enrolled.credentials


def test_one_organisation_is_disconnected_and_another_stays(xero, inbox):
    inbox.get(agree(way_on(inbox, enrol_page("xero")), DEMO, OTHER))
    enrollment = AppEnrollment.objects.get()
    inbox.post(f"/enrollments/{enrollment.pk}/tenant/", {"tenant": DEMO})
    inbox.post(f"/enrollments/{enrollment.pk}/disconnect/")
    assert [grant.tenants for grant in xero.double.grants] == [[OTHER]]


def test_a_program_begins_and_the_person_of_its_key_goes_there(ledger, client):
    program = Program()
    app = Application.objects.get(connector=ledger.name)
    url = program.post(f"Applications/{app.pk}/connect").json()["url"]
    back = agree(url, next(iter(ledger.double.tenants)))
    client.force_login(program.user)
    client.get(back)
    enrollment = AppEnrollment.objects.get()
    state = program.get(f"AppEnrollments/{enrollment.pk}/state").json()
    assert state["connection"]["tenant"] == str(enrollment)
    assert state["connection"]["problem"] == ""
    assert program.post(f"AppEnrollments/{enrollment.pk}/connect").json()["url"].startswith(ledger.double.url)
    refused = program.post(f"AppEnrollments/{enrollment.pk}/reconnect", {"authToken": "mine"})
    assert refused.status_code == 400
    assert "Connect it in the browser" in refused.json()["detail"]
    answer = program.delete(f"AppEnrollments/{enrollment.pk}/connect")
    assert "is disconnected" in answer.json()["messages"][0]
    assert program.post(f"Applications/{Application.objects.get(connector='demo-data').pk}/connect").status_code == 400


def test_a_program_chooses_the_organisation(xero, client):
    program = Program()
    app = Application.objects.get(connector="xero")
    client.force_login(program.user)
    client.get(agree(program.post(f"Applications/{app.pk}/connect").json()["url"], DEMO, OTHER))
    path = f"AppEnrollments/{AppEnrollment.objects.get().pk}/connect"
    assert program.send_json("PATCH", path, {"tenant": "none"}, "").status_code == 400
    assert program.send_json("PATCH", path, {"tenant": OTHER}, "").json()["name"] == "Other Ltd"


@pytest.mark.parametrize("page", ["tenant/", "disconnect/", "credentials/"])
def test_another_account_finds_nothing(xero, inbox, client, page):
    inbox.get(agree(way_on(inbox, enrol_page("xero")), DEMO))
    enrollment = AppEnrollment.objects.get()
    stranger = Client()
    stranger.force_login(member(Role.OWNER)[0].user)
    assert stranger.get(f"/enrollments/{enrollment.pk}/{page}").status_code == 404
    assert stranger.post(f"/enrollments/{enrollment.pk}/{page}").status_code == 404
    for method in ("POST", "PATCH", "DELETE"):
        answer = Program().send_json(method, f"AppEnrollments/{enrollment.pk}/connect", {"tenant": DEMO}, "")
        assert answer.status_code == 404
