"""Sentences show what is there: characters that nobody sees, long values, rows that end early."""

import json

import pytest

from adsplatform.records.models import Company, Invoice
from adsplatform.visible_text import sentence, visible
from tests.connectors.reading import zipped
from tests.loading.conftest import company

COMPANY = "erpKey,companyName,companyType,isActive"
GOOD = f"{COMPANY}\nC1,Acme,Customer,true\n"
INVOICE = "erpKey,companyErpKey,currencyRate,customerErpKey"


def messages(result, code):
    return list(result.details.filter(code=code).order_by("line", "column").values_list("message", flat=True))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Rome", "Rome"),
        ("a b", "a b"),
        ("C1\u200b", "C1[U+200B]"),
        ("\ufeffC1", "[U+FEFF]C1"),
        ("1\u00a0000", "1[U+00A0]000"),
        ("a\tb\r\nc", "a[U+0009]b[U+000D][U+000A]c"),
        ("C1\ufe0f", "C1[U+FE0F]"),
        ("\u3164\u2800", "[U+3164][U+2800]"),
        ("Café", "Café"),
        ("Cafe\u0301", "Cafe\u0301"),
        ("日本 🙂", "日本 🙂"),
        ("x\U000e0100", "x[U+E0100]"),
    ],
)
def test_what_nobody_sees_is_shown_by_its_number(text, shown):
    assert visible(text) == shown


def test_a_sentence_is_of_bounded_length():
    long = "x" * 1_000_000
    assert sentence(f"No invoice has a column “{long}”. Remove it.") == (
        f"No invoice has a column “{'x' * 100}…”. Remove it."
    )
    assert len(sentence(long)) < 5_000
    assert sentence(long + " Remove it.").endswith(" Remove it.")
    assert sentence("short “a” and “b”") == "short “a” and “b”"


def test_a_value_in_a_problem_is_shown(sync):
    result = sync({"companies": [company("C1", isActive="tr\u200bue"), company("C2", networkId="4711\u00a0")]})
    assert messages(result, "bad_boolean") == [
        "isActive: “tr[U+200B]ue” is neither true nor false. Write true or false."
    ]
    assert result.details.get(code="bad_boolean").value == "tr\u200bue"


NAMES = ["erpKey\u200b", "\ufeffcompanyName", "\u00a0companyType ", "\u2060isActive\u00ad"]
VALUES = ["C1", "Acme", "Customer", "true"]


@pytest.mark.parametrize(
    "file",
    [
        {"companies.csv": ",".join(NAMES) + "\n" + ",".join(VALUES) + "\n"},
        {"companies.csv": ";".join(NAMES) + "\n" + ";".join(VALUES) + "\n"},
        {"companies.csv": "\ufeff\ufeff\ufeff" + COMPANY + "\n" + ",".join(VALUES) + "\n"},
        {"companies.jsonl": json.dumps(dict(zip(NAMES, VALUES, strict=True)), ensure_ascii=False) + "\n"},
        {"companies.jsonl": json.dumps(dict(zip(NAMES, VALUES, strict=True)), ensure_ascii=True) + "\n"},
    ],
)
def test_names_of_columns_are_read_without_what_nobody_sees(uploads, file):
    result = uploads.load(zipped(file), "books.zip")
    assert result.status_code == "Success"
    assert Company.objects.values_list("erp_key", "company_name").get() == ("C1", "Acme")
    assert not result.details.exists()


def test_names_of_columns_of_a_connector_and_of_a_batch_are_read_so_too(sync, uploads):
    sync({"companies": [dict(zip(NAMES, VALUES, strict=True))]})
    assert Company.objects.get().company_name == "Acme"
    row = dict(zip(NAMES, VALUES, strict=True)) | {"erpKey\u200b": "C2"}
    uploads.load(json.dumps({"companies": [row]}), "batch.json", format="batch")
    assert set(Company.objects.values_list("erp_key", flat=True)) == {"C1", "C2"}


def test_two_names_that_differ_by_what_nobody_sees_are_one_column(sync):
    result = sync({"companies": [company("C1") | {"city": "Rome", "city\u200b": "Oslo"}]})
    assert messages(result, "column_twice") == [
        "companies.csv has city twice, as “city” and “city[U+200B]”; the first is used. Remove the other."
    ]
    assert Company.objects.get().city == "Rome"


@pytest.mark.parametrize("name", ["citty", "ci ty", "CITTY\u200b", "city.", "x", "c-i-t-t-y"])
def test_a_suggestion_is_never_what_was_written(sync, name):
    result = sync({"companies": [company("C1") | {name: "Rome"}]})
    (message,) = messages(result, "unknown_column")
    assert message.startswith(f"No company has a column “{visible(name)}”; its values were not loaded.")
    assert f"Did you mean “{name}”" not in message


def test_a_long_name_of_a_column_is_cut(uploads):
    name = "x" * 1_000_000
    result = uploads.load(f"{COMPANY},{name}\nC1,Acme,Customer,true,1\n", "companies.csv")
    assert messages(result, "unknown_column") == [
        f"No company has a column “{'x' * 100}…”; its values were not loaded."
    ]
    twice = uploads.load(f"{COMPANY},{name},{name}\nC1,Acme,Customer,true,1,2\n", "companies.csv")
    assert all(len(message) < 500 for message in twice.details.values_list("message", flat=True))
    assert len(twice.process_result_message) < 500
    batch = f'{{"companies": [{json.dumps(company("C1"))}], "{name}": 5, "{name}y": [{{"{name}": 1, "{name}": 2}}]}}'
    result = uploads.load(batch, "batch.json", format="batch")
    assert result.status_code == "Success"
    assert all(len(message) < 600 for message in result.details.values_list("message", flat=True))


def test_a_row_that_ends_early_is_told_so(uploads):
    files = {
        "companies.csv": GOOD,
        "invoices.csv": f"{INVOICE}\nI1,C1,1,C1\nI2,C1,1\nI3,C1,1,C1\n",
        "contacts.csv": "erpKey,companyErpKey,isActive\nK1,C1,true\nK2,C1\n",
        "payments 100 %s.csv": "erpKey,companyErpKey\n",
    }
    result = uploads.load(zipped(files), "books.zip")
    assert messages(result, "reference_missing") == [
        "customerErpKey is missing, because the row ends before that column, but every invoice needs it. Complete the "
        "row."
    ]
    assert messages(result, "required_missing") == [
        "isActive is missing, because the row ends before that column, but every new contact needs it. Complete the "
        "row."
    ]
    assert set(Invoice.objects.values_list("erp_key", flat=True)) == {"I1", "I3"}


def test_a_file_without_the_column_is_told_to_add_it(uploads):
    files = {
        "companies.csv": GOOD,
        "invoices 100 %s.csv": "erpKey,companyErpKey,currencyRate\nI1,C1,1\n",
        "invoices.jsonl": '{"erpKey": "I2", "companyErpKey": "C1", "currencyRate": 1}\n'
        '{"erpKey": "I3", "companyErpKey": "C1", "customerErpKey": "C1", "currencyRate": 1}\n',
    }
    result = uploads.load(zipped(files), "books.zip")
    assert messages(result, "reference_missing") == [
        "customerErpKey is missing, but every invoice needs it. Add the column and fill it in."
    ]
