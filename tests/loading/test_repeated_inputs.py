"""The same input again ends at once, if it is certain to change nothing; else it is read."""

import json
from datetime import timedelta

import pytest

from adsplatform.records.models import Company
from syncs.loading import pipeline, repeated_inputs
from syncs.models import SyncRequest, Upload
from syncs.services.import_profiles import save_profile
from syncs.services.key_cleaning import clean_keys
from tests.import_profiles.documents import document
from tests.loading.conftest import company, invoice
from tests.loading.uploading import Uploads

pytestmark = pytest.mark.django_db

COMPANIES = "erpKey,companyName,companyType,isActive\nC1,Acme,Customer,true\nC2,Bolt,Customer,true\n"
OTHERS = "erpKey,companyName,companyType,isActive\nC3,Cog,Customer,true\n"


@pytest.fixture
def was_read(monkeypatch):
    """Of each sync so far, whether its upload was read."""
    found, read, ends = [], pipeline.items_of, repeated_inputs.end_if_repeated

    def reading(*args, **options):
        found[-1] = True
        return read(*args, **options)

    def ending(sync_request):
        found.append(False)
        return ends(sync_request)

    monkeypatch.setattr(pipeline, "items_of", reading)
    monkeypatch.setattr(repeated_inputs, "end_if_repeated", ending)
    # In these tests all happens within seconds, and there is but one clock.
    monkeypatch.setattr(repeated_inputs, "CLOCKS_DIFFER", timedelta())
    return found


def test_the_same_file_again_ends_with_its_counts_and_says_why(uploads, counts, was_read):
    last = uploads.load(COMPANIES, "companies.csv")
    before = list(Company.objects.order_by("pk").values())
    for _ in range(2):
        again = uploads.load(COMPANIES, "companies.csv")
        assert (again.status_code, again.lines_read) == ("Success", 2)
        assert again.process_result_message == (
            f"Nothing new: the same file was loaded on {last.finished:%Y-%m-%d at %H:%M} UTC, and no record has "
            "changed since. Its 2 lines were not read again."
        )
        last = again
        assert counts(again) == {"Company": {"lines_read": 2, "unchanged": 2}}
    assert was_read == [True, False, False]
    assert list(Company.objects.order_by("pk").values()) == before


def test_a_batch_and_its_control_totals_are_recognised_too(uploads, was_read):
    records = {"companies": [company()], "invoices": [invoice(totalAmount="10.10", currencyCode="EUR")]}
    totals = []
    for _ in range(3):
        sync_request = uploads.load(json.dumps(records), "batch.json", format=Upload.Format.BATCH)
        found = sync_request.control_totals.order_by("column", "currency")
        totals.append(list(found.values_list("column", "currency", "file_sum", "loaded_sum", "books_sum")))
        assert sync_request.details.get().code == "value_assumed"
    assert was_read == [True, False, False]
    assert totals[0] == totals[1] == totals[2] != []


@pytest.mark.parametrize(
    "content",
    [
        COMPANIES + "C4,Acme,nonsense,true\n",
        COMPANIES + "C1,Acme again,Customer,true\n",
        COMPANIES.replace("isActive", "isActive,onMatchAction").replace("true", "true,0"),
        COMPANIES.replace("isActive", "isActive,parentCompanyErpKey").replace("true", "true,C1"),
    ],
    ids=["a rejected line", "a repeated key", "a match action", "a warning"],
)
def test_what_may_change_something_or_has_a_problem_is_read_again(uploads, was_read, content):
    for _ in range(2):
        assert uploads.load(content, "companies.csv").status_code == "Success"
    assert was_read == [True, True]


def test_it_is_read_again_after_another_change_of_the_books(uploads, was_read):
    uploads.load(COMPANIES, "companies.csv")
    uploads.load(OTHERS, "companies.csv")
    uploads.load(COMPANIES, "companies.csv")
    assert was_read == [True, True, True]


def test_a_change_that_ends_while_it_waits_counts(uploads, was_read):
    uploads.load(COMPANIES, "companies.csv")
    asked = uploads.ask(COMPANIES, "companies.csv")
    uploads.load(COMPANIES.replace("Acme", "Acne"), "companies.csv")
    assert uploads.run(asked).results.get().updated == 1
    assert Company.objects.get(erp_key="C1").company_name == "Acme"


def test_a_change_within_the_difference_of_two_clocks_counts(uploads, was_read, monkeypatch):
    uploads.load(OTHERS, "companies.csv")
    uploads.load(COMPANIES, "companies.csv")
    monkeypatch.setattr(repeated_inputs, "CLOCKS_DIFFER", timedelta(minutes=10))
    uploads.load(COMPANIES, "companies.csv")
    assert was_read == [True, True, True]


def test_other_options_and_other_enrollments_are_other_loads(uploads, was_read):
    uploads.load(COMPANIES, "companies.csv")
    uploads.load(COMPANIES, "companies.csv", full=True)
    uploads.load(COMPANIES, "companies.csv", dry_run=True)
    Uploads().load(COMPANIES, "companies.csv")
    assert was_read == [True] * 4


def test_other_rules_and_another_profile_read_it_again(uploads, was_read, monkeypatch):
    uploads.load(COMPANIES, "companies.csv")
    monkeypatch.setattr(repeated_inputs, "RULES", repeated_inputs.RULES + 1)
    uploads.load(COMPANIES, "companies.csv")
    uploads.load(COMPANIES, "companies.csv")
    assert was_read == [True, True, False]
    save_profile(uploads.enrollment, None, document())
    uploads.load(COMPANIES, "companies.csv")
    assert was_read == [True, True, False, True]


def test_it_is_read_again_after_the_keys_were_cleaned(uploads, was_read):
    uploads.load(COMPANIES, "companies.csv")
    Company.objects.filter(erp_key="C2").update(erp_key="C2\u200b", row_hash=None)
    clean_keys(uploads.enrollment, apply=True)
    uploads.load(COMPANIES, "companies.csv")
    assert was_read == [True, True]


def test_a_cancelled_sync_does_not_succeed_by_it(uploads, was_read):
    uploads.load(COMPANIES, "companies.csv")
    asked = SyncRequest.objects.get(pk=uploads.ask(COMPANIES, "companies.csv").pk)
    asked.start()
    SyncRequest.objects.get(pk=asked.pk).cancel("Stopped.")
    assert not pipeline.run(asked)
    asked.refresh_from_db()
    assert (asked.status_code, asked.results.count()) == ("Cancelled", 0)
