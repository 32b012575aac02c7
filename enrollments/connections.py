"""Connecting an account at a vendor (OAuth 2.0): to the vendor's page and back, the choice of the tenant, the end.

What has to be known when a person comes back travels in the parameter `state`, signed: for whom and where the way
began. It is good for a while, and only for the person who began. The verifier of PKCE follows from it and from our
secret key, so nothing is stored before the vendor has given access.
"""

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core import signing
from django.db import transaction
from django.utils.crypto import salted_hmac

from adsplatform import locks
from adsplatform.accounts.models import Account, User
from adsplatform.errors import DependencyFailed, PlatformError
from adsplatform.observability.redaction import redact
from enrollments import services, sources
from enrollments.connection_state import fresh_credentials, store_connection
from enrollments.models import DISCONNECTED_HERE, AppEnrollment, Application, secrets_in
from syncs.connectors.protocol import (
    DISCONNECTED,
    TENANT,
    TENANT_NAME,
    AuthorizedConnector,
    Choice,
    ConnectorError,
)

SALT = "enrollments.connections"
# How long a person may take at the vendor's.
STATE_SECONDS = 1800
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Begun:
    """What a person began: to enrol in an application, or to connect an enrollment again."""

    app: Application
    connector: AuthorizedConnector
    enrollment: AppEnrollment | None


@dataclass(frozen=True, slots=True)
class Connection:
    """An enrollment's connection at a vendor, as people see it; `problem` is why there is none (any more)."""

    vendor: str
    tenant: str
    ends: datetime | None
    problem: str

    @property
    def needs_tenant(self) -> bool:
        return not self.tenant and not self.problem


def connection_of(enrollment: AppEnrollment) -> Connection | None:
    """The enrollment's connection; None if it is not connected at a vendor."""
    if not (connector := sources.authorized_connector(enrollment.app)):
        return None
    credentials = enrollment.credentials
    tenant = credentials.get(TENANT_NAME) or credentials.get(TENANT, "")
    return Connection(connector.vendor_name, tenant, enrollment.connection_ends, enrollment.connection_problem)


def begin(
    app: Application, account: Account, user: User, *, redirect_uri: str, enrollment: AppEnrollment | None = None
) -> str:
    """The address of the vendor's page on which the person agrees; raises DependencyFailed."""
    connector = _connector_of(app)
    if not app.is_active and enrollment is None:
        raise PlatformError(f"The application “{app.name}” is no longer available. Choose another one.", field="appId")
    state = signing.dumps(
        {
            "app": str(app.pk),
            "account": str(account.pk),
            "user": str(user.pk),
            "enrollment": str(enrollment.pk) if enrollment else "",
            "once": secrets.token_urlsafe(16),
        },
        salt=SALT,
        compress=True,
    )
    try:
        return connector.authorization_url(
            sources.client_of(app), redirect_uri=redirect_uri, state=state, verifier=_verifier(state)
        )
    except ConnectorError as refused:
        raise DependencyFailed(str(refused)) from refused


def begun_in(state: str, account: Account, user: User) -> Begun:
    """What the person began; raises PlatformError if it was somebody else, elsewhere, or too long ago."""
    try:
        values = signing.loads(state, salt=SALT, max_age=STATE_SECONDS)
    except signing.SignatureExpired:
        raise PlatformError("Connecting took too long, so it was given up. Connect again.") from None
    except signing.BadSignature:
        raise PlatformError("This is no answer to a connection that was begun here. Connect again.") from None
    if values["user"] != str(user.pk):
        raise PlatformError("This connection was begun by somebody else. Connect again yourself.")
    if values["account"] != str(account.pk):
        raise PlatformError("This connection was begun in another account. Change to that account, and connect again.")
    app, enrollment = Application.objects.get(pk=UUID(values["app"])), None
    if values["enrollment"]:
        current = AppEnrollment.objects.of(account).current().select_related("app")
        enrollment = current.filter(pk=UUID(values["enrollment"])).first()
        if enrollment is None:
            raise PlatformError("The enrollment that was to be connected was deleted meanwhile.")
    return Begun(app, _connector_of(app), enrollment)


def finish(account: Account, user: User, answer: Mapping[str, str], *, redirect_uri: str) -> AppEnrollment:
    """Enrol, or connect again, with what the vendor's page sent back; raises PlatformError and DependencyFailed."""
    state = answer.get("state", "")
    begun = begun_in(state, account, user)
    client = sources.client_of(begun.app)
    try:
        credentials = begun.connector.accept(client, answer, redirect_uri=redirect_uri, verifier=_verifier(state))
        if begun.enrollment:
            credentials |= _same_tenant(begun.enrollment, begun.connector, client | credentials)
    except ConnectorError as refused:
        raise DependencyFailed(redact(str(refused), secrets_in(client))) from refused
    if begun.enrollment:
        return services.replace_credentials(begun.enrollment, user, credentials)
    name = credentials.get(TENANT_NAME, "")[:LONGEST_NAME]
    return services.create_enrollment(account, begun.app, user, name=name, credentials=credentials)


def _same_tenant(
    enrollment: AppEnrollment, connector: AuthorizedConnector, credentials: Mapping[str, str]
) -> dict[str, str]:
    """The tenant of an enrollment that is connected again: records of two must not be mixed."""
    present = enrollment.credentials
    if not (tenant := present.get(TENANT)):
        return {}
    for choice in connector.tenants(credentials):
        if choice.value == tenant:
            return {TENANT: tenant, TENANT_NAME: choice.label}
    raise PlatformError(
        f"{enrollment} reads “{present.get(TENANT_NAME, tenant)}”, and access was given to others only. Connect again "
        f"and choose that at {connector.vendor_name}; what else is to be read is enrolled by itself."
    )


def tenants_of(enrollment: AppEnrollment) -> Sequence[Choice]:
    """Whose books the enrollment could read; raises DependencyFailed."""
    connector = _connector_of(enrollment.app)
    credentials = fresh_credentials(enrollment) | sources.client_of(enrollment.app)
    try:
        return connector.tenants(credentials)
    except ConnectorError as refused:
        raise DependencyFailed(redact(str(refused), secrets_in(credentials))) from refused


def choose_tenant(enrollment: AppEnrollment, user: User | None, tenant: str) -> AppEnrollment:
    """Choose whose books are read, once for all; raises PlatformError."""
    chosen = next((choice for choice in tenants_of(enrollment) if choice.value == tenant), None)
    if chosen is None:
        raise PlatformError("Choose one of those that access was given to.", field="tenant")
    present = enrollment.credentials.get(TENANT)
    if present and present != tenant:
        raise PlatformError(
            f"{enrollment} reads other books already, and records of two must not be mixed. Enrol the other by itself.",
            field="tenant",
        )
    services.replace_credentials(enrollment, user, {TENANT: chosen.value, TENANT_NAME: chosen.label})
    if not enrollment.name:
        services.change_enrollment(enrollment, user, name=chosen.label[:LONGEST_NAME])
    return enrollment


def disconnect(enrollment: AppEnrollment, user: User | None) -> str:
    """Give the access back to the vendor, and let the schedule rest; returns what was done."""
    connector = _connector_of(enrollment.app)
    if not enrollment.connection_problem:
        credentials = fresh_credentials(enrollment) | sources.client_of(enrollment.app)
        try:
            connector.disconnect(credentials)
        except ConnectorError as refused:
            # What has ended already need not be ended.
            if refused.code != DISCONNECTED:
                raise DependencyFailed(redact(str(refused), secrets_in(credentials))) from refused
    with transaction.atomic():
        locks.acquire(locks.credentials_key(enrollment.pk))
        enrollment.refresh_from_db(fields=["encrypted_credentials"])
        present = enrollment.credentials
        enrollment.credentials = {name: present[name] for name in (TENANT, TENANT_NAME) if name in present}
        store_connection(enrollment, user, problem=DISCONNECTED_HERE)
    return f"{enrollment} is disconnected from {connector.vendor_name}. Its records stay, and its schedule rests."


def _connector_of(app: Application) -> AuthorizedConnector:
    if connector := sources.authorized_connector(app):
        return connector
    raise PlatformError(f"{app.name} is not connected at a vendor; it asks for credentials, or for none.")


def _verifier(state: str) -> str:
    digest = salted_hmac(f"{SALT}.verifier", state, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
