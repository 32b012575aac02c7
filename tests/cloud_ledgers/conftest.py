"""Doubles of the vendors, to which the connectors lead; each is started once, and has its books anew in each test."""

from dataclasses import dataclass, replace
from types import ModuleType
from uuid import UUID

import pytest

from syncs.connectors import connector_named
from syncs.connectors.cloud_ledger import api
from syncs.connectors.protocol import Limits, NoHelper, Source
from syncs.loading.staging.vocabulary import RecordNames
from tests.cloud_ledgers import quickbooks_double, xero_double
from tests.cloud_ledgers.double import CLIENT, Double

DIALECTS: dict[str, tuple[type[Double], ModuleType]] = {
    "xero": (xero_double.XeroDouble, xero_double),
    "quickbooks": (quickbooks_double.QuickBooksDouble, quickbooks_double),
}


@dataclass
class Ledger:
    """A double, what its books are made with, and the connector that leads there."""

    name: str
    double: Double
    made_with: ModuleType

    @property
    def connector(self):
        return connector_named(self.name)

    def source(self, credentials=None, **more) -> Source:
        granted = credentials or self.double.grant()
        return replace(
            Source(
                app_enrollment_id=UUID("0198c1a2-3f6e-7a51-9c7a-2f8f6f0f2d11"),
                full=True,
                limits=Limits(10**8, 100, 10, 10**6),
                vocabulary=RecordNames(),
                credentials={**granted, **CLIENT},
                helper=NoHelper(granted),
            ),
            **more,
        )


def started(name: str, monkeypatch, settings) -> Ledger:
    kind, made_with = DIALECTS[name]
    double = kind()
    monkeypatch.setattr(connector_named(name), "vendor", double.vendor, raising=False)
    settings.OAUTH_CLIENTS = {name: CLIENT}
    monkeypatch.setattr(api, "PAUSES", (0.0, 0.0))
    made_with.fill(double)
    return Ledger(name, double, made_with)


@pytest.fixture(params=list(DIALECTS))
def ledger(request, monkeypatch, settings):
    """Each of the vendors in turn."""
    found = started(request.param, monkeypatch, settings)
    yield found
    found.double.close()
    assert found.double.complaints == []


@pytest.fixture
def xero(monkeypatch, settings):
    found = started("xero", monkeypatch, settings)
    yield found
    found.double.close()
    assert found.double.complaints == []


@pytest.fixture
def quickbooks(monkeypatch, settings):
    found = started("quickbooks", monkeypatch, settings)
    yield found
    found.double.close()
    assert found.double.complaints == []
