"""What is read of a SELECT: exact values, in one moment, by nothing but reading."""

from datetime import timedelta

import pytest

from syncs.connectors.protocol import ConnectorError
from syncs.connectors.sql_database.statements import BEGINNING, select_of
from tests.sql_source.reading import DAY, read, snapshot_of
from tests.sql_source.servers import SELECTS

pytestmark = pytest.mark.django_db


def test_amounts_days_and_texts_come_as_they_are(server):
    columns, rows, raw = read(server, SELECTS["selectInvoice"] + " ORDER BY 1")
    assert [name.lower() for name in columns] == [
        "erpkey", "companyerpkey", "customererpkey", "totalamount", "currencycode", "currencyrate", "invoicedate",
    ]  # fmt: skip
    assert sorted(rows) == [
        ("I1", "C1", "C1", "10.125", "EUR", "1", "2026-01-31"),
        ("I2", "C2", "C2", "1.250", "EUR", "1", "2026-02-28"),
        ("I3", "C2", "C2", "-0.500", "EUR", "1", None),
    ]
    assert "I3\tC2\tC2\t-0.500\tEUR\t1\t" in raw


@pytest.mark.parametrize(
    "text", ["tab\tand\nline", 'say "so"', "back\\slash", "100 % {x} :since", "\ufeffmarked", "Zoë €", " blanks "]
)
def test_no_character_is_lost(server, text):
    quoted = text.replace("'", "''")
    if server.kind == "mysql":
        quoted = quoted.replace("\\", "\\\\")
    server.execute(f"UPDATE customer SET name = '{quoted}' WHERE id = 'C1'")
    _, rows, _ = read(
        server, 'SELECT id AS "erpKey", name AS "companyName", \'x\' AS notes FROM customer', kind="Company"
    )
    assert ("C1", text, "x") in rows
    _, alone, _ = read(server, "SELECT name AS \"erpKey\" FROM customer WHERE id = 'C1'", kind="Company")
    assert alone == [(text,)]


@pytest.mark.parametrize(
    ("zone", "stamp", "day"),
    [
        ("UTC", "2026-07-01 23:30:00", "2026-07-01"),
        ("Europe/Berlin", "2026-07-01 21:30:00", "2026-07-01"),
        ("America/New_York", "2026-07-02 03:30:00", "2026-07-01"),
    ],
)
def test_a_stamp_without_a_zone_is_in_that_of_the_settings(server, zone, stamp, day):
    kind = {"postgresql": "timestamp", "mysql": "datetime"}[server.kind]
    value = f"CAST('2026-07-01 23:30:00' AS {kind})"
    _, rows, _ = read(server, f'SELECT {value} AS "importedDate", {value} AS "invoiceDate"', timeZone=zone)
    assert rows == [(stamp, day)]


def test_a_stamp_with_a_zone_is_that_moment_whatever_the_settings_say(server):
    server.execute("UPDATE customer SET changed = " + {
        "postgresql": "'2026-07-01 22:30:00Z'", "mysql": "convert_tz('2026-07-01 22:30:00', '+00:00', @@time_zone)",
    }[server.kind])  # fmt: skip
    text = 'SELECT changed AS "importedDate", changed AS "invoiceDate" FROM customer'
    _, rows, _ = read(server, text, timeZone="Europe/Berlin", limit=1)
    assert rows == [("2026-07-01 22:30:00", "2026-07-02")]


def test_only_changes_since_a_moment_are_read(server):
    with snapshot_of(server) as snapshot:
        now = snapshot.clock
    text, keys = (
        SELECTS["selectCompany"],
        lambda since, **settings: [row[0] for row in read(server, text, kind="Company", since=since, **settings)[1]],
    )
    assert sorted(keys(BEGINNING)) == ["C1", "C2"]
    for zone in ("UTC", "Asia/Kathmandu", "America/St_Johns"):
        assert sorted(keys(now - timedelta(minutes=10), timeZone=zone)) == ["C1", "C2"]
        assert keys(now + timedelta(hours=2), timeZone=zone) == []


def test_stamps_without_a_zone_are_compared_on_their_own_clock(server):
    kind = {"postgresql": "timestamp", "mysql": "datetime"}[server.kind]
    text = f"SELECT 'I1' AS \"erpKey\" FROM (SELECT CAST('2026-07-01 02:00' AS {kind}) AS at) x WHERE at >= :since"
    assert len(read(server, text, since=DAY, timeZone="Europe/Berlin")[1]) == 1
    assert read(server, text, since=DAY + timedelta(minutes=1), timeZone="Europe/Berlin")[1] == []


def test_bytes_are_a_problem_that_names_the_column(server):
    value = {"postgresql": "decode('00ff', 'hex')", "mysql": "unhex('00ff')"}[server.kind]
    with pytest.raises(ConnectorError, match="its column “notes” is of the type .* bytes and no text. Write") as told:
        read(server, f"SELECT 'I1' AS \"erpKey\", {value} AS notes")
    assert told.value.code == "bad_setting"


def test_json_and_truth_values_are_texts(server):
    value = {"postgresql": """'{"a": "b\\tc"}'::jsonb""", "mysql": """'{"a": "b\\\\tc"}'"""}[server.kind]
    _, rows, raw = read(server, f"SELECT true AS yes, false AS no, {value} AS j")
    assert rows == [({"postgresql": "true", "mysql": "1"}[server.kind],
                     {"postgresql": "false", "mysql": "0"}[server.kind], '{"a": "b\\tc"}')]  # fmt: skip
    assert raw[0].endswith('\t"{""a"": ""b\\tc""}"')


def test_numbers_and_days_can_be_read_in_one_way_only(server):
    with snapshot_of(server) as snapshot:
        select = select_of("Invoice", SELECTS["selectInvoice"])
        _, block = snapshot.blocks(select, BEGINNING, lambda names: [""] * len(names))
    assert [block.columns[at].lower() for at in sorted(block.exact)] == ["totalamount", "currencyrate", "invoicedate"]


def test_all_kinds_are_read_as_they_were_at_one_moment(server):
    with snapshot_of(server) as snapshot:
        server.execute("DELETE FROM customer", "INSERT INTO invoice (id, customer, total) VALUES ('I4', 'C1', 4)")
        keys = [
            sorted(key for block in snapshot.keys(select_of(kind, SELECTS[f"select{kind}"])) for key in block)
            for kind in ("Company", "Invoice")
        ]
    assert keys == [["C1", "C2"], ["I1", "I2", "I3"]]


def test_many_rows_come_in_blocks_and_numbered(server):
    many = {
        "postgresql": "generate_series(1, 12001) AS s(n)",
        "mysql": "(SELECT seq AS n FROM seq_1_to_12001) s",
    }[server.kind]
    text = f'SELECT n AS "erpKey", CASE WHEN n % 100 = 0 THEN \'a "b"\' END AS notes FROM {many}'
    with snapshot_of(server) as snapshot:
        _, *blocks = snapshot.blocks(select_of("Invoice", text), BEGINNING, lambda names: [""] * len(names))
    assert [len(block) for block in blocks] == [5000, 5000, 2001]
    assert [line for block in blocks for line in block.lines] == list(range(1, 12_002))
    assert [key for block in blocks for key in block.cells[0].to_list()] == list(map(str, range(1, 12_002)))
    assert sum(cell is not None for block in blocks for cell in block.cells[1].to_list()) == 120


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1) q; DROP TABLE customer; SELECT * FROM (SELECT 1 AS a",
        "SELECT 1 AS a; DROP TABLE customer",
        "WITH gone AS (DELETE FROM customer RETURNING id) SELECT id AS a FROM gone",
        "DELETE FROM customer",
    ],
)
def test_nothing_but_one_select_can_be_run(server, text):
    with pytest.raises(ConnectorError) as told:
        read(server, text)
    assert (told.value.code, told.value.transient) == ("bad_setting", False)
    assert sorted(server.execute("SELECT id FROM customer")) == [("C1",), ("C2",)]


def test_a_function_that_writes_is_refused(postgresql):
    postgresql.renew()
    postgresql.execute(
        "CREATE OR REPLACE FUNCTION wipe() RETURNS text LANGUAGE sql AS $$ DELETE FROM customer RETURNING id $$"
    )
    with pytest.raises(ConnectorError, match="read-only transaction.*Only reading is possible."):
        read(postgresql, "SELECT wipe() AS a")
    assert len(postgresql.execute("SELECT id FROM customer")) == 2
