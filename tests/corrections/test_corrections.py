"""A rejected line is corrected, checked at once, loaded again, and cured."""

import json
from unittest.mock import ANY
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from adsplatform.errors import Conflict, PlatformError
from adsplatform.records.models import Company, Invoice
from syncs.models import SyncRequest, SyncResultDetail
from syncs.models.corrections import Correction
from syncs.rejected_rows.reader import RejectedRowReader
from syncs.services import corrections, requests
from syncs.services.corrections import save_correction, still_missing
from tests.corrections.conftest import COMPANIES, run
from tests.factories import AppEnrollmentFactory

pytestmark = pytest.mark.django_db


def problems_of(correction):
    return [(problem["column"], problem["code"]) for problem in correction.problems]


def test_a_rejected_row_has_the_values_that_were_sent(faulty):
    detail = faulty.details.filter(line=3).first()
    assert RejectedRowReader(faulty).row_of(detail).values == {
        "erpKey": "I2",
        "companyErpKey": "C1",
        "customerErpKey": "C1",
        "totalAmount": "twelve",
        "invoiceDate": "2024-02-31",
        "referenceCode": "two\nlines; and =a formula",
    }


def test_a_correction_is_checked_at_once_by_the_rules_of_a_sync(faulty, correct, owner):
    correction = correct(faulty, 3, totalAmount="13")
    assert (correction.state, problems_of(correction)) == ("open", [("invoiceDate", "impossible_date")])
    correction = correct(faulty, 3, INVOICEDATE="2024-02-29")
    assert (correction.state, problems_of(correction)) == ("mended", [])
    assert (correction.corrected_by, correction.values["totalAmount"], correction.values["invoiceDate"]) == (
        owner.user,
        "13",
        "2024-02-29",
    )
    assert Correction.objects.count() == 1


def test_only_corrected_rows_are_loaded_and_they_are_cured(faulty, correct, load_again, owner):
    assert faulty.status_code == "Success"
    correct(faulty, 3, totalAmount="13", invoiceDate="2024-02-29")
    child = load_again(faulty)
    assert (child.status_code, child.replay_of_id, child.parent_sync_request_id, child.run_full_sync) == (
        "Success",
        faulty.pk,
        None,
        False,
    )
    assert [(r.entity, r.lines_read, r.inserted) for r in child.results.all()] == [("Invoice", 1, 1)]
    invoice = Invoice.objects.get(erp_key="I2")
    assert (str(invoice.total_amount), invoice.reference_code) == ("13.00000000", "two\nlines; and =a formula")
    cured = Correction.objects.get()
    assert (cured.state, cured.replay, cured.corrected_by) == ("cured", child, owner.user)
    # The results of the first sync stay as they are.
    assert faulty.results.get(entity="Invoice").rejected == 2
    with pytest.raises(Conflict, match="has been loaded since"):
        correct(faulty, 3, totalAmount="14")
    with pytest.raises(Conflict, match="No corrected line waits"):
        load_again(faulty)


def test_a_row_that_fails_again_is_open_with_its_new_problems_at_its_first_place(faulty, correct, load_again):
    correct(faulty, 3, totalAmount="13", invoiceDate="2024-02-29")
    correct(faulty, 6, companyErpKey="C8")
    child = load_again(faulty)
    assert child.status_code == "Success"
    again = child.details.get(kind="error")
    assert (again.file, again.line, again.column, again.value) == ("invoices.csv", 6, "companyErpKey", "C8")
    states = dict(Correction.objects.values_list("line", "state"))
    assert states == {3: "cured", 6: "open"}
    assert problems_of(Correction.objects.get(line=6)) == [("companyErpKey", "reference_not_found")]

    # It may be corrected in the replay too; it stays the row of the first sync.
    correct(child, 6, companyErpKey="C1")
    grandchild = load_again(child)
    assert (grandchild.replay_of, grandchild.status_code) == (faulty, "Success")
    assert dict(Correction.objects.values_list("line", "state")) == {3: "cured", 6: "cured"}
    assert str(Invoice.objects.get(erp_key="I4").total_amount) == "4.50000000"


def test_references_of_a_correction_are_looked_up_at_once(faulty, correct):
    def missing(line, **values):
        return [(one["column"], one["message"]) for one in still_missing(correct(faulty, line, **values))]

    assert missing(6) == [
        (
            "companyErpKey",
            "companyErpKey: no company has the key “C9” yet, neither in the books nor on a corrected line of this "
            "sync. Load the company first, or correct the key.",
        )
    ]
    # A reference is compared as keys are stored: without blanks around it.
    assert missing(6, companyErpKey=" C1\u00a0") == []
    assert missing(6, companyErpKey="C1") == []
    (company,) = Company.objects.values_list("pk", flat=True)
    Company.objects.update(erp_key="moved")
    assert [column for column, _ in missing(6)] == ["companyErpKey", "customerErpKey"]
    by_id = {"companyErpKey": "", "customerErpKey": "", "companyNetworkId": str(company)}
    assert missing(6, **by_id, customerNetworkId=str(uuid4())) == [
        ("customerNetworkId", ANY),
    ]
    # A platform id may be any of the account, a key must be of the enrollment.
    Company.objects.update(app_enrollment=AppEnrollmentFactory(group_key=faulty.group_key))
    assert [column for column, _ in missing(6)] == ["customerNetworkId"]
    Company.objects.update(group_key=AppEnrollmentFactory().group_key_id)
    assert [column for column, _ in missing(6)] == ["companyNetworkId", "customerNetworkId"]
    Company.objects.update(erp_key="C1")
    assert [column for column, _ in missing(6, companyErpKey="C1", companyNetworkId="")] == [
        "companyErpKey",
        "customerNetworkId",
    ]


def test_corrected_lines_are_searched_once_for_all_references(faulty, correct):
    Company.objects.update(erp_key="moved")
    correction = correct(faulty, 6)
    with CaptureQueriesContext(connection) as queries:
        assert len(still_missing(correction)) == 2
    assert sum('FROM "syncs_mendedline"' in query["sql"] for query in queries) == 1


def test_a_reference_to_another_corrected_row_is_not_missing(load, correct):
    sync = load(
        {
            "companies.csv": COMPANIES + "C9,Nine,Customer,perhaps\n",
            "invoices.csv": "erpKey,companyErpKey,customerErpKey,totalAmount\nI1,C1,C1,1\nI2,C9,C1,2\n",
        }
    )
    invoice = sync.details.get(entity="Invoice", kind="error")
    company = sync.details.get(entity="Company", kind="error")

    def of_invoice():
        return still_missing(save_correction(invoice, None, {}))

    assert [one["code"] for one in of_invoice()] == ["reference_not_found"]
    save_correction(company, None, {"isActive": "maybe"})
    assert len(of_invoice()) == 1
    save_correction(company, None, {"isActive": "true"})
    assert of_invoice() == []


def test_the_first_of_two_names_of_a_column_is_looked_up(load):
    columns = "entityType,tableKey,erpKey,customFieldLabel,stringValue,numericValue\n"
    lines = "Company,Invoice,C1,A,x,\nCompany,Invoice,C9,B,,much\n"
    sync = load({"companies.csv": COMPANIES, "custom_fields.csv": columns + lines})
    correction = save_correction(sync.details.filter(kind="error", line=3).first(), None, {"numericValue": "1"})
    (missing,) = still_missing(correction)
    assert (correction.problems, missing["column"]) == ([], "erpKey")
    assert "no company has the key “C9” yet" in missing["message"]


def test_a_record_may_refer_to_itself_before_it_is_loaded(load):
    columns = "erpKey,companyName,companyType,isActive,parentCompanyErpKey\n"
    sync = load({"companies.csv": columns + "C1,Acme,Customer,true,\nC2,Bee,Customer,perhaps,C2\n"})
    # That it refers to itself is not a further problem of the row.
    correction = save_correction(sync.details.get(kind="error"), None, {"isActive": "true"})
    assert (correction.state, still_missing(correction)) == ("mended", [])


def test_when_all_fail_again_the_child_fails_and_they_are_open(faulty, correct, load_again):
    correct(faulty, 6)
    child = load_again(faulty)
    assert (child.status_code, child.process_result_message) == (
        "Failed",
        "Nothing could be loaded: the only line was rejected. The problems say why.",
    )
    assert Correction.objects.get().state == "open"


def test_a_row_whose_reference_was_loaded_meanwhile_loads_unchanged(faulty, load, correct, load_again):
    load({"companies.csv": COMPANIES.replace("C1", "C9")})
    assert correct(faulty, 6).state == "mended"
    assert load_again(faulty).status_code == "Success"
    assert Invoice.objects.filter(erp_key="I4", company__erp_key="C9").exists()


def test_a_line_that_could_not_be_split_is_filled_in_again(load, correct, load_again):
    sync = load({"companies.csv": COMPANIES + "C2,Be,ta,Customer,true\nC3,“Ga\nC4,,\n"})
    lines = {row.line: row for row in RejectedRowReader(sync).rows(sync.details.all())}
    assert lines[3].cells is None
    assert list(lines[3].values) == ["erpKey", "companyName", "companyType", "isActive"]
    # Cells that the line does not have are absent, not empty.
    assert lines[5].values == {"erpKey": "C4", "companyName": "", "companyType": ""}
    assert correct(sync, 3, erpKey="C2").state == "open"
    correction = correct(sync, 3, companyName="Be, ta", companyType="Customer", isActive="true")
    assert correction.state == "mended"
    load_again(sync)
    assert Company.objects.get(erp_key="C2").company_name == "Be, ta"


def test_a_line_with_blanks_before_quotation_marks_is_split_as_it_was_loaded(load, correct):
    sync = load({"companies.csv": f'{COMPANIES}C9,\t"Acme, Inc", "Customer",maybe\n'})
    correction = correct(sync, COMPANIES.count("\n") + 1, isActive=True)
    assert correction.values["companyName"] == "Acme, Inc"
    assert correction.state == "mended"


def test_json_lines_keep_their_members_and_may_be_given_others(load, correct, load_again):
    sync = load({"companies.csv": COMPANIES, "invoices.jsonl": '{"erpKey":"J1","totalAmount":12.50,"isVoided":"x"}\n'})
    correction = correct(sync, 1)
    assert correction.values == {"erpKey": "J1", "totalAmount": "12.50", "isVoided": "x"}
    correct(sync, 1, isVoided=False, companyErpKey="C1", customerErpKey="C1")
    load_again(sync)
    assert str(Invoice.objects.get(erp_key="J1").total_amount) == "12.50000000"


def test_a_missing_column_stays_a_problem_until_it_is_given(load, correct):
    sync = load({"companies.csv": COMPANIES, "contacts.csv": "erpKey,contactName\nK1,Ana\n"})
    problem = sync.details.filter(kind="error", entity="Contact", line=2).first()
    assert problem.code in ("required_missing", "reference_missing")
    if problem.code == "required_missing":
        assert correct(sync, 2).state == "open"
    assert correct(sync, 2, companyErpKey="C1").values["companyErpKey"] == "C1"


def test_an_unknown_column_is_refused_with_the_nearest(faulty, correct):
    with pytest.raises(PlatformError) as refused:
        correct(faulty, 3, totalAmmount="1")
    assert str(refused.value) == "No invoice has a column “totalAmmount”. Did you mean “totalAmount”?"


def test_nul_characters_do_not_come_back_as_their_replacement(load, correct):
    sync = load({"companies.csv": COMPANIES + "C2,Be\0ta,Customer,true\n"})
    assert problems_of(correct(sync, 3)) == [("companyName", "nul_character")]
    assert problems_of(correct(sync, 3)) == [("companyName", "nul_character")]
    assert problems_of(correct(sync, 3, companyName="Be\0")) == [("companyName", "nul_character")]
    assert correct(sync, 3, companyName="Beta").state == "mended"


def test_an_object_does_not_come_back_as_its_text(load, correct):
    rows = [{"erpKey": "C2", "companyName": {"en": "Bolt"}, "companyType": "Customer", "isActive": 2}]
    good = {"erpKey": "C1", "companyName": "Acme", "companyType": "Customer", "isActive": True}
    sync = load({"companies.jsonl": "\n".join(map(json.dumps, [good, *rows]))})
    assert problems_of(correct(sync, 2)) == [("isActive", "bad_boolean"), ("companyName", "nested_value")]
    assert problems_of(correct(sync, 2, isActive="true")) == [("companyName", "nested_value")]
    assert correct(sync, 2, companyName="Bolt").state == "mended"


def test_a_problem_that_is_about_no_rejected_row_cannot_be_corrected(load, owner):
    sync = load({"odd.csv": "a,b\n1,2\n", "companies.csv": COMPANIES})
    with pytest.raises(PlatformError, match="is not about one"):
        corrections.save_correction(SyncResultDetail.objects.get(sync_request=sync, kind="error"), owner.user, {})


def test_a_row_that_is_being_loaded_cannot_be_corrected_until_that_load_is_cancelled(faulty, correct, owner):
    correct(faulty, 3, totalAmount="13", invoiceDate="2024-02-29")
    asked = corrections.load_again(faulty, owner.user)
    with pytest.raises(Conflict, match="just being loaded"):
        correct(faulty, 3, totalAmount="14")
    with pytest.raises(Conflict, match="No corrected line waits"):
        corrections.load_again(faulty, owner.user)
    requests.cancel_sync(SyncRequest.objects.get(pk=asked.pk), owner.user)
    assert correct(faulty, 3, totalAmount="14").state == "mended"
    assert run(corrections.load_again(faulty, owner.user)).status_code == "Success"
    assert str(Invoice.objects.get(erp_key="I2").total_amount) == "14.00000000"


def test_the_reject_limit_of_the_enrollment_does_not_stop_a_replay(faulty, correct, load_again):
    type(faulty.app_enrollment).objects.update(reject_limit_percent=10)
    correct(faulty, 3, totalAmount="13", invoiceDate="2024-02-29")
    correct(faulty, 6)
    assert load_again(faulty).status_code == "Success"


def test_an_inactive_enrollment_loads_nothing_again(faulty, correct, owner):
    correct(faulty, 3, totalAmount="13", invoiceDate="2024-02-29")
    type(faulty.app_enrollment).objects.update(is_active=False)
    with pytest.raises(PlatformError, match="is switched off"):
        corrections.load_again(SyncRequest.objects.get(pk=faulty.pk), owner.user)


JSON_LINES = """{"erpKey":7.0, "companyErpKey": "C1", "customerErpKey": "C1", "totalAmount": 1.5E+3,"invoiceDate":"x"}
{"erpKey": true, "companyErpKey": "C1", "customerErpKey": "C1", "totalAmount": 5}
{"erpKey": "8.0", "companyErpKey": "C1", "customerErpKey": "C1", "totalAmount": "1E+3"}
"""


def test_json_numbers_of_a_rejected_row_are_as_the_sync_reads_them(load, correct, load_again):
    sync_request = load({"companies.csv": COMPANIES, "invoices.jsonl": JSON_LINES})
    assert problems_of(correct(sync_request, 1, invoiceDate="2024-02-29")) == []
    # As a text, "true" would be a key, so the line must be changed first.
    assert problems_of(correct(sync_request, 2)) == [("erpKey", "boolean_key")]
    assert problems_of(correct(sync_request, 2, erpKey="I9")) == []
    assert problems_of(correct(sync_request, 3)) == [("totalAmount", "bad_number")]
    load_again(sync_request)
    assert sorted(Invoice.objects.values_list("erp_key", "total_amount")) == [("7", 1500), ("I9", 5)]


def test_keys_of_a_correction_are_cleaned(faulty, correct, load_again):
    correct(faulty, 3, erpKey="I2\u00a0", totalAmount="13", invoiceDate="2024-02-29", companyErpKey=" C1")
    assert load_again(faulty).status_code == "Success"
    assert Invoice.objects.get(erp_key="I2").company.erp_key == "C1"
    assert problems_of(correct(faulty, 6, companyErpKey="C1\u200b")) == [("companyErpKey", "invisible_character")]


@pytest.mark.parametrize(("text", "code", "lines"), [
    ("Nr,Name\nC3,Core\nC4,Dash\n", "header_missing", [2, 3]),
    ("companyName,companyType,isActive\nCore,Customer,true\n", "key_column_missing", [2]),
    (f'{COMPANIES}C3,"Core,Customer,true\nC4,Dash,Customer,true\n', "unclosed_quote", [3, 4]),
    (f"{COMPANIES}erpKey,isActive,companyType,companyName\nC3,true,Customer,Core\n", "other_header", [4]),
])  # fmt: skip
def test_each_line_of_a_cause_of_a_whole_file_can_be_downloaded_and_corrected(
    load, correct, load_again, text, code, lines
):
    sync = load({"contacts.csv": "erpKey\n", "companies.csv": text})
    told = sync.details.get(code=code, cause=None)
    assert (told.line, told.line_count) == (None, len(lines))
    assert list(sync.details.filter(cause=told).order_by("line").values_list("line", flat=True)) == lines
    downloaded = list(RejectedRowReader(sync).rows(sync.details.filter(code=code)))
    assert [row.line for row in downloaded] == lines
    # Where it is not known what the cells mean, they are not put into columns.
    assert [row.cells for row in downloaded] == [
        ["Core", "Customer", "true"] if code == "key_column_missing" else None for _ in lines
    ]
    correct(sync, lines[0], erpKey="C3", companyName="Core", companyType="Customer", isActive="true")
    assert load_again(sync).status_code == "Success"
    assert Company.objects.get(erp_key="C3").company_name == "Core"
