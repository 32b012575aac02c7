"""Lines below the name of their group, as reports have them."""

import pytest

from adsplatform.errors import PlatformError
from syncs.import_profiles.documents import parse
from syncs.import_profiles.profile import ProfileError
from syncs.services import corrections
from tests.import_profiles.documents import list_of_invoices
from tests.import_profiles.loading import corrected, written

pytestmark = pytest.mark.django_db

REPORT = ["", "Datum", "Nr", "Betrag"]
NAMES_GROUPS = {
    "encoding": "utf-8",
    "delimiter": ";",
    "header": 1,
    "carry": [{"column": "#first", "whereEmpty": ["Datum", "Nr"], "as": "#kunde"}],
    "skip": [{"totals": "#first"}],
}


def report(**fields):
    customer = {"column": "#kunde", "by": "companyName"}
    return list_of_invoices(
        REPORT,
        {
            "invoiceDate": "Datum",
            "totalAmount": "Betrag",
            "specialTerms": "#kunde",
            "purchaseOrderCode": {"join": ["#line"]},
        }
        | fields,
        customer=customer,
        read=NAMES_GROUPS,
    )


LINES = [
    ["Holz AG", "", "", ""],
    ["", "31.12.2024", "R1", "1.000,50"],
    ["", "02.01.2025", "R2", "-7,00"],
    ["Summe Holz AG", "", "", "993,50"],
    ["Stein GmbH", "", "", ""],
    ["", "03.01.2025", "R3", "5"],
]


def test_lines_have_the_name_of_their_group(uploads):
    uploads.save(report())
    sync_request = uploads.load(written(REPORT, *LINES), "offene.csv")
    assert uploads.records("Invoice", "customerErpKey", "totalAmount", "purchaseOrderCode") == {
        "R1": ["K1", "1000.5", "3"],
        "R2": ["K1", "-7", "4"],
        "R3": ["K2", "5", "7"],
    }
    said = [problem.message for problem in sync_request.details.filter(code="lines_left_out").order_by("id")]
    assert said == [
        "Line 5 is a total: its amounts are the sums of the lines above it. It was not loaded.",
        "Lines 2 and 6 name the groups of the lines below them. They are no records of their own.",
    ]


def test_a_first_column_that_has_a_name_is_not_the_one_without(uploads):
    uploads.save(report())
    moved = [[row[1], row[2], row[3]] for row in LINES if row[2]]
    sync_request = uploads.load(written(REPORT[1:], *moved), "offene.csv")
    assert (sync_request.status_code, sync_request.failure_code) == ("Failed", "profile_contradicted")
    assert "its first column is called “Datum”" in sync_request.process_result_message
    assert uploads.records("Invoice") == {}


def test_a_line_is_not_corrected_without_the_name_of_its_group(uploads):
    uploads.save(report())
    lines = [LINES[0], ["", "31.02.2025", "R1", "1"]]
    sync_request = uploads.load(written(REPORT, *lines), "offene.csv")
    with pytest.raises(PlatformError, match="belong together"):
        corrections.rejected_line(sync_request.details.get(code="impossible_date"))
    name, content = corrected(sync_request, "csv", "31.02.2025", "28.02.2025")
    assert uploads.load(content, name).failure_code == "lines_belong_together"
    assert uploads.records("Invoice") == {}


def test_a_group_needs_a_name_that_no_other_column_has():
    wrong = report()
    wrong["read"]["carry"][0]["as"] = "#line"
    with pytest.raises(ProfileError, match="“#line” has a meaning already"):
        parse(wrong)
