"""The page *How is this file written?*: its questions, and when it may be confirmed."""

import re
from dataclasses import replace

import pytest
from django.core.files.storage import default_storage

from adsplatform.accounts.models import Role
from syncs.import_profiles.inspected import Choice, Reading
from syncs.models import SyncRequest, UnansweredUpload, Upload
from tests.factories import member
from tests.inbox.unknown_files import CURRENCY, DATES, DAY_FIRST, FILE, PROPOSAL, STATUS, is_off, posted


def test_an_unknown_file_waits_and_its_page_opens(inspected, inbox, upload_file, enrollment, membership):
    page = upload_file(full="on", preview="1")
    waiting = UnansweredUpload.objects.get()
    assert page == f"/uploads/{waiting.pk}/how-written/"
    assert (waiting.app_enrollment, waiting.run_full_sync, waiting.dry_run) == (enrollment, True, True)
    assert waiting.upload.created_user == membership.user
    assert not SyncRequest.objects.exists()
    text = inbox.get(page).text
    for part in (
        "Commas, decimal points, dates like 03/04/2025, 3 of 4 columns recognised.",
        "decimal point: 1,150.50 decides",
        "A-1,03/04/2025,&lt;10&gt;,",
        "A-30,05/06/2025,7.00,",
        "14 of 30 prove it, none against; line 12: 1,150.50",
        "03/04/2025 is 3 April or March 4",
        "1 question is open",
    ):
        assert part in text, part
    # Three values of a column; no record before it is known how the dates are written.
    assert ("A-3" in text, "<code>A-4</code>" in text) == (True, False)
    assert "as they would be loaded" not in text


def test_five_records_are_shown_as_they_would_be_and_how_many_lines_would_be_rejected(inspected, inbox, upload_file):
    text = inbox.post(upload_file(), posted(**DAY_FIRST)).text
    assert len(re.findall(r'<tr><th scope="row">\d+</th><td>A-\d</td>', text)) == 5
    assert "<td>2025-04-03</td>" in text
    assert "7 of 7 lines would be rejected." in text
    assert "7 lines (2, 3, 4, 5, 6 …): companyErpKey: no company has the key “OWN”" in text


def test_a_file_that_needs_no_answers_is_loaded_at_once(inspected, inbox, upload_file):
    for reading in (Reading.STRICT, Reading.PROFILE, Reading.UNREADABLE):
        inspected.files = [replace(FILE, reading=reading)]
        assert upload_file() == f"/syncs/{SyncRequest.objects.latest('created').pk}/"
    assert not UnansweredUpload.objects.exists()


def test_confirm_is_off_until_every_open_question_is_answered(inspected, inbox, upload_file):
    page = upload_file()
    assert is_off(inbox.get(page))
    assert is_off(inbox.post(page, posted()))
    assert not is_off(inbox.post(page, posted(**DAY_FIRST)))


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {f"f0-q-{DATES.id}": '"YYYY/MM/DD"'},
        {f"f0-q-{DATES.id}": "other", f"f0-q-{DATES.id}-other": "whenever"},
        {**DAY_FIRST, f"f0-q-{CURRENCY.id}-other": " "},
        {**DAY_FIRST, "f0-shown": [DATES.id], "f0-c0t0": "Invoice.nobody"},
    ],
)
def test_the_server_confirms_nothing_without_every_answer(inspected, inbox, upload_file, answers):
    page = upload_file()
    answer = inbox.post(page, posted("confirm", **answers))
    assert answer.status_code == 200
    assert UnansweredUpload.objects.exists()
    assert not SyncRequest.objects.exists()
    assert inspected.saved == []


def test_a_confirmed_file_is_loaded_with_its_profile(inspected, inbox, upload_file, enrollment, membership):
    page = upload_file(full="on", delete_on_match="on")
    answer = inbox.post(page, posted("confirm", **DAY_FIRST))
    sync = SyncRequest.objects.get()
    assert answer.url == f"/syncs/{sync.pk}/"
    assert (sync.app_enrollment, sync.run_full_sync, sync.dry_run) == (enrollment, True, False)
    assert sync.delete_on_match
    assert sync.modified_user == membership.user
    assert not UnansweredUpload.objects.exists()
    ((saved_for, user, document),) = inspected.saved
    assert (saved_for, user) == (enrollment, membership.user)
    assert document["records"] == PROPOSAL["records"]
    assert document["confirmed"]["by"] == membership.user.email
    assert document["confirmed"]["sample"] == "sales.csv"
    # Somebody else had the page open as well.
    again = inbox.post(page, posted("confirm", **DAY_FIRST))
    assert again.status_code == 404
    assert SyncRequest.objects.count() == 1


def test_answers_stay_when_the_page_comes_again(inspected, inbox, upload_file):
    page = upload_file()
    text = inbox.post(page, posted(**{**DAY_FIRST, f"f0-q-{CURRENCY.id}-other": "EUR"})).text
    assert re.search(r'value="&quot;DD/MM/YYYY&quot;" checked', text)
    assert 'value="EUR"' in text


def test_a_question_that_follows_from_an_answer_is_seen_before_it_is_confirmed(inspected, inbox, upload_file):
    further = replace(CURRENCY, id="constant:isDraft", question="Are they drafts?", suggest=False, is_free=False,
                      field="isDraft", choices=(Choice(True, "Yes"), Choice(False, "No")))  # fmt: skip
    inspected.follow = lambda file, answers: (
        replace(file, ask=(*file.ask, further)) if answers.get(DATES.id) == "DD/MM/YYYY" else file
    )
    page = upload_file()
    assert "Are they drafts?" not in inbox.get(page).text
    answer = inbox.post(page, posted("confirm", **DAY_FIRST))
    assert "Are they drafts?" in answer.text
    assert not SyncRequest.objects.exists()
    seen = posted("confirm", shown=(DATES, CURRENCY, further), **DAY_FIRST, **{f"f0-q-{further.id}": "true"})
    assert inbox.post(page, seen).status_code == 302


def test_the_words_of_a_column_are_answered_one_by_one(inspected, inbox, upload_file):
    seen = {}

    def follow(file, answers):
        seen.update(answers)
        return file

    inspected.files, inspected.follow = [replace(FILE, ask=(STATUS,))], follow
    page = upload_file()
    assert "due &lt;soon&gt;" in inbox.get(page).text
    half = {f"f0-q-{STATUS.id}-0": '"Closed"'}
    assert is_off(inbox.post(page, posted(shown=(STATUS,), **half)))
    assert STATUS.id not in seen
    both = half | {f"f0-q-{STATUS.id}-1": '"Open"'}
    assert not is_off(inbox.post(page, posted(shown=(STATUS,), **both)))
    assert seen[STATUS.id] == {"paid": "Closed", "due <soon>": "Open"}


def test_every_file_of_a_zip_has_its_own_questions(inspected, inbox, upload_file):
    inspected.files = [
        FILE,
        replace(FILE, file="more.csv"),
        replace(FILE, file="companies.csv", reading=Reading.STRICT),
    ]
    page = upload_file()
    one = posted(**DAY_FIRST) | posted(prefix="f1-")
    assert is_off(inbox.post(page, one))
    both = one | {f"f1-q-{DATES.id}": '"MM/DD/YYYY"', "do": "confirm"}
    assert inbox.post(page, both).status_code == 302
    assert [document["confirmed"]["sample"] for _, _, document in inspected.saved] == ["sales.csv", "more.csv"]


def test_cancel_removes_the_upload_and_its_content(inspected, inbox, upload_file, django_capture_on_commit_callbacks):
    page = upload_file()
    name = Upload.objects.get().content.name
    with django_capture_on_commit_callbacks(execute=True):
        answer = inbox.post(page.replace("how-written", "cancel"), follow=True)
    assert "The file “sales.csv” is removed. Nothing of it was loaded." in answer.text
    assert not Upload.objects.exists()
    assert not default_storage.exists(name)
    assert inbox.get(page).status_code == 404


def test_a_sync_that_failed_for_want_of_a_profile_leads_to_the_same_page(inspected, inbox, upload_file, make_sync):
    page = upload_file()
    upload = Upload.objects.get()
    UnansweredUpload.objects.all().delete()
    assert inbox.get(page).status_code == 404
    sync = make_sync(failed=True, upload=upload, failure_code="profile_needed", run_full_sync=True)
    assert f'href="{page}"' in inbox.get(f"/syncs/{sync.pk}/").text
    assert inbox.get(page).status_code == 200
    inbox.post(page.replace("how-written", "cancel"))
    assert Upload.objects.exists()
    assert inbox.post(page, posted("confirm", **DAY_FIRST)).status_code == 302
    assert SyncRequest.objects.latest("created").run_full_sync


@pytest.mark.parametrize("code", ["", "csv_header_missing", "nothing_loaded"])
def test_a_sync_that_failed_otherwise_leads_to_no_questions(inspected, inbox, upload_file, make_sync, code):
    page = upload_file()
    UnansweredUpload.objects.all().delete()
    sync = make_sync(failed=True, upload=Upload.objects.get(), failure_code=code)
    assert page not in inbox.get(f"/syncs/{sync.pk}/").text
    assert inbox.get(page).status_code == 404


def test_another_account_finds_nothing_and_a_reader_may_look(inspected, inbox, upload_file, client, account):
    page = upload_file()
    client.force_login(member(Role.OWNER)[0].user)
    for address in (page, page.replace("how-written", "cancel")):
        assert client.get(address).status_code == 404
        assert client.post(address, posted("confirm", **DAY_FIRST)).status_code == 404
    client.force_login(member(Role.READ_ONLY, account)[0].user)
    text = client.get(page).text
    assert "Confirm and load" not in text
    assert client.post(page, posted("confirm", **DAY_FIRST)).status_code == 403
    assert UnansweredUpload.objects.exists()
