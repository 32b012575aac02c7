"""A rejected line is corrected, checked at once, loaded again, and cured."""

import json
from unittest.mock import ANY
from uuid import uuid4

import pytest

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


def said(mended):
    return [(problem["column"], problem["code"]) for problem in mended.problems]


def test_a_line_is_taken_apart_again_as_it_was_sent(faulty):
    detail = faulty.details.filter(line=3).first()
    assert RejectedRowReader(faulty).row_of(detail).values == {
        "erpKey": "I2",
        "companyErpKey": "C1",
        "customerErpKey": "C1",
        "totalAmount": "twelve",
        "invoiceDate": "2024-02-31",
        "referenceCode": "two\nlines; and =a formula",
    }


def test_what_is_wrong_is_said_at_once_by_the_rules_of_a_sync(faulty, mend, owner):
    mended = mend(faulty, 3, totalAmount="13")
    assert (mended.state, said(mended)) == ("open", [("invoiceDate", "impossible_date")])
    mended = mend(faulty, 3, INVOICEDATE="2024-02-29")
    assert (mended.state, said(mended)) == ("mended", [])
    assert (mended.corrected_by, mended.values["totalAmount"], mended.values["invoiceDate"]) == (
        owner.user,
        "13",
        "2024-02-29",
    )
    assert Correction.objects.count() == 1


def test_mended_lines_and_no_others_are_loaded_and_cured(faulty, mend, load_again, owner):
    assert faulty.status_code == "Success"
    mend(faulty, 3, totalAmount="13", invoiceDate="2024-02-29")
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
    # What came of the first sync is history.
    assert faulty.results.get(entity="Invoice").rejected == 2
    with pytest.raises(Conflict, match="has been loaded since"):
        mend(faulty, 3, totalAmount="14")
    with pytest.raises(Conflict, match="No mended line waits"):
        load_again(faulty)


def test_a_line_that_fails_again_is_open_with_its_new_problems_under_its_first_place(faulty, mend, load_again):
    mend(faulty, 3, totalAmount="13", invoiceDate="2024-02-29")
    mend(faulty, 6, companyErpKey="C8")
    child = load_again(faulty)
    assert child.status_code == "Success"
    again = child.details.get(kind="error")
    assert (again.file, again.line, again.column, again.value) == ("invoices.csv", 6, "companyErpKey", "C8")
    states = dict(Correction.objects.values_list("line", "state"))
    assert states == {3: "cured", 6: "open"}
    assert said(Correction.objects.get(line=6)) == [("companyErpKey", "reference_not_found")]

    # It may be mended where it failed again, too; it stays the line of the first sync.
    mend(child, 6, companyErpKey="C1")
    grandchild = load_again(child)
    assert (grandchild.replay_of, grandchild.status_code) == (faulty, "Success")
    assert dict(Correction.objects.values_list("line", "state")) == {3: "cured", 6: "cured"}
    assert str(Invoice.objects.get(erp_key="I4").total_amount) == "4.50000000"


def test_what_a_mended_line_refers_to_is_looked_up_at_once(faulty, mend):
    def missing(line, **values):
        return [(one["column"], one["message"]) for one in still_missing(mend(faulty, line, **values))]

    assert missing(6) == [
        (
            "companyErpKey",
            "companyErpKey: no company has the key “C9” yet, neither in the books nor on a mended line of this sync. "
            "Load the company first, or correct the key.",
        )
    ]
    # A text's blanks are part of it: so the sync would look it up, too.
    assert len(missing(6, companyErpKey=" C1 ")) == 1
    assert missing(6, companyErpKey="C1") == []
    (company,) = Company.objects.values_list("pk", flat=True)
    Company.objects.update(erp_key="moved")
    assert [column for column, _ in missing(6)] == ["companyErpKey", "customerErpKey"]
    by_id = {"companyErpKey": "", "customerErpKey": "", "companyNetworkId": str(company)}
    assert missing(6, **by_id, customerNetworkId=str(uuid4())) == [
        ("customerNetworkId", ANY),
    ]
    # Of the same account is enough for a platform id, of the same enrollment for a key.
    Company.objects.update(app_enrollment=AppEnrollmentFactory(group_key=faulty.group_key))
    assert [column for column, _ in missing(6)] == ["customerNetworkId"]
    Company.objects.update(group_key=AppEnrollmentFactory().group_key_id)
    assert [column for column, _ in missing(6)] == ["companyNetworkId", "customerNetworkId"]
    Company.objects.update(erp_key="C1")
    assert [column for column, _ in missing(6, companyErpKey="C1", companyNetworkId="")] == [
        "companyErpKey",
        "customerNetworkId",
    ]


def test_what_another_mended_line_holds_is_not_missing(load, mend):
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


def test_of_a_column_that_comes_under_two_names_the_first_is_looked_up(load):
    columns = "entityType,tableKey,erpKey,customFieldLabel,stringValue,numericValue\n"
    lines = "Company,Invoice,C1,A,x,\nCompany,Invoice,C9,B,,much\n"
    sync = load({"companies.csv": COMPANIES, "custom_fields.csv": columns + lines})
    mended = save_correction(sync.details.filter(kind="error", line=3).first(), None, {"numericValue": "1"})
    (missing,) = still_missing(mended)
    assert (mended.problems, missing["column"]) == ([], "erpKey")
    assert "no company has the key “C9” yet" in missing["message"]


def test_a_record_may_name_itself_before_it_is_there(load):
    columns = "erpKey,companyName,companyType,isActive,parentCompanyErpKey\n"
    sync = load({"companies.csv": columns + "C1,Acme,Customer,true,\nC2,Bee,Customer,perhaps,C2\n"})
    # That it names itself is no further problem of the line.
    mended = save_correction(sync.details.get(kind="error"), None, {"isActive": "true"})
    assert (mended.state, still_missing(mended)) == ("mended", [])


def test_when_all_fail_again_the_child_fails_and_they_are_open(faulty, mend, load_again):
    mend(faulty, 6)
    child = load_again(faulty)
    assert (child.status_code, child.process_result_message) == (
        "Failed",
        "Nothing could be loaded: the only line was rejected. The problems say why.",
    )
    assert Correction.objects.get().state == "open"


def test_a_line_whose_reference_has_come_meanwhile_loads_unchanged(faulty, load, mend, load_again):
    load({"companies.csv": COMPANIES.replace("C1", "C9")})
    assert mend(faulty, 6).state == "mended"
    assert load_again(faulty).status_code == "Success"
    assert Invoice.objects.filter(erp_key="I4", company__erp_key="C9").exists()


def test_a_line_that_could_not_be_taken_apart_is_filled_in_anew(load, mend, load_again):
    sync = load({"companies.csv": COMPANIES + "C2,Be,ta,Customer,true\nC3,“Ga\nC4,,\n"})
    lines = {row.line: row for row in RejectedRowReader(sync).rows(sync.details.all())}
    assert lines[3].cells is None
    assert list(lines[3].values) == ["erpKey", "companyName", "companyType", "isActive"]
    # Cells that the line does not have are absent, not empty.
    assert lines[5].values == {"erpKey": "C4", "companyName": "", "companyType": ""}
    assert mend(sync, 3, erpKey="C2").state == "open"
    mended = mend(sync, 3, companyName="Be, ta", companyType="Customer", isActive="true")
    assert mended.state == "mended"
    load_again(sync)
    assert Company.objects.get(erp_key="C2").company_name == "Be, ta"


def test_json_lines_keep_their_members_and_may_be_given_others(load, mend, load_again):
    sync = load({"companies.csv": COMPANIES, "invoices.jsonl": '{"erpKey":"J1","totalAmount":12.50,"isVoided":"x"}\n'})
    mended = mend(sync, 1)
    assert mended.values == {"erpKey": "J1", "totalAmount": "12.50", "isVoided": "x"}
    mend(sync, 1, isVoided=False, companyErpKey="C1", customerErpKey="C1")
    load_again(sync)
    assert str(Invoice.objects.get(erp_key="J1").total_amount) == "12.50000000"


def test_a_missing_column_stays_a_problem_until_it_is_given(load, mend):
    sync = load({"companies.csv": COMPANIES, "contacts.csv": "erpKey,contactName\nK1,Ana\n"})
    problem = sync.details.filter(kind="error", entity="Contact", line=2).first()
    assert problem.code in ("required_missing", "reference_missing")
    if problem.code == "required_missing":
        assert mend(sync, 2).state == "open"
    assert mend(sync, 2, companyErpKey="C1").values["companyErpKey"] == "C1"


def test_an_unknown_column_is_refused_with_the_nearest(faulty, mend):
    with pytest.raises(PlatformError) as refused:
        mend(faulty, 3, totalAmmount="1")
    assert str(refused.value) == "No invoice has a column “totalAmmount”. Did you mean “totalAmount”?"


def test_nul_characters_do_not_come_back_as_marks(load, mend):
    sync = load({"companies.csv": COMPANIES + "C2,Be\0ta,Customer,true\n"})
    assert said(mend(sync, 3)) == [("companyName", "nul_character")]
    assert said(mend(sync, 3)) == [("companyName", "nul_character")]
    assert said(mend(sync, 3, companyName="Be\0")) == [("companyName", "nul_character")]
    assert mend(sync, 3, companyName="Beta").state == "mended"


def test_an_object_does_not_come_back_as_its_text(load, mend):
    rows = [{"erpKey": "C2", "companyName": {"en": "Bolt"}, "companyType": "Customer", "isActive": 2}]
    good = {"erpKey": "C1", "companyName": "Acme", "companyType": "Customer", "isActive": True}
    sync = load({"companies.jsonl": "\n".join(map(json.dumps, [good, *rows]))})
    assert said(mend(sync, 2)) == [("isActive", "bad_boolean"), ("companyName", "nested_value")]
    assert said(mend(sync, 2, isActive="true")) == [("companyName", "nested_value")]
    assert mend(sync, 2, companyName="Bolt").state == "mended"


def test_what_is_about_no_rejected_line_cannot_be_mended(load, owner):
    sync = load({"odd.csv": "a,b\n1,2\n", "companies.csv": COMPANIES})
    with pytest.raises(PlatformError, match="is not about one"):
        corrections.save_correction(SyncResultDetail.objects.get(sync_request=sync, kind="error"), owner.user, {})


def test_while_it_is_being_loaded_a_line_stands_still_and_a_cancelled_load_frees_it(faulty, mend, owner):
    mend(faulty, 3, totalAmount="13", invoiceDate="2024-02-29")
    asked = corrections.load_again(faulty, owner.user)
    with pytest.raises(Conflict, match="just being loaded"):
        mend(faulty, 3, totalAmount="14")
    with pytest.raises(Conflict, match="No mended line waits"):
        corrections.load_again(faulty, owner.user)
    requests.cancel_sync(SyncRequest.objects.get(pk=asked.pk), owner.user)
    assert mend(faulty, 3, totalAmount="14").state == "mended"
    assert run(corrections.load_again(faulty, owner.user)).status_code == "Success"
    assert str(Invoice.objects.get(erp_key="I2").total_amount) == "14.00000000"


def test_the_enrollments_reject_limit_does_not_stop_chosen_lines(faulty, mend, load_again):
    type(faulty.app_enrollment).objects.update(reject_limit_percent=10)
    mend(faulty, 3, totalAmount="13", invoiceDate="2024-02-29")
    mend(faulty, 6)
    assert load_again(faulty).status_code == "Success"


def test_an_enrollment_that_is_switched_off_loads_nothing_again(faulty, mend, owner):
    mend(faulty, 3, totalAmount="13", invoiceDate="2024-02-29")
    type(faulty.app_enrollment).objects.update(is_active=False)
    with pytest.raises(PlatformError, match="is switched off"):
        corrections.load_again(SyncRequest.objects.get(pk=faulty.pk), owner.user)
