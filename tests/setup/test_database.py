"""A database of one's own, by DATABASE_URL."""

import uuid

import psycopg
import pytest
from django.db import connection

from adsplatform import database


@pytest.fixture
def spare_url(database_url):
    """An empty database, dropped after the test, as a DATABASE_URL."""
    name = f"ads_{uuid.uuid4().hex}"
    with psycopg.connect(database_url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        yield database_url.rpartition("/")[0] + f"/{name}"
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def test_it_is_used_instead_of_the_embedded_one(up, spare_url):
    product = up(DATABASE_URL=spare_url).wait()
    assert product.status() == 200
    assert not (product.var / "postgres").exists()
    product.end()
    assert product.survivors() == []


def test_a_wrong_password_is_named(up, spare_url):
    user, _, rest = spare_url.partition("@")
    code, said = up(DATABASE_URL=f"{user}x@{rest}").finish()
    assert code == 1
    assert said.startswith("The database of DATABASE_URL cannot be reached: ")
    assert 'password authentication failed for user "ads"' in said


def test_a_database_that_is_not_there_is_named(up, spare_url):
    code, said = up(DATABASE_URL=f"{spare_url}x").finish()
    assert code == 1
    assert 'x" does not exist' in said


@pytest.mark.django_db
def test_an_old_postgresql_is_refused(monkeypatch):
    version = connection.pg_version // 10000
    monkeypatch.setattr(database, "OLDEST_POSTGRESQL", 99)
    with pytest.raises(database.DatabaseUnusable) as refused:
        database.check()
    assert str(refused.value) == (
        f"The database of DATABASE_URL is PostgreSQL {version}; ADS Platform needs 99 or newer."
    )
