"""What `make up` gives: an address that answers, a sign-in, and parts that come back when they crash."""

import json
import stat
import urllib.request

import psycopg

from adsplatform.accounts import row_security_policies
from adsplatform.local import embedded_postgres
from tests.product import eventually


def test_status_answers_200(running):
    assert running.status() == 200


def test_only_the_owner_can_read_the_sign_in(running):
    demo = running.demo()
    assert sorted(demo) == ["apiKey", "appEnrollmentId", "email", "password", "url"]
    assert demo["url"] == running.url
    assert stat.S_IMODE((running.var / "demo.json").stat().st_mode) == 0o600


def test_row_level_security_is_active(running):
    at = embedded_postgres.database_settings(running.var)
    parameters = {"host": at["HOST"], "port": at["PORT"], "user": at["USER"], "password": at["PASSWORD"]}
    with psycopg.connect(dbname=at["NAME"], **parameters) as connection:
        assert row_security_policies.why_inactive(connection.cursor()) == ""


def test_no_secret_under_var_is_readable_by_others(running):
    for name in (
        "demo.json",
        "secret_key",
        "credentials_keys",
        "postgres/connection.json",
        "postgres/server.log",
    ):
        assert stat.S_IMODE((running.var / name).stat().st_mode) == 0o600, name


def test_the_database_is_listening_on_this_machine_only_and_wants_a_password(running):
    postgres = running.named("postgres")
    port = json.loads((running.var / "postgres/connection.json").read_text())["port"]
    listening = {c.laddr for c in postgres.net_connections() if c.status == "LISTEN"}
    assert listening == {("127.0.0.1", port)}
    rules = (running.var / "postgres/data/pg_hba.conf").read_text()
    assert rules == "host all ads 127.0.0.1/32 scram-sha-256\n"


def test_a_second_up_from_the_same_folder_says_that_one_is_running(running, up):
    code, said = up(running.var).finish()
    assert code == 1
    assert said == (
        f"ADS Platform runs from this folder already: {running.url}, process {running.process.pid}. Stop it first.\n"
    )


def test_another_folder_runs_beside_it(running, up):
    other = up().wait()
    assert (running.status(), other.status()) == (200, 200)


def test_a_crashed_web_server_is_started_again(running):
    running.named("gunicorn").kill()
    assert eventually(lambda: running.status() == 0)
    assert eventually(lambda: running.status() == 200)


def test_a_crashed_worker_is_started_again_and_leaves_nothing_behind(running):
    worker = running.named("qcluster")
    offspring = worker.children(recursive=True)
    worker.kill()
    assert eventually(lambda: not any(process.is_running() for process in offspring))
    assert eventually(lambda: len(running.named("qcluster").children(recursive=True)) == len(offspring))


def test_a_crashed_database_is_started_again_with_its_data(running):
    demo = running.demo()
    running.named("postgres").kill()
    assert eventually(lambda: running.status() != 200)
    assert eventually(lambda: running.status() == 200)
    answer = urllib.request.Request(f"{running.url}/admin/login/")
    assert urllib.request.urlopen(answer).status == 200
    assert running.demo() == demo
