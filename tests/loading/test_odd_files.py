"""Files that are not quite as they should be, loaded the whole way: what comes of the sync, and what it deletes."""

import pytest

from adsplatform.records.models import Company, Invoice
from syncs.api.entity_details import details_of
from tests.connectors.reading import zipped
from tests.loading.bad_inputs import COMPANY, INVOICE

COMPANIES = f"{COMPANY}\nC1,Acme,Customer,true\nC2,Bolt,Customer,true\n"


def details(result):
    """The problems, lines of common causes left out."""
    return [(detail.kind, detail.code, detail.line) for detail in result.details.filter(cause=None).order_by("id")]


def errors(result):
    return [(code, line) for kind, code, line in details(result) if kind == "error"]


def test_a_title_above_the_header_costs_nothing(uploads, counts):
    result = uploads.load(f"Companies of ACME\n\n{COMPANIES}", "companies.csv", full=True)
    assert counts(result) == {"Company": {"lines_read": 2, "inserted": 2}}
    assert details(result) == [("warning", "lines_above_header", 1)]


@pytest.mark.parametrize("text", ["C3,Core,Customer,true\n", "C3,Core,Customer,yes", "Nr;Name\n"])
def test_one_line_without_a_header_fails(uploads, text):
    result = uploads.load(text, "companies.csv")
    assert result.status_code == "Failed"
    assert {code for _, code, _ in details(result)} == {"header_missing", "nothing_loaded"}


def test_a_file_without_a_header_is_told_once_and_every_line_is_rejected(uploads, counts):
    rows = "".join(f"I{number},C1,C1,{number}.50,{number}.50\n" for number in range(500))
    result = uploads.load(zipped({"companies.csv": COMPANIES, "invoices.csv": rows}), "books.zip")
    assert result.status_code == "Success"
    assert counts(result)["Invoice"] == {"lines_read": 500, "rejected": 500}
    assert details(result) == [("error", "header_missing", None)]
    assert result.details.get(cause=None).line_count == 500


@pytest.mark.parametrize("text", ['[{"erpKey": "I1"}]', "<?xml version='1.0'?><a/>", "Nr,Betrag\n", "%PDF-1.4"])
def test_a_file_that_cannot_be_read_is_an_error_and_nothing_of_its_kind_is_deleted(uploads, text):
    uploads.load(zipped({"companies.csv": COMPANIES, "invoices.csv": f"{INVOICE}\nI1,C1,C1,1\n"}), "books.zip")
    result = uploads.load(zipped({"companies.csv": COMPANIES, "invoices.csv": text}), "books.zip", full=True)
    assert result.status_code == "Success"
    assert [kind for kind, _, _ in details(result)] == ["error"]
    assert Invoice.objects.count() == 1


def test_a_file_of_an_unknown_kind_is_an_error_even_without_rows(uploads):
    result = uploads.load(zipped({"companies.csv": COMPANIES, "planets.csv": "erpKey,name\n"}), "books.zip")
    assert ("error", "unknown_file", None) in details(result)


def test_the_end_mark_of_dos_leaves_a_kind_complete(uploads):
    uploads.load(COMPANIES + "C3,Core,Customer,true\n", "companies.csv")
    result = uploads.load(COMPANIES + "\x1a", "companies.csv", full=True)
    assert details(result) == []
    assert sorted(Company.objects.values_list("erp_key", flat=True)) == ["C1", "C2"]


@pytest.mark.parametrize("lines", [1_001, 1_500, 4_000])
def test_a_cell_of_too_many_lines_is_one_problem_and_its_lines_are_no_companies(uploads, counts, lines):
    uploads.load(COMPANIES + "C3,Core,Customer,true\n", "companies.csv")
    inside = "\n".join(f"X{number},Ghost,Customer,true," for number in range(lines))
    text = f'{COMPANY},notes\nC1,Acme,Customer,true,"{inside}"\nC2,Bolt,Customer,true,\n'
    result = uploads.load(text, "companies.csv", full=True)
    assert result.status_code == "Success"
    assert counts(result) == {"Company": {"lines_read": 2, "unchanged": 1, "rejected": 1}}
    assert errors(result) == [("row_too_long", 2)]
    assert sorted(Company.objects.values_list("erp_key", flat=True)) == ["C1", "C2", "C3"]


def test_lines_behind_a_quotation_mark_that_is_never_closed_count_as_rejected(uploads, counts):
    uploads.load(COMPANIES, "companies.csv")
    rows = "".join(f"X{number},Ghost,Customer,true\n" for number in range(99))
    result = uploads.load(
        f'{COMPANY}\nC3,Core,Customer,true\nC4,"Dirk,Customer,true\n{rows}', "companies.csv", full=True
    )
    assert counts(result) == {"Company": {"lines_read": 101, "inserted": 1, "rejected": 100}}
    assert errors(result) == [("unclosed_quote", None)]
    assert result.details.get(kind="error", cause=None).line_count == 100
    assert Company.objects.count() == 3


def test_rows_of_blanks_leave_a_kind_complete(uploads, counts):
    uploads.load(COMPANIES + "C3,Core,Customer,true\n", "companies.csv")
    text = COMPANIES.replace("C2", " ,\u00a0,,\n\u00a0,,,\n,,,\nC2")
    result = uploads.load(text, "companies.csv", full=True)
    assert counts(result) == {"Company": {"lines_read": 2, "unchanged": 2, "deleted_as_missing": 1}}
    assert details(result) == []


def test_below_a_header_with_other_names_nothing_is_loaded_or_deleted(uploads, counts):
    uploads.load(COMPANIES, "companies.csv")
    text = f"{COMPANY}\nC1,Acme,Customer,true\nerpKey,companyType,companyName,isActive\nC2,Vendor,Bolt,true\n"
    result = uploads.load(text, "companies.csv", full=True)
    assert counts(result) == {"Company": {"lines_read": 2, "unchanged": 1, "rejected": 1}}
    assert Company.objects.get(erp_key="C2").company_name == "Bolt"


def test_a_rejected_row_in_quotation_marks_is_kept_as_its_cells(uploads):
    result = uploads.load(
        f'"{COMPANY}"\n"C1,Acme,Customer,true"\n"C2,""Bolt, Ltd"",Customer,perhaps"\n', "companies.csv"
    )
    found = result.details.get(code="bad_boolean")
    assert (found.line, found.raw_line) == (3, 'C2,"Bolt, Ltd",Customer,perhaps')


@pytest.mark.parametrize("name", ["Companies_2024-01.csv", "export companies Q1 2024.csv", "companies20240131.csv"])
def test_a_dated_file_is_of_the_kind_that_its_name_names(uploads, counts, name):
    result = uploads.load(zipped({name: COMPANIES}), "books.zip")
    assert counts(result) == {"Company": {"lines_read": 2, "inserted": 2}}
    assert details(result) == []


def test_a_kind_in_a_longer_name_is_suggested(uploads):
    result = uploads.load(zipped({"ACME companies.csv": COMPANIES, "contacts.csv": "erpKey\n"}), "books.zip")
    found = result.details.get(code="unknown_file")
    assert found.message.startswith(
        "“ACME companies” is not a kind of record, so none of its lines were loaded. Did you mean “companies”? Name it "
    )


def test_a_file_of_unknown_columns_has_one_advice_and_not_that_to_rename_it(uploads):
    result = uploads.load("Nr.,Name\n1,Acme\n2,Bolt\n", "things.csv")
    assert result.failure_code == "profile_needed"
    assert result.details.get(code="unknown_file").message == (
        "“things” is not a kind of record, and its columns are not those of one, so none of its lines were loaded. "
        "Upload it in the Inbox, where it is asked how it is written, or send an import profile for it."
    )
    said = [sentence for one in details_of([result])[result.pk].values() for found in one["errors"].values()
            for sentence in found]  # fmt: skip
    assert not [sentence for sentence in said if "Name it after" in sentence]
    named = uploads.load(COMPANIES, "things.csv").details.get(code="unknown_file").message
    assert "Name it after one: baseCurrencies, companies" in named


def test_a_lock_file_of_a_spreadsheet_program_leaves_a_kind_complete(uploads):
    uploads.load(COMPANIES + "C3,Core,Customer,true\n", "companies.csv")
    files = {"companies.csv": COMPANIES, "~$companies.xlsx": b"\x05owner" + bytes(159)}
    result = uploads.load(zipped(files), "books.zip", full=True)
    assert details(result) == []
    assert Company.objects.count() == 2
