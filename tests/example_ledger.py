"""A connector with all that a form may have, before an accounting system in this process."""

import json
from uuid import UUID

from syncs.connectors.protocol import (
    ApplicationEntry,
    Bookmark,
    Choice,
    Connector,
    ConnectorError,
    Field,
    KindOffered,
    Rows,
)

COLUMNS = {
    "Company": ("erpKey", "companyName", "companyType", "isActive"),
    "Invoice": ("erpKey", "companyErpKey", "customerErpKey", "totalAmount", "currencyCode"),
}


class ExampleLedger(Connector):
    """Reads companies and invoices; `records` has by kind the rows and when each was changed."""

    application = ApplicationEntry(
        app_id=UUID("00000000-0000-4000-8000-0000000000e1"),
        connector="example-ledger",
        name="Example Ledger",
        description="Loads companies and invoices from Example Ledger.",
        app_type="ERP",
        group="ERP",
        settings=(
            Field("company", "Company", "choice", "Whose books are read."),
            Field("kinds", "What is read", "kinds", "What is not chosen stays as it is."),
        ),
        credentials=(
            Field("serverName", "Address of the server", "address", is_required=True),
            Field("authToken", "Key", "password", is_secret=True, is_required=True),
        ),
    )

    def __init__(self):
        self.records = {
            "Company": [(("C1", "Acme", "Customer", "true"), 1), (("C2", "Globex", "Customer", "true"), 2)],
            "Invoice": [
                (("I1", "C1", "C1", "120.00", "EUR"), 1),
                (("I2", "C2", "C2", "twelve", "EUR"), 2),
                (("I3", "C2", "C2", "99.50", "EUR"), 3),
            ],
        }

    def kinds(self):
        return [KindOffered("Company", "Customers", True), KindOffered("Invoice", "Invoices", True)]

    def check(self, settings, credentials):
        _sign_in(credentials)
        return f"Example Ledger has {len(self.records['Invoice'])} invoices."

    def choices(self, field, settings, credentials):
        _sign_in(credentials)
        return [Choice("1", "Acme Holding"), Choice("2", "Globex & Sons")]

    def sample(self, settings, credentials, vocabulary, rows):
        chosen = self.describe().kinds_in(settings)
        for kind in self.records:
            if not chosen or kind in chosen:
                yield self._rows(kind, self.records[kind][:rows])

    def rows(self, source):
        _sign_in(source.credentials)
        for kind, records in self.records.items():
            if source.wants(kind):
                since = source.state.get(kind, 0)
                yield self._rows(kind, [record for record in records if record[1] > since])
                yield Bookmark(kind, max(changed for _, changed in records))

    def _rows(self, kind, records):
        cells = [values for values, _ in records]
        raw = [json.dumps(dict(zip(COLUMNS[kind], values, strict=True))) for values in cells]
        return Rows(kind, "Example Ledger", COLUMNS[kind], cells, list(range(1, len(cells) + 1)), raw)


def _sign_in(credentials):
    if credentials.get("authToken") == "wrong":
        raise ConnectorError("Example Ledger refuses the key. Enter another one.")
