"""Deletes that lines ask for (`onMatchAction` 2): in files only where the sender has said so; never without guard."""

import json
from datetime import timedelta

import pytest
from django.db.models import F

from adsplatform.records.models import Company
from syncs.models import SyncRequest
from syncs.services import corrections, reruns
from tests.factories import AppEnrollmentFactory
from tests.loading.conftest import company
from tests.loading.uploading import Uploads

COLUMNS = "erpKey,companyName,companyType,isActive,onMatchAction"
NOT_ASKED_FOR = (
    "onMatchAction: 2 would delete this company, and the upload did not say that its lines may delete. If it is to be "
    "deleted, send the file again with “Lines may delete records” (deleteOnMatch=true); if not, write 0 or leave the "
    "cell empty."
)


def companies(numbers, action=""):
    return f"{COLUMNS}\n" + "".join(f"C{number},Acme,Customer,true,{action}\n" for number in numbers)


def batch(numbers):
    return json.dumps({"companies": [company(f"C{number}", onMatchAction=2) for number in numbers]})


@pytest.fixture
def books(uploads):
    """Twenty companies."""
    uploads.load(companies(range(20)), "companies.csv")


def problems_of(sync_request):
    return {(problem.code, problem.line, problem.message) for problem in sync_request.details.all()}


@pytest.mark.usefixtures("books")
def test_a_file_deletes_nothing_if_its_sender_did_not_say_so(uploads):
    result = uploads.load(companies(range(20), action=2), "companies.csv")
    assert (result.status_code, result.failure_code) == ("Failed", "nothing_loaded")
    assert ("delete_not_asked_for", 2, NOT_ASKED_FOR) in problems_of(result)
    assert Company.objects.count() == 20


@pytest.mark.usefixtures("books")
def test_lines_that_may_not_delete_are_rejected_and_the_others_load(uploads, counts):
    text = companies(range(20, 22)) + "C0,Acme,Customer,true,2\nC30,Acme,Customer,true,2\n"
    result = uploads.load(text, "companies.csv")
    # The action is about a record that exists already, so the line of the new company C30 deletes nothing.
    assert counts(result) == {"Company": {"lines_read": 4, "inserted": 3, "rejected": 1}}
    assert problems_of(result) == {("delete_not_asked_for", 4, NOT_ASKED_FOR)}


@pytest.mark.usefixtures("books")
def test_a_preview_says_how_many_lines_would_delete(uploads):
    preview = uploads.load(companies(range(5), action=2), "companies.csv", delete_on_match=True, dry_run=True)
    assert preview.process_result_message == "Preview: 5 would be deleted. Nothing was changed."
    assert Company.objects.count() == 20
    applied = uploads.run(reruns.apply_preview(preview, None))
    assert applied.process_result_message == "5 companies loaded: 5 deleted."
    assert Company.objects.count() == 15


@pytest.mark.usefixtures("books")
@pytest.mark.parametrize("dry_run", [False, True])
def test_the_guard_counts_what_lines_delete(uploads, dry_run):
    stopped = uploads.load(companies(range(20), action=2), "companies.csv", delete_on_match=True, dry_run=dry_run)
    assert (stopped.status_code, stopped.failure_code) == ("Failed", "delete_guard")
    assert stopped.process_result_message == (
        "Stopped: this sync would delete 20 of 20 companies, more than the 50 % that File Upload allows. Nothing was "
        "changed."
    )
    assert Company.objects.count() == 20
    allowed = uploads.run(reruns.allow_deletes(stopped, None))
    assert allowed.status_code == "Success"
    assert Company.objects.count() == (20 if dry_run else 0)


@pytest.mark.usefixtures("books")
def test_a_batch_deletes_without_more_words_within_the_guard(uploads):
    assert uploads.load(batch(range(20)), "batch.json", format="batch").failure_code == "delete_guard"
    assert uploads.load(batch(range(10)), "batch.json", format="batch").process_result_message == (
        "10 companies loaded: 10 deleted."
    )


def test_a_connector_deletes_within_the_guard(sync):
    sync({"companies": [company(f"C{number}") for number in range(20)]})
    assert sync({"companies": [company(f"C{number}", onMatchAction="2") for number in range(11)]}).failure_code == (
        "delete_guard"
    )
    assert sync({"companies": [company("C0", onMatchAction="2")]}).status_code == "Success"


@pytest.mark.usefixtures("books")
def test_the_guard_adds_up_what_lines_delete_and_what_a_full_sync_lacks(uploads):
    text = companies(range(6), action=2) + "".join(f"C{number},Acme,Customer,true,\n" for number in range(6, 14))
    stopped = uploads.load(text, "companies.csv", full=True, delete_on_match=True)
    assert stopped.process_result_message.startswith("Stopped: this full sync would delete 12 of 20 companies, more")


@pytest.mark.usefixtures("books")
def test_the_guard_adds_up_the_parts_of_one_input(uploads):
    def part(number, numbers, parent=None):
        wanted = {"parent": parent, "current_batch": number, "total_batches": 3, "delete_on_match": True}
        return uploads.load(companies(numbers, action=2), "companies.csv", **wanted)

    first = part(1, range(6))
    stopped = part(2, range(6, 12), first)
    assert stopped.process_result_message.startswith("Stopped: this sync would delete 12 of 20 companies, more")
    waiting = uploads.ask(
        companies([19], action=2), "companies.csv", parent=first, current_batch=3, total_batches=3, delete_on_match=True
    )
    allowed = uploads.run(reruns.allow_deletes(stopped, None))
    assert (allowed.status_code, allowed.parent_sync_request, allowed.current_batch) == ("Success", first, 2)
    # The part that ran twice does not keep the next one waiting.
    assert SyncRequest.objects.may_run().get() == waiting


def delete(uploads, numbers, **wanted):
    return uploads.load(batch(numbers), "batch.json", format="batch", **wanted)


@pytest.mark.usefixtures("books")
def test_the_guard_adds_up_what_one_sync_after_another_deletes(uploads):
    assert delete(uploads, range(10)).status_code == "Success"
    stopped = delete(uploads, range(10, 15))
    assert stopped.failure_code == "delete_guard"
    assert stopped.details.get().message == (
        "Stopped: together with what was deleted in the last 24 hours, this sync would delete 15 of 20 companies, more "
        "than the 50 % that File Upload allows. Nothing was changed."
    )
    assert delete(uploads, [10]).failure_code == "delete_guard"
    preview = uploads.load(companies([10], action=2), "companies.csv", delete_on_match=True, dry_run=True)
    assert preview.failure_code == "delete_guard"
    assert uploads.load(companies([10]), "companies.csv", full=True).failure_code == "delete_guard"
    assert Company.objects.count() == 10


@pytest.mark.usefixtures("books")
def test_small_deletes_of_day_after_day_stay_possible(uploads):
    uploads.load(companies(range(20, 60)), "companies.csv")
    assert [delete(uploads, [number]).status_code for number in range(3)] == ["Success"] * 3
    assert delete(uploads, range(3, 30)).status_code == "Success"
    assert delete(uploads, [30]).failure_code == "delete_guard"
    SyncRequest.objects.update(finished=F("finished") - timedelta(hours=25))
    assert delete(uploads, [30]).status_code == "Success"


@pytest.mark.usefixtures("books")
def test_a_preview_deletes_nothing_that_counts(uploads):
    for _ in range(2):
        uploads.load(companies(range(10), action=2), "companies.csv", delete_on_match=True, dry_run=True)
    assert delete(uploads, range(10)).status_code == "Success"


@pytest.mark.usefixtures("books")
def test_deletes_that_somebody_has_allowed_count_no_more_and_others_do(uploads):
    uploads.load(companies(range(20, 60)), "companies.csv")
    delete(uploads, range(30))
    stopped = delete(uploads, [30])
    assert uploads.run(reruns.allow_deletes(stopped, None)).status_code == "Success"
    assert delete(uploads, range(31, 41)).status_code == "Success"
    again = delete(uploads, range(41, 46))
    assert again.details.get().message.startswith(
        "Stopped: together with what was deleted in the last 24 hours, this sync would delete 15 of 29 companies, more"
    )


@pytest.mark.usefixtures("books")
def test_what_another_enrollment_deletes_does_not_count(uploads):
    other = Uploads(AppEnrollmentFactory(app=uploads.enrollment.app, group_key=uploads.account, name="Other"))
    other.load(companies(range(100, 120)), "companies.csv")
    assert delete(other, range(100, 110)).status_code == "Success"
    assert delete(uploads, range(10)).status_code == "Success"


@pytest.mark.usefixtures("books")
def test_a_first_part_whose_deletes_are_allowed_stays_a_part(uploads):
    text = companies(range(12), action=2)
    stopped = uploads.load(text, "companies.csv", full=True, delete_on_match=True, total_batches=2)
    allowed = uploads.run(reruns.allow_deletes(stopped, None))
    assert (allowed.parent_sync_request, allowed.current_batch, allowed.total_batches) == (stopped, 1, 2)
    assert Company.objects.count() == 8
    rest = uploads.load(
        companies(range(12, 19)), "companies.csv", full=True, delete_on_match=True,
        parent=stopped, current_batch=2, total_batches=2,
    )  # fmt: skip
    assert rest.failure_code == "delete_guard"
    uploads.run(reruns.allow_deletes(rest, None))
    assert set(Company.objects.values_list("erp_key", flat=True)) == {f"C{number}" for number in range(12, 19)}


@pytest.mark.usefixtures("books")
def test_a_correction_asks_for_no_more_deletes_than_the_sender_could(uploads):
    text = companies([20]) + "C1,Acme,Customer,true,2\nC2,Acme,Customer,perhaps,\n"
    sent = uploads.load(text, "companies.csv")
    unchanged, other = sent.details.order_by("line")
    correction = corrections.save_correction(unchanged, None, {"companyName": "Acme Ltd"})
    assert correction.problems == [
        {"column": "onMatchAction", "code": "delete_not_asked_for", "message": NOT_ASKED_FOR}
    ]
    assert not corrections.save_correction(unchanged, None, {"onMatchAction": ""}).problems
    assert not corrections.save_correction(other, None, {"isActive": "true", "onMatchAction": "2"}).problems
    replay = uploads.run(corrections.load_again(sent, None))
    assert problems_of(replay) == {("delete_not_asked_for", 4, NOT_ASKED_FOR)}
    assert Company.objects.filter(erp_key__in=("C1", "C2")).count() == 2


@pytest.mark.usefixtures("books")
def test_a_corrected_line_of_a_batch_may_delete(uploads):
    sent = uploads.load(
        json.dumps({"companies": [company("C1", onMatchAction=2, isActive="perhaps"), company("C30")]}),
        "batch.json",
        format="batch",
    )
    corrections.save_correction(sent.details.get(), None, {"isActive": "true"})
    uploads.run(corrections.load_again(sent, None))
    assert not Company.objects.filter(erp_key="C1").exists()


@pytest.mark.usefixtures("books")
def test_a_file_whose_lines_may_delete_is_not_the_same_load(uploads):
    text = companies(range(5), action=1)
    uploads.load(text, "companies.csv")
    assert uploads.ask(text, "companies.csv").same_content_as
    assert not uploads.ask(text, "companies.csv", delete_on_match=True).same_content_as
