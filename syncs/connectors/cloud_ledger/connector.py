"""The base of the connectors: connecting, trying a connection, and reading for a sync."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

import httpx

from syncs.connectors.cloud_ledger import oauth
from syncs.connectors.cloud_ledger.api import Api, Exhausted
from syncs.connectors.cloud_ledger.streams import Kind, Reading, Stream
from syncs.connectors.protocol import (
    CONNECTION_ENDS,
    TENANT,
    TENANT_NAME,
    AuthorizedConnector,
    ConnectorError,
    Field,
    KindOffered,
    Source,
    SourceItems,
)

Books = TypeVar("Books")
Values = Mapping[str, str]

KINDS_FIELD = Field(
    name="kinds",
    label="What is read",
    type="kinds",
    help_text="What is not chosen stays in the books as it is. Records that refer to others need these: invoices their "
    "companies, lines their invoices.",
)
# What the vendor gives when a person agrees.
GRANTED = (
    Field(oauth.ACCESS, "Access token", is_secret=True, is_granted=True),
    Field(oauth.REFRESH, "Refresh token", is_secret=True, is_granted=True),
    Field(oauth.ACCESS_ENDS, "End of the access token", is_granted=True),
    Field(CONNECTION_ENDS, "End of the connection", is_granted=True),
    Field(TENANT, "Whose books", is_granted=True),
    Field(TENANT_NAME, "Whose books, by name", is_granted=True),
)


class CloudLedger(AuthorizedConnector, Generic[Books]):
    """A connector to a ledger in the cloud. `vendor` has the addresses, which tests lead elsewhere."""

    vendor: oauth.Vendor
    record_kinds: Sequence[Kind]

    @abstractmethod
    def books(self, api: Api) -> Books:
        """What reading needs to know of the books whose tenant is chosen; asks the vendor."""

    @abstractmethod
    def streams(self, books: Books) -> Sequence[Stream[Books]]:
        """What can be read, in the order in which it should be."""

    @abstractmethod
    def exhausted(self, answer: httpx.Response) -> Exhausted:
        """What an answer with status 429 means."""

    @property
    def vendor_name(self) -> str:
        return self.vendor.name

    def kinds(self) -> Sequence[KindOffered]:
        return [kind.offered for kind in self.record_kinds]

    def authorization_url(self, client: Values, *, redirect_uri: str, state: str, verifier: str) -> str:
        return oauth.authorization_url(self.vendor, client, redirect_uri=redirect_uri, state=state, verifier=verifier)

    def code_in(self, answer: Values) -> str:
        """The code that the vendor's page sent back; raises ConnectorError with its refusal."""
        if code := answer.get("code", ""):
            return code
        if answer.get("error") == "access_denied":
            raise ConnectorError(f"Nobody gave access to {self.vendor.name}, so nothing was connected.")
        raise ConnectorError(f"{self.vendor.name} sent back no access. Connect again.")

    def renewed(self, credentials: Values, stale: str = "") -> Values:
        self._check_connected(credentials)
        if oauth.is_stale(credentials, stale):
            credentials = {**credentials, **oauth.refresh(self.vendor, credentials)}
        granted = {field.name for field in GRANTED}
        return {name: value for name, value in credentials.items() if name in granted}

    def api(self, credentials: Values, source: Source | None = None) -> Api:
        """The vendor's interface with these credentials; raises ConnectorError if nobody has connected it."""
        oauth.check_client(self.vendor, credentials)
        self._check_connected(credentials)
        return Api(self.vendor, credentials, renewed=self.renewed, exhausted=self.exhausted, source=source)

    def rows(self, source: Source) -> SourceItems:
        with self.api(source.credentials, source) as api:
            self.check_tenant(source.credentials)
            books = self.books(api)
            reading = Reading(source, self.vendor.name, self.record_kinds, books)
            yield from reading.items(self.streams(books), lambda: api.now)

    def _check_connected(self, credentials: Values) -> None:
        if not credentials.get(oauth.REFRESH):
            raise ConnectorError(
                f"{self.vendor.name} is not connected. Enrol it in the Inbox, or reconnect it on its page there.",
                code="bad_setting",
            )

    def check_tenant(self, credentials: Values) -> None:
        """Raise ConnectorError if nobody has chosen whose books are read."""
        if not credentials.get(TENANT):
            raise ConnectorError(
                f"It is not chosen whose books are read from {self.vendor.name}. Choose on the enrollment’s page.",
                code="bad_setting",
            )
