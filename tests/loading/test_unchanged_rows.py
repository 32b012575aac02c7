"""Rows that are in the books already are recognised by their hash and not staged; all others are."""

import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adsplatform.records.models import Company
from adsplatform.records.specification import entities
from syncs.loading import pipeline
from syncs.loading.merge import plan
from syncs.loading.staging import duplicate_keys, hash_index, row_hashes, small_inputs
from syncs.loading.staging.hash_index import HashIndex
from tests.factories import SyncRequestFactory
from tests.loading.conftest import company

pytestmark = pytest.mark.django_db

HEADER = "erpKey,companyName,companyType,isActive,city\n"
LINES = [f"C{number},Company {number},Customer,true,Berlin\n" for number in range(50)]
FILE = HEADER + "".join(LINES)


@pytest.fixture(autouse=True)
def uploads_are_not_small(monkeypatch, everything_is_read_again):
    monkeypatch.setattr(small_inputs, "COMPARED_BYTES", 0)


@pytest.fixture
def load(uploads):
    """Upload a file of companies, run its sync and return the result."""

    def run(text, name="companies.csv", **wanted):
        sync_request = uploads.load(text, name, **wanted)
        assert sync_request.status_code == "Success", sync_request.process_result_message
        return sync_request.results.get()

    return run


@pytest.fixture
def staged(monkeypatch):
    """For each merge, how many rows were unchanged and how many were staged."""
    found, check = [], plan.meets_unchanged_record

    def noting(work, staged):
        work.run("SELECT count(*) FROM {stage}", stage=staged.table)
        found.append((staged.unchanged_count, work.cursor.fetchone()[0]))
        return check(work, staged)

    monkeypatch.setattr("syncs.loading.merge.steps.meets_unchanged_record", noting)
    return found


def zipped(text):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("companies.csv", text)
    return content.getvalue()


def as_json(lines):
    names = HEADER.strip().split(",")
    return "".join(json.dumps(dict(zip(names, line.strip().split(","), strict=True))) + "\n" for line in lines)


@pytest.mark.parametrize(("text", "name"), [(FILE, "companies.csv"), (as_json(LINES), "companies.jsonl")])
def test_the_same_file_again_stages_nothing_and_writes_no_row(load, staged, text, name):
    load(text, name)
    before = list(Company.objects.values())
    result = load(text, name)
    assert staged[-1] == (50, 0)
    assert (result.lines_read, result.unchanged) == (50, 50)
    assert list(Company.objects.values()) == before


@pytest.mark.parametrize(("ratio", "is_staged"), [(1, True), (10, False)])
def test_rows_of_small_uploads_are_compared_however_many_records_there_are(load, staged, monkeypatch, ratio, is_staged):
    monkeypatch.setattr(small_inputs, "COMPARED_BYTES", 5 * len(FILE))
    monkeypatch.setattr(small_inputs, "ZIP_RATIO", ratio)
    load(zipped(FILE), "companies.zip")
    result = load(zipped(FILE), "companies.zip")
    assert staged[-1] == ((0, 50) if is_staged else (50, 0))
    assert result.unchanged == 50
    load(FILE)
    assert staged[-1] == (0, 50)


def test_unchanged_rows_of_a_connector_are_recognised_too(sync, staged, counts):
    sync({"companies": [company("C1"), company("C2", city="Bonn")]})
    result = sync({"companies": [company("C2", city="Bonn"), company("C1")]})
    assert staged[-1] == (2, 0)
    assert counts(result) == {"Company": {"lines_read": 2, "unchanged": 2}}


def test_a_row_is_recognised_whatever_other_rows_come_with_it(load, staged):
    load(as_json(LINES[:2]), "companies.jsonl")
    # A column that only the third line has is one that the others lack.
    result = load(as_json(LINES[:2]) + as_json(LINES[2:3]).replace('"city"', '"country"'), "companies.jsonl")
    assert staged[-1] == (2, 1)
    assert (result.unchanged, result.inserted) == (2, 1)


def test_a_row_that_would_be_rejected_is_never_recognised(load, staged):
    header = "erpKey,companyErpKey,customerErpKey,isVoided\n"
    load(FILE)
    load(header + "I1,C1,C1,\nI2,C1,C1, TRUE \n", "invoices.csv")
    result = load(header + "I1,C1,C1,f\nI2,C1,C1,t\nI3,C1,C1,f\nI4,C1,C1,1\n", "invoices.csv")
    assert (result.unchanged, result.inserted, result.rejected) == (0, 1, 3)
    result = load(header + "I1,C1,C1,false\nI2,C1,C1,true\n", "invoices.csv")
    assert (staged[-1], result.unchanged) == ((2, 0), 2)


def test_only_the_changed_row_is_staged(load, staged):
    load(FILE)
    result = load(FILE.replace("Company 7,", "Seven,"))
    assert staged[-1] == (49, 1)
    assert (result.unchanged, result.updated) == (49, 1)
    assert Company.objects.get(erp_key="C7").company_name == "Seven"


def test_a_record_changed_by_other_columns_is_compared_again(load, staged):
    load(FILE)
    load("erpKey,city\nC3,Bonn\n")
    result = load(FILE)
    assert staged[-1] == (49, 1)
    assert result.updated == 1
    assert Company.objects.get(erp_key="C3").city == "Berlin"


def test_a_column_that_is_empty_is_not_one_that_is_absent(load, staged):
    load("erpKey,companyName,companyType,isActive,city\nC1,Acme,Customer,true,\n")
    result = load("erpKey,companyName,companyType,isActive\nC1,Acme,Customer,true\n")
    assert staged[-1] == (0, 1)
    assert result.unchanged == 1


def test_rows_with_other_columns_have_other_hashes(load, staged):
    load("erpKey,companyName,companyType,isActive,city\nC1,Acme,Customer,true,Berlin\n")
    result = load("erpKey,companyName,companyType,isActive,country\nC1,Acme,Customer,true,Berlin\n")
    assert staged[-1] == (0, 1)
    assert result.updated == 1


def test_after_a_change_of_rules_all_rows_are_compared_once(load, staged, monkeypatch):
    load(FILE)
    modified = set(Company.objects.values_list("pk", "modified"))
    monkeypatch.setattr(row_hashes, "RULES", row_hashes.RULES + 1)
    for expected in ((0, 50), (50, 0)):
        result = load(FILE)
        assert staged[-1] == expected
        assert result.unchanged == 50
    assert set(Company.objects.values_list("pk", "modified")) == modified


def test_a_record_without_a_row_hash_is_given_one(load, staged):
    load(FILE)
    Company.objects.update(row_hash=None)
    for expected in ((0, 50), (50, 0)):
        load(FILE)
        assert staged[-1] == expected


def test_a_source_that_alternates_between_two_forms_rewrites_no_record(load, staged):
    load(FILE)
    before = list(Company.objects.order_by("pk").values())
    load("erpKey,companyName,companyType,isActive\n" + "".join(line.replace(",Berlin", "") for line in LINES))
    assert staged[-1] == (0, 50)
    assert list(Company.objects.order_by("pk").values()) == before


def test_the_last_row_of_a_repeated_key_counts(load, staged):
    load(FILE)
    old, new = LINES[7], LINES[7].replace("Berlin", "Bonn")
    result = load(FILE + new)
    assert (result.updated, result.skipped, result.unchanged) == (1, 1, 49)
    assert Company.objects.get(erp_key="C7").city == "Bonn"
    result = load(HEADER + "".join(LINES[:7]) + new + old + "".join(LINES[8:]))
    assert (result.updated, result.skipped, result.unchanged) == (1, 1, 49)
    assert Company.objects.get(erp_key="C7").city == "Berlin"
    result = load(FILE + old)
    assert (result.skipped, result.unchanged) == (1, 50)


def test_a_repeated_new_key_is_found(load):
    result = load(FILE + LINES[7].replace("Berlin", "Bonn"))
    assert (result.inserted, result.skipped) == (50, 1)


# Of few different hashes, many are equal; of all that are possible, hardly any.
hashes = st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 3))


@settings(deadline=None)
@given(st.lists(st.lists(hashes, max_size=30), max_size=5))
def test_a_repeated_key_is_found_however_many_keys_there_are(hashes):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(duplicate_keys, "READ_AT_ONCE", 3)
        patched.setattr(duplicate_keys, "SORTED_AT_ONCE", 7)
        keys = duplicate_keys.KeyHashes()
        for some in hashes:
            keys.add(np.array(some, np.uint64))
        together = [one for some in hashes for one in some]
        # Very uneven hashes are always assumed to repeat, and these do.
        assert keys.may_repeat() == (len(set(together)) < len(together))
        keys.add(np.array(together[:1], np.uint64))
        assert keys.may_repeat() == (len(set(together)) < len(together) or together != [])
        keys.close()


def test_unchanged_rows_are_not_missing_from_a_full_sync(load, staged):
    load(FILE)
    result = load(HEADER + "".join(LINES[1:-1]) + LINES[-1].replace("Berlin", "Bonn"), full=True)
    assert staged[-1] == (48, 1)
    assert (result.unchanged, result.updated, result.deleted_as_missing) == (48, 1, 1)
    assert not Company.objects.filter(erp_key="C0").exists()


def test_a_record_without_a_row_hash_can_be_missing_too(load):
    load(FILE)
    Company.objects.filter(erp_key="C0").update(row_hash=None)
    result = load(HEADER + "".join(LINES[1:]), full=True)
    assert (result.unchanged, result.deleted_as_missing) == (49, 1)


def test_a_row_with_a_match_action_is_never_skipped(load):
    for deleted in (0, 1):
        text = "erpKey,companyName,companyType,isActive,onMatchAction\nC1,Acme,Customer,true,2\n"
        result = load(text, delete_on_match=True)
        assert result.deleted_by_match == deleted


def test_a_record_that_names_itself_is_reported_each_time(load, uploads):
    text = "erpKey,companyName,companyType,isActive,parentCompanyErpKey\nC1,Acme,Customer,true,C1\n"
    for _ in range(2):
        sync_request = uploads.load(text, "companies.csv")
        assert [detail.code for detail in sync_request.details.all()] == ["self_reference"]


def test_if_the_books_have_changed_meanwhile_all_rows_are_compared(load, staged, uploads):
    load(FILE)
    sync_request = uploads.ask(FILE, "companies.csv")
    sync_request.refresh_from_db()
    sync_request.start()
    # As if another sync had ended while this one read.
    SyncRequestFactory(app_enrollment=uploads.enrollment, succeeded=True)
    pipeline.run(sync_request)
    assert staged[-1] == (0, 50)
    assert sync_request.results.get().unchanged == 50


def test_no_row_is_recognised_if_there_are_too_many_records(load, staged, monkeypatch):
    load(FILE)
    monkeypatch.setattr(hash_index, "CAPACITY", 49)
    result = load(FILE)
    assert staged[-1] == (0, 50)
    assert result.unchanged == 50


def test_row_hashes_are_found_whatever_their_order_and_number():
    hashes = [bytes([number * 7 % 256, number // 256] * 8) for number in range(1_000)]
    index = HashIndex(in_parts(hashes))
    is_found, is_repeated = index.match([*hashes[:600], b"\xff" * 16, b"\x00\x00" + b"\xff" * 14])
    assert is_found.tolist() == [True] * 600 + [False] * 2
    assert not is_repeated
    assert index.has_matched(hashes[0][:10])
    assert not index.has_matched(b"".join(one[:10] for one in hashes[600:]))
    assert sorted(index.unmatched()) == sorted(one[:10] for one in hashes[600:])
    assert index.match(hashes[:1])[1]


# Few different bytes, so that many hashes share a bucket, a first half or all but the last bytes.
few_contents = st.lists(st.binary(min_size=10, max_size=10).map(lambda d: bytes(b & 0x81 for b in d)), unique=True)


@settings(deadline=None)
@given(few_contents, few_contents, st.binary(min_size=6, max_size=6))
def test_an_index_of_row_hashes_finds_what_a_set_would(stored, others, rules):
    index = HashIndex(in_parts(stored))
    is_found, is_repeated = index.match([content + rules for content in others])
    # Of two whose first six bytes are equal, one may not be found: its row is then compared as any other.
    assert not is_repeated
    found = [content for content, is_one in zip(others, is_found, strict=True) if is_one]
    assert set(found) <= set(stored)
    if len({content[:6] for content in stored}) == len(stored):
        assert is_found.tolist() == [content in stored for content in others]
        assert sorted(index.unmatched()) == sorted(set(stored) - set(others))
    assert sorted([*index.unmatched(), *found]) == sorted(stored)


def in_parts(hashes):
    """As the database gives them: together, those that begin with the same byte."""
    parts = {}
    for one in hashes:
        parts.setdefault(one[0], []).append(one[:10])
    return [b"".join(parts[first]) for first in sorted(parts, reverse=True)]


@pytest.mark.parametrize(
    ("name", "seed"),
    [
        ("Company", 5492510477388968203),
        ("Contact", 8677604129657810422),
        ("CreditMemoApplied", 12519491124054373898),
        ("FinancialAccount", 11987819004377521182),
        ("Invoice", 16120242512660460593),
        ("InvoiceLine", 14821089206333859212),
        ("JournalEntry", 813595441865443347),
        ("JournalEntryLine", 7481651907390167967),
        ("Payment", 17169605369405146331),
        ("PaymentApplied", 6663798121747402550),
    ],
)
def test_row_hashes_stay_the_same_from_release_to_release(name, seed):
    """Another seed would make the first sync after a release compare every record and rewrite its hash."""
    assert row_hashes.seed_of(entities()[name]) == seed


def test_a_row_hash_is_what_earlier_releases_stored():
    hasher = row_hashes.row_hasher_for(entities()["Company"], [entities()["Company"].columns["erp_key"]])
    assert [one.hex() for one in hasher.of_lines([b"C1", b"C2"], ["erp_key"])] == [
        "c4bbed75e613508a45d3512db9e1710b",
        "b2c5081351454a5045d0512db9e1710b",
    ]
