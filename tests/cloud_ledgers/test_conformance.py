"""Both connectors do what every connector has to do."""

from dataclasses import replace

import pytest

from syncs.connectors.testing import Case, ConnectorSuite
from tests.cloud_ledgers.double import Answer, silent


class TestCloudLedger(ConnectorSuite):
    """Each vendor in turn, with more than a page of invoices."""

    @pytest.fixture
    def case(self, ledger, monkeypatch):
        double, vendor = ledger.double, ledger.double.vendor
        for module in ("xero", "quickbooks"):
            monkeypatch.setattr(f"syncs.connectors.{module}.books.PAGE", 25)
        monkeypatch.setattr("syncs.connectors.cloud_ledger.api.SECONDS", 0.5)
        ledger.made_with.fill(double, invoices=60)
        empty = type(double)()
        address, end = silent()
        elsewhere = {"empty": empty.vendor, "away": replace(vendor, api="http://127.0.0.1:9"),
                     "silent": replace(vendor, api=address)}  # fmt: skip
        connector = _Somewhere(ledger.connector, elsewhere)
        good = double.grant()

        def source(where="", **credentials):
            return replace(ledger.source({**good, **credentials}), settings={"where": where})

        yield Case(
            connector,
            source(),
            empty=replace(ledger.source(empty.grant()), settings={"where": "empty"}, kinds=("Invoice", "Payment")),
            broken=replace(source(), settings={"where": "broken"}),
            refused=source(accessToken="wrong", refreshToken="wrong"),
            away=source("away"),
            silent=source("silent"),
            silent_seconds=5,
            change=lambda: ledger.made_with.change(double),
        )
        end()
        empty.close()

    @pytest.fixture(autouse=True)
    def breaks_off(self, request, ledger):
        """Where a broken source is asked for, the third page of the invoices breaks off, each time that it is asked."""
        if "breaks_off" in request.node.name:
            cut = Answer(cut_after=5)
            ledger.double.fail("/Invoices" if ledger.name == "xero" else "/query", *[cut] * 9)


class _Somewhere:
    """The connector, led to where the source says."""

    def __init__(self, connector, vendors):
        self._connector, self._vendors = connector, vendors

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._connector, name)

    def rows(self, source):
        vendor = self._vendors.get(source.settings["where"], self._connector.vendor)
        led = object.__new__(type(self._connector))
        led.vendor = vendor
        return led.rows(source)
