"""What people are told when a database cannot be read: sentences that name the place and what to do."""

import pytest

from syncs.connectors.protocol import ConnectorError
from tests.sql_source.reading import read, snapshot_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "of_postgresql", "of_mysql"),
    [
        ('SELECT id AS "erpKey"\n  FROM custmer',
         'fails at line 2, column 8. PostgreSQL says: “relation "custmer" does not exist.” Check the name of the table',
         "fails. The server says: “Table 'sources_books.custmer' doesn't exist.”"),
        ('SELECT id AS "erpKey",\n:since AS "created", nam FROM customer',
         'fails at line 2, column 22. PostgreSQL says: “column "nam" does not exist.” Check the name of the column.',
         "fails. The server says: “Unknown column 'nam' in 'SELECT'.”"),
        ('SELECT id AS "erpKey"\n FRM customer', "fails at line 2, column 2. PostgreSQL says: “syntax error",
         "fails. The server says: “You have an error in your SQL syntax"),
        ('SELECT id AS "erpKey", name AS "ErpKey" FROM customer', "two of its columns are called “ErpKey”. Give one",
         "Duplicate column name 'ErpKey'"),
        ("", "begins with “”. Write one SELECT", "begins with “”. Write one SELECT"),
    ],
)  # fmt: skip
def test_a_faulty_select(server, text, of_postgresql, of_mysql):
    with pytest.raises(ConnectorError) as told:
        read(server, text)
    assert {"postgresql": of_postgresql, "mysql": of_mysql}[server.kind] in str(told.value)
    assert str(told.value).startswith("The SELECT for Invoice ")
    assert (told.value.code, told.value.transient) == ("bad_setting", False)


def test_a_column_without_a_name(postgresql):
    with pytest.raises(ConnectorError, match="its column 2 has no name. Put AS and the name of a field behind it."):
        read(postgresql, 'SELECT 1 AS "erpKey", 1 + 1')


def test_a_slow_select_is_stopped(server):
    slow = {"postgresql": "SELECT pg_sleep(60)::text AS a", "mysql": "SELECT sleep(60) AS a"}[server.kind]
    with pytest.raises(ConnectorError, match="was stopped, because it took longer than 1 seconds. Make it") as told:
        read(server, slow, seconds="1")
    assert not told.value.transient


def test_a_wrong_password_and_a_wrong_database(server):
    for given in ({"credentials": {"password": "wrong-word"}}, {"database": "no_such_books"}):
        with (
            pytest.raises(ConnectorError, match="did not let “.*” into the da") as told,
            snapshot_of(server, **given),
        ):
            pass
        assert "Check the user, the password and the database." in str(told.value)
        assert "wrong-word" not in str(told.value)
        assert not told.value.transient


def test_a_server_without_encryption_where_it_is_required(server):
    for encryption in ("always", "verified"):
        with pytest.raises(ConnectorError, match="SSL") as told, snapshot_of(server, encryption=encryption):
            pass
        assert not told.value.transient


def test_a_server_that_is_away_is_tried_again(server, proxy):
    proxy.is_away = True
    with pytest.raises(ConnectorError) as told, snapshot_of(server, port=str(proxy.port)):
        pass
    assert told.value.transient
    proxy.is_away = False
    with snapshot_of(server, port=str(proxy.port)) as snapshot:
        assert snapshot.found().startswith(server.product)
    proxy.close()
    with pytest.raises(ConnectorError) as told, snapshot_of(server, port=str(proxy.port)):
        pass
    assert told.value.transient


def test_a_connection_that_is_cut_is_tried_again(server, proxy):
    many = {"postgresql": "generate_series(1, 200000) s(n)", "mysql": "(SELECT seq n FROM seq_1_to_200000) s"}
    proxy.cut_after = 200_000
    with pytest.raises(ConnectorError, match="broke off the connection. It says: “") as told:
        read(server, f"SELECT n AS \"erpKey\", 'some text' AS notes FROM {many[server.kind]}", port=str(proxy.port))
    assert told.value.transient


def test_what_was_found(server):
    with snapshot_of(server) as snapshot:
        found = snapshot.found()
    assert found.startswith(f"{server.product} 1")
    assert f", 3 tables readable as {server.user}." in found
    assert ("This user may also write" in found) == (server.kind == "postgresql")


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("host", " ", "“Address” is empty. Fill it in."),
        ("port", "70000", "The setting “Port” is “70000”. Write a whole number from 1 to 65,535."),
        ("timeZone", "Berlin", "The setting “Time zone of stamps without one” is “Berlin”. Write the name of a zone"),
        ("timeZone", "../etc/passwd", "Write the name of a zone, like Europe/Berlin or UTC."),
        ("encryption", "some", "The setting “Encryption” is “some”. Choose one of offered, always, verified."),
        ("seconds", "soon", "The setting “Seconds that one SELECT may take” is “soon”. Write a whole number from 1"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_used(postgresql, setting, value, sentence):
    with pytest.raises(ConnectorError) as told, snapshot_of(postgresql, **{setting: value}):
        pass
    assert sentence in str(told.value)
    assert told.value.code == "bad_setting"
