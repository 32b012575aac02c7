"""A header below lines of titles is found where it is unmistakable, and only there."""

import pytest

from syncs.connectors.formats.header_search import find_header
from syncs.connectors.protocol import NoVocabulary
from syncs.loading.staging.vocabulary import RecordNames

HEADER = ["erpKey", "companyErpKey", "totalAmount", "Remarks"]
ROW = ["I1", "C1", "10.00", ""]


@pytest.mark.parametrize(
    ("lines", "position"),
    [
        ([HEADER, ROW], 0),
        ([["Invoices of January"], HEADER, ROW], 1),
        ([["Acme Ltd", "2024-01"], [], ["Invoices", "", "", "Page 1"], HEADER, ROW], 3),
        # The first line names a column already, however odd the others are.
        ([["erpKey", "x", "y"], HEADER, ROW], 0),
        # What stands above is as wide as a row, and may be one.
        ([ROW, HEADER, ROW], 0),
        # Too few of the names are known.
        ([["Title"], ["erpKey", "a", "b", "c", "d"], ROW], 0),
        ([["Title"], ["erpKey"], ["I1"]], 0),
        ([["Title"]] * 30 + [HEADER, ROW], 0),
        ([], 0),
    ],
)
def test_only_an_unmistakable_header_below_titles_is_found(lines, position):
    assert find_header(lines, "Invoice", RecordNames()) == position


def test_without_a_vocabulary_the_first_line_is_the_header():
    assert find_header([["Title"], HEADER], "Invoice", NoVocabulary()) == 0


def test_the_vocabulary_names_kinds_columns_and_keys():
    names = RecordNames()
    assert names.kind_named("Invoice Lines") == "InvoiceLine"
    assert names.kind_named("Cover") == ""
    assert list(names.known_columns("Invoice", ["ERPKEY ", "invoiceDate", "Total"])) == ["text", "date", ""]
    assert list(names.known_columns("", ["erpKey"])) == [""]
    assert names.has_key("Invoice", ["erpkey", "nonsense"])
    assert not names.has_key("Invoice", ["totalAmount"])
    assert not names.has_key("Cover", ["erpKey"])
