"""A bad line is rejected with the reason; the rest loads."""

import json

import pytest

from adsplatform.records.models import Company, Contact, CustomField, Invoice, InvoiceLine, Payment
from enrollments.models import CustomFieldDefinition
from syncs.connectors.protocol import ConnectorError, RowProblem, Rows
from syncs.loading.staging import raw_line_store
from tests.loading.conftest import company, invoice


def problems(sync_request, kind="error"):
    return [
        (d.entity, d.erp_key, d.file, d.line, d.column, d.value, d.code, d.message)
        for d in sync_request.details.filter(kind=kind).order_by("id")
    ]


def test_a_bad_cell_is_reported_and_the_rest_is_loaded(sync, counts):
    result = sync(
        {"companies": [company()], "invoices": [invoice("I1"), invoice("I2", totalAmount="twelve"), invoice("I3")]}
    )
    assert result.status_code == "Success"
    assert result.process_result_message == "3 of 4 lines loaded, 1 line rejected (3 added)."
    assert counts(result)["Invoice"] == {"lines_read": 3, "inserted": 2, "rejected": 1}
    assert problems(result) == [
        (
            "Invoice", "I2", "invoices.csv", 3, "totalAmount", "twelve", "bad_number",
            "totalAmount: “twelve” is not a number. Write digits with a decimal point, like 1234.50.",
        )
    ]  # fmt: skip
    assert '"totalAmount": "twelve"' in result.details.get(kind="error").raw_line
    assert sorted(Invoice.objects.values_list("erp_key", flat=True)) == ["I1", "I3"]


def test_all_problems_of_a_line_are_reported(sync):
    result = sync({"companies": [company(companyName="", companyType="x" * 21, isActive="perhaps")]})
    assert [(column, code) for _, _, _, _, column, _, code, _ in problems(result)] == [
        ("", "nothing_loaded"),
        ("companyName", "required_empty"),
        ("companyType", "too_long"),
        ("isActive", "bad_boolean"),
    ]


def test_a_reference_to_nothing_rejects_its_line_only(sync, counts):
    result = sync({"companies": [company()], "invoices": [invoice("I1"), invoice("I2", company="C9")]})
    assert counts(result)["Invoice"] == {"lines_read": 2, "inserted": 1, "rejected": 1}
    said = (
        "no company has the key “C9”, neither in this input nor among the records loaded before. "
        "Load the company, or correct the key."
    )
    assert [(column, value, message) for _, _, _, _, column, value, _, message in problems(result)] == [
        ("companyErpKey", "C9", f"companyErpKey: {said}"),
        ("customerErpKey", "C9", f"customerErpKey: {said}"),
    ]


def test_rows_that_refer_to_a_rejected_row_are_rejected_along_the_whole_chain(sync, counts):
    result = sync(
        {
            "companies": [company("C1"), company("C2", parentCompanyErpKey="C9")],
            "contacts": [{"erpKey": "K2", "companyErpKey": "C2", "isActive": "true"}],
            "invoices": [invoice("I1", "C1"), invoice("I2", "C2")],
            "invoiceLines": [
                {"erpKey": "L1", "invoiceErpKey": "I1", "lineNumber": "1"},
                {"erpKey": "L2", "invoiceErpKey": "I2", "lineNumber": "1"},
            ],
        }
    )
    assert result.status_code == "Success"
    for kind in (Company, Invoice, InvoiceLine):
        assert kind.objects.count() == 1
    assert not Contact.objects.exists()
    messages = {(erp_key, column): message for _, erp_key, _, _, column, _, _, message in problems(result)}
    assert messages["L2", "invoiceErpKey"] == (
        "invoiceErpKey: the invoice “I2” was itself rejected (invoices.csv, line 3). "
        "Correct that line first, then load this one again."
    )
    assert messages["K2", "companyErpKey"] == (
        "companyErpKey: the company “C2” was itself rejected (companies.csv, line 3). "
        "Correct that line first, then load this one again."
    )


def test_a_circle_of_references_is_rejected_with_one_of_its_rows(sync, counts):
    result = sync(
        {
            "companies": [company("C0"), company("C1", primaryContactErpKey="K1", parentCompanyErpKey="C9")],
            "contacts": [{"erpKey": "K1", "companyErpKey": "C1", "isActive": "true"}],
        }
    )
    assert [c.erp_key for c in Company.objects.all()] == ["C0"]
    assert counts(result)["Contact"] == {"lines_read": 1, "rejected": 1}


def test_a_required_column_may_be_absent_only_where_the_record_exists(sync, counts):
    sync({"companies": [company("C1")]})
    result = sync({"companies": [{"erpKey": "C1", "city": "Rome"}, {"erpKey": "C2", "city": "Rome"}]})
    assert counts(result)["Company"] == {"lines_read": 2, "updated": 1, "rejected": 1}
    assert [(column, message) for _, _, _, _, column, _, _, message in problems(result)] == [
        ("companyName", "companyName is missing, but every new company needs it. Add the column and fill it in."),
        ("companyType", "companyType is missing, but every new company needs it. Add the column and fill it in."),
        ("isActive", "isActive is missing, but every new company needs it. Add the column and fill it in."),
    ]


def test_a_sync_of_which_no_line_loads_fails_and_says_why(sync, counts):
    result = sync({"companies": [company(isActive="perhaps")], "invoices": [invoice()]})
    assert (result.status_code, result.failure_count) == ("Failed", 1)
    assert result.process_result_message == (
        "Nothing could be loaded: all 2 lines were rejected. The problems say why."
    )
    assert counts(result) == {"Company": {"lines_read": 1, "rejected": 1}, "Invoice": {"lines_read": 1, "rejected": 1}}
    assert {code for _, _, _, _, _, _, code, _ in problems(result)} == {
        "bad_boolean", "reference_not_found", "nothing_loaded",
    }  # fmt: skip


def test_too_many_rejected_lines_fail_the_sync(sync, enrollment, counts):
    enrollment.reject_limit_percent = 10
    enrollment.save()
    result = sync({"companies": [company("C1"), company("C2", isActive="perhaps"), company("C3")]})
    assert result.status_code == "Failed"
    assert result.process_result_message == (
        "Stopped: 1 of 3 lines was rejected, more than the 10 % that Given rows allows. Nothing was changed."
    )
    assert counts(result) == {"Company": {"lines_read": 3, "rejected": 1, "skipped": 2}}
    assert not Company.objects.exists()


def test_a_source_that_breaks_off_changes_nothing(sync, counts):
    result = sync({"companies": [company()], "broken": ConnectorError("The ERP did not answer. Try again later.")})
    assert result.status_code == "Failed"
    assert result.process_result_message == "The ERP did not answer. Try again later."
    assert counts(result) == {"Company": {"lines_read": 1, "skipped": 1}}
    assert not Company.objects.exists()


@pytest.mark.parametrize("bad", [2_500, 9_000])
def test_every_bad_row_before_a_source_breaks_off_is_reported(sync, counts, bad):
    good = [company(f"C{number}") for number in range(30_000)]
    columns = list(company())
    cells = [list(company(f"D{number}", isActive="perhaps").values()) for number in range(bad)]
    result = sync(
        {
            "companies": good,
            # While those are still being copied.
            "bad": Rows("companies", "bad.csv", columns, cells, lines=list(range(2, bad + 2)), raw=[""] * bad),
            "broken": ConnectorError("The ERP did not answer. Try again later."),
        }
    )
    assert counts(result) == {"Company": {"lines_read": 30_000 + bad, "rejected": bad, "skipped": 30_000}}
    reported = result.details.filter(code="bad_boolean", line_count=None).order_by("id").values_list("line", flat=True)
    assert list(reported) == list(range(2, bad + 2))


def test_an_unreadable_line_counts_as_rejected(sync, counts):
    unreadable = RowProblem("invoices", "invoices.csv", 7, "too_many_cells", "Too many cells.", raw="a,b,c")
    result = sync({"companies": [company()], "unreadable": unreadable})
    assert counts(result)["Invoice"] == {"lines_read": 1, "rejected": 1}


def test_a_file_of_no_known_kind_is_a_problem_under_its_own_name(sync, counts):
    result = sync({"companies": [company()], "mystery": [{"a": "1"}, {"a": "2"}]})
    assert result.status_code == "Success"
    assert counts(result)["mystery.csv"] == {"lines_read": 2, "rejected": 2}
    (problem,) = problems(result)
    assert problem[0] == "mystery.csv"
    assert problem[7].startswith(
        "“mystery” is not a kind of record, so none of its lines were loaded. Name it after one: baseCurrencies, "
    )


def test_without_its_key_column_no_line_of_a_file_loads(sync, counts):
    result = sync({"companies": [company()], "contacts": [{"companyErpKey": "C1", "isActive": "true"}]})
    assert counts(result)["Contact"] == {"lines_read": 1, "rejected": 1}
    assert problems(result)[0][7] == (
        "contacts.csv has no column erpKey, without which no contact can be told from another; none of its lines "
        "were loaded. Add the column."
    )


def test_a_header_without_any_known_name_is_reported_with_its_likely_cause(uploads):
    for header, sentence in (
        ("ERP Key,Company Name", "Write the names of the columns into its first line, like erpKey, companyName and "
         "companyType. “ERP Key” is not known. Did you mean “erpKey”?"),
        ("C1,Acme", "Write the names of the columns into its first line, like erpKey, companyName and companyType."),
        ("erpKey:companyName", "Separate the cells by a comma, or write sep=: alone into the first line."),
        ("sep=;\nerpKey,companyName", "Correct the first line: it must say sep=, or be left out."),
    ):  # fmt: skip
        row = "C1:Acme" if ":" in header else "C1,Acme"
        result = uploads.load(f"{header}\n{row}\n", "companies.csv")
        reported = result.details.get(code__in=("header_missing", "wrong_delimiter"), cause=None)
        assert reported.message.endswith(f"so none of its lines were loaded. {sentence}")


def test_unknown_and_former_columns_give_a_warning_and_the_rows_load(sync, counts):
    result = sync({"companies": [company(companyStatus="Active", companyNmae="Acme", favouriteColour="blue")]})
    assert counts(result)["Company"] == {"lines_read": 1, "inserted": 1}
    assert [(d[4], d[6], d[7]) for d in problems(result, "warning")] == [
        (
            "companyStatus", "legacy_column",
            "The column “companyStatus” is no longer used; its values were not loaded.",
        ),
        (
            "companyNmae", "unknown_column",
            "No company has a column “companyNmae”; its values were not loaded. "
            "Did you mean “companyName”?",
        ),
        (
            "favouriteColour", "unknown_column",
            "No company has a column “favouriteColour”; its values were not loaded.",
        ),
    ]  # fmt: skip


def test_missing_rate_and_base_amounts_are_assumed_with_one_warning(sync):
    result = sync(
        {
            "companies": [company()],
            "payments": [
                {
                    "erpKey": "P1", "companyErpKey": "C1", "paymentType": "AR Payment", "isOpen": "false",
                    "paymentDate": "2024-02-29", "postDate": "2024-02-29", "paymentAmount": "10.5",
                    "unappliedAmount": "0",
                }
            ],
        }
    )  # fmt: skip
    loaded = Payment.objects.get()
    assert (loaded.currency_rate, loaded.base_currency_payment_amount) == (1, loaded.payment_amount)
    assert [message for *_, message in problems(result, "warning")] == [
        "payments.csv leaves out currencyRate, baseCurrencyPaymentAmount and baseCurrencyUnappliedAmount. For new "
        "records, and where a cell is empty, a rate of 1, and amounts times the rate, were assumed. Add the values if "
        "that is not right."
    ]


def test_a_platform_id_must_agree_with_the_key(sync, counts):
    sync({"companies": [company("C1"), company("C2")]})
    ids = dict(Company.objects.values_list("erp_key", "id"))
    result = sync({"companies": [company("C1", networkId=str(ids["C1"])), company("C2", networkId=str(ids["C1"]))]})
    assert counts(result)["Company"] == {"lines_read": 2, "unchanged": 1, "rejected": 1}
    assert problems(result)[0][6] == "network_id_mismatch"


def test_a_reference_may_be_named_by_platform_id_and_both_ways_must_agree(sync, counts):
    sync({"companies": [company("C1"), company("C2")]})
    ids = dict(Company.objects.values_list("erp_key", "id"))
    result = sync(
        {
            "companies": [
                company("C3", parentCompanyNetworkId=str(ids["C1"])),
                company("C4", parentCompanyNetworkId=str(ids["C1"]), parentCompanyErpKey="C2"),
            ]
        }
    )
    assert counts(result)["Company"] == {"lines_read": 2, "inserted": 1, "rejected": 1}
    assert Company.objects.get(erp_key="C3").parent_company.erp_key == "C1"
    assert {problem[6] for problem in problems(result)} == {"reference_disagrees"}


def test_platform_ids_of_another_account_are_not_found(sync, counts):
    from tests.factories import AppEnrollmentFactory

    stranger = AppEnrollmentFactory()
    sync({"companies": [company("C1")]}, into=stranger)
    theirs = Company.objects.get()
    result = sync({"companies": [company("C2"), company("C3", parentCompanyNetworkId=str(theirs.pk))]})
    assert counts(result)["Company"] == {"lines_read": 2, "inserted": 1, "rejected": 1}


@pytest.mark.parametrize(("action", "left"), [("1", "Acme"), (1, "Acme")])
def test_on_match_action_1_leaves_the_record_as_it_is(sync, counts, action, left):
    sync({"companies": [company()]})
    lines = [company(companyName="New", onMatchAction=action), company("C2", onMatchAction=action)]
    result = sync({"companies": lines})
    assert counts(result)["Company"] == {"lines_read": 2, "inserted": 1, "skipped": 1}
    assert Company.objects.get(erp_key="C1").company_name == left
    assert [d.code for d in result.details.filter(kind="skip")] == ["left_as_it_is"]


def test_on_match_action_2_deletes_the_record_unless_others_refer_to_it(sync, counts):
    sync({"companies": [company("C1"), company("C2")], "invoices": [invoice("I1", "C1")]})
    result = sync({"companies": [company("C1", onMatchAction="2"), company("C2", onMatchAction="2")]})
    assert counts(result)["Company"] == {"lines_read": 2, "deleted_by_match": 1, "rejected": 1}
    assert problems(result)[0][7] == (
        "onMatchAction: this company cannot be deleted because invoices refer to it. Delete those first."
    )


def test_a_custom_field_belongs_to_the_record_its_table_key_names(sync, counts):
    field = {"customFieldLabel": "Colour", "value": "blue"}
    result = sync(
        {
            "companies": [company()],
            "customFields": [
                {"tableKey": "Company", "erpKey": "C1", **field},
                {"tableKey": "Invoice", "erpKey": "C1", **field},
                {"tableKey": "Planet", "erpKey": "C1", **field},
            ],
        }
    )
    assert counts(result)["CustomField"] == {"lines_read": 3, "inserted": 1, "rejected": 2}
    assert CustomField.objects.get().record_key == Company.objects.get().pk
    assert CustomFieldDefinition.objects.get().custom_field_label == "Colour"
    assert [problem[7] for problem in problems(result)] == [
        "erpKey: no invoice has the key “C1”, neither in this input nor among the records loaded before. "
        "Load the invoice, or correct the key.",
        "tableKey: “Planet” is no kind of record that can be referred to. Write one of Company, Contact, Invoice, "
        "InvoiceLine, Payment.",
    ]


def test_a_row_with_a_bad_cell_has_its_references_checked_too(sync):
    result = sync(
        {
            "companies": [company("C1"), company("C2", isActive="perhaps")],
            "invoices": [
                invoice("I1", "C1", totalAmount="ten"),
                invoice("I2", "C9", totalAmount="ten"),
                invoice("I3", "C2", totalAmount="ten"),
                invoice("I4", "C1"),
            ],
        }
    )
    assert result.results.get(entity="Invoice").rejected == 3
    found = result.details.filter(entity="Invoice", kind="error").order_by("line", "column")
    assert [(detail.erp_key, detail.column, detail.code) for detail in found] == [
        ("I1", "totalAmount", "bad_number"),
        ("I2", "companyErpKey", "reference_not_found"),
        ("I2", "customerErpKey", "reference_not_found"),
        ("I2", "totalAmount", "bad_number"),
        ("I3", "companyErpKey", "reference_not_found"),
        ("I3", "customerErpKey", "reference_not_found"),
        ("I3", "totalAmount", "bad_number"),
    ]
    assert found[1].message == (
        "companyErpKey: no company has the key “C9”, neither in this input nor among the records loaded before. "
        "Load the company, or correct the key."
    )
    assert found[4].message == (
        "companyErpKey: the company “C2” was itself rejected (companies.csv, line 3). Correct that line first, then "
        "load this one again."
    )
    assert {detail.raw_line for detail in found if detail.erp_key == "I2"} == {found[1].raw_line} != {""}


def test_a_percent_sign_in_the_name_a_rejected_row_refers_to_is_no_placeholder(sync):
    result = sync(
        {
            "companies": [company("50%"), company("%s")],
            "invoices": [invoice(f"I{key}", key, totalAmount="ten") for key in ("50%", "%s", "%(sync)s", "100 %")],
        }
    )
    found = result.details.filter(code="reference_not_found", column="companyErpKey").order_by("line")
    assert [detail.value for detail in found] == ["%(sync)s", "100 %"]
    assert "no company has the key “100 %”" in found[1].message


def test_an_object_for_a_text_is_no_unknown_text(sync):
    result = sync({"companies": [company("C1"), company("C2", companyType={"code": "Customer"})]})
    assert [detail.code for detail in result.details.exclude(line=None)] == ["nested_value"]


def test_all_problems_of_the_only_row_are_reported(sync):
    result = sync({"invoices": [invoice("I1", "C9", totalAmount="ten")]})
    assert result.status_code == "Failed"
    assert {detail.code for detail in result.details.exclude(line=None)} == {"bad_number", "reference_not_found"}


def test_every_problem_gets_the_raw_line_however_many_there_are(sync, monkeypatch):
    monkeypatch.setattr(raw_line_store, "PROBLEMS_AT_ONCE", 2)
    result = sync(
        {
            "companies": [company("C1"), company("C1")],
            "invoices": [invoice(f"I{number}", "C9" if number < 5 else "C1") for number in range(12)],
        }
    )
    rejected = result.details.filter(entity="Invoice", code="reference_not_found", line_count=None)
    assert len(rejected) == 10
    assert all(json.loads(detail.raw_line)["erpKey"] == detail.erp_key for detail in rejected)
    assert json.loads(result.details.get(code="superseded").raw_line)["erpKey"] == "C1"
