"""Adding an application in the Inbox: its form, a test of the connection, kinds, schedule, first sync."""

import pytest

from adsplatform.records.models import Company, Invoice
from enrollments import services
from enrollments.models import AppEnrollment, Application, CustomFieldDefinition
from syncs import tasks
from syncs.models import SourceState, SyncRequest

FORM = {
    "setting_kinds": ["Company", "Invoice"],
    "credential_serverName": "erp.example",
    "credential_authToken": "right",
}


@pytest.fixture
def address(example_ledger):
    return f"/enroll/{Application.objects.get(connector='example-ledger').pk}/"


@pytest.fixture
def enrolled(inbox, address):
    """Enrol with these values besides; returns the enrollment."""

    def enrol(**values):
        answer = inbox.post(address, FORM | values)
        assert answer.status_code == 302, answer.context["form"].errors
        return AppEnrollment.objects.get()

    return enrol


def test_kinds_are_boxes_which_are_all_checked_at_first(inbox, address):
    text = inbox.get(address).text
    assert (
        text.count('type="checkbox"')
        == text.count(" checked") - text.count('type="radio" name="first_sync" value="preview"')
        == 2
    )
    assert "Customers" in text


@pytest.mark.parametrize(
    ("chosen", "stored", "shown"),
    [(["Company", "Invoice"], "", "All of them"), (["Invoice"], "Invoice", "Invoices")],
)
def test_the_chosen_kinds_are_stored_and_shown(inbox, enrolled, chosen, stored, shown):
    enrollment = enrolled(setting_kinds=chosen)
    assert services.setting_values(enrollment)["kinds"] == stored
    assert f"<dd>{shown}</dd>" in inbox.get(f"/enrollments/{enrollment.pk}/").text


def test_without_a_kind_nothing_is_enrolled(inbox, address):
    answer = inbox.post(address, FORM | {"setting_kinds": []})
    assert "Nothing would be read. Choose at least one kind of record." in answer.text
    assert not AppEnrollment.objects.exists()


def test_a_test_of_the_connection_shows_rows_and_what_there_is_to_choose(inbox, address):
    text = inbox.post(address, FORM | {"setting_kinds": ["Invoice"], "try": "1"}).text
    assert "Example Ledger has 3 invoices. Nothing is stored." in text
    assert "2 of the first 3 rows would load." in text
    assert "totalAmount: “twelve” is not a number." in text
    assert ">Globex &amp; Sons</option>" in text
    assert "Acme</td>" not in text
    assert "type it again" in text
    assert not AppEnrollment.objects.exists()


def test_a_refused_key_is_told_and_not_shown(inbox, address):
    text = inbox.post(address, FORM | {"credential_authToken": "wrong", "try": "1"}).text
    assert "Example Ledger refuses the key. Enter another one." in text
    assert 'value="wrong"' not in text


@pytest.mark.parametrize(
    ("values", "cron"),
    [
        ({}, None),
        ({"schedule": "none", "cron_settings": "1 1 * * *"}, None),
        ({"schedule": "0 2 * * *"}, "0 2 * * *"),
        ({"schedule": "own", "cron_settings": "30 4 * * 1"}, "30 4 * * 1"),
    ],
)
def test_a_schedule_is_chosen_in_words_or_written(inbox, enrolled, values, cron):
    enrollment = enrolled(**values)
    assert enrollment.cron_settings == cron
    form = inbox.get(f"/enrollments/{enrollment.pk}/").context["form"]
    assert form["schedule"].value() == ("own" if cron == "30 4 * * 1" else cron or "none")


def test_a_schedule_that_is_not_written_is_asked_for(inbox, address):
    answer = inbox.post(address, FORM | {"schedule": "own"})
    assert answer.context["form"].errors["cron_settings"] == ["Write the five fields, or choose another schedule."]
    assert not AppEnrollment.objects.exists()


def test_the_first_sync_is_a_preview_that_is_then_applied(inbox, address):
    answer = inbox.post(address, FORM | {"first_sync": "preview"})
    preview = SyncRequest.objects.get()
    assert answer.url == f"/syncs/{preview.pk}/"
    tasks.run_next_sync()
    text = inbox.get(answer.url).text
    assert "Apply: load it now" in text
    assert not Company.objects.exists()
    inbox.post(f"/syncs/{preview.pk}/apply/")
    tasks.run_next_sync()
    assert set(Invoice.objects.values_list("erp_key", flat=True)) == {"I1", "I3"}
    assert dict(SourceState.objects.values_list("kind", "state")) == {"Company": 2, "Invoice": 3}


def test_the_first_sync_loads_at_once(enrolled):
    enrolled(first_sync="load")
    tasks.run_next_sync()
    assert Company.objects.count() == 2


def test_kinds_are_changed_later_and_those_left_out_stay(inbox, enrolled, example_ledger):
    enrollment = enrolled(first_sync="load")
    tasks.run_next_sync()
    # As if the connector had got the setting since.
    CustomFieldDefinition.objects.filter(name="kinds").delete()
    page = f"/enrollments/{enrollment.pk}/source/"
    assert "Change, or test" in inbox.get(f"/enrollments/{enrollment.pk}/").text
    assert (
        "are saved. Example Ledger has 3 invoices."
        in inbox.post(page, {"setting_kinds": ["Invoice"]}, follow=True).text
    )
    assert services.setting_values(enrollment)["kinds"] == "Invoice"
    example_ledger.records["Company"] = []
    inbox.post(f"/enrollments/{enrollment.pk}/sync-now/", {"scope": "full"})
    tasks.run_next_sync()
    assert Company.objects.count() == 2


def test_everything_is_previewed_by_sync_now(inbox, enrolled):
    enrollment = enrolled()
    inbox.post(f"/enrollments/{enrollment.pk}/sync-now/", {"scope": "preview"})
    asked = SyncRequest.objects.get()
    assert (asked.run_full_sync, asked.dry_run) == (True, True)


def test_an_enrollment_shows_whether_its_connection_works_and_tries_it(inbox, enrolled, example_ledger):
    enrollment = enrolled()
    page = f"/enrollments/{enrollment.pk}/"
    assert "Not tried yet" in inbox.get(page).text
    assert "Example Ledger has 3 invoices." in inbox.post(f"{page}try/", follow=True).text
    inbox.post(f"{page}sync-now/", {"scope": "full"})
    tasks.run_next_sync()
    assert "Works</span>" in inbox.get(page).text
    services.replace_credentials(enrollment, None, {"authToken": "wrong"})
    inbox.post(f"{page}sync-now/", {"scope": "full"})
    tasks.run_next_sync()
    text = inbox.get(page).text
    assert "Does not work</span> Example Ledger refuses the key. Enter another one." in text
    assert "refuses the key" in inbox.post(f"{page}try/", follow=True).text
