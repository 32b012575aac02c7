"""Lines that are in the books already are told by their hash, and skipped; never one that means something else."""

import io

import pytest

from adsplatform.records.models import Company
from syncs import placing, services, tasks
from tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db

HEADER = "erpKey,companyName,companyType,isActive,city\n"
LINES = [f"C{number},Company {number},Customer,true,Berlin\n" for number in range(50)]


@pytest.fixture(autouse=True, params=[4 * 1024**2, 256], ids=["cut into rows", "uncut"])
def block_bytes(request, monkeypatch):
    """The lines that come in one block with the header are cut into rows by the connector, later ones are not."""
    monkeypatch.setattr("syncs.connectors.csv_lines.UNCUT_BYTES", request.param)


@pytest.fixture
def upload(db):
    """Upload a CSV file and run its sync, always as the same member."""
    member = MembershipFactory()

    def run(text, **wanted):
        stored = services.store_upload(
            member.group_key, member.user, io.BytesIO(text.encode()), file_name="companies.csv"
        )
        sync_request = services.request_upload(member.group_key, member.user, stored, **wanted)
        tasks.run_next_sync()
        sync_request.refresh_from_db()
        assert sync_request.status_code == "Success", sync_request.process_result_message
        return sync_request.results.get()

    return run


@pytest.fixture
def staged(monkeypatch):
    """How many lines of each merge were known, and how many were staged besides."""
    found, check = [], placing.check_known

    def noting(work, staged):
        work.run("SELECT count(*) FROM {stage}", stage=staged.table)
        found.append((staged.known_lines, work.cursor.fetchone()[0]))
        return check(work, staged)

    monkeypatch.setattr("syncs.merge.check_known", noting)
    return found


def test_the_same_file_again_stages_nothing_and_writes_no_row(upload, staged):
    upload(HEADER + "".join(LINES))
    before = list(Company.objects.values())
    result = upload(HEADER + "".join(LINES))
    assert staged[-1] == (50, 0)
    assert (result.lines_read, result.unchanged) == (50, 50)
    assert list(Company.objects.values()) == before


def test_only_the_changed_line_is_staged(upload, staged):
    upload(HEADER + "".join(LINES))
    result = upload(HEADER + "".join(LINES).replace("Company 7,", "Seven,"))
    assert staged[-1] == (49, 1)
    assert (result.unchanged, result.updated) == (49, 1)
    assert Company.objects.get(erp_key="C7").company_name == "Seven"


def test_a_record_changed_by_other_columns_is_compared_again(upload, staged):
    upload(HEADER + "".join(LINES))
    upload("erpKey,city\nC3,Bonn\n")
    result = upload(HEADER + "".join(LINES))
    assert staged[-1] == (49, 1)
    assert result.updated == 1
    assert Company.objects.get(erp_key="C3").city == "Berlin"


def test_other_columns_make_another_line(upload, staged):
    upload("erpKey,companyName,companyType,isActive,city\nC1,Acme,Customer,true,Berlin\n")
    result = upload("erpKey,companyName,companyType,isActive,country\nC1,Acme,Customer,true,Berlin\n")
    assert staged[-1] == (0, 1)
    assert result.updated == 1


def test_of_a_key_that_comes_twice_the_last_line_counts_all_the_same(upload, staged):
    upload(HEADER + "".join(LINES))
    old, new = LINES[7], LINES[7].replace("Berlin", "Bonn")
    result = upload(HEADER + "".join(LINES) + new)
    assert (result.updated, result.skipped, result.unchanged) == (1, 1, 49)
    assert Company.objects.get(erp_key="C7").city == "Bonn"
    result = upload(HEADER + "".join(LINES[:7]) + new + old + "".join(LINES[8:]))
    assert (result.updated, result.skipped, result.unchanged) == (1, 1, 49)
    assert Company.objects.get(erp_key="C7").city == "Berlin"
    result = upload(HEADER + "".join(LINES) + old)
    assert (result.skipped, result.unchanged) == (1, 50)


def test_what_is_known_is_not_missing_from_a_full_sync(upload, staged):
    upload(HEADER + "".join(LINES))
    result = upload(HEADER + "".join(LINES[1:]), full=True)
    assert staged[-1] == (49, 0)
    assert (result.unchanged, result.deleted_as_missing) == (49, 1)


def test_a_line_that_says_what_to_do_is_never_skipped(upload, staged):
    for deleted in (0, 1):
        result = upload("erpKey,companyName,companyType,isActive,onMatchAction\nC1,Acme,Customer,true,2\n")
        assert result.deleted_by_match == deleted
