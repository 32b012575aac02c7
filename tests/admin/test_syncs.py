"""Syncs in the admin: found, looked at, cancelled, their upload downloaded, never changed otherwise."""

import pytest
from django.contrib.auth.models import Permission

from syncs.models import SyncRequest
from tests.admin.conftest import make_upload
from tests.factories import (
    AppEnrollmentFactory,
    ControlTotalFactory,
    SyncEntityResultFactory,
    SyncRequestFactory,
    SyncResultDetailFactory,
    UserFactory,
)

LIST = "/admin/syncs/syncrequest/"


def found(browser, **asked) -> list:
    return list(browser.get(LIST, asked).context["cl"].result_list)


def staff_who_may(*codenames):
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


@pytest.fixture
def northwind(db):
    """A finished sync with three rejected lines, of an upload."""
    sync_request = SyncRequestFactory(
        succeeded=True,
        app_enrollment__group_key__name="Northwind Traders",
        app_enrollment__name="Northwind ERP",
        connector="file-upload",
        run_full_sync=True,
        process_result_message="2,118 of 2,121 invoices loaded, 3 lines rejected",
    )
    sync_request.upload = make_upload(sync_request.group_key, "march invoices.zip")
    sync_request.save()
    SyncEntityResultFactory(sync_request=sync_request, lines_read=2121, inserted=2118, rejected=3)
    for line in (12, 90, 1500):
        SyncResultDetailFactory(
            sync_request=sync_request,
            erp_key=f"I{line}",
            file="invoices.csv",
            line=line,
            column="totalAmount",
            value="twelve",
            message=f"totalAmount: “twelve” is not a number (line {line}).",
            raw_line=f"I{line},twelve,<b>bold</b>",
        )
    return sync_request


def test_an_admin_finds_the_three_lines_of_an_upload(browser, northwind):
    SyncResultDetailFactory.create_batch(5)
    listed = browser.get(LIST, {"account": "northwind"})
    lines = f"/admin/syncs/syncresultdetail/?sync={northwind.pk}&kind=error"
    assert lines.replace("&", "&amp;") in listed.text
    details = browser.get(lines)
    assert [
        (detail.file, detail.line, detail.column, detail.value, detail.message)
        for detail in details.context["cl"].result_list
    ] == [
        (
            "invoices.csv",
            1500,
            "totalAmount",
            "twelve",
            "totalAmount: “twelve” is not a number (line 1500).",
        ),
        ("invoices.csv", 90, "totalAmount", "twelve", "totalAmount: “twelve” is not a number (line 90)."),
        ("invoices.csv", 12, "totalAmount", "twelve", "totalAmount: “twelve” is not a number (line 12)."),
    ]
    one = browser.get(f"/admin/syncs/syncresultdetail/{northwind.details.first().pk}/change/")
    assert "I12,twelve,&lt;b&gt;bold&lt;/b&gt;" in one.text


def test_a_success_with_rejected_lines_is_finished_with_problems(browser, northwind):
    assert "Finished with problems" in browser.get(LIST).text
    northwind.results.update(inserted=2121, rejected=0)
    northwind.details.all().delete()
    assert "Finished with problems" not in browser.get(LIST).text


@pytest.mark.parametrize(
    "asked",
    [
        {"status": "Success"},
        {"connector": "file-upload"},
        {"full": "true"},
        {"problems": "true"},
        {"account": "northw"},
        {"enrollment": "wind erp"},
        {"file": "march"},
        {"since": "2026-01-01"},
        {"until": "9999-12-31"},
        {"q": "Northwind T"},
        {"q": "wind erp"},
        {"q": "march inv"},
        {"q": "3 lines rejected"},
    ],
    ids=str,
)
def test_a_filter_or_search_finds_the_sync(browser, northwind, asked):
    SyncRequestFactory(queued=True)
    assert northwind in found(browser, **asked)
    if not {"since", "until"} & set(asked):
        assert len(found(browser, **asked)) == 1


@pytest.mark.parametrize(
    "asked", [{"status": "Failed"}, {"problems": "false"}, {"until": "2001-01-01"}, {"q": "zz"}], ids=str
)
def test_a_filter_or_search_leaves_the_sync_out(browser, northwind, asked):
    assert found(browser, **asked) == []


def test_a_sync_is_found_by_its_id_its_accounts_and_its_enrollments(browser, northwind):
    SyncRequestFactory()
    assert found(browser, q=f" {northwind.pk} ") == [northwind]
    assert found(browser, account=northwind.group_key_id) == [northwind]
    assert found(browser, enrollment=northwind.app_enrollment_id) == [northwind]


def test_a_filter_that_means_nothing_says_so_and_shows_nothing(browser, northwind):
    page = browser.get(LIST, {"account": "nobody", "since": "yesterday"})
    assert list(page.context["cl"].result_list) == []
    assert "No accounts are called “nobody” or have it as their id." in page.text
    assert "Enter a valid date." in page.text


def test_a_syncs_page_shows_what_became_of_its_lines(browser, northwind):
    page = browser.get(f"{LIST}{northwind.pk}/change/").text
    for words in ("2,118", "march invoices.zip", "16 bytes", "abab", "is not a number (line 90)"):
        assert words in page
    assert "_save" not in page


def test_a_sync_with_many_problems_shows_the_first_hundred(browser, northwind):
    SyncResultDetailFactory.create_batch(120, sync_request=northwind)
    page = browser.get(f"{LIST}{northwind.pk}/change/")
    assert len(page.context["problems"]) == 100
    assert "Show all its problems" in page.text


def test_the_upload_is_downloaded_as_a_file(browser, northwind):
    northwind.upload.file_name = "märz\r\nX-Evil: 1.html"
    northwind.upload.save()
    answer = browser.get(f"{LIST}{northwind.pk}/upload/")
    assert b"".join(answer.streaming_content) == b"PK-what was sent"
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''m%C3%A4rz__X-Evil%3A%201.html"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_an_upload_that_is_gone_is_said_to_be_gone(browser, northwind):
    northwind.upload.content.delete(save=False)
    page = browser.get(f"{LIST}{northwind.pk}/upload/", follow=True)
    assert "The file “march invoices.zip” is no longer in the upload storage." in page.text


def test_permission_to_see_syncs_does_not_allow_downloads_or_cancels(client, northwind):
    client.force_login(staff_who_may("view_syncrequest"))
    page = client.get(f"{LIST}{northwind.pk}/upload/", follow=True)
    assert "You may not download what accounts have sent." in page.text
    waiting = SyncRequestFactory(queued=True)
    client.post(LIST, {"action": "cancel", "index": 0, "_selected_action": [waiting.pk]})
    waiting.refresh_from_db()
    assert waiting.status_code == "Connector"


def test_permission_to_see_syncs_does_not_show_the_content_of_lines(client, northwind):
    client.force_login(staff_who_may("view_syncrequest"))
    page = client.get(f"{LIST}{northwind.pk}/change/")
    assert page.status_code == 200
    assert "You may not see them." in page.text
    assert "is not a number" not in page.text


def test_staff_without_permission_see_nothing(client, northwind):
    client.force_login(staff_who_may("view_account"))
    for address in (LIST, f"{LIST}{northwind.pk}/change/", "/admin/syncs/syncresultdetail/groups/"):
        assert client.get(address).status_code == 403
    assert client.get(f"{LIST}{northwind.pk}/upload/").status_code == 302


def test_cancelling_says_what_became_of_each_sync(browser, superuser):
    enrollment = AppEnrollmentFactory()
    waiting = SyncRequestFactory(queued=True, app_enrollment=enrollment, connector="waiting")
    done = SyncRequestFactory(succeeded=True, app_enrollment=enrollment, connector="done")
    before = SyncRequestFactory(queued=True, app_enrollment=enrollment, connector="before")
    before.cancel("Enough.")
    page = browser.post(
        LIST,
        {"action": "cancel", "index": 0, "_selected_action": [waiting.pk, done.pk, before.pk]},
        follow=True,
    )
    said = sorted(str(message) for message in page.context["messages"])
    at = {sync.connector: f"{sync.created:%Y-%m-%d %H:%M}" for sync in (waiting, done, before)}
    assert said == [
        f"The before sync of {at['before']} was cancelled before.",
        f"The done sync of {at['done']} was not cancelled. This sync is Success; it can no longer become Cancelled.",
        f"The waiting sync of {at['waiting']} was cancelled.",
    ]
    waiting.refresh_from_db()
    assert (waiting.status_code, waiting.modified_user) == ("Cancelled", superuser)
    before.refresh_from_db()
    assert before.process_result_message == "Enough."


def test_more_than_a_hundred_syncs_are_not_cancelled_at_once(browser):
    waiting = SyncRequestFactory.create_batch(101, queued=True)
    selected = [sync_request.pk for sync_request in waiting]
    page = browser.post(LIST, {"action": "cancel", "index": 0, "_selected_action": selected}, follow=True)
    assert "At most 100 syncs can be cancelled at once. Nothing was cancelled." in page.text
    assert SyncRequest.objects.waiting().count() == 101


def test_a_running_sync_is_cancelled_from_its_page(browser):
    running = SyncRequestFactory(running=True)
    assert "Cancel this sync" in browser.get(f"{LIST}{running.pk}/change/").text
    browser.post(LIST, {"action": "cancel", "index": 0, "_selected_action": running.pk})
    assert "Cancel this sync" not in browser.get(f"{LIST}{running.pk}/change/").text


def test_a_sync_cannot_be_added_changed_or_deleted(browser, northwind):
    assert browser.get(f"{LIST}add/").status_code == 403
    assert browser.get(f"{LIST}{northwind.pk}/delete/").status_code == 403
    browser.post(f"{LIST}{northwind.pk}/change/", {"status_code": "Failed"})
    browser.post(LIST, {"action": "delete_selected", "index": 0, "_selected_action": northwind.pk})
    northwind.refresh_from_db()
    assert northwind.status_code == SyncRequest.Status.SUCCESS


def test_the_parts_of_an_upload_are_linked_to_each_other(browser):
    first = SyncRequestFactory(succeeded=True, total_batches=2)
    second = SyncRequestFactory(
        queued=True,
        app_enrollment=first.app_enrollment,
        parent_sync_request=first,
        current_batch=2,
        total_batches=2,
    )
    assert f'<a href="{LIST}{second.pk}/change/">part 2</a>' in browser.get(f"{LIST}{first.pk}/change/").text
    assert f'<a href="{LIST}{first.pk}/change/">part 1</a>' in browser.get(f"{LIST}{second.pk}/change/").text
    assert "2 of 2" in browser.get(LIST).text


def test_a_sync_shows_what_its_amounts_add_up_to(browser, northwind):
    assert "What its amounts add up to" not in browser.get(f"{LIST}{northwind.pk}/change/").text
    ControlTotalFactory(sync_request=northwind, currency="EUR", file_count=2, file_sum="1234.505", skipped_count=2,
                        skipped_sum="1234.505", books_count=7, books_sum="10")  # fmt: skip
    page = browser.get(f"{LIST}{northwind.pk}/change/").text
    for shown in ("<td>totalAmount</td>", "<td>EUR</td>", "1,234.505 of 2", "10.00 of 7", "<td>not counted</td>"):
        assert shown in page
