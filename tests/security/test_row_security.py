"""Row-level security: the database returns no row of another account, even to a query that forgot to filter."""

import uuid
from contextlib import nullcontext

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client

from adsplatform import ROW_SECURITY_ROLE
from adsplatform.accounts import row_security
from adsplatform.accounts.apps import check_row_security
from adsplatform.accounts.models import Membership
from enrollments.models import AppEnrollment
from syncs.api import views as syncs_api
from syncs.inbox import views
from syncs.models import SyncRequest, SyncResultDetail
from tests.callers import Program
from tests.factories import AppEnrollmentFactory, NoticeFactory, SyncRequestFactory, SyncResultDetailFactory

pytestmark = pytest.mark.django_db


def role() -> str:
    """The role of the connection; in a request, also whose rows it sees."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('ads.account', true), current_setting('ads.person', true)")
        user, *restriction = cursor.fetchone()
    return user if user == connection.settings_dict["USER"] and not any(restriction) else f"{user} {restriction}"


@pytest.fixture
def login():
    """The role of a connection without a restriction."""
    return connection.settings_dict["USER"]


@pytest.fixture
def two():
    """Two programs of two accounts."""
    return Program(), Program()


@pytest.fixture
def forgetful(monkeypatch):
    """Every query of the interfaces forgets to filter by account."""
    for model in apps.get_models():
        manager = model._default_manager
        if hasattr(manager, "of"):
            monkeypatch.setattr(manager._queryset_class, "of", lambda rows, account: rows)


def test_a_forgotten_filter_shows_programs_nothing_of_other_accounts(two, forgetful):
    ours, _theirs = two
    own, foreign = (SyncRequestFactory(app_enrollment=AppEnrollmentFactory(group_key=of.account)) for of in two)
    assert AppEnrollment.objects.of(ours.account).count() == 2
    found = ours.get("Sync/query").json()
    assert [row["syncRequestId"] for row in found["records"]] == [str(own.pk)]
    assert found["totalCount"] == 1
    found = ours.get("AppEnrollments/query").json()["records"]
    assert [row["appEnrollmentId"] for row in found] == [str(own.app_enrollment_id)]
    assert ours.get("ApiKeys/query").json()["totalCount"] == 1
    assert ours.get(f"Sync/{own.pk}").status_code == 200
    assert ours.get(f"Sync/{foreign.pk}").status_code == 404
    assert ours.delete(f"Sync/{foreign.pk}").status_code == 404
    assert ours.delete(f"AppEnrollments/{foreign.app_enrollment_id}").status_code == 404
    assert ours.post("Sync", {"appEnrollmentId": str(foreign.app_enrollment_id)}).status_code == 400
    # Without row-level security it would have been found.
    assert SyncRequest.objects.of(ours.account).filter(pk=foreign.pk).exists()


def test_a_forgotten_filter_shows_people_nothing_of_other_accounts(two, forgetful, client):
    ours, _theirs = two
    own, foreign = (SyncResultDetailFactory(sync_request__app_enrollment__group_key=of.account) for of in two)
    NoticeFactory(app_enrollment=foreign.sync_request.app_enrollment, message="A secret.")
    client.force_login(ours.user)
    for page in ("/", "/syncs/", "/notices/", "/upload/", "/keys/"):
        shown = client.get(page)
        assert shown.status_code == 200
        assert str(foreign.sync_request_id) not in shown.text
        assert "A secret." not in shown.text
        assert str(foreign.sync_request.app_enrollment_id) not in shown.text
    assert str(own.sync_request_id) in client.get("/syncs/").text
    for address in ("syncs/{}/", "syncs/{}/problems/", "syncs/{}/problems/download/", "syncs/{}/cancel/"):
        assert client.get("/" + address.format(foreign.sync_request_id)).status_code == 404
    assert client.get(f"/syncs/{own.sync_request_id}/problems/").status_code == 200


def test_the_connection_has_its_login_role_again_after_every_answer(two, client, login, monkeypatch):
    ours, _theirs = two
    own = SyncResultDetailFactory(sync_request__app_enrollment__group_key=ours.account).sync_request
    seen = []
    monkeypatch.setattr(syncs_api.SyncViewSet, "answer", lambda *args, **kwargs: seen.append(role()) or 1 / 0)
    client.force_login(ours.user)
    client.raise_request_exception = False
    for ask, status in (
        (lambda: ours.get("Sync/query"), 200),
        (lambda: ours.get(f"Sync/{uuid.uuid4()}"), 404),
        (lambda: ours.get(f"Sync/{own.pk}"), 500),
        (lambda: ours.get("Nowhere"), 404),
        (lambda: client.get("/syncs/"), 200),
        (lambda: client.get(f"/syncs/{uuid.uuid4()}/"), 404),
        (lambda: client.get("/sign-in/"), 302),
    ):
        assert ask().status_code == status
        assert role() == login
    assert seen == [f"{ROW_SECURITY_ROLE} ['{ours.account.pk}', '{ours.user.pk}']"]
    monkeypatch.setattr(views.History, "get_context_data", lambda *args, **kwargs: 1 / 0)
    assert client.get("/syncs/").status_code == 500
    assert role() == login


def test_a_download_is_restricted_until_all_of_it_is_sent(two, login, monkeypatch):
    ours, theirs = two
    own = SyncResultDetailFactory(sync_request__app_enrollment__group_key=ours.account).sync_request
    SyncResultDetailFactory(sync_request__app_enrollment__group_key=theirs.account)

    def content():
        for _ in range(2):
            yield f"{role()}: {SyncResultDetail.objects.count()}\n".encode()

    monkeypatch.setattr(syncs_api, "streaming_response", lambda download: StreamingHttpResponse(content()))
    answer = ours.get(f"Sync/{own.pk}/rejected-lines")
    restricted = f"{ROW_SECURITY_ROLE} ['{ours.account.pk}', '{ours.user.pk}']"
    assert role() == restricted
    assert answer.getvalue().decode() == f"{restricted}: 1\n" * 2
    assert role() == login
    # The restriction of one that nobody reads to its end is lifted by the next request.
    ours.get(f"Sync/{own.pk}/rejected-lines")
    assert Client().get("/sign-in/").status_code == 200
    assert role() == login


def test_consecutive_requests_see_the_rows_of_their_own_account(two, forgetful, login):
    for of in two:
        SyncRequestFactory(app_enrollment=AppEnrollmentFactory(group_key=of.account))
    for of in (*two, *two):
        assert [row["groupKey"] for row in of.get("Sync/query").json()["records"]] == [str(of.account.pk)]
        assert role() == login


def test_after_switching_accounts_a_person_sees_the_other_one(two, client, forgetful):
    ours, theirs = two
    Membership.objects.create(group_key=theirs.account, user=ours.user)
    for of in two:
        SyncRequestFactory(app_enrollment=AppEnrollmentFactory(group_key=of.account))
    client.force_login(ours.user)
    for of in (theirs, ours, theirs):
        page = client.post("/account/", {"group_key": str(of.account.pk)}, follow=True)
        assert page.status_code == 200
        assert {row["state"].enrollment.group_key_id for row in page.context["rows"]} == {of.account.pk}
    # The status names the account of the key only.
    assert [of["groupKey"] for of in ours.get("Status/auth").json()["userGroups"]] == [str(ours.account.pk)]


def test_a_cancelled_syncs_sessions_are_ended_by_the_login_role(two, login, django_capture_on_commit_callbacks):
    ours, _ = two
    running = SyncRequestFactory(app_enrollment=AppEnrollmentFactory(group_key=ours.account), running=True)
    seen = []

    def note_role(execute, sql, params, many, context):
        if "pg_terminate_backend" in sql:
            seen.append(role())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note_role), django_capture_on_commit_callbacks(execute=True):
        answer = ours.delete(f"Sync/{running.pk}")
    assert (answer.status_code, answer.json()["statusCode"]) == (200, "Cancelled")
    assert seen == [login]


@pytest.fixture
def plans():
    """The plans of all queries of problems by requests."""
    found = []

    def explain(execute, sql, params, many, context):
        if sql.startswith("SELECT") and "syncs_syncresultdetail" in sql and role().startswith(ROW_SECURITY_ROLE):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {sql}", params)
                found.append("\n".join(line for (line,) in cursor.fetchall()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield found


def test_problems_are_found_by_the_same_indexes(two, client, plans):
    # Two of twenty are ours; if half of the table were, reading all of it would be the right plan.
    syncs = [SyncRequestFactory(app_enrollment__group_key=two[n > 1].account, succeeded=True) for n in range(20)]
    SyncResultDetail.objects.bulk_create(
        SyncResultDetail(
            sync_request=sync, group_key=sync.group_key, entity="Invoice", kind="error", code="bad_number", line=line
        )
        for sync in syncs
        for line in range(1_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE syncs_syncresultdetail, syncs_syncrequest")
    client.force_login(two[0].user)
    plans.clear()
    for filter in ("", "filter=erpKey = 'I7'", "filter=message CONTAINS 'twelve'", "filter=code = 'bad_number'"):
        assert two[0].get(f"Sync/{syncs[0].pk}/details/query", filter).status_code == 200
    assert two[0].get("Sync/query", "include=Details").status_code == 200
    for page in ("/syncs/", "/syncs/?problems=yes", f"/syncs/{syncs[0].pk}/", f"/syncs/{syncs[0].pk}/problems/?q=I7"):
        assert client.get(page).status_code == 200
    assert len(plans) > 15
    assert [plan for plan in plans if "Seq Scan on syncs_syncresultdetail" in plan] == []


# The following tests run without a surrounding transaction, as requests do.


@pytest.fixture
def viewing(monkeypatch):
    """Replace the view of a sync; returns a function that calls it and returns the status of the answer."""

    def asking(do):
        program = Program()
        monkeypatch.setattr(syncs_api.SyncViewSet, "retrieve", lambda view, request, pk: do())
        return lambda: program.get(f"Sync/{uuid.uuid4()}").status_code

    return asking


def in_a_failed_transaction():
    connection.set_autocommit(False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")


def in_a_transaction_that_is_left_open():
    connection.set_autocommit(False)
    SyncRequest.objects.count()
    return HttpResponse()


def in_a_session_that_is_ended():
    with row_security.as_login_role(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "do", [in_a_failed_transaction, in_a_transaction_that_is_left_open, in_a_session_that_is_ended]
)
def test_a_connection_that_cannot_be_reset_is_closed(viewing, login, caplog, do):
    ask = viewing(do)
    assert ask() in (200, 500)
    assert connection.connection is None
    assert "could not be reset" in caplog.text
    assert role() == login


@pytest.mark.django_db(transaction=True)
def test_a_persistent_connection_is_reset_and_reused(viewing, login):
    ask = viewing(lambda: HttpResponse(role()))
    assert ask() == 200
    before = connection.connection
    assert ask() == 200
    assert connection.connection is before
    assert role() == login


@pytest.mark.django_db(transaction=True)
def test_a_connection_opened_during_a_request_is_restricted_too(viewing, login):
    seen = []

    def lose_it():
        connection.close()
        seen.append(role())
        return HttpResponse()

    assert viewing(lose_it)() == 200
    assert seen[0].startswith(f"{ROW_SECURITY_ROLE} [")
    assert role() == login


@pytest.mark.django_db(transaction=True)
def test_closing_an_unread_download_lifts_the_restriction(two, login):
    own = SyncResultDetailFactory(sync_request__app_enrollment__group_key=two[0].account).sync_request
    answer = two[0].get(f"Sync/{own.pk}/rejected-lines")
    assert role() != login
    answer.close()
    assert role() == login


@pytest.mark.django_db(transaction=True)
def test_after_a_failure_as_login_role_the_restriction_applies_again(viewing, login):
    seen = []

    def divide_by_zero():
        with row_security.as_login_role(), connection.cursor() as cursor:
            seen.append(role().split()[0])
            cursor.execute("SELECT 1 / 0")

    def raise_in_a_savepoint():
        with transaction.atomic(), row_security.as_login_role():
            raise ZeroDivisionError

    def fail():
        for begin in (nullcontext, transaction.atomic):
            with pytest.raises(DatabaseError, match="division by zero"), begin():
                divide_by_zero()
            seen.append(role().split()[0])
        with transaction.atomic(), pytest.raises(ZeroDivisionError):
            raise_in_a_savepoint()
        seen.append(role().split()[0])
        return HttpResponse()

    assert viewing(fail)() == 200
    assert seen == [login, ROW_SECURITY_ROLE] * 2 + [ROW_SECURITY_ROLE]
    assert role() == login


@pytest.mark.usefixtures("nobody")
def test_requests_are_answered_without_it(two, login, monkeypatch, caplog):
    seen = []
    monkeypatch.setattr(syncs_api.SyncViewSet, "query", lambda *args: seen.append(role()) or HttpResponse())
    assert two[0].get("Sync/query").status_code == 200
    assert two[1].get("Sync/query").status_code == 200
    assert seen == [login, login]
    assert caplog.text.count("Row-level security between accounts is not set up") == 1


def test_it_can_be_switched_off(two, login, settings):
    settings.SECOND_FENCE = False
    row_security.is_active.cache_clear()
    assert two[0].get("Sync/query").status_code == 200
    assert not row_security.is_active()
    assert check_row_security(None) == []
    row_security.is_active.cache_clear()
