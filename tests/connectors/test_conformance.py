"""The connectors that are part of the product do what every connector has to do."""

import io
from uuid import UUID

import pytest

from syncs.connectors import connector_named
from syncs.connectors.protocol import Limits, Source
from syncs.connectors.testing import Case, ConnectorSuite
from syncs.loading.staging.vocabulary import RecordNames


def source_of(content: bytes | None = None, **more) -> Source:
    return Source(
        app_enrollment_id=UUID("0198c1a2-3f6e-7a51-9c7a-2f8f6f0f2d11"),
        full=True,
        limits=Limits(10**8, 100, 10, 10**6),
        content=None if content is None else io.BytesIO(content),
        vocabulary=RecordNames(),
        **more,
    )


def csv(content: bytes) -> Source:
    return source_of(content, file_name="companies.csv", format="csv")


class TestFileUpload(ConnectorSuite):
    @pytest.fixture
    def case(self):
        rows = "".join(f"C{number},Acme {number}\n" for number in range(12_000))
        return Case(
            connector_named("file-upload"),
            csv(f"erpKey,companyName\n{rows}".encode()),
            empty=csv(b"erpKey,companyName\n"),
            broken=source_of(b"%PDF-1.7", file_name="report.zip", format="zip"),
        )


class TestJsonBatch(ConnectorSuite):
    @pytest.fixture
    def case(self):
        rows = ",".join(f'{{"erpKey": "C{number}", "companyName": "Acme"}}' for number in range(3_000))
        return Case(
            connector_named("json-batch"),
            source_of(f'{{"companies": [{rows}]}}'.encode()),
            empty=source_of(b'{"companies": []}'),
            broken=source_of(b'{"companies": [{"erpKey": "C1"}, {"erp'),
        )


class TestDemoData(ConnectorSuite):
    @pytest.fixture
    def case(self):
        settings = {"invoices": "30"}
        return Case(
            connector_named("demo-data"), source_of(settings=settings), broken=source_of(settings={"invoices": "many"})
        )
