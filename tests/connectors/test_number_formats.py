"""Number formats: what a sheet shows, and when that cannot be known."""

from decimal import Decimal

import pytest

from syncs.connectors.formats.xlsx_formats import number_format


def shown(code, number, **given):
    return number_format(200, code).shown(Decimal(number), **given)


@pytest.mark.parametrize(
    ("code", "number", "text"),
    [
        ('"C-"0000', "12", "C-0012"),
        ('"C-"0000', "123456", "C-123456"),
        ('"C-"0000', "-12", "-C-0012"),
        ("00000-0000", "123456789", "12345-6789"),
        ("00000-0000", "1234", "00000-1234"),
        ("00000;-00000", "1234", "01234"),
        ("00000;-00000", "-1234", "-01234"),
        ("000\\ 00\\ 00", "1234567", "123 45 67"),
        ("(000) 000-0000", "5551234567", "(555) 123-4567"),
        ("###-####", "5551234", "555-1234"),
        ("0000/", "12", None),  # a slash makes fractions
        ('0"/"00', "1234", "12/34"),
        ('"Nr. "General', "12", "Nr. 12"),
        ("General", "12", "12"),
        ("@", "12", "12"),
        ('"K"@', "12", "K12"),
        ("[Red]0000", "12", "0012"),
        ("[$-407]0000", "12", "0012"),
        ("[$K-407]0000", "12", "K0012"),
        ("0%", "0.19", "19%"),
        ("0_)", "12", "12 "),
        ("*x0", "12", "12"),
        ("#,##0", "999", "999"),
        ("0.0#", "12.5", "12.5"),
        ('0;"minus "0', "-5", None),  # only a word tells the sign
        ("0;(0)", "-5", "(5)"),
        ('0;-0;"none"', "0", None),
        ('[<1000]"A"0000;"B"00000', "12", "A0012"),
        ('[<1000]"A"0000;"B"00000', "12345", "B12345"),
        ('[>=100]0;[>=10]"x"0;"y"0', "7", "y7"),
        ("0;-0;0;@", "12", "12"),
    ],
)
def test_numbers_are_shown_with_literals_zeros_and_sections(code, number, text):
    assert shown(code, number) == text


@pytest.mark.parametrize(
    ("code", "number"),
    [
        ("#,##0", "1000"),  # the separator depends on the region
        ("0.00", "12"),
        ("0.00", "12.5"),
        ("0", "12.5"),  # rounded
        ("0.0", "0.25"),
        ("#.#", "0.5"),
        ("0.00E+00", "12"),
        ("# ?/?", "12.5"),
        ("0,", "12000"),
        (";;;", "12"),
        ('"hidden"', "12"),
        ("0;0", "-5"),
        ("[<10]0;0", "-5"),
        ("[DBNum1]0", "12"),
        ("Q0", "12"),
        ("0" * 2_000, "12"),
    ],
)
def test_what_is_not_certain_is_not_told(code, number):
    assert shown(code, number) is None


@pytest.mark.parametrize(
    ("code", "number", "text"),
    [
        ("dd.mm.yyyy", "45351", "29.02.2024"),
        ("d. m. yy", "45351", "29. 2. 24"),
        ('yyyy"-Q"', "45351", None),
        ("yyyymmdd", "45351", "20240229"),
        ("dd.mm.yyyy hh:mm", "45351.5", "29.02.2024 12:00"),
        ("dd.mm.yyyy", "45351.5", None),  # hides the time
        ("mm.yyyy", "45351", None),  # hides the day
        ("dd/mm/yyyy", "45351", None),  # the slash depends on the region
        ("d mmm yyyy", "45351", None),
        ("[$-409]d mmm yyyy", "45351", "29 Feb 2024"),
        ("[$-809]dddd, d mmmm yyyy", "45351", "Thursday, 29 February 2024"),
        ("[$-407]d mmm yyyy", "45351", None),
        ("[$-F800]dddd, mmmm dd, yyyy", "45351", None),
        ("hh:mm", "0.75", "18:00"),
        ("h:mm AM/PM", "0.75", "6:00 PM"),
        ("h:mm", "0.7501", None),  # hides the seconds
        ("[h]:mm", "1.5", "36:00"),
        ("[mm]:ss", "0.0421875", "60:45"),
        ("[ss]", "0.5", "43200"),
        ("dd.mm.yyyy", "0", "00.01.1900"),
        ("dd.mm.yyyy", "60", "29.02.1900"),
        ("dd.mm.yyyy", "-1", None),
        ("mm:ss", "0.0104166666666667", "15:00"),
    ],
)
def test_dates_and_times_are_shown_where_all_of_them_is(code, number, text):
    assert shown(code, number) == text


def test_days_since_1904_are_shown():
    assert shown("dd.mm.yyyy", "0", since_1904=True) == "01.01.1904"


@pytest.mark.parametrize(
    ("number", "kind", "text"),
    [(1, "", "12"), (9, "", "1200%"), (14, "date", None), (22, "stamp", None), (20, "time", None), (49, "", "12")],
)
def test_built_in_formats(number, kind, text):
    format = number_format(number, None)
    assert (format.kind, format.shown(Decimal(12))) == (kind, text)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("yyyy-mm-dd", "date"),
        ("mmm yy", "date"),
        ("mm:ss", "time"),
        ("h:mm:ss.000", "time."),
        ("dd/mm/yyyy hh:mm", "stamp"),
        ("[$-407]dd. mmmm yyyy;@", "date"),
        ('0.00 "days"', ""),
        ("[h]:mm", ""),
        ("[Red]0;[Blue]-0", ""),
        ("General", ""),
        ("#,##0.00 [$€-407]", ""),
        ('"d"0', ""),
    ],
)
def test_a_format_makes_a_date_of_a_number_or_not(code, kind):
    assert number_format(200, code).kind == kind


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ('"C-"@', "C-0012"),
        ("@", "0012"),
        ("General", "0012"),
        ('0;-0;0;"T "@', "T 0012"),
        ("0;-0", "0012"),
        ('0;"x"@', "x0012"),
        (";;;", None),
        ('0;0;0;"text"', None),
    ],
)
def test_texts_are_shown_by_their_section(code, text):
    assert number_format(200, code).shown_text("0012") == text
