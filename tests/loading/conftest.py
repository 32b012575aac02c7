"""A connector that yields what a test gives it, through the real path."""

import io
import json
import zipfile
from dataclasses import replace
from uuid import UUID

import pytest

from enrollments.services import publish_application
from syncs import connectors
from syncs.connectors.protocol import (
    ABSENT,
    AllKeys,
    ApplicationEntry,
    Bookmark,
    Connector,
    ConnectorError,
    Deleted,
    RowProblem,
    Rows,
)
from syncs.loading import pipeline, repeated_inputs
from syncs.loading.staging import small_inputs
from syncs.models import SyncRequest
from syncs.services.uploads import store_upload
from tests.factories import AppEnrollmentFactory, SyncRequestFactory
from tests.loading.uploading import Uploads


class GivenRows(Connector):
    """Yields lists of dicts by name, as a connector of an accounting system would; other things as they are."""

    application = ApplicationEntry(
        app_id=UUID("00000000-0000-4000-8000-000000000001"),
        connector="given-rows",
        name="Given rows",
        description="For tests.",
        app_type="Test",
    )
    reads_files = True

    def __init__(self, data, given=None):
        self.data, self.given = data, [] if given is None else given

    def rows(self, source):
        self.given.append(source)
        for name, records in self.data.items():
            if isinstance(records, ConnectorError):
                raise records
            if isinstance(records, (RowProblem, Rows, Bookmark, Deleted, AllKeys)):
                yield records
                continue
            columns = list(dict.fromkeys(column for record in records for column in record))
            yield Rows(
                name=name,
                file=f"{name}.csv",
                columns=columns,
                cells=[[record.get(column, ABSENT) for column in columns] for record in records],
                lines=list(range(2, len(records) + 2)),
                raw=[json.dumps(record) for record in records],
            )


class GivenFiles(Connector):
    """A ZIP of texts or bytes by file name, read as an uploaded one is."""

    application = GivenRows.application
    reads_files = True

    def __init__(self, texts: dict[str, str | bytes]):
        self.content = io.BytesIO()
        with zipfile.ZipFile(self.content, "w") as archive:
            for name, text in texts.items():
                archive.writestr(name, text)

    def rows(self, source):
        files = replace(source, content=self.content, file_name="given.zip", format="zip")
        yield from connectors.connector_named("file-upload").rows(files)


@pytest.fixture
def enrollment(db):
    publish_application(GivenRows.application)
    from enrollments.models import Application

    return AppEnrollmentFactory(app=Application.objects.get(connector="given-rows"))


@pytest.fixture
def given():
    """The sources that the connector of `sync` was given."""
    return []


@pytest.fixture
def sync(enrollment, monkeypatch, settings, given):
    """Run a sync of the given rows, by name, or of the given files, and return the finished request.

    With `directly`, rows are inserted directly if that is possible; only those of an upload can be.
    """
    ahead_bytes, compared_bytes = settings.SYNC_AHEAD_BYTES, small_inputs.COMPARED_BYTES

    def run(data, *, into=None, directly=False, **values) -> SyncRequest:
        connector = data if isinstance(data, GivenFiles) else GivenRows(data, given)
        monkeypatch.setitem(connectors.registry, "given-rows", connector)
        settings.SYNC_AHEAD_BYTES = 0 if directly else ahead_bytes
        # What is inserted directly is large.
        monkeypatch.setattr(small_inputs, "COMPARED_BYTES", -1 if directly else compared_bytes)
        if directly or isinstance(data, GivenFiles):
            account = (into or enrollment).group_key
            values["upload"] = store_upload(account, None, io.BytesIO(b"Not looked at"), file_name="given.csv")
        sync_request = SyncRequestFactory(
            app_enrollment=into or enrollment, running=True, connector="given-rows", **values
        )
        pipeline.run(sync_request)
        sync_request.refresh_from_db()
        return sync_request

    return run


@pytest.fixture
def uploads(db):
    """Load files through the upload storage into one enrollment."""
    return Uploads()


@pytest.fixture
def everything_is_read_again(monkeypatch):
    """Have an upload read even if it was loaded before and nothing has changed since."""
    monkeypatch.setattr(repeated_inputs, "end_if_repeated", lambda sync_request: False)


@pytest.fixture
def counts():
    """A sync's counts by entity, leaving out zeroes."""

    def of(sync_request) -> dict:
        names = ("lines_read", "inserted", "updated", "unchanged", "deleted_by_match", "skipped", "rejected",
                 "deleted_as_missing")  # fmt: skip
        return {
            result.entity: {name: getattr(result, name) for name in names if getattr(result, name)}
            for result in sync_request.results.all()
        }

    return of


@pytest.fixture
def loaded(sync):
    """A company's invoices: I1 and I2 in euros, I3 in dollars."""
    return sync({"companies": [company()], "invoices": [
        invoice("I1", totalAmount="10.10", currencyCode="EUR"),
        invoice("I2", totalAmount="-0.1", currencyCode="eur"),
        invoice("I3", totalAmount="5", currencyCode="USD"),
    ]})  # fmt: skip


COMPANY = {"erpKey": "C1", "companyName": "Acme", "companyType": "Customer", "isActive": "true"}


def company(key="C1", **values):
    return COMPANY | {"erpKey": key} | values


def invoice(key="I1", company="C1", **values):
    return {
        "erpKey": key, "companyErpKey": company, "customerErpKey": company, "totalAmount": "10.00", "currencyRate": "1",
    } | values  # fmt: skip


def account(key="A1", code="1000", **values):
    return {
        "erpKey": key, "code": code, "name": "Cash", "status": "Active", "cashflowType": "cash", "description": "Cash",
        "classification": "Asset",
    } | values  # fmt: skip


def balance(period="1", **values):
    return {
        "financialYear": "2024", "periodNumber": period, "periodStartDate": "2024-01-01",
        "periodEndDate": "2024-01-31", "status": "Open", "balance": "1.10",
    } | values  # fmt: skip
