"""The doors to rejected lines: who may do what, and that strangers find nothing."""

import pytest
from django.core.cache import cache
from django.test import Client

from adsplatform.accounts.models import Role
from syncs.models import SyncRequest
from tests.callers import Program
from tests.corrections.conftest import run
from tests.factories import member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_memory_of_other_tests(db):
    cache.clear()


@pytest.fixture
def detail(faulty):
    return faulty.details.filter(line=3).first()


@pytest.fixture
def browse(owner):
    """The browser of a new member of the account, or of a stranger."""

    def browse(role=Role.OWNER, account=owner.group_key):
        client = Client()
        client.force_login(member(role, account)[0].user)
        return client

    return browse


def test_a_program_corrects_a_row_and_loads_it_again(faulty, detail, owner):
    program = Program(Role.MEMBER, owner.group_key)
    path = f"Sync/{faulty.pk}/details/{detail.pk}"
    answer = program.patch(path, {"Values": {"totalAmount": 12.10}})
    assert answer.status_code == 200
    mending = answer.json()["mending"]
    assert (answer.json()["id"], mending["state"], mending["values"]["totalAmount"]) == (detail.pk, "open", "12.1")
    assert [problem["code"] for problem in mending["problems"]] == ["impossible_date"]
    answer = program.patch(path, {"values": {"invoiceDate": "2024-02-29", "referenceCode": None}})
    assert (answer.json()["mending"]["state"], answer.json()["mending"]["stillMissing"]) == ("mended", [])
    answer = program.patch(path, {"values": {"companyErpKey": "C8"}})
    assert answer.json()["mending"]["stillMissing"][0]["column"] == "companyErpKey"
    program.patch(path, {"values": {"companyErpKey": "C1"}})

    child = program.post(f"Sync/{faulty.pk}/replay").json()
    assert (child["statusCode"], child["replayOfId"]) == ("Ready", str(faulty.pk))
    run(SyncRequest.objects.get(pk=child["syncRequestId"]))
    records = program.get(f"Sync/{faulty.pk}/details/query", query="filter=line+eq+3").json()["records"]
    mending = records[0]["mending"]
    assert (mending["state"], mending["replaySyncRequestId"]) == ("cured", child["syncRequestId"])
    assert mending["mendedUserId"] == str(program.user.pk)
    assert program.post(f"Sync/{faulty.pk}/replay").status_code == 409
    assert program.patch(path, {"values": {"totalAmount": "1"}}).status_code == 409


def test_a_program_downloads_what_it_filters(faulty, owner):
    program = Program(Role.READ_ONLY, owner.group_key)
    answer = program.get(f"Sync/{faulty.pk}/rejected-lines", query="format=csv&filter=code+eq+bad_number")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="Invoice.csv"'
    assert len(b"".join(answer.streaming_content).split(b"\r\n")) == 3
    assert b"".join(program.get(f"Sync/{faulty.pk}/rejected-lines", query="format=xlsx").streaming_content)[:2] == b"PK"
    assert program.get(f"Sync/{faulty.pk}/rejected-lines", query="format=pdf").status_code == 400


@pytest.mark.parametrize("values", [None, {}, {"values": 7}, {"values": {"nothing": 1}}, {"values": {"a": {"b": []}}}])
def test_values_that_make_no_sense_are_refused(faulty, detail, owner, values):
    answer = Program(Role.OWNER, owner.group_key).patch(f"Sync/{faulty.pk}/details/{detail.pk}", values)
    assert answer.status_code == 400


def test_programs_of_other_accounts_find_nothing_and_readers_may_not_correct(faulty, detail, owner):
    calls = [
        ("PATCH", f"Sync/{faulty.pk}/details/{detail.pk}", {"values": {"totalAmount": "1"}}),
        ("POST", f"Sync/{faulty.pk}/replay", None),
    ]
    stranger, reader = Program(), Program(Role.READ_ONLY, owner.group_key)
    for method, path, body in calls:
        assert stranger.send_json(method, path, body, "").status_code == 404
        assert reader.send_json(method, path, body, "").status_code == 403
    assert stranger.get(f"Sync/{faulty.pk}/rejected-lines").status_code == 404
    # A problem of another sync is not found below this one.
    other = Program(Role.OWNER, owner.group_key).patch(f"Sync/{faulty.pk}/details/{detail.pk + 10_000}", calls[0][2])
    assert other.status_code == 404


def test_a_person_corrects_a_row_and_loads_it_again(faulty, detail, browse):
    inbox, address = browse(), f"/syncs/{faulty.pk}/lines/{detail.pk}/"
    page = inbox.get(address).text
    assert "totalAmount: “twelve” is not a number." in page
    assert 'value="twelve"' in page
    assert "two\nlines; and =a formula</textarea>" in page
    assert page.count('aria-invalid="true"') == 2

    page = inbox.post(
        address, {"cell:totalAmount": "13", "cell:referenceCode": "two\r\nlines; and =a formula"}, follow=True
    )
    assert "Saved, but a problem is left." in page.text
    assert page.text.count('aria-invalid="true"') == 1
    page = inbox.post(address, {"cell:invoiceDate": "2024-02-29"}, follow=True).text
    assert "The line is corrected." in page
    assert "Load again (1 corrected line)" in page
    sync_page = inbox.get(f"/syncs/{faulty.pk}/").text
    assert "Load again (1 corrected line)" in sync_page
    assert "waits to be loaded again" in sync_page

    child = run(SyncRequest.objects.get(pk=inbox.post(f"/syncs/{faulty.pk}/load-again/").url.split("/")[2]))
    assert f'href="/syncs/{faulty.pk}/"' in inbox.get(f"/syncs/{child.pk}/").text
    sync_page = inbox.get(f"/syncs/{faulty.pk}/").text
    assert "3 of 5 lines loaded, 2 not loaded, 1 of them cured since." in sync_page
    assert '<span class="badge badge-good">Cured</span>' in sync_page
    assert "Cured by Person" in sync_page
    assert f"/syncs/{child.pk}/" in sync_page
    assert "Save and check" not in inbox.get(address).text
    assert child.details.filter(kind="error").count() == 0


def test_the_problems_page_passes_its_filters_to_the_download(faulty, browse):
    inbox = browse(Role.READ_ONLY)
    page = inbox.get(f"/syncs/{faulty.pk}/problems/?code=bad_number").text
    assert f"/syncs/{faulty.pk}/problems/download/?code=bad_number&amp;format=csv" in page
    answer = inbox.get(f"/syncs/{faulty.pk}/problems/download/?code=bad_number&format=csv")
    assert b"I4" not in b"".join(answer.streaming_content)
    answer = inbox.get(f"/syncs/{faulty.pk}/problems/download/?kind=skip", follow=True)
    assert "There is no rejected line to download." in answer.text


def test_other_accounts_find_no_line_and_readers_may_only_look(faulty, detail, browse):
    address = f"/syncs/{faulty.pk}/lines/{detail.pk}/"
    stranger, reader = browse(account=None), browse(Role.READ_ONLY)
    for method in (stranger.get, stranger.post):
        assert method(address).status_code == 404
        assert method(f"/syncs/{faulty.pk}/load-again/").status_code == 404
    assert stranger.get(f"/syncs/{faulty.pk}/problems/download/").status_code == 404
    page = reader.get(address)
    assert page.status_code == 200
    assert "Save and check" not in page.text
    for path in (address, f"/syncs/{faulty.pk}/load-again/"):
        answer = reader.post(path, {"cell:totalAmount": "1"})
        assert answer.status_code == 403
        assert "which may look but not change this" in answer.text


def test_a_problem_of_a_whole_file_has_no_line_page(load, browse):
    sync = load({"odd.csv": "a,b\n1,2\n", "companies.csv": "erpKey,companyName,companyType,isActive\nC1,A,B,true\n"})
    answer = browse().get(f"/syncs/{sync.pk}/lines/{sync.details.get(kind='error').pk}/", follow=True)
    assert "Only a line that was not loaded can be corrected" in answer.text


def test_filters_stay_from_the_list_to_a_line_and_to_the_next_one(faulty, detail, browse):
    inbox = browse()
    assert (
        f'/lines/{detail.pk}/?code={detail.code}"' in inbox.get(f"/syncs/{faulty.pk}/problems/?code={detail.code}").text
    )
    address = f"/syncs/{faulty.pk}/lines/{detail.pk}/"
    last = faulty.details.get(line=6, kind="error")
    assert f'href="/syncs/{faulty.pk}/lines/{last.pk}/">Next line' in inbox.get(address).text
    only = inbox.get(f"{address}?code={detail.code}").text
    assert "Next line" not in only
    assert f'href="/syncs/{faulty.pk}/problems/?code={detail.code}">Back' in only
    values = {"cell:totalAmount": "13", "cell:invoiceDate": "2024-02-29", "next": "1"}
    assert inbox.post(f"{address}?kind=error", values).url == f"/syncs/{faulty.pk}/lines/{last.pk}/?kind=error"


def test_the_correction_of_somebody_else_is_not_overwritten(faulty, detail, browse):
    first, second = browse(), browse(Role.MEMBER)
    address = f"/syncs/{faulty.pk}/lines/{detail.pk}/"
    assert 'name="seen" value=""' in second.get(address).text
    first.post(address, {"cell:totalAmount": "13", "seen": ""})
    page = second.post(address, {"cell:totalAmount": "14", "seen": ""}, follow=True).text
    assert "corrected this line at" in page
    assert "so yours was not saved. You had typed: totalAmount “14”." in page
    assert 'value="13"' in page
    seen = page.split('name="seen" value="')[1].split('"')[0]
    second.post(address, {"cell:totalAmount": "14", "seen": seen})
    assert 'value="14"' in first.get(address).text
