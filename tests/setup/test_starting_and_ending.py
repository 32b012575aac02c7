"""How `make up` begins, what it says when it cannot, and that nothing stays behind when it ends."""

import contextlib
import os
import signal
import socket

import psutil
import pytest

from tests.product import free_port


@pytest.fixture(scope="module")
def used_var(tmp_path_factory):
    """A var folder that the tests of this module use one after the other: only its first start makes a database."""
    return tmp_path_factory.mktemp("used") / "var"


def test_a_second_start_keeps_the_sign_in(up, used_var):
    first = up(used_var).wait()
    demo = first.demo()
    first.end()
    second = up(used_var, PORT=first.port).wait()
    assert second.demo() == demo


def test_a_lost_file_gives_a_new_sign_in_and_ends_the_old_key(up, used_var):
    first = up(used_var).wait()
    demo = first.demo()
    first.end()
    (first.var / "demo.json").unlink()
    fresh = up(used_var, PORT=first.port).wait().demo()
    assert fresh["appEnrollmentId"] == demo["appEnrollmentId"]
    assert fresh["password"] != demo["password"]
    assert fresh["apiKey"] != demo["apiKey"]


def test_ctrl_c_ends_everything(up, used_var):
    product = up(used_var).wait()
    product.process.send_signal(signal.SIGINT)
    code, said = product.finish()
    assert code == 0
    assert said.endswith("Stopped.\n")
    assert product.survivors() == []


def test_nothing_outlives_a_killed_supervisor_and_the_next_start_is_clean(up, used_var):
    product = up(used_var).wait()
    product.process.kill()
    assert product.survivors(10) == []
    assert up(used_var).wait().status() == 200


def test_a_start_after_everything_was_killed_is_clean(up, used_var):
    product = up(used_var).wait()
    demo = product.demo()
    for process in [product.process, *product.look()]:
        # Some end by themselves as soon as the one above them has.
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    assert product.survivors() == []
    assert up(used_var, PORT=product.port).wait().demo() == demo


def test_a_busy_port_is_named(up):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, said = up(PORT=str(port)).finish()
    assert code == 1
    assert said == (
        f"Port {port} is in use by another program. End that, or choose another port: PORT={port + 1} make up\n"
    )


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_that_is_none_is_named(up, port):
    assert up(PORT=port).finish() == (1, f"PORT must be a number from 1 to 65535; “{port}” is not.\n")


def test_a_host_that_is_not_here_is_named(up):
    assert up(HOST="192.0.2.1").finish() == (
        1,
        "HOST must be an address of this machine; “192.0.2.1” is none.\n",
    )


def test_a_file_in_place_of_the_folder_is_named(up, tmp_path):
    (tmp_path / "var").write_text("")
    code, said = up().finish()
    assert code == 1
    assert said == (
        f"{tmp_path}/var/secret_key cannot be read or written (File exists). "
        "Give us that folder, or name another one with ADS_VAR_DIR.\n"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="Root may write everywhere.")
def test_a_folder_that_may_not_be_written_is_named(up, tmp_path):
    (tmp_path / "var").mkdir(mode=0o500)
    code, said = up().finish()
    assert code == 1
    assert said == (
        f"{tmp_path}/var/secret_key cannot be read or written (Permission denied). "
        "Give us that folder, or name another one with ADS_VAR_DIR.\n"
    )


def test_an_unreachable_database_is_named_without_its_password(up):
    port = free_port()
    code, said = up(DATABASE_URL=f"postgresql://ads:hidden@127.0.0.1:{port}/ads").finish()
    assert code == 1
    assert said.startswith("The database of DATABASE_URL cannot be reached: ")
    assert f"port {port} failed: Connection refused" in said
    assert said.count("\n") == 1
    assert "hidden" not in said


@pytest.mark.parametrize("url", ["nonsense", "mysql://ads@127.0.0.1/ads", "postgresql://ads@127.0.0.1:port/ads"])
def test_a_database_url_of_another_kind_is_refused(up, url):
    assert up(DATABASE_URL=url).finish() == (
        1,
        "DATABASE_URL must name a PostgreSQL database, as postgresql://user:password@host:5432/name does.\n",
    )
