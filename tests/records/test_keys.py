"""Keys: one form for what a person takes for one key, and which of them a spreadsheet may have changed."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsplatform.records.checks import ColumnCheck, Fault
from adsplatform.records.column_patterns import PatternCheck
from adsplatform.records.currencies import CODES, HISTORIC, IN_USE
from adsplatform.records.keys import clean_key, is_changed_by_spreadsheet, is_clean
from adsplatform.records.specification import entities

KEY = entities()["Invoice"].columns["erp_key"]
REFERENCE = entities()["Company"].columns["parent_company_erp_key"]
CURRENCY = entities()["Invoice"].columns["currency_code"]


def check(column, cell):
    ((checked,), _) = ColumnCheck(column).check([cell])
    return checked


@pytest.mark.parametrize(
    "written",
    [
        "R7",
        "R7 ",
        " R7",
        "\tR7\r\n",
        "R7\u00a0",
        "\u3000R7\u2003",
        "R7\u202f",
        "\u1680R7\x85",
        "\u2028R7\u2029",
        "R7\x1f",
    ],
)
@pytest.mark.parametrize("column", [KEY, REFERENCE])
def test_white_space_around_a_key_is_no_part_of_it(column, written):
    assert check(column, written) == "R7"


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Cafe\u0301", "Caf\u00e9"),
        ("MU\u0308LLER ", "M\u00dcLLER"),
        ("\u212b-12", "\u00c5-12"),
        ("\u1112\u1161\u11ab", "\ud55c"),
        ("q\u0307\u0323", "q\u0323\u0307"),
    ],
)
def test_a_key_is_in_normal_form_c(written, key):
    assert check(KEY, written) == key
    assert clean_key(key) == key


@pytest.mark.parametrize(
    ("key", "named"),
    [
        ("R7\u200b", "U+200B (zero width space) after “R7”"),
        ("\ufeffR7", "U+FEFF (zero width no-break space) before “R7”"),
        ("R\u00ad7", "U+00AD (soft hyphen) after “R”"),
        ("\u200eR7", "U+200E (left-to-right mark) before “R7”"),
        ("R7\ufe0f", "U+FE0F (variation selector-16) after “R7”"),
        ("R\t7", "U+0009 after “R”"),
        ("R\x7f7", "U+007F after “R”"),
        ("R\u20287", "U+2028 (line separator) after “R”"),
        ("R\u034f7", "U+034F (combining grapheme joiner) after “R”"),
        ("\u2060R\u20607", "U+2060 (word joiner) before “R[U+2060]7”"),
        ("R7\u3164", "U+3164 (hangul filler) after “R7”"),
        ("R7 \u200b", "U+200B (zero width space) after “R7 ”"),
    ],
)
def test_an_invisible_character_in_a_key_is_named(key, named):
    fault = check(KEY, key)
    assert isinstance(fault, Fault)
    assert fault.code == "invisible_character"
    assert named in fault.message
    assert not is_clean(key)


@pytest.mark.parametrize("key", ["R7", "A B", "R\u00a07", "Straße 5", "Ñandú", "日本", "x" * 100, "a\\b", "50%", "🙂"])
def test_other_keys_stay_as_they_are(key):
    assert check(KEY, key) == key.replace("\\", "\\\\")
    assert is_clean(key)


def test_a_key_is_measured_in_the_form_in_which_it_is_stored():
    assert check(KEY, " " + "e\u0301" * 100 + " ") == "é" * 100
    assert check(KEY, "x" * 101).code == "too_long"


@pytest.mark.parametrize("blank", ["", " ", "\u00a0", "\t"])
def test_a_key_of_blanks_is_empty(blank):
    assert check(KEY, blank).code == "required_empty"
    assert check(REFERENCE, blank) == "\\N"


def test_other_texts_keep_their_invisible_characters():
    city = entities()["Company"].columns["city"]
    assert check(city, " Ro\u200bme ") == "Ro\u200bme"


@pytest.mark.parametrize(
    "key",
    ["1.23E+15", "1,23E+15", "1E+20", "-4.5e-07", "1.23e15", "123.0", "123,0", "03.01.2024", "2024-01-03", "1/3/24",
     "2024-01-03 00:00:00", "2024-01-03T00:00:00", "3-Mar", "Mar-24", "1. Mrz", "01-Jan", "TRUE", "false"],
)  # fmt: skip
def test_keys_that_a_spreadsheet_makes(key):
    assert is_changed_by_spreadsheet(key)


@pytest.mark.parametrize(
    "key",
    ["12E5", "1E10", "E+15", "INV-2024", "10.12", "1.2.3", "4000.00", "99.99.2024", "2024-13-01", "24/01/007", "3-Marc",
     "192.168.0.1", "A1.0", "", "100", "TRUE1", "12.50", "1230000000000000"],
)  # fmt: skip
def test_keys_that_it_does_not_make(key):
    assert not is_changed_by_spreadsheet(key)


@pytest.mark.parametrize(
    ("written", "loaded"),
    [("EUR", "EUR"), ("eur", "EUR"), (" Chf ", "CHF"), ("DEM", "DEM"), ("ZZZ", "ZZZ"), ("€", "€"), ("EU", "EU")],
)
def test_a_currency_code_is_read_in_capitals(written, loaded):
    assert check(CURRENCY, written) == loaded


@pytest.mark.parametrize("word", ["EURO", "US-Dollar", "EUR\u200b"])
def test_a_word_for_a_currency_is_a_fault_that_names_a_code(word):
    fault = check(CURRENCY, word)
    assert fault.code == "too_long"
    assert fault.message.endswith("but a currency has 3. Write its code, such as EUR.")


def test_currencies_are_codes_of_three_letters():
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CODES)
    assert not IN_USE & HISTORIC
    assert {"EUR", "USD", "CHF", "JPY", "XAF", "ZWG"} <= IN_USE
    assert {"DEM", "FRF", "ITL", "ATS", "HRK", "BGL"} <= HISTORIC


CELLS = [
    "R7", "R 7", " R7", "R7 ", "R7\u00a0", "R7\u200b", "Café", "Cafe\u0301", "", " ", "a\\b", "a\tb", "1.23E+15",
    "True", "x" * 101, "é" * 60, "\x7f", "3-MAR", "2024-01-03",
]  # fmt: skip


@pytest.mark.parametrize("column", [KEY, REFERENCE])
@pytest.mark.parametrize("alone", [False, True])
def test_a_pattern_lets_no_key_pass_that_a_check_would_change(column, alone):
    check = PatternCheck(column)
    needs_checks = []
    for one in [[cell] for cell in CELLS] if alone else [CELLS]:
        cells = pl.Series("cells", [cell or None for cell in one], dtype=pl.String)
        unclear = check.needs_cell_check(pl.col("cells"), is_copy_safe=False, is_plain=check.is_plain(cells))
        needs_checks += cells.to_frame().select(unclear).to_series().to_list()
    for cell, needs_check in zip(CELLS, needs_checks, strict=True):
        ((checked,), _) = ColumnCheck(column).check([cell])
        if not needs_check:
            assert checked == (cell or "\\N")
            assert not is_changed_by_spreadsheet(cell)
    assert not needs_checks[0]
    assert not needs_checks[1]


@pytest.mark.parametrize(
    ("column", "cells", "is_plain"),
    [
        (KEY, ["R7", "R~8", "1.5E+9"], True),
        (KEY, ["R7", None], True),
        (KEY, [None, None], True),
        (KEY, [], True),
        (KEY, ["R7", "R 8"], False),
        (KEY, ["R7", "é"], False),
        (KEY, ["R7", "\x7f"], False),
        (KEY, ["R7", "R\t8"], False),
        (CURRENCY, ["EUR", "EUR", None], True),
        (CURRENCY, ["EUR", "USD"], False),
        (CURRENCY, ["eur", "eur"], False),
        (CURRENCY, [None, "EUR"], False),
        (CURRENCY, [], False),
        (entities()["Company"].columns["city"], ["Rome"], False),
    ],
)
def test_a_quick_look_shows_what_needs_less_than_a_pattern(column, cells, is_plain):
    assert PatternCheck(column).is_plain(pl.Series(cells, dtype=pl.String)) == is_plain


@given(st.text(st.sampled_from("aé1.E+- \u0301\u00a0\u200b\ufe0f\t"), max_size=6))
def test_a_checked_key_is_clean_and_stays_the_same(text):
    loaded = check(KEY, text)
    if isinstance(loaded, str):
        assert is_clean(loaded)
        assert check(KEY, loaded) == loaded
