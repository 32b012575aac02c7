"""The database servers that tests read from, each with the tables of a small company."""

import contextlib
from dataclasses import dataclass, field

import psycopg
import pymysql
import pytest
from psycopg import sql

from tests.sql_source.mariadb import MariaDB

DATABASE = "sources_books"
STAMP = {"postgresql": "timestamptz(6)", "mysql": "timestamp(6)"}
TABLES = """
    CREATE TABLE customer (id varchar(20) PRIMARY KEY, name varchar(100), changed {stamp} DEFAULT current_timestamp(6));
    CREATE TABLE invoice (
        id varchar(20) PRIMARY KEY, customer varchar(20), total numeric(14, 3), day date,
        changed {stamp} DEFAULT current_timestamp(6)
    );
    CREATE TABLE line (id varchar(20) PRIMARY KEY, invoice varchar(20), total numeric(14, 3))
"""
SELECTS = {
    "selectCompany": """
        SELECT id AS "erpKey", name AS "companyName", 'Customer' AS "companyType", true AS "isActive"
        FROM customer WHERE changed >= :since;""",
    "selectInvoice": """
        SELECT id AS "erpKey", customer AS "companyErpKey", customer AS "customerErpKey", total AS "totalAmount",
               'EUR' AS "currencyCode", 1 AS "currencyRate", day AS "invoiceDate"
        FROM invoice WHERE changed >= :since""",
}
LINES = {
    "selectInvoiceLine": """
        SELECT id AS "erpKey", invoice AS "invoiceErpKey", 1 AS "lineNumber", total AS "totalAmount" FROM line""",
}


@dataclass
class SourceServer:
    """A server, and how the product reads from it."""

    kind: str
    port: int
    user: str
    password: str
    connect: object
    product: str
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self):
        self.settings = {
            "server": self.kind,
            "host": "127.0.0.1",
            "port": str(self.port),
            "database": DATABASE,
            **SELECTS,
        }

    @property
    def credentials(self):
        return {"username": self.user, "password": self.password}

    def execute(self, *statements):
        """Run statements, each in a transaction of its own."""
        with contextlib.closing(self.connect()) as connection:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement)
            with contextlib.suppress(psycopg.ProgrammingError):
                return cursor.fetchall()

    def end_sessions(self):
        """End all other connections to the database."""
        with contextlib.closing(self.connect()) as connection:
            cursor = connection.cursor()
            if self.kind == "postgresql":
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
                )
                return
            cursor.execute(
                "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()"
            )
            for (number,) in cursor.fetchall():
                with contextlib.suppress(pymysql.err.Error):
                    cursor.execute(f"KILL {number}")

    def renew(self):
        """Make the tables anew: two customers, three invoices."""
        # A test that failed may have left a transaction behind, which holds locks.
        self.end_sessions()
        self.execute("DROP TABLE IF EXISTS customer, invoice, line")
        self.execute(*TABLES.format(stamp=STAMP[self.kind]).split(";"))
        self.execute(
            "INSERT INTO customer (id, name) VALUES ('C1', 'Acme'), ('C2', 'Zoë & Söhne')",
            "INSERT INTO invoice (id, customer, total, day) VALUES ('I1', 'C1', 10.125, '2026-01-31'), "
            "('I2', 'C2', 1.250, '2026-02-28'), ('I3', 'C2', -0.5, NULL)",
        )


def postgresql_server(of):
    """A database of its own on the server of the tests' database, whose connection settings are given."""
    login = {"host": of["HOST"], "port": of["PORT"], "user": of["USER"], "password": of["PASSWORD"], "autocommit": True}
    with psycopg.connect(dbname=of["NAME"], **login) as connection:
        name = sql.Identifier(DATABASE)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
    return SourceServer(
        "postgresql",
        int(of["PORT"]),
        of["USER"],
        of["PASSWORD"],
        lambda: psycopg.connect(dbname=DATABASE, **login),
        "PostgreSQL",
    )


def mysql_server(mariadb: MariaDB):
    password = "gehéim€ 'quoted'"
    with mariadb.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4")
        cursor.execute("CREATE USER reader@localhost IDENTIFIED BY %s", [password])
        cursor.execute(f"GRANT SELECT ON {DATABASE}.* TO reader@localhost")
    return SourceServer("mysql", mariadb.port, "reader", password, lambda: mariadb.connect(DATABASE), "MariaDB")


KINDS = [
    pytest.param("postgresql", id="PostgreSQL"),
    pytest.param("mysql", id="MariaDB"),
]
