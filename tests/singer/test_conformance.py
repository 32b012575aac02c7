"""Singer taps do what every connector has to do, tried on a tap of our own."""

from functools import partial

import pytest

from syncs.connectors import connector_named
from syncs.connectors.singer import taps
from syncs.connectors.testing import Case, ConnectorSuite
from tests.singer.books import TAP, invoice, source_of


class TestSinger(ConnectorSuite):
    @pytest.fixture
    def case(self, books, allowing):
        allowing({**books.allowed, "impatient": {"command": str(books.command), "silentSeconds": 1}})

        def change():
            books.rows["companies"][0]["companyName"] = "Acme & Co"
            del books.rows["companies"][2]
            books.rows["companies"].append({"erpKey": "C4", "companyName": "New", "companyType": "Customer"})
            books.rows["invoices"][1] |= {"totalAmount": 7, "changed": "2026-01-01T00:00:07+00:00"}
            books.rows["invoices"].append(invoice("I4", "C4", 8, 8))
            books.save()

        silent = source_of(does="wait")
        silent = source_of(does="wait", given={"settings": silent.settings | {"tap": "impatient"}})
        assert connector_named("singer").programs({"tap": TAP}).executable
        return Case(
            connector_named("singer"),
            source_of(),
            empty=source_of(offers=["companies"], streams="companies", does="nothing"),
            broken=source_of(does="fail"),
            refused=source_of(password="wrong one"),
            away=source_of(port=1),
            silent=silent,
            silent_seconds=30,
            change=change,
            prepare=partial(taps.allow, books.allowed),
        )
