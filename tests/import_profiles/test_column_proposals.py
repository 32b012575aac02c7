"""What is proposed and asked for single columns: flags, dates, amounts with something beside them, rates."""

import pytest

from syncs.import_profiles.profile import ColumnSource
from syncs.import_profiles.proposal import complete
from syncs.import_profiles.questions import AnswerError
from tests.import_profiles.inspecting import asked, books, inspect_one


def test_a_column_that_says_the_opposite_is_inverted():
    rows = "C1;Alpha GmbH;Kunde;Köln;50667;\nC2;Beta KG;Lieferant;Hamburg;20095;X\n"
    one = inspect_one("Kundennummer;Firmenname;Kunde/Lieferant;Ort;PLZ;Gesperrt\n" + rows, "stamm.csv", books=books())
    assert asked(one)["column:Gesperrt"] == "isActive"
    assert asked(one)["booleans:Gesperrt"] == {"X": True}
    answers = {"column:Gesperrt": "isActive", "booleans:Gesperrt": {"X": True}}
    for given in ({}, answers):
        marked, otherwise = complete(one.proposal, given).records[0].fields["isActive"].first
        assert (marked.column, marked.inverted, otherwise.constant) == ("Gesperrt", True, True)
    assert [record.values["isActive"] for record in one.file.preview.records] == ["true", "false"]


@pytest.mark.parametrize(
    ("cells", "pattern"),
    [
        (("2025/01/31", "2025/02/28"), "YYYY-MM-DD"),
        (("31-01-25", "28-02-25"), "DD-MM-YY"),
        (("01-31-25", "02-28-25"), "MM-DD-YY"),
        (("31-Jan-25", "28-Feb-25"), "DD-MMM-YYYY"),
        (("31 janv. 25", "28 févr. 25"), "DD MMM YY"),
    ],
)
def test_each_pattern_that_is_found_can_be_read(cells, pattern):
    rows = "".join(f"A{place},C1,{cell},5.50,EUR\n" for place, cell in enumerate(cells))
    one = inspect_one("Invoice No,Customer ID,Invoice Date,Total Amount,Currency\n" + rows, books=books())
    assert complete(one.proposal, {}).styles.dates == pattern
    dates = [record.values["invoiceDate"] for record in one.file.preview.records]
    assert dates == ["2025-01-31", "2025-02-28"]


@pytest.mark.parametrize(
    ("name", "cells", "field"),
    [
        ("Due", ("31-Jan-25", "28-Feb-25"), "paymentDueDate"),
        ("Due", ("2025-01-31", ""), "paymentDueDate"),
        ("Due", ("1,250.00", "99.50"), "outstandingBalanceAmount"),
        ("Zahlungsziel", ("30", "14"), "termsCode"),
        ("Zahlungsziel", ("2025-01-31", "2025-02-28"), "paymentDueDate"),
    ],
)
def test_a_name_of_dates_or_amounts_is_what_its_cells_are(name, cells, field):
    header = f"Invoice No.,Invoice Date,Customer ID,Total Amount,Currency,{name}\n"
    rows = "".join(f'A{place},2025-01-05,C1,5.50,EUR,"{cell}"\n' for place, cell in enumerate(cells))
    assert asked(inspect_one(header + rows, books=books()))[f"column:{name}"] == field


def test_a_side_behind_amounts_is_asked_and_nothing_is_taken_for_granted():
    content = "Invoice No,Customer ID,Date,Total\nR1,K1,2024-12-31,125.00 CR\nR2,K1,2024-12-31,12.50 DR\n"
    one = inspect_one(content, "invoices.csv", books=books(keys=("K1",), currency="EUR"))
    assert asked(one)["side:Total"] is None
    with pytest.raises(AnswerError, match="Which amounts in “Total” are negative"):
        complete(one.proposal, {})
    source = complete(one.proposal, {"side:Total": "DR", "constant:invoiceTypeCode": "AR Invoice"}).records[0].fields
    assert source["totalAmount"] == ColumnSource("Total", sign_column="Total", negative=("DR",), positive=("CR",))


def test_several_currencies_beside_the_amounts_are_those_of_the_lines():
    content = "Invoice No,Customer ID,Date,Total\nR1,K1,2024-12-31,125.00 EUR\nR2,K1,2024-12-31,12.50 USD\n"
    one = inspect_one(content, "invoices.csv", books=books(keys=("K1",), currency="EUR"))
    assert "constant:currencyCode" not in asked(one)
    assert any("stands beside its amount in “Total”" in said for said in one.proposal.told)
    fields = complete(one.proposal, {"constant:invoiceTypeCode": "AR Invoice"}).records[0].fields
    assert fields["currencyCode"] == ColumnSource("Total", currency=True)


@pytest.mark.parametrize(
    ("rates", "suggested"), [(("19", "7"), "percent"), (("19 %", "0 %"), "percent"), (("0.19", "0"), "fraction")]
)
def test_whether_rates_of_tax_are_percent_is_asked(rates, suggested):
    rows = "".join(f"R1,{at},Chair,1,5.00,5.00,{rate}\n" for at, rate in enumerate(rates, start=1))
    one = inspect_one("Invoice No,Line No,Item,Quantity,Unit Price,Amount,Tax Rate\n" + rows, "lines.csv")
    assert asked(one)["rate:Tax Rate"] == suggested
    source = next(
        rule["fields"]["taxRate"] for rule in one.proposal.document["records"] if rule["kind"] == "InvoiceLine"
    )
    assert source == ({"column": "Tax Rate", "percent": True} if suggested == "percent" else "Tax Rate")
