"""SQL databases do what every connector has to do."""

import socket
from uuid import UUID

import pytest

from syncs.connectors import connector_named
from syncs.connectors.protocol import Limits, Source
from syncs.connectors.testing import Case, ConnectorSuite
from syncs.loading.staging.vocabulary import RecordNames

pytestmark = pytest.mark.django_db
MANY = {
    "postgresql": "FROM generate_series(1, 20000) AS s(n)",
    "mysql": "FROM (SELECT seq AS n FROM seq_1_to_20000) AS s",
}
# Beyond what logging in takes.
CUT_AFTER_BYTES = 100_000


@pytest.fixture
def silent():
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


class TestSqlDatabase(ConnectorSuite):
    @pytest.fixture
    def case(self, server, proxy, silent, settings):
        settings.CONNECTOR_ALLOWED_ADDRESSES = ["127.0.0.1"]

        def source(password=server.password, **changed):
            return Source(
                app_enrollment_id=UUID("0198c1a2-3f6e-7a51-9c7a-2f8f6f0f2d11"),
                full=True,
                limits=Limits(10**8, 100, 10, 10**6),
                credentials=server.credentials | {"password": password},
                settings=server.settings | {"deletesEveryDays": "0"} | changed,
                vocabulary=RecordNames(),
            )

        def change():
            server.execute(
                "UPDATE invoice SET total = 11, changed = current_timestamp WHERE id = 'I1'",
                "INSERT INTO invoice (id, customer, total) VALUES ('I4', 'C1', 7)",
                "DELETE FROM invoice WHERE id = 'I2'",
            )

        many = f'SELECT n AS "erpKey", \'Acme and its many subsidiaries\' AS "companyName" {MANY[server.kind]}'
        proxy.cut_after = CUT_AFTER_BYTES
        return Case(
            connector_named("sql-database"),
            source(),
            empty=source(selectCompany='SELECT 1 AS "erpKey" WHERE 1 = 0', selectInvoice=""),
            broken=source(selectCompany=many, selectInvoice="", port=str(proxy.port)),
            refused=source("another"),
            away=source(port="1"),
            silent=source(port=str(silent)),
            change=change,
        )
