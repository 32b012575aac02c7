"""How the numbers, dates and flags of a column are written: every verdict, and what is never decided wrongly."""

import os
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncs.import_profiles.boolean_styles import judge_booleans
from syncs.import_profiles.cell_values import NumberReader
from syncs.import_profiles.date_styles import judge_dates
from syncs.import_profiles.month_names import MONTHS
from syncs.import_profiles.number_styles import judge_numbers
from syncs.import_profiles.profile import Style

TODAY = date(2026, 11, 30)
EXAMPLES = int(os.environ.get("EXAMPLES", 300))


def lines_of(cells):
    return list(range(2, len(cells) + 2))


# What the column holds, the verdict, the decimal mark, and the marks that group digits.
NUMBERS = [
    # Both marks in one cell decide.
    (["2.310,40", "7"], "sure", ",", (".",)),
    (["2,310.40"], "sure", ".", (",",)),
    (["11.222.333,5"], "sure", ",", (".",)),
    (["-7,310.99", "12"], "sure", ".", (",",)),
    # One or two digits behind the mark decide.
    (["12,5", "7,00"], "sure", ",", ()),
    (["3.1", "8.25"], "sure", ".", ()),
    (["44,10", "3"], "sure", ",", ()),
    (["6.0"], "sure", ".", ()),
    # A mark that comes twice groups, so the other one is decimal.
    (["4.000.000"], "sure", ",", (".",)),
    (["4,000,000", "12"], "sure", ".", (",",)),
    (["11.222.333", "1.111"], "sure", ",", (".",)),
    # Indian groups.
    (["1,23,456.78"], "sure", ".", (",",)),
    (["9,87,65,432"], "sure", ".", (",",)),
    (["12,34,567.5", "8"], "sure", ".", (",",)),
    # Three digits behind a single mark prove nothing.
    (["1.234", "25.000"], "open", "", ()),
    (["1,234"], "open", "", ()),
    (["999.999", "12"], "open", "", ()),
    (["1.234", "5,678"], "open", "", ()),
    # … unless another cell proves a mark.
    (["7.654", "85,00"], "sure", ",", (".",)),
    (["7.654", "85.00"], "sure", ".", ()),
    (["7,654", "85.0"], "sure", ".", (",",)),
    (["7,654", "85,0"], "sure", ",", ()),
    # A zero, nothing or more than three digits before the mark decide.
    (["0,125"], "sure", ",", ()),
    ([",500"], "sure", ",", ()),
    (["4321,567"], "sure", ",", ()),
    (["0.875", "3"], "sure", ".", ()),
    (["12,3456"], "sure", ",", ()),
    # Two styles in one column.
    (["1.234,5", "1,234.5"], "mixed", "", ()),
    (["12,50", "12.50", "13.50"], "mixed", "", ()),
    (["4.000.000", "4,000,000"], "mixed", "", ()),
    (["0,5", "0.5"], "mixed", "", ()),
    # Blanks of all widths, and apostrophes.
    (["1 234,50", "2\u00a0345,10"], "sure", ",", (" ", "\u00a0")),
    (["7\u202f000,00"], "sure", ",", ("\u202f",)),
    (["1\u2009234.5"], "sure", ".", ("\u2009",)),
    (["1 234", "12 500"], "sure", "", (" ",)),
    (["7\u00a0500"], "sure", "", ("\u00a0",)),
    (["1'234.50", "9’999.00"], "sure", ".", ("'", "’")),
    (["8’100,5"], "sure", ",", ("’",)),
    # Whole amounts.
    (["980.—"], "sure", "", ()),
    (["980.--", "1'100.--"], "sure", "", ("'",)),
    (["980,-"], "sure", "", ()),
    (["1.980,-"], "sure", ",", (".",)),
    (["1,980.–"], "sure", ".", (",",)),
    (["1234", "5"], "sure", "", ()),
    (["0"], "sure", "", ()),
    (["", " "], "sure", "", ()),
    # Signs.
    (["-5,5", "−6,5", "–7,5"], "sure", ",", ()),
    (["1.250,00-", "5-"], "sure", ",", (".",)),
    (["(125.00)", "(1,000.00)"], "sure", ".", (",",)),
    (["+3.50"], "sure", ".", ()),
    # Sides, currencies, percent.
    (["125.00 CR", "3.50 DR"], "sure", ".", ()),
    (["12,00 C", "9,00 D"], "sure", ",", ()),
    (["€ 12,50", "3,00 €"], "sure", ",", ()),
    (["12.50 USD", "CHF 1'000.00"], "sure", ".", ("'",)),
    (["$5", "-$1,000.00"], "sure", ".", (",",)),
    (["19 %", "7,5%"], "sure", ",", ()),
    # Digits that are lost, and words for nothing.
    (["1.23E+15", "5.00"], "refused", "", ()),
    (["4,5E3"], "refused", "", ()),
    (["1E5", "2E5"], "refused", "", ()),
    (["-", "n/a", "1,5"], "sure", ",", ()),
    (["–", "3.25"], "sure", ".", ()),
]


@pytest.mark.parametrize(("cells", "verdict", "decimal", "thousands"), NUMBERS, ids=lambda value: str(value)[:40])
def test_the_numbers_of_a_column_are_judged_as_a_whole(cells, verdict, decimal, thousands):
    finding = judge_numbers(cells, lines_of(cells))
    assert (finding.verdict, finding.style, finding.thousands) == (verdict, decimal, thousands)


def test_the_evidence_names_the_clearest_cell_and_its_line():
    finding = judge_numbers(["85,00", "1.235,51", "9"], [2, 3, 4])
    assert finding.evidence == "2 of 3 prove it, none against; line 3: 1.235,51"


def test_an_open_column_says_what_both_readings_add_up_to():
    finding = judge_numbers(["1.234", "25.000"], [2, 3])
    assert finding.reason == (
        "“1.234” can be read in two ways. With a decimal point the column adds up to 26.234, with a decimal comma to "
        "26234."
    )


def test_a_mixed_column_names_the_rarer_style():
    finding = judge_numbers(["12.50", "13.50", "12,50"], [2, 3, 4])
    assert finding.evidence == "2 of 3 prove it, 1 against; line 2: 12.50; against it, line 4: 12,50"


@pytest.mark.parametrize(
    ("cells", "remark"),
    [
        (["5-", "1,50-"], "“5-” is negative: the sign stands behind."),
        (["(12.50)"], "Brackets are negative: “(12.50)”."),
        (["980.—"], "“980.—” is a whole amount."),
        (["1.234", "85.00"], "“1.234” is a number with three decimals, because the decimal mark is proven."),
    ],
)
def test_what_is_unusual_is_told(cells, remark):
    assert remark in judge_numbers(cells, lines_of(cells)).remarks


def test_cells_that_are_no_numbers_are_counted():
    finding = judge_numbers(["12,50", "see note", "1.2.3"], [2, 3, 4])
    assert (finding.others, str(finding.other_example)) == (2, "line 3: see note")


def test_currencies_and_words_for_nothing_are_collected():
    finding = judge_numbers(["€ 5", "7 USD", "n/a", "-"], [2, 3, 4, 5])
    assert finding.currencies == ("€", "USD")
    assert finding.empty_words == ("n/a", "-")


DATES = [
    # A part above 12 decides.
    (["31/12/2024", "03/04/2024"], "sure", "DD/MM/YYYY"),
    (["03/04/2024", "12/31/2024"], "sure", "MM/DD/YYYY"),
    (["17/2/2025"], "sure", "DD/MM/YYYY"),
    (["02-13-2025"], "sure", "MM-DD-YYYY"),
    # None does.
    (["03/04/2024", "11/12/2024"], "open", ""),
    (["5/5/2024"], "open", ""),
    (["03-04-2024"], "open", ""),
    (["03.04.2024"], "likely", "DD.MM.YYYY"),
    # Both orders, several forms.
    (["31/12/2024", "12/31/2024"], "mixed", ""),
    (["13.01.2025", "01.13.2025"], "mixed", ""),
    (["2024-12-31", "31.12.2024"], "mixed", ""),
    (["31.12.2024", "31/12/2024"], "mixed", ""),
    (["31/12/2024", "31/12/24"], "mixed", ""),
    (["5 Jan 2025", "Jan 6, 2025"], "mixed", ""),
    (["2024-12-31", "45657"], "mixed", ""),
    # Points, and years first.
    (["31.12.2024"], "sure", "DD.MM.YYYY"),
    (["1.1.2025", "28.2.2025"], "sure", "DD.MM.YYYY"),
    (["2024-12-31"], "sure", "YYYY-MM-DD"),
    (["2024/12/31"], "sure", "YYYY/MM/DD"),
    (["20241231", "20250101"], "sure", "YYYYMMDD"),
    (["31122024"], "sure", "DDMMYYYY"),
    (["2024-13-01"], "refused", ""),
    (["2024-25-12", "2024-01-02"], "refused", ""),
    # Years of two digits.
    (["31/12/24"], "sure", "DD/MM/YY"),
    (["12/31/24"], "sure", "MM/DD/YY"),
    (["11/12/13"], "open", ""),
    (["25/12/24", "26/12/24"], "likely", "DD/MM/YY"),
    (["31.12.99"], "sure", "DD.MM.YY"),
    # Names of months.
    (["5 Jan 2025"], "sure", "DD MMM YYYY"),
    (["Jan 5, 2025"], "sure", "MMM DD, YYYY"),
    (["5. Januar 2025", "7. März 2025"], "sure", "DD MMM YYYY"),
    (["5 janv. 2025", "1 août 2025"], "sure", "DD MMM YYYY"),
    (["5 ene 2025", "6 dic 2025"], "sure", "DD MMM YYYY"),
    (["5 mrt 2025"], "sure", "DD MMM YYYY"),
    (["5 maj 2025"], "sure", "DD MMM YYYY"),
    (["05-Jan-2025"], "sure", "DD-MMM-YYYY"),
    (["5 Foo 2025"], "refused", ""),
    # No day.
    (["Jan-25"], "refused", ""),
    (["01/2025"], "refused", ""),
    (["Januar 2025"], "refused", ""),
    (["2025-W07"], "open", ""),
    (["KW 7"], "open", ""),
    (["2025-W07-1"], "sure", "YYYY-Www-D"),
    # Excel's count of days.
    (["45657", "45716"], "likely", "excel"),
    (["60", "45657"], "refused", ""),
    (["0"], "refused", ""),
    (["7"], "refused", ""),
    # Times, zones, and dates that stand for nothing.
    (["31/12/2024 10:05"], "sure", "DD/MM/YYYY"),
    (["12/31/2024 10:05 PM"], "sure", "MM/DD/YYYY"),
    (["2024-12-31T23:30:00Z"], "sure", "YYYY-MM-DD"),
    (["2024-12-31 08:00:00 +0200"], "sure", "YYYY-MM-DD"),
    (["00.00.0000", "31.12.2024"], "sure", "DD.MM.YYYY"),
    (["1900-01-01", "2024-12-31"], "sure", "YYYY-MM-DD"),
    (["01/01/0001", "31/12/2024"], "sure", "DD/MM/YYYY"),
    (["", " "], "sure", ""),
    (["soon", "later"], "refused", ""),
]


@pytest.mark.parametrize(("cells", "verdict", "pattern"), DATES, ids=lambda value: str(value)[:40])
def test_the_dates_of_a_column_are_judged_as_a_whole(cells, verdict, pattern):
    finding = judge_dates(cells, lines_of(cells), TODAY)
    assert (finding.verdict, finding.style) == (verdict, pattern)


@pytest.mark.parametrize(
    ("cells", "stated", "verdict", "pattern"),
    [
        (["03/04/2024"], "dd/mm/yyyy", "sure", "DD/MM/YYYY"),
        (["03/04/2024"], "mm/dd/yyyy", "sure", "MM/DD/YYYY"),
        (["03.04.2024"], "TT.MM.JJJJ", "sure", "DD.MM.YYYY"),
        (["12/31/2024"], "dd/mm/yyyy", "mixed", "MM/DD/YYYY"),
        (["31/12/2024"], "jj/mm/aaaa", "sure", "DD/MM/YYYY"),
        (["03/04/2024"], "", "open", ""),
    ],
)
def test_what_the_name_of_the_column_states_is_evidence(cells, stated, verdict, pattern):
    finding = judge_dates(cells, lines_of(cells), TODAY, header_pattern=stated)
    assert (finding.verdict, finding.style) == (verdict, pattern)


def test_an_open_date_is_shown_in_both_readings():
    finding = judge_dates(["03/04/2025"], [2], TODAY)
    assert finding.reason == "No part of a date is above 12: “03/04/2025” is 3 April or March 4, 2025."
    assert finding.choices == ("DD/MM/YYYY", "MM/DD/YYYY")


def test_two_digit_years_offer_every_reading_that_fits():
    assert judge_dates(["11/12/13"], [2], TODAY).choices == ("DD/MM/YY", "MM/DD/YY", "YY/MM/DD")


def test_days_of_a_workbook_from_1904_are_offered_where_they_could_be():
    assert judge_dates(["43500"], [2], TODAY).choices == ("excel", "excel1904")
    assert judge_dates(["46200"], [2], TODAY).choices == ("excel",)


def test_a_time_and_a_zone_are_told():
    with_time = judge_dates(["31/12/2024 10:05"], [2], TODAY)
    with_zone = judge_dates(["2024-12-31T23:30:00Z"], [2], TODAY)
    assert with_time.remarks == ("“31/12/2024 10:05” has a time, which is left out.",)
    assert with_zone.remarks == ("“2024-12-31T23:30:00Z” has a time and a zone: the date is taken as it is written.",)


def test_dates_that_stand_for_nothing_are_collected():
    assert judge_dates(["00.00.0000", "31.12.2024"], [2, 3], TODAY).empty_words == ("00.00.0000",)


@pytest.mark.parametrize("name", ["mars", "mai", "juli", "dec", "sept", "juin", "augusti", "gennaio"])
def test_months_that_languages_share_are_one_month(name):
    expected = {"mars": 3, "mai": 5, "juli": 7, "dec": 12, "sept": 9, "juin": 6, "augusti": 8}
    assert MONTHS.get(name) == expected.get(name)


BOOLEANS = [
    (["true", "false"], "sure", ("true",), ("false",)),
    (["1", "0", "1"], "sure", ("1",), ("0",)),
    (["TRUE"], "sure", ("TRUE",), ()),
    (["Yes", "No"], "sure", ("Yes",), ("No",)),
    (["ja", "nein"], "sure", ("ja",), ("nein",)),
    (["ja", "nee"], "sure", ("ja",), ("nee",)),
    (["Sí", "No"], "sure", ("Sí",), ("No",)),
    (["oui", "non", ""], "sure", ("oui",), ("non",)),
    (["J", "N"], "sure", ("J",), ("N",)),
    (["O", "N"], "sure", ("O",), ("N",)),
    (["N"], "likely", (), ("N",)),
    (["O"], "likely", (), ("O",)),
    (["nein"], "likely", (), ("nein",)),
    (["X", ""], "likely", ("X",), ()),
    (["x", "", "x"], "likely", ("x",), ()),
    (["Aktiv", "Gesperrt"], "likely", ("Aktiv",), ("Gesperrt",)),
    (["Active", "Blocked"], "likely", ("Active",), ("Blocked",)),
    (["ja", "no"], "likely", ("ja",), ("no",)),
    (["ja", "nein", "teilweise"], "open", (), ()),
    (["maybe"], "open", (), ()),
    (["yes", "true"], "open", (), ()),
]


@pytest.mark.parametrize(("cells", "verdict", "true", "false"), BOOLEANS, ids=lambda value: str(value)[:40])
def test_the_words_for_yes_and_no_are_judged_as_a_whole(cells, verdict, true, false):
    found = judge_booleans(cells, lines_of(cells))
    assert (found.finding.verdict, found.true, found.false) == (verdict, true, false)


def written(value, decimal, thousands, places):
    whole, _, fraction = f"{value:.{places}f}".partition(".")
    digits = f"{int(whole):,}".replace(",", thousands)
    return digits + (decimal + fraction if fraction else "")


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    values=st.lists(st.decimals(0, 99_999_999, places=3), min_size=1, max_size=12),
    style=st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'"), (".", ""), (",", "")]),
    places=st.integers(0, 3),
)
def test_numbers_in_any_style_are_recognised_rightly_or_asked(values, style, places):
    decimal, thousands = style
    cells = [written(value, decimal, thousands, places) for value in values]
    finding = judge_numbers(cells, lines_of(cells))
    if finding.verdict == "sure":
        # Without a mark that groups or divides, there is nothing to decide.
        assert finding.style in (decimal, "")
        assert finding.style or not any(mark in cell for cell in cells for mark in ".,")
    else:
        assert finding.verdict == "open"
        assert decimal in finding.choices


PATTERNS = {
    "DD/MM/YYYY": "%d/%m/%Y",
    "MM/DD/YYYY": "%m/%d/%Y",
    "DD.MM.YYYY": "%d.%m.%Y",
    "MM.DD.YYYY": "%m.%d.%Y",
    "DD-MM-YYYY": "%d-%m-%Y",
    "MM-DD-YYYY": "%m-%d-%Y",
    "DD/MM/YY": "%d/%m/%y",
    "MM/DD/YY": "%m/%d/%y",
    "YY/MM/DD": "%y/%m/%d",
    "DD.MM.YY": "%d.%m.%y",
    "YYYY-MM-DD": "%Y-%m-%d",
    "YYYY/MM/DD": "%Y/%m/%d",
    "YYYYMMDD": "%Y%m%d",
    "DDMMYYYY": "%d%m%Y",
    "MMDDYYYY": "%m%d%Y",
    "DD MMM YYYY": "%d %b %Y",
    "DD-MMM-YYYY": "%d-%b-%Y",
    "MMM DD, YYYY": "%b %d, %Y",
}


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    days=st.lists(st.integers(0, 9_000).map(lambda n: date(2002, 1, 1) + timedelta(n)), min_size=1, max_size=12),
    pattern=st.sampled_from(sorted(PATTERNS)),
)
def test_dates_in_any_pattern_are_recognised_rightly_or_asked(days, pattern):
    cells = [day.strftime(PATTERNS[pattern]) for day in days]
    finding = judge_dates(cells, lines_of(cells), TODAY)
    if finding.verdict == "sure":
        assert finding.style == pattern
    else:
        assert finding.verdict in ("open", "likely")
        assert pattern in finding.choices


@pytest.mark.parametrize(
    ("cell", "named"), [("EUR 5", "EUR"), ("-€5", "€"), ("5 chf", "CHF"), ("total", ""), ("a5", "")]
)
def test_only_letters_beside_a_number_are_a_currency(cell, named):
    assert NumberReader(Style(currency_in_cell=True)).currency_in(cell) == named
