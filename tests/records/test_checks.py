"""Single cells: what loads and in which form, and the problem that each other cell gets."""

import pytest

from adsplatform.records.checks import ColumnCheck, Fault, as_text
from adsplatform.records.specification import entities

COLUMNS = {
    "amount": entities()["Invoice"].columns["total_amount"],
    "integer": entities()["PaymentApplied"].columns["entry_number"],
    "small": entities()["JournalEntry"].columns["source"],
    "action": entities()["Invoice"].columns["on_match_action"],
    "double": entities()["Invoice"].columns["origin_address_latitude"],
    "boolean": entities()["Company"].columns["is_active"],
    "flag": entities()["Invoice"].columns["is_voided"],
    "uuid": entities()["Invoice"].columns["network_id"],
    "date": entities()["Invoice"].columns["invoice_date"],
    "stamp": entities()["Invoice"].columns["imported_date"],
    "text": entities()["Company"].columns["city"],
    "required": entities()["Company"].columns["company_name"],
    "json": entities()["JournalEntryLine"].columns["dimensions"],
}


def check(kind, cell):
    ((checked,), _) = ColumnCheck(COLUMNS[kind]).check([as_text(cell)])
    return checked


@pytest.mark.parametrize(
    ("kind", "cell", "loaded"),
    [
        ("amount", "12.50", "12.50"),
        ("amount", " -3 ", "-3"),
        ("amount", ".5", "0.5"),
        ("amount", "12345678901234567890.12345678", "12345678901234567890.12345678"),
        ("amount", "0.100000000000", "0.1"),
        ("amount", 7, "7"),
        ("amount", "", "\\N"),
        ("amount", None, "\\N"),
        ("integer", "012", "12"),
        ("double", "47.6062", "47.6062"),
        ("double", "-1e2", "-100.0"),
        ("boolean", "TRUE", "true"),
        ("boolean", "False", "false"),
        ("boolean", "1", "true"),
        ("boolean", False, "false"),
        ("flag", "", "false"),
        ("uuid", "{0F8FAD5B-D9CB-469F-A165-70867728950E}", "0f8fad5b-d9cb-469f-a165-70867728950e"),
        ("uuid", "0f8fad5bd9cb469fa16570867728950e", "0f8fad5b-d9cb-469f-a165-70867728950e"),
        ("date", "2024-02-29", "2024-02-29"),
        ("date", "2022-03-31T00:00:00.0000000Z", "2022-03-31"),
        ("date", "2022-03-31 23:59:59", "2022-03-31"),
        ("stamp", "2021-11-09T12:04:24.46", "2021-11-09 12:04:24.460000+00:00"),
        ("stamp", "2021-11-09 12:04:24", "2021-11-09 12:04:24+00:00"),
        ("stamp", "2021-11-09", "2021-11-09 00:00:00+00:00"),
        ("stamp", "2021-11-09T12:04:24.1234567+02:00", "2021-11-09 10:04:24.123456+00:00"),
        ("stamp", "2021-11-09T12:04Z", "2021-11-09 12:04:00+00:00"),
        ("text", "Köln", "Köln"),
        ("text", "a\tb\\c\nd", "a\\tb\\\\c\\nd"),
        ("text", "  spaced\u3000", "spaced"),
        ("text", 8005, "8005"),
        ("text", "", "\\N"),
        ("json", {"a": 1}, '{"a": 1}'),
        ("json", '{"a": -1.5e300, "b": "NaN"}', '{"a": -1.5e300, "b": "NaN"}'),
        ("json", '{"cost": "1.10"}', '{"cost": "1.10"}'),
    ],
)
def test_a_valid_cell_becomes_its_copy_text(kind, cell, loaded):
    assert check(kind, cell) == loaded
    # A line whose text is what another one has become is known by it, without another check.
    if "\\" not in loaded:
        assert check(kind, loaded) == loaded


@pytest.mark.parametrize(
    ("kind", "cell", "code", "message"),
    [
        (
            "amount", "1.234,56", "bad_number",
            "totalAmount: “1.234,56” is not a number. Write the decimals after a point, not a comma, and leave out "
            "thousands separators, like 1234.50.",
        ),
        (
            "amount", "1,234.56", "bad_number",
            "totalAmount: “1,234.56” is not a number. Leave out the thousands separators, like 1234.50.",
        ),
        (
            "amount", "$5", "bad_number",
            "totalAmount: “$5” is not a number. Leave out the currency; it has a column of its own. Write the number "
            "alone, like 1234.50.",
        ),
        (
            "amount", "1.2E+05", "bad_number",
            "totalAmount: “1.2E+05” is not a number. It is in scientific notation, which may have lost digits; write "
            "the number out in full.",
        ),
        (
            "amount", "NaN", "bad_number",
            "totalAmount: “NaN” is not a number. Leave the cell empty where there is no number, or write one, "
            "like 1234.50.",
        ),
        (
            "amount", "١٢", "bad_number",
            "totalAmount: “١٢” is not a number. Write digits with a decimal point, like 1234.50.",
        ),
        (
            "amount", "123456789012345678901", "number_too_large",
            "totalAmount: “123456789012345678901” has more than 20 digits before the decimal point. Check the amount.",
        ),
        (
            "amount", "0.123456789", "too_many_decimals",
            "totalAmount: “0.123456789” has more than 8 decimal places. Round it to 8 or fewer.",
        ),
        (
            "integer", "1.0", "bad_integer",
            "entryNumber: “1.0” is not a whole number. Write digits only, like 12.",
        ),
        (
            "integer", "3000000000", "out_of_range",
            "entryNumber: “3000000000” is out of range; use a number from -2147483648 to 2147483647.",
        ),
        ("small", "40000", "out_of_range", "source: “40000” is out of range; use a number from -32768 to 32767."),
        ("action", "3", "out_of_range", "onMatchAction: “3” is out of range; use a number from 0 to 2."),
        ("boolean", "perhaps", "bad_boolean", "isActive: “perhaps” is neither true nor false. Write true or false."),
        ("boolean", "", "required_empty", "isActive is empty, but every company needs it. Fill it in."),
        (
            "uuid", "abc", "bad_uuid",
            "networkId: “abc” is not a platform id. Such an id looks like 0f8fad5b-d9cb-469f-a165-70867728950e.",
        ),
        (
            "date", "2024-01-31 10:00 AM", "bad_date",
            "invoiceDate: “2024-01-31 10:00 AM” is not a date. Write it as YYYY-MM-DD, like 2024-02-29.",
        ),
        (
            "date", "31.12.2024", "bad_date",
            "invoiceDate: “31.12.2024” is not a date. Write it as YYYY-MM-DD, like 2024-02-29.",
        ),
        (
            "date", "2023-02-29", "impossible_date",
            "invoiceDate: “2023-02-29” names a day that does not exist. Write it as YYYY-MM-DD, like 2024-02-29.",
        ),
        (
            "stamp", "2024-01-01T25:00", "impossible_time",
            "importedDate: “2024-01-01T25:00” names a time that does not exist. Write it as YYYY-MM-DDTHH:MM:SS, with "
            "Z or an offset if it is not UTC.",
        ),
        (
            "stamp", "0001-01-01T00:00+05:00", "impossible_time",
            "importedDate: “0001-01-01T00:00+05:00” names a time that does not exist. Write it as "
            "YYYY-MM-DDTHH:MM:SS, with Z or an offset if it is not UTC.",
        ),
        (
            "text", "x" * 101, "too_long",
            f"city: “{'x' * 100}…” has 101 characters; at most 100 fit. Shorten it.",
        ),
        (
            "text", "a\0b", "nul_character",
            "city: “a␀b” contains a NUL character. Remove it; it is not part of any text.",
        ),
        (
            "text", "K\udcf6ln", "bad_encoding",
            "city: “K\\xf6ln” holds the byte 0xF6 at character 2, which is not UTF-8 text. Save the file as UTF-8, "
            "then send it again.",
        ),
        (
            "text", "K\ud800ln", "bad_encoding",
            "city: “K\\ud800ln” holds half a character, as where an emoji was cut in two. Remove it, or export the "
            "text again.",
        ),
        ("required", "  ", "required_empty", "companyName is empty, but every company needs it. Fill it in."),
        ("json", "12", "bad_json", "dimensions: “12” is not a JSON object. Send an object."),
        (
            "json", '{"a": NaN}', "bad_json",
            "dimensions: “{\"a\": NaN}” is not JSON. Send an object, or leave the column empty.",
        ),
        (
            "json", '{"a": 1e999999}', "bad_json",
            "dimensions: “{\"a\": 1e999999}” is not JSON. Send an object, or leave the column empty.",
        ),
        (
            "json", '{"a": "\\ud800"}', "bad_encoding",
            "dimensions: “{\"a\": \"\\ud800\"}” contains half a character (like \\ud800). Remove it.",
        ),
        (
            "json", '{"a\\u0000": 1}', "nul_character",
            "dimensions: “{\"a\\u0000\": 1}” contains a NUL character. Remove it.",
        ),
    ],
)  # fmt: skip
def test_an_invalid_cell_is_a_fault(kind, cell, code, message):
    assert check(kind, cell) == Fault(code, message)


def test_faults_are_found_among_good_cells_every_time():
    column = ColumnCheck(COLUMNS["amount"])
    for _ in range(2):
        checked, faults = column.check(["1", "x", "2", "x"])
        assert list(faults) == [1, 3]
        assert (checked[0], checked[2]) == ("1", "2")


def test_long_values_are_not_cached():
    column = ColumnCheck(COLUMNS["json"])
    column.check([f'{{"a": "{number:0200}"}}' for number in range(10)])
    assert not column.cache
