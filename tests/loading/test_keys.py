"""Keys, references and codes that are written in several ways, in every way in which data come."""

import json

import pytest

from adsplatform.records.models import Company, CustomField, FinancialAccountBalanceHistory, Invoice
from tests.connectors.reading import zipped
from tests.loading.conftest import GivenRows, account, balance, company, invoice
from tests.samples.sheets import cell, sheet, workbook

COMPANY = "erpKey,companyName,companyType,isActive"
INVOICE = "erpKey,companyErpKey,customerErpKey,currencyRate"
# Three keys, the first in five spellings, the last in two.
ALIKE = ["R7", "R7 ", " R7", "R7\u00a0", "\u2003R7", "R7x", "R\u0301", "\u0154"]
KEYS = {"R7", "R7x", "\u0154"}


@pytest.fixture
def load(uploads):
    """Load the texts of some files, or the lists of a batch."""

    def run(files, **wanted):
        if any(isinstance(content, list) for content in files.values()):
            return uploads.load(json.dumps(files), "batch.json", format="batch", **wanted)
        return uploads.load(zipped(files), "books.zip", **wanted)

    return run


def problems(result, kind=None, columns=("code", "line", "column", "value")):
    """What is told of a sync, apart from assumed values."""
    found = result.details.exclude(code="value_assumed")
    found = found.filter(kind=kind) if kind else found
    return sorted(found.values_list(*columns), key=str)


def keys_of(model):
    return set(model.objects.values_list("erp_key", flat=True))


def csv_of(*keys):
    return "\n".join([COMPANY, *(f"{key},Acme,Customer,true" for key in keys), ""])


def sheet_of(*keys):
    return workbook(sheet(COMPANY.split(","), *([key, "Acme", "Customer", "true"] for key in keys)))


FORMS = {
    "csv": lambda keys: {"companies.csv": csv_of(*keys)},
    "csv with quotation marks": lambda keys: {"companies.csv": csv_of(*(f'"{key}"' for key in keys))},
    "jsonl": lambda keys: {"companies.jsonl": "".join(f"{json.dumps(company(key))}\n" for key in keys)},
    "jsonl, escaped": lambda keys: {
        "companies.jsonl": "".join(f"{json.dumps(company(key), ensure_ascii=True)}\n" for key in keys)
    },
    "jsonl, uneven": lambda keys: {
        "companies.jsonl": "".join(
            f"{json.dumps(company(key) | ({'city': 'Rome'} if at % 2 else {}))}\n" for at, key in enumerate(keys)
        )
    },
    "xlsx": lambda keys: {"companies.xlsx": sheet_of(*keys)},
    "batch": lambda keys: {"companies": [company(key) for key in keys]},
}


@pytest.mark.parametrize("form", FORMS)
def test_keys_that_look_alike_are_one_record(load, form):
    result = load(FORMS[form](ALIKE))
    assert result.status_code == "Success"
    assert keys_of(Company) == KEYS
    assert [code for code, *_ in problems(result)] == ["superseded"] * 5
    again = load(FORMS[form](ALIKE))
    assert again.results.get().updated == 0
    assert keys_of(Company) == KEYS


@pytest.mark.parametrize("directly", [False, True])
def test_keys_of_a_connector_that_look_alike_are_one_record(sync, counts, directly):
    result = sync({"companies": [company(key) for key in ALIKE]}, directly=directly)
    assert counts(result) == {"Company": {"lines_read": 8, "inserted": 3, "skipped": 5}}
    assert keys_of(Company) == KEYS


@pytest.mark.parametrize("form", FORMS)
def test_a_key_with_an_invisible_character_is_rejected_by_name(load, form):
    result = load(FORMS[form](["R7", "R7\u200b", "\ufeffR8", "R\u00ad9"]))
    assert keys_of(Company) == {"R7"}
    messages = result.details.filter(code="invisible_character").order_by("line").values_list("message", flat=True)
    assert [message.partition("seen, ")[2].partition(". ")[0] for message in messages] == [
        "U+200B (zero width space) after “R7”",
        "U+FEFF (zero width no-break space) before “R8”",
        "U+00AD (soft hyphen) after “R”",
    ]


@pytest.mark.parametrize("directly", [False, True])
@pytest.mark.parametrize("written", ["C1", "C1 ", "\u00a0C1", "C1\u3000"])
def test_a_reference_is_compared_as_keys_are(sync, written, directly):
    sync({"companies": [company("C1\u2009")]})
    result = sync({"invoices": [invoice("I1", written)]}, directly=directly)
    assert problems(result) == []
    assert Invoice.objects.get().customer.erp_key == "C1"


def test_a_reference_with_an_invisible_character_is_named_as_such(load):
    files = {
        "companies.csv": csv_of("C1", "Café"),
        "invoices.csv": f"{INVOICE}\nI1,C1\u200b,Cafe\u0301,1\nI2,C1,C1,1\n",
    }
    result = load(files)
    assert problems(result, "error") == [("invisible_character", 2, "companyErpKey", "C1\u200b")]
    assert keys_of(Invoice) == {"I2"}


def test_a_reference_of_a_rejected_line_is_compared_as_keys_are(load):
    files = {
        "companies.csv": csv_of("C1"),
        "invoices.csv": f"{INVOICE},totalAmount\nI1 ,C1 ,\u00a0C1,1,twelve\nI2,C1,C9 ,1,twelve\nI3,C1,C1,1,1\n",
    }
    result = load(files)
    assert problems(result, "error") == [
        ("bad_number", 2, "totalAmount", "twelve"),
        ("bad_number", 3, "totalAmount", "twelve"),
        ("reference_not_found", 3, "customerErpKey", "C9"),
    ]
    assert set(result.details.filter(kind="error").values_list("erp_key", flat=True)) == {"I1", "I2"}


def test_a_reference_to_a_rejected_line_is_found_by_its_clean_key(load):
    files = {
        "companies.csv": f"{COMPANY}\nC1,Acme,Customer,true\nC2 ,Bolt,Customer,perhaps\n",
        "invoices.csv": f"{INVOICE}\nI1,C1,\u2003C2,1\n",
    }
    message = load(files).details.get(code="reference_not_found").message
    assert "the company “C2” was itself rejected (companies.csv, line 3)" in message


def test_codes_and_labels_by_which_records_are_told_apart_are_keys_too(sync):
    sync({"financialAccounts": [account("A1", "1000 ")], "companies": [company("C1")]})
    sync({"financialAccountBalanceHistories": [balance(financialAccountCode="\u00a01000")]})
    assert FinancialAccountBalanceHistory.objects.get().financial_account.code == "1000"
    field = {"tableKey": "Company", "erpKey": " C1", "customFieldLabel": "Farbe ", "value": "rot"}
    sync({"customFields": [field, field | {"customFieldLabel": "Farbe", "value": " blau "}]})
    assert CustomField.objects.values_list("custom_field_label", "value").get() == ("Farbe", "blau")


def test_rows_with_blanks_are_known_again_and_change_their_record(sync, counts):
    rows = [company("C1 "), company("C2")]
    sync({"companies": rows})
    assert counts(sync({"companies": rows})) == {"Company": {"lines_read": 2, "unchanged": 2}}
    clean = [company("C1"), company(" C2", city="Rome")]
    assert counts(sync({"companies": clean})) == {"Company": {"lines_read": 2, "unchanged": 1, "updated": 1}}
    twice = [company("C1"), company(" C1 ")]
    assert counts(sync({"companies": twice})) == {"Company": {"lines_read": 2, "unchanged": 1, "skipped": 1}}


def test_a_full_sync_finds_records_by_clean_keys(sync, counts):
    sync({"companies": [company("C1"), company("C2")]})
    result = sync({"companies": [company("C1 "), company("\u00a0C2")]}, run_full_sync=True)
    assert counts(result) == {"Company": {"lines_read": 2, "unchanged": 2}}


def test_a_full_sync_with_an_invisible_character_in_a_key_deletes_nothing(sync, counts):
    sync({"companies": [company("C1"), company("C2")]})
    result = sync({"companies": [company("C1"), company("C2\u200b")]}, run_full_sync=True)
    assert counts(result) == {"Company": {"lines_read": 2, "unchanged": 1, "rejected": 1}}


# What is worth a look.


@pytest.mark.parametrize(
    ("form", "key"),
    [("csv", "1.23E+15"), ("csv", "TRUE"), ("csv with quotation marks", "9,9E+20"), ("jsonl", "17.0"),
     ("jsonl, uneven", "2024-01-03"), ("xlsx", "3-Mar"), ("batch", "1E+20")],
)  # fmt: skip
def test_keys_that_a_spreadsheet_has_changed_are_told_once(load, form, key):
    for _ in range(2):  # The second time all rows are unchanged, and the warning is the same.
        result = load(FORMS[form](["A1", key, "A2", key]))
        first = result.details.get(code="key_changed_by_spreadsheet")
        assert (first.column, first.value, first.kind) == ("erpKey", key, "warning")
        assert first.message.startswith("erpKey: 2 lines (")
        assert keys_of(Company) == {"A1", "A2", key}
    assert result.details.filter(code="superseded").count() == 1


def test_a_key_that_a_sheet_took_for_true_or_false_is_told(load):
    result = load(FORMS["xlsx"](["A1", cell("b", 1), cell("b", 0)]))
    assert keys_of(Company) == {"A1", "TRUE", "FALSE"}
    assert problems(result, columns=("code", "column", "value")) == [("key_changed_by_spreadsheet", "erpKey", "TRUE")]


def test_references_that_a_spreadsheet_has_changed_are_told(sync):
    result = sync({"companies": [company("1E+20")], "invoices": [invoice(f"I{n}", "1E+20") for n in range(9)]})
    assert problems(result, "warning", ("column", "message")) == [
        (column, f"{column}: {lines} a key that looks like a number, a date, TRUE or FALSE which a spreadsheet made of "
         "it, like “1E+20”. It was loaded as it is; different keys may have become one. Compare it with the source, "
         "and format the column as text before keys are put into it.")
        for column, lines in [
            ("companyErpKey", "9 lines (2, 3, 4, 5, 6, …) have"),
            ("customerErpKey", "9 lines (2, 3, 4, 5, 6, …) have"),
            ("erpKey", "line 2 has"),
        ]
    ]  # fmt: skip


def test_no_spreadsheet_has_changed_a_key_of_an_accounting_system(sync, monkeypatch):
    monkeypatch.setattr(GivenRows, "reads_files", False)
    for _ in range(2):
        result = sync({"companies": [company("1E+20"), company("C2", defaultCurrencyCode="eur")]})
        assert problems(result, columns=("code",)) == [("currency_in_lower_case",)]


def test_remarks_are_about_lines_that_load(sync):
    result = sync({"companies": [company("C1", city="x" * 200, defaultCurrencyCode="eur"), company("C2")]})
    assert problems(result, columns=("code",)) == [("too_long",)]


def test_currencies_are_read_in_capitals_and_unknown_ones_told(sync, counts):
    codes = ["EUR", "eur", "ZZZ", "€", "EU", "DEM", " usd", "", "QQQ", "RRR"]
    rows = [invoice(f"I{at}", currencyCode=code) for at, code in enumerate(codes)]
    sync({"companies": [company("C1")]})
    for _ in range(2):
        result = sync({"invoices": rows})
        assert problems(result, columns=("code", "column", "message")) == [
            ("currency_in_lower_case", "currencyCode", "currencyCode: 2 lines (3 and 8) have a currency’s code in "
             "small letters: “eur” and “ usd”. It was read in capital letters."),
            ("unknown_currency", "currencyCode", "currencyCode: 5 lines (4, 5, 6, 10 and 11) have a text that is no "
             "currency’s code by ISO 4217: “ZZZ”, “€” and “EU”. It was loaded as it is. Write a code such as EUR."),
        ]  # fmt: skip
    assert counts(result) == {"Invoice": {"lines_read": 10, "unchanged": 10}}
    loaded = dict(Invoice.objects.values_list("erp_key", "currency_code"))
    assert [loaded[f"I{at}"] for at in range(10)] == [
        "EUR", "EUR", "ZZZ", "€", "EU", "DEM", "USD", None, "QQQ", "RRR",
    ]  # fmt: skip


# JSON's own kinds of values.


def jsonl(*lines):
    return {"companies.jsonl": "".join(f"{line}\n" for line in lines)}


def a_company(key, **others):
    rest = "".join(f', "{name}": {value}' for name, value in others.items())
    return f'{{"erpKey": {key}, "companyName": "Acme", "companyType": "Customer", "isActive": true{rest}}}'


@pytest.fixture(params=["jsonl", "batch"])
def load_json(request, uploads):
    """Load JSON objects, written as texts, of one kind of record."""

    def run(name, *objects):
        if request.param == "jsonl":
            return uploads.load("".join(f"{line}\n" for line in objects), f"{name}.jsonl")
        return uploads.load(f'{{"{name}": [{", ".join(objects)}]}}', "batch.json", format="batch")

    return run


@pytest.mark.parametrize("others", [{}, {"city": '"Rome"'}])
def test_a_boolean_is_no_key(load_json, others):
    result = load_json("companies", a_company('"true"'), a_company("true"), a_company("false", **others))
    assert keys_of(Company) == {"true"}
    assert [code for code, *_ in problems(result, "warning")] == ["key_changed_by_spreadsheet"]
    assert problems(result, "error") == [("boolean_key", 2, "erpKey", "true"), ("boolean_key", 3, "erpKey", "false")]


@pytest.mark.parametrize(
    ("number", "key"),
    [("123.0", "123"), ("1.5e3", "1500"), ("1E+16", "10000000000000000"), ("-7.00", "-7"), ("4711", "4711"),
     ("123.50", "123.5"), ("123.5", "123.5"), ('"123.50"', "123.50"), ('"123.0"', "123.0"), ('"1E+16"', "1E+16")],
)  # fmt: skip
def test_a_number_as_a_key_is_its_digits(load_json, number, key):
    result = load_json("companies", a_company(number))
    assert keys_of(Company) == {key}
    told = {"4711": [], "123.50": [], "123.0": ["key_changed_by_spreadsheet"], "1E+16": ["key_changed_by_spreadsheet"]}
    assert [code for code, *_ in problems(result)] == told.get(key, ["key_from_number"])


def test_a_number_as_a_reference_is_its_digits(load_json, uploads):
    uploads.load(csv_of("77"), "companies.csv")
    result = load_json("invoices", '{"erpKey": "I1", "companyErpKey": 77.0, "customerErpKey": 77, "currencyRate": 1}')
    assert problems(result, "error") == []
    assert Invoice.objects.get().company.erp_key == "77"


@pytest.mark.parametrize(
    ("number", "loaded"),
    [("1.23456789E7", "12345678.9"), ("1e-05", "0.00001"), ("1E+3", "1000"), ("1.50e2", "150"), ("0e0", "0"),
     ("-2.5E-1", "-0.25"), ("1e19", "10000000000000000000"), ("12.0", "12")],
)  # fmt: skip
@pytest.mark.parametrize("others", ["", ', "netAmount": 1'])
def test_a_number_is_exact_in_any_notation(load_json, uploads, number, loaded, others):
    uploads.load(csv_of("C1"), "companies.csv")
    line = '{"erpKey": "I%d", "companyErpKey": "C1", "customerErpKey": "C1", "currencyRate": 1, "totalAmount": %s%s}'
    result = load_json("invoices", line % (1, "7.25", ""), line % (2, number, others))
    assert problems(result, "error") == []
    assert f"{Invoice.objects.get(erp_key='I2').total_amount.normalize():f}" == loaded


@pytest.mark.parametrize(
    ("value", "code"),
    [('"1E+3"', "bad_number"), ("1e20", "number_too_large"), ("1e-9", "too_many_decimals"), ("1e400", "bad_number")],
)
def test_a_text_in_scientific_notation_is_no_number(load_json, uploads, value, code):
    uploads.load(csv_of("C1"), "companies.csv")
    line = '{"erpKey": "I%d", "companyErpKey": "C1", "customerErpKey": "C1", "currencyRate": 1, "totalAmount": %s}'
    result = load_json("invoices", line % (1, "1"), line % (2, value))
    assert [(code, line) for code, line, *_ in problems(result, "error")] == [(code, 2)]


def test_a_csv_in_scientific_notation_stays_a_fault(load):
    files = {"companies.csv": csv_of("C1"), "invoices.csv": f"{INVOICE},totalAmount\nI1,C1,C1,1,1E+3\nI2,C1,C1,1,1\n"}
    assert problems(load(files), "error") == [("bad_number", 2, "totalAmount", "1E+3")]
