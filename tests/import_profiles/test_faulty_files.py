"""Every problem of import profiles: its place, in the file's own words, and its sentence."""

import pytest

from syncs.import_profiles import grouping
from syncs.models import SyncResultDetail
from tests.import_profiles.faulty_files import BOOKS, FAULTY, GROUPED, invoices
from tests.import_profiles.loading import ProfiledUploads

pytestmark = pytest.mark.django_db


@pytest.fixture
def uploads(db):
    found = ProfiledUploads()
    found.companies(*BOOKS)
    return found


@pytest.mark.parametrize("code", list(FAULTY))
def test_the_place_and_the_sentence_are_exact(code, uploads):
    document, content, expected = FAULTY[code]
    if document:
        uploads.save(document)
    sync_request = uploads.load(content, "rechnungen.csv")
    details = SyncResultDetail.objects.filter(sync_request=sync_request, code=code)
    assert list(details.values_list("kind", "file", "line", "column", "value", "message")) == [expected]
    nothing = ("profile_contradicted", "profile_needed", "lines_belong_together", "group_incomplete")
    assert sync_request.status_code == ("Failed" if code in nothing else "Success")


@pytest.mark.parametrize("line", ["R1;;K1;RE;1;0;;ja;zu viel", '"R1;;K1;RE;1;0;;ja', 'R1;;"K1"x;RE;1;0;;ja'])
def test_a_record_is_not_loaded_without_a_line_that_cannot_be_read(uploads, line):
    uploads.save(GROUPED)
    content = invoices("R1;31.12.2024;K1;RE;1;0;2;ja", line)
    sync_request = uploads.load(content, "rechnungen.csv")
    assert (sync_request.status_code, sync_request.failure_code) == ("Failed", "group_incomplete")
    assert "not all of them can be read. Nothing was loaded. Line 3: " in sync_request.process_result_message
    assert uploads.records("Invoice") == {}


def test_lines_of_a_record_may_stand_apart_only_in_a_file_that_fits_into_memory(uploads, monkeypatch):
    lines = [f"R{number};31.12.2024;K1;RE;1;0;;ja" for number in (1, 2, 1)]
    uploads.save(GROUPED)
    assert uploads.load(invoices(*lines), "rechnungen.csv").status_code == "Success"
    assert uploads.records("Invoice", "netAmount") == {"R1": ["2"], "R2": ["1"]}
    monkeypatch.setattr(grouping, "HELD_BYTES", 0)
    many = [f"S{number};31.12.2024;K1;RE;1;0;;ja" for number in range(11_000)]
    sync_request = uploads.load(invoices(*many, many[0]), "rechnungen.csv")
    assert sync_request.failure_code == "group_scattered"
    assert "those of “S0” go on in line 11,002, after those of many others" in (
        sync_request.details.get(code="group_scattered").message
    )
    assert set(uploads.records("Invoice")) == {"R1", "R2"}
