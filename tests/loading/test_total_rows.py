"""A line of totals is named as one; values are said to be assumed only for rows that load."""

import pytest

from tests.connectors.reading import zipped
from tests.loading.bad_inputs import COMPANY, INVOICE

COMPANIES = f"{COMPANY}\nC1,Acme,Customer,true\n"
HEADER = f"{INVOICE},currencyCode,totalAmount,baseCurrencyTotalAmount"
ROWS = "I1,C1,C1,1,EUR,10.00,10.00\nI2,C1,C1,1,EUR,11.00,11.00\n"


def load(uploads, line, rows=ROWS, header=HEADER):
    result = uploads.load(
        zipped({"companies.csv": COMPANIES, "invoices.csv": f"{header}\n{rows}{line}\n"}), "books.zip"
    )
    return result, [(detail.code, detail.line) for detail in result.details.filter(file="invoices.csv").order_by("id")]


@pytest.mark.parametrize(
    "line",
    [
        "Total,,,,,21.00,21.00",
        "TOTAL:,,,,,21.00,",
        "Grand Total,,,,EUR,21.00,21.00",
        "Summe,,,,,\"21,00\",\"21,00\"",
        ",Gesamt,,,,21.00,21.00",
        ",,,,Total,21.00,21.00",
        "Totaal,,,,,€ 21.00,",
        "Subtotal (EUR),,,,,21.00,21.00",
        "Total général,,,,,21.00,(21.00)",
    ],
)  # fmt: skip
def test_a_line_of_totals_is_one_problem_and_assumes_nothing(uploads, counts, line):
    result, found = load(uploads, line)
    assert found == [("total_line", 4)]
    assert counts(result)["Invoice"] == {"lines_read": 3, "inserted": 2, "rejected": 1}


@pytest.mark.parametrize(
    "line", ["Total,C1,,,,21.00,", "Total Energies,,,,,21.00,", "Total,,,,,,", "I3,,,,,21.00,21.00"]
)
def test_a_line_that_has_more_or_less_than_totals_is_told_what_it_lacks(uploads, line):
    _, found = load(uploads, line)
    assert "total_line" not in [code for code, _ in found]
    assert found


def test_a_record_whose_key_is_total_loads(uploads, counts):
    result, found = load(uploads, "Total,C1,C1,1,EUR,5.00,5.00")
    assert found == []
    assert counts(result)["Invoice"]["inserted"] == 3


def test_values_are_assumed_only_for_rows_that_load(uploads):
    _, found = load(uploads, "I3,C1,C1,,EUR,twelve,")
    assert found == [("bad_number", 4)]
    # This one is rejected by the merge only.
    _, found = load(uploads, "I3,C9,C1,,EUR,12.00,")
    assert [line for _, line in found] == [4]
    _, found = load(uploads, "I3,C1,C1,,EUR,12.00,")
    assert ("value_assumed", None) in found


def test_values_are_not_said_to_be_assumed_where_no_row_loads(uploads):
    _, found = load(uploads, "I9,C1,C1,x", rows="", header="erpKey,companyErpKey,customerErpKey,totalAmount")
    assert [code for code, _ in found] == ["bad_number"]
