"""Input that no sane program writes: every line of it is accounted for."""

import pytest

from adsplatform.records.models import Company, Invoice
from syncs.connectors.protocol import ABSENT, ConnectorError, RowProblem, Rows
from syncs.loading.staging import tables
from syncs.loading.staging.copy_thread import CopyThread
from tests.loading.conftest import company, invoice

# A byte that is not UTF-8, and half a character, as Python decodes them.
BYTE, HALF = "\udcff", "\ud800"


def block(name, *lines, file="batch", columns=None):
    columns = columns or list(dict.fromkeys(column for line in lines for column in line))
    cells = [[line.get(column, ABSENT) for column in columns] for line in lines]
    return Rows(name, file, columns, cells, list(range(1, len(lines) + 1)), ["raw"] * len(lines))


def codes(sync_request):
    return [
        (d.entity, d.line, d.column, d.code)
        for d in sync_request.details.filter(cause=None).order_by("entity", "line", "id")
    ]


def test_rows_without_a_key_are_rejected_and_not_superseded(sync, counts):
    keyless = {"companyName": "Acme", "companyType": "Customer", "isActive": "true"}
    result = sync({"companies": [keyless, company(), keyless]})
    assert counts(result) == {"Company": {"lines_read": 3, "inserted": 1, "rejected": 2}}
    assert codes(result) == [("Company", 2, "erpKey", "required_empty"), ("Company", 4, "erpKey", "required_empty")]


def test_rows_too_short_to_have_a_key_are_rejected(sync, counts):
    columns = ["companyName", "companyType", "isActive", "erpKey"]
    short = {"companyName": "Acme", "companyType": "Customer", "isActive": "true"}
    result = sync({"companies": [company()], "short": block("companies", short, short, columns=columns)})
    assert counts(result) == {"Company": {"lines_read": 3, "inserted": 1, "rejected": 2}}


def test_each_list_of_a_batch_without_its_key_column_gets_its_own_problem(sync, counts):
    result = sync(
        {
            "a": block("companies", {"companyName": "Acme", "colour": "red"}),
            "b": block("contacts", {"isActive": "true", "colour": "red"}),
            "c": block("companies", company()),
        }
    )
    assert codes(result) == [
        ("Company", None, "erpKey", "key_column_missing"),
        ("Company", None, "colour", "unknown_column"),
        ("Contact", None, "erpKey", "key_column_missing"),
        ("Contact", None, "colour", "unknown_column"),
    ]


def test_an_unreadable_kind_does_not_keep_others_from_loading(sync, counts):
    result = sync({"companies": [company()], "financialAccounts": [{"code": "1000"}]})
    assert result.status_code == "Success"
    assert counts(result)["FinancialAccount"] == {"lines_read": 1, "rejected": 1}


def test_a_hundred_of_many_unknown_columns_are_listed(sync):
    lines = [company(f"C{number}") | {f"field{number}": "1"} for number in range(1_000)]
    result = sync({"a": block("companies", *lines[:500]), "b": block("companies", *lines[500:])})
    messages = list(result.details.order_by("id").values_list("message", flat=True))
    assert len(messages) == 100
    assert messages[0] == "No company has a column “field0”; its values were not loaded."
    assert messages[-1] == (
        "No company has a column “field99”; its values were not loaded. "
        "There are more of these in batch, which are not listed."
    )
    assert Company.objects.count() == 1_000


@pytest.mark.parametrize("file", ["x" * 300 + ".csv", "a\0b.csv", BYTE + ".csv", HALF + ".csv", "100%s {0} '\".csv"])
def test_any_file_name_is_accepted(sync, counts, file):
    result = sync(
        {
            "mystery": block("mystery", {"a": "1"}, file=file),
            "problem": RowProblem("enigma", file, 9, "bad_json", "The line cannot be read."),
            "companies": block("companies", company(), company(companyName="Again"), {"erpKey": "C2"}, file=file),
        }
    )
    assert result.status_code == "Success", result.process_result_message
    (unknown,) = set(counts(result)) - {"Company"}
    assert counts(result)[unknown] == {"lines_read": 2, "rejected": 2}
    assert counts(result)["Company"] == {"lines_read": 3, "inserted": 1, "skipped": 1, "rejected": 1}


def test_a_file_may_be_called_like_another_kind_of_record(sync, counts):
    result = sync({"a": block("mystery", {"a": "1"}, file="Company"), "companies": [company()]})
    assert counts(result) == {"Company": {"lines_read": 2, "inserted": 1, "rejected": 1}}


@pytest.mark.parametrize(
    "text", ["100 %s of {kind} %(enrollment)s", "'; DROP TABLE x --", "“$1” \\. \\N", "a\u2028\x1f"]
)
def test_texts_are_never_part_of_a_statement(sync, text):
    key = "".join(filter(str.isprintable, text))
    data = {
        "companies": [company(key, companyName=text, **{text: "1"}), company(key, companyName=text)],
        "invoices": [invoice("I1", company=key), invoice("I2", company=f"{key}?")],
    }
    result = sync(data)
    assert result.status_code == "Success", result.process_result_message
    assert Invoice.objects.get().company.company_name == text
    assert result.details.get(code="reference_not_found", column="companyErpKey").value == f"{key}?"


def test_an_assumed_rate_is_reported(sync):
    result = sync({"companies": [company()], "invoices": [invoice(currencyRate="", baseCurrencyTotalAmount="")]})
    assert Invoice.objects.get().currency_rate == 1
    assert result.details.get().message.startswith("invoices.csv leaves out currencyRate and baseCurrencyTotalAmount.")


def test_given_amounts_are_not_reported_as_assumed(sync):
    amounts = {"totalAmount": "", "baseCurrencyTotalAmount": "", "netAmount": "1", "baseCurrencyNetAmount": "1"}
    result = sync({"companies": [company()], "invoices": [invoice(**amounts)]})
    assert not result.details.exists()


def test_an_error_message_that_cannot_be_stored_still_ends_the_sync(sync):
    result = sync({"companies": [company()], "broken": ConnectorError("It is not JSON, near “\udcff\0\ud800”.")})
    assert result.status_code == "Failed"
    assert "\0" not in result.process_result_message


def test_messages_about_a_single_line_use_the_singular(sync):
    assert sync({"companies": [company()]}).process_result_message == "1 company loaded: 1 added."
    assert sync({"companies": [company(isActive="x")]}).process_result_message == (
        "Nothing could be loaded: the only line was rejected. The problems say why."
    )


@pytest.mark.parametrize(("from_bytes", "copies"), [(1, 6), (1_000_000, 3)])
def test_small_blocks_of_a_kind_are_copied_together_and_in_order(sync, counts, monkeypatch, from_bytes, copies):
    monkeypatch.setattr(tables, "COPIED_FROM_BYTES", from_bytes)
    copied, add = [], CopyThread.add
    monkeypatch.setattr(CopyThread, "add", lambda *args, **options: copied.append(args) or add(*args, **options))
    given = [
        ("Company", [company("C1"), company("C2")]),
        ("Company", [company("C1", companyName="Later")]),
        ("Company", [company("C3", city="Bonn")]),
        ("Company", [company("C3", city="Rome"), company("C4", city="Rome")]),
        ("Invoice", [invoice("I1", "C3")]),
        ("Company", [company("C4", city="Oslo")]),
    ]
    result = sync({str(at): block(kind, *lines, file=str(at)) for at, (kind, lines) in enumerate(given)})
    assert counts(result)["Company"] == {"lines_read": 7, "inserted": 4, "skipped": 3}
    assert counts(result)["Invoice"] == {"lines_read": 1, "inserted": 1}
    found = dict(Company.objects.values_list("erp_key", "company_name"))
    assert found["C1"] == "Later"
    assert dict(Company.objects.values_list("erp_key", "city"))["C4"] == "Oslo"
    assert Invoice.objects.get().company.city == "Rome"
    assert len(copied) == copies
