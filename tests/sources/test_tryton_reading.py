"""What the connector reads from a Tryton server by either interface, and what goes wrong on the way."""

from decimal import Decimal

import pytest

from syncs.connectors import connector_named
from syncs.connectors.protocol import ConnectorError, Rows
from tests.product import free_port
from tests.sources.tryton.proxy import proxy
from tests.sources.tryton.reading import items_of, rows_in, states_in

KINDS = {
    "baseCurrencies": 1,
    "financialYearSettings": 1,
    "companies": 15,
    "contacts": 43,
    "financialAccounts": 117,
    "invoices": 24,
    "invoiceLines": 48,
    "payments": 12,
    "paymentApplications": 11,
    "creditMemoApplications": 1,
    "journalEntries": 38,
    "journalEntryLines": 126,
}


@pytest.fixture(scope="module")
def by_key(tryton):
    """Everything, read by the REST interface."""
    return list(items_of(tryton.by_key))


@pytest.fixture
def failing(tryton):
    """A proxy before the server, whose `faults` befall the next requests."""
    with proxy(tryton.port) as between:
        yield between


def test_both_interfaces_answer_the_same(tryton, by_key):
    assert rows_in(items_of(tryton.by_password)) == rows_in(by_key)


def test_all_kinds_are_read(by_key):
    counts = {name: len(rows) for name, rows in rows_in(by_key).items()}
    assert counts.pop("financialAccountBalanceHistories") > 20
    assert counts == KINDS


def test_lines_are_numbered_and_keys_are_unique(by_key):
    for name, rows in rows_in(by_key).items():
        numbers = [line for item in by_key if isinstance(item, Rows) and item.name == name for line in item.lines]
        assert numbers == list(range(1, len(rows) + 1)), name
        keys = [row["erpKey"] for row in rows if "erpKey" in row]
        assert len(keys) == len(set(keys)), name


def test_invoices_have_their_types_amounts_and_settlements(by_key):
    rows = rows_in(by_key)
    found = {row["purchaseOrderCode"] or row["referenceCode"]: row for row in rows["invoices"]}
    keys = {row["erpKey"]: name for name, row in found.items()}

    def of(name, *columns):
        return [found[name][column] for column in columns]

    shown = ("invoiceTypeCode", "invoiceStatusCode", "totalAmount", "outstandingBalanceAmount", "isVoided")
    assert of("PO-000", *shown) == ["AR Invoice", "Closed", "132.30", "0", False]
    assert of("PO-000", "invoiceDate", "paymentDueDate", "invoiceClosedDate", "termsCode", "netAmount") == [
        "2025-01-10", "2025-02-09", "2025-01-30", "In 30 days", "110.25",
    ]  # fmt: skip
    assert of("PO-004", *shown) == ["AR Invoice", "Open", "137.10", "71.60", False]
    assert of("PO-005", *shown) == ["AR Invoice", "Closed", "138.30", "0", False]
    assert of("PO-006", *shown) == ["AR Invoice", "Closed", "139.50", "0", True]
    assert of("PO-020", *shown) == ["AP Invoice", "Closed", "156.30", "0", False]
    rates = ("currencyCode", "currencyRate", "totalAmount", "baseCurrencyTotalAmount", "outstandingBalanceAmount")
    assert of("PO-026", *rates) == ["USD", "0.80000000", "163.50", "130.80", "103.50"]
    credits = [row for row in rows["invoices"] if row["invoiceTypeCode"].endswith("Credit Memo")]
    assert sorted((row["invoiceTypeCode"], row["totalAmount"], row["outstandingBalanceAmount"]) for row in credits) == [
        ("AP Credit Memo", "158.70", "158.70"),
        ("AR Credit Memo", "138.30", "0"),
    ]
    (applied,) = rows["creditMemoApplications"]
    assert (keys[applied["invoiceErpKey"]], applied["creditMemoAppliedAmount"]) == ("PO-005", "138.30")
    paid = {}
    for row in rows["paymentApplications"]:
        paid.setdefault(keys[row["invoiceErpKey"]], []).append(row["paymentAppliedAmount"])
    assert paid["PO-004"] == ["40.00", "25.50"]
    assert paid["PO-009"] == ["30.00"]
    assert paid["PO-014"] == ["149.10"]
    (open_one,) = [row for row in rows["payments"] if row["isOpen"]]
    assert (open_one["unappliedAmount"], open_one["memoText"]) == ("33.00", "On account of Customer 7")


def test_parties_are_companies_of_the_type_of_their_invoices(by_key):
    rows = rows_in(by_key)
    types = {row["companyName"]: row["companyType"] for row in rows["companies"]}
    assert {name: types[name] for name in ("Dunder Mifflin", "Customer 0", "Vendor 0", "Without invoices")} == {
        "Dunder Mifflin": "Company", "Customer 0": "Customer", "Vendor 0": "Vendor", "Without invoices": "Third Party",
    }  # fmt: skip
    (gone,) = [row for row in rows["companies"] if row["companyName"] == "Long gone"]
    assert gone["isActive"] is False
    (written,) = [row for row in rows["companies"] if row["companyName"] == "Müller & Söhne GmbH"]
    columns = ("address1", "city", "stateRegion", "country", "emailAddress", "phoneNumber")
    assert [written[column] for column in columns] == [
        "Hauptstraße 3", "München", "Bavaria", "Germany", "billing2@party.example", "+49 89 123402",
    ]  # fmt: skip
    contacts = {row["erpKey"] for row in rows["contacts"]}
    assert {row["primaryContactErpKey"] for row in rows["companies"]} - {None} <= contacts


def test_the_ledger_balances_and_accounts_are_classified(by_key):
    rows = rows_in(by_key)
    for side in ("Debit", "Credit"):
        assert sum(Decimal(row[f"base{side}"]) for row in rows["journalEntryLines"]) > 4_000
    assert sum(Decimal(row["baseDebit"]) - Decimal(row["baseCredit"]) for row in rows["journalEntryLines"]) == 0
    last = [row for row in rows["financialAccountBalanceHistories"] if row["periodNumber"] == 12]
    assert sum(Decimal(row["balance"]) for row in last) == 0
    kinds = {row["code"]: row["classification"] for row in rows["financialAccounts"]}
    assert {code: kinds[code] for code in ("1.1.1", "1.2.1", "2.1.1", "3.1.1", "4.1.1", "5.1.1")} == {
        "1.1.1": "Asset", "1.2.1": "Asset", "2.1.1": "Liability", "3.1.1": "Equity", "4.1.1": "Income",
        "5.1.1": "Expense",
    }  # fmt: skip
    assert rows["financialYearSettings"] == [
        {"yearType": "Calendar", "totalPeriods": 12, "startDate": "01-01", "endDate": "12-31"}
    ]


def test_what_has_not_changed_is_not_read_again(tryton, by_key):
    again = rows_in(items_of(tryton.by_key, full=False, state=states_in(by_key)))
    assert again.keys() == {
        "baseCurrencies", "financialYearSettings", "financialAccounts", "financialAccountBalanceHistories",
    }  # fmt: skip


def test_only_the_chosen_kinds_are_read(tryton):
    assert rows_in(items_of(tryton.by_key, kinds=("Payment",))).keys() == {"payments"}


def test_the_check_says_what_was_found(tryton):
    connector = connector_named("tryton")
    for credentials in (tryton.by_key, tryton.by_password):
        assert connector.check({}, credentials) == (
            "Found the books of “Dunder Mifflin” in EUR, with 24 posted invoices."
        )
    (field,) = [field for field in connector.application.settings if field.name == "company"]
    (choice,) = connector.choices(field, {}, tryton.by_key)
    assert choice.label == "Dunder Mifflin"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"authToken": "wrong"}, "Tryton refuses the key for “company.company”. In Tryton, look in the preferences"),
        ({"authToken": "", "username": "admin", "password": "wrong"}, "Tryton refuses the user “admin” with this"),
        ({"authToken": ""}, "Enter a key of the REST interface, or for series before 8.0 a user and its password."),
        ({"tenant": "nobody"}, "There is no such Tryton database at http://127.0.0.1:"),
        ({"serverName": "ftp://127.0.0.1"}, "The address “ftp://127.0.0.1” must begin with https://"),
    ],
)
def test_what_was_entered_wrong_is_said(tryton, changed, sentence):
    with pytest.raises(ConnectorError) as raised:
        connector_named("tryton").check({}, tryton.by_key | changed)
    assert str(raised.value).startswith(sentence)
    assert not raised.value.transient


def test_another_company_is_refused(tryton):
    with pytest.raises(ConnectorError, match=r"“Company” is “77”. Choose one of those in the database: 1 \(Dunder"):
        list(items_of(tryton.by_key, settings={"company": "77"}))


def test_a_server_that_is_away_is_tried_again(tryton):
    with pytest.raises(ConnectorError, match="cannot be reached") as raised:
        list(items_of(tryton.by_key | {"serverName": f"http://127.0.0.1:{free_port()}"}))
    assert raised.value.transient


@pytest.mark.parametrize(
    ("status", "transient", "pause"), [(429, True, 7.0), (503, True, 7.0), (500, True, 7.0), (418, False, 7.0)]
)
def test_answers_that_are_failures_say_whether_to_try_again(failing, tryton, status, transient, pause):
    failing.faults = [None, None, status]
    with pytest.raises(ConnectorError, match=f"answered {status}") as raised:
        list(items_of(tryton.by_key | {"serverName": failing.address}))
    assert (raised.value.transient, raised.value.retry_after) == (transient, pause)


def test_a_connection_that_breaks_once_is_made_again(failing, tryton, by_key):
    failing.faults = [None, "cut", None, "cut", None]
    assert rows_in(items_of(tryton.by_key | {"serverName": failing.address})) == rows_in(by_key)


def test_a_connection_that_keeps_breaking_ends_the_attempt(failing, tryton):
    failing.faults = [None] + ["cut"] * 3
    with pytest.raises(ConnectorError, match="cannot be reached") as raised:
        list(items_of(tryton.by_key | {"serverName": failing.address}))
    assert raised.value.transient


def test_earlier_series_are_asked_at_the_database_itself(failing, tryton):
    failing.is_early = True
    assert (
        connector_named("tryton").check({}, tryton.by_password | {"serverName": failing.address}).endswith("invoices.")
    )


def test_a_web_page_is_no_tryton(failing, tryton):
    failing.faults = ["page"]
    with pytest.raises(ConnectorError, match="What answers is no Tryton server"):
        list(items_of(tryton.by_key | {"serverName": failing.address}))


def test_a_session_that_ended_is_renewed(tryton, by_key):
    items = items_of(tryton.by_password)
    begun = [next(items)]
    tryton.end_sessions()
    assert rows_in([*begun, *items]) == rows_in(by_key)
