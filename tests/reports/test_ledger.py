"""Trial balance, income statement and balance sheet, against calculations in plain Python."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from adsplatform.records import models as records
from adsplatform.reports.ranges import Range, columns, compared, year_start
from tests.reports.random_ledger import CREDIT, RandomLedger

SEEDS = range(2)
DAYS = (date(2024, 3, 1), date(2024, 10, 31))
BEFORE_ALL = date(1, 1, 1)


@pytest.fixture(params=[("journal", "04-01"), ("journal", "01-01"), ("balances", "01-01")], ids=str)
def ledger(request, program):
    """A ledger of each basis, beside another one of the same account, which must not be mixed in."""
    basis, begins = request.param
    RandomLedger(program.account, 77).post().close()
    found = RandomLedger(program.account, 5, year_begins=begins)
    found.basis = basis
    return found.post() if basis == "journal" else found.close()


@pytest.fixture
def ask(report, ledger):
    def call(name, **parameters):
        asked = {"startDate": DAYS[0], "endDate": DAYS[1], "appEnrollmentId": ledger.enrollment.pk} | parameters
        found = report(name, **asked)
        assert found["basedOn"] == ledger.basis
        return found["rows"]

    return call


def leaves(rows):
    """The rows of accounts by their labels, and those of sums."""
    found = {}
    for row in rows:
        if row.get("rows"):
            found |= leaves(row["rows"])
        elif row["rowType"] != "Header":
            found[row["label"]] = row["cells"]
    return found


def values(cells):
    return [cell.get("value", 0) for cell in cells]


def label(account):
    return f"{account.code} {account.name}"


def balance(ledger, account, day):
    """What is on an account: of the running year where it belongs to the income statement."""
    is_result = account.classification in ("Income", "Expense")
    start = year_start(day, ledger.year_begins) if is_result else BEFORE_ALL
    return ledger.posted(account, start, day)


def result(ledger, start, end):
    return -sum(ledger.posted(account, start, end) for account in ledger.of_class("Income", "Expense"))


def added(sources, follow):
    """What the records of a cell's sources add up to."""
    total = Decimal(0)
    for source in sources:
        total += follow(source)[1] * (-1 if source.get("isSubtracted") else 1)
    return total


def test_a_trial_balance_is_what_plain_python_calculates(ledger, ask, follow):
    rows = leaves(ask("trial-balance"))
    for account in ledger.accounts:
        net = balance(ledger, account, DAYS[1])
        cells = rows.get(label(account), [{}, {}])
        assert values(cells) == [max(net, 0), max(-net, 0)], label(account)
        for cell in cells:
            if "value" in cell:
                assert added(cell["sources"], follow) == cell["value"]
    if ledger.basis == "journal":
        earlier = result(ledger, BEFORE_ALL, year_start(DAYS[1], ledger.year_begins) - timedelta(days=1))
        assert values(rows["Result of earlier years"]) == [max(-earlier, 0), max(earlier, 0)]
        assert rows["Total"][0] == rows["Total"][1]
        assert "Difference" not in rows
    else:
        debit, credit = values(rows["Total"])
        assert sum(values(rows["Difference"])) == abs(debit - credit) != 0


def test_an_income_statement_is_what_plain_python_calculates(ledger, ask, follow):
    rows = ask("income-statement")
    found = leaves(rows)
    for account in ledger.of_class("Income", "Expense"):
        sign = -1 if account.classification == "Income" else 1
        expected = sign * ledger.posted(account, *DAYS)
        (cell,) = found.get(label(account), [{"value": 0}])
        assert cell["value"] == expected
        assert "sources" not in cell or added(cell["sources"], follow) == expected
    assert values(found["Net income"]) == [result(ledger, *DAYS)]
    income, expenses = (row["cells"][0]["value"] for row in rows if row["rowType"] == "Classification")
    assert income - expenses == result(ledger, *DAYS)


def test_a_balance_sheet_is_what_plain_python_calculates(ledger, ask, follow):
    rows = ask("balance-sheet")
    found = leaves(rows)
    for account in ledger.accounts:
        if account.classification not in ("Income", "Expense"):
            expected = ledger.posted(account, BEFORE_ALL, DAYS[1]) * (-1 if account.classification in CREDIT else 1)
            (cell,) = found.get(label(account), [{"value": 0}])
            assert cell["value"] == expected
            assert "sources" not in cell or added(cell["sources"], follow) == expected
    first = year_start(DAYS[1], ledger.year_begins)
    assert values(found["Result of the year"]) == [result(ledger, first, DAYS[1])]
    sections = {row["label"]: row["cells"][0]["value"] for row in rows if row["rowType"] == "Classification"}
    difference = sections["Assets"] - sections["Liabilities"] - sections["Equity"]
    assert values(found.get("Difference", [{"value": 0}])) == [difference]
    if ledger.basis == "journal":
        assert difference == 0
        assert values(found["Result of earlier years"]) == [result(ledger, BEFORE_ALL, first - timedelta(days=1))]


def test_the_results_in_a_balance_sheet_lead_to_income_statements(ledger, ask, program, follow):
    for name in ("Result of the year", "Result of earlier years"):
        for cell in leaves(ask("balance-sheet")).get(name, []):
            (source,) = cell["sources"]
            path, _, query = source["query"].partition("?")
            rows = leaves(program.get(path, query).json()["rows"])
            assert Decimal(str(values(rows[source["sumOf"]])[0])) == cell["value"]


def test_rows_are_combined_as_deep_as_wanted(ledger, ask):
    def depth_of(rows):
        return 1 + max((depth_of(row["rows"]) for row in rows if row.get("rows")), default=0)

    for name in ("income-statement", "balance-sheet"):
        by_depth = [ask(name, displayDepth=depth) for depth in (1, 2, 3)]
        sums = [[row["cells"] for row in rows if row["rowType"] == "Classification"] for rows in by_depth]
        assert [values(cells) for cells in sums[0]] == [values(cells) for cells in sums[1]]
        assert [values(cells) for cells in sums[0]] == [values(cells) for cells in sums[2]]
        assert [depth_of(rows) for rows in by_depth] == [2, 3, 4]


@pytest.mark.parametrize(("option", "expected"), [("By Period", 8), ("Quarterly", 4), ("Annually", 1), ("x", 1)])
def test_columns_add_up_to_the_total(ledger, ask, option, expected):
    header, *rows = ask("income-statement", columnOption=option)
    if (ledger.year_begins, option) == ("04-01", "Annually"):
        expected = 2
    assert len(header["cells"]) == (expected + 1 if expected > 1 else 1)
    for row in rows:
        *parts, total = values(row["cells"])
        assert not parts or sum(parts) == total
    header, *rows = ask("balance-sheet", columnOption=option)
    assert len(header["cells"]) == expected


def test_a_comparison_shows_what_it_is_compared_with(ledger, ask):
    header, *rows = ask(
        "income-statement", comparisonPeriod="PY", showCurrencyDifference=True, showPercentageDifference="true"
    )
    assert values(header["cells"])[2:] == ["Difference", "Difference in per cent"]
    now, then, difference, percentage = values(rows[-1]["cells"])
    assert now == result(ledger, *DAYS)
    assert then == result(ledger, date(2023, 3, 1), date(2023, 10, 31))
    assert difference == now - then
    assert percentage == round((now - then) * 100 / abs(then), 2)


def test_another_account_finds_no_ledger(ledger, stranger, refusal):
    for name in ("trial-balance", "income-statement", "balance-sheet"):
        asked = {"startDate": DAYS[0], "endDate": DAYS[1], "appEnrollmentId": ledger.enrollment.pk}
        words = f"There is no enrollment with the id “{ledger.enrollment.pk}”."
        assert refusal(name, stranger, **asked) == (404, words)


def test_lines_without_an_account_are_shown(program, report, follow):
    ledger = RandomLedger(program.account, 1).post(5)
    gone = next(line for line in records.JournalEntryLine.objects.order_by("erp_key") if line.base_debit)
    records.JournalEntryLine.objects.filter(pk=gone.pk).update(financial_account=None)
    asked = {"startDate": "2023-01-01", "endDate": "2025-12-31", "appEnrollmentId": ledger.enrollment.pk}
    cells = leaves(report("trial-balance", **asked)["rows"])["Lines without a ledger account"]
    assert values(cells)[0] == gone.base_debit
    assert follow(cells[0]["sources"][0])[1] == gone.base_debit


def test_a_deleted_entry_line_makes_a_difference_that_is_shown(program, report):
    ledger = RandomLedger(program.account, 1).post(5)
    asked = {"startDate": "2023-01-01", "endDate": "2025-12-31", "appEnrollmentId": ledger.enrollment.pk}
    gone = next(line for line in records.JournalEntryLine.objects.order_by("erp_key") if line.base_debit)
    gone.delete()
    assert sum(values(leaves(report("trial-balance", **asked)["rows"])["Difference"])) == gone.base_debit


def test_where_there_is_no_ledger_all_is_empty(program, report):
    ledger = RandomLedger(program.account, 1)
    asked = {"startDate": "2023-01-01", "endDate": "2023-12-31", "appEnrollmentId": ledger.enrollment.pk}
    assert leaves(report("trial-balance", **asked)["rows"]) == {"Total": [{"value": 0}, {"value": 0}]}
    assert values(leaves(report("income-statement", **asked)["rows"])["Net income"]) == [0]
    assert "Difference" not in leaves(report("balance-sheet", **asked)["rows"])


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"appEnrollmentId": ""}, "appEnrollmentId is missing. Give the id of the enrollment whose ledger the report is"
                                  " about."),
        ({"startDate": ""}, "startDate is missing. Write it as YYYY-MM-DD, like 2025-03-31."),
        ({"endDate": "2022-12-31"}, "endDate: 2022-12-31 is before startDate, 2023-01-01. Exchange the two."),
        ({"displayDepth": "4"}, "displayDepth: “4” is no whole number from 1 to 3."),
        ({"endDate": "2023-12-30"}, "endDate: this enrollment has no journal for these days but balances of periods, "
                                    "and none ends on 2023-12-30. The nearest end on 2023-11-30 and 2023-12-31."),
        ({"columnOption": "By Period", "endDate": "2099-12-31"},
         "columnOption: from 2023-01-01 to 2099-12-31 there would be more than 60 columns. Choose longer steps, or "
         "fewer days."),
    ],
)  # fmt: skip
def test_what_cannot_be_reported_is_refused_in_a_sentence(program, refusal, changed, words):
    ledger = RandomLedger(program.account, 1).close()
    asked = {"startDate": "2023-01-01", "endDate": "2023-12-31", "appEnrollmentId": ledger.enrollment.pk} | changed
    assert refusal("income-statement", **asked) == (400, words)


def test_financial_years_and_steps_know_leap_days():
    assert year_start(date(2023, 3, 1), "02-29") == date(2023, 2, 28)
    assert year_start(date(2024, 2, 28), "02-29") == date(2023, 2, 28)
    assert year_start(date(2024, 2, 29), "nonsense") == date(2024, 1, 1)
    whole = Range(date(2024, 2, 1), date(2024, 2, 29))
    assert columns(whole, "Quarterly", "01-01") == [whole]
    assert compared(whole, "PP", "01-01") == Range(date(2024, 1, 1), date(2024, 1, 31))
    assert compared(whole, "PY", "01-01") == Range(date(2023, 2, 1), date(2023, 2, 28))
    assert compared(whole, "YTD", "01-01") == Range(date(2024, 1, 1), date(2024, 2, 29))
    ten_days = Range(date(2024, 3, 1), date(2024, 3, 10))
    assert compared(ten_days, "PP", "01-01") == Range(date(2024, 2, 20), date(2024, 2, 29))
