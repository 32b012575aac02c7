"""Connectors to which a person gives access at the vendor (OAuth 2.0), instead of entering credentials."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

from syncs.connectors.protocol.connector import Connector
from syncs.connectors.protocol.declarations import Choice

# What whoever runs the platform has from the vendor; it is among the credentials that a connector is given, and never
# stored with those of an enrollment.
CLIENT_ID, CLIENT_SECRET = "clientId", "clientSecret"
# Credentials with a meaning for the platform: whose books are read, the name of these for people, and the time (ISO
# 8601) at which the access ends unless it is used before.
TENANT, TENANT_NAME, CONNECTION_ENDS = "tenant", "tenantName", "connectionEnds"
# The code of a ConnectorError that says that access has ended, so that a person has to give it again.
DISCONNECTED = "source_disconnected"


class AuthorizedConnector(Connector):
    """A connector whose credentials the vendor gives when a person agrees.

    `client` has CLIENT_ID, CLIENT_SECRET and what else the setting OAUTH_CLIENTS says; the credentials that other
    methods get include it. `verifier` is that of PKCE. All methods raise ConnectorError.
    """

    @property
    @abstractmethod
    def vendor_name(self) -> str:
        """The vendor's name for people."""

    @abstractmethod
    def authorization_url(self, client: Mapping[str, str], *, redirect_uri: str, state: str, verifier: str) -> str:
        """The vendor's page on which a person agrees, and which then leads back to `redirect_uri`."""

    @abstractmethod
    def accept(
        self, client: Mapping[str, str], answer: Mapping[str, str], *, redirect_uri: str, verifier: str
    ) -> dict[str, str]:
        """The credentials for what the vendor's page sent back; with TENANT if it has one only."""

    @abstractmethod
    def renewed(self, credentials: Mapping[str, str], stale: str = "") -> Mapping[str, str]:
        """New credentials if the access token is `stale` or about to end, else the same; to be called by renewals."""

    @abstractmethod
    def tenants(self, credentials: Mapping[str, str]) -> Sequence[Choice]:
        """Whose books can be read with the credentials."""

    @abstractmethod
    def disconnect(self, credentials: Mapping[str, str]) -> None:
        """Give the access back to the vendor."""
