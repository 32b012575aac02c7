"""The authorization code flow of OAuth 2.0 with PKCE, and the renewal of its tokens.

It is three requests with forms; a library would bring stores and locks of its own, which must be the platform's.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import httpx

from syncs.connectors.addresses.http import client as http_client
from syncs.connectors.addresses.http import said_by
from syncs.connectors.cloud_ledger.answers import MOST_BYTES, body_of, json_of, seconds_in
from syncs.connectors.protocol import CLIENT_ID, CLIENT_SECRET, CONNECTION_ENDS, DISCONNECTED, ConnectorError

ACCESS, REFRESH, ACCESS_ENDS = "accessToken", "refreshToken", "accessTokenEnds"
# Tokens are renewed so long before they end, so that none ends on the way.
MARGIN = timedelta(seconds=60)
SECONDS = 30.0
# How often a request is sent whose answer was cut off. A refresh token may be sent again: vendors accept the one
# before for a while, for this very case.
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor's addresses, and the access that is asked for; `connection_days` is how long unused access lasts."""

    name: str
    authorize: str
    token: str
    revoke: str
    api: str
    scopes: str
    connection_days: int


def authorization_url(
    vendor: Vendor, client: Mapping[str, str], *, redirect_uri: str, state: str, verifier: str
) -> str:
    """The vendor's page on which a person agrees."""
    check_client(vendor, client)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    parameters = {
        "response_type": "code",
        "client_id": client[CLIENT_ID],
        "redirect_uri": redirect_uri,
        "scope": client.get("scopes") or vendor.scopes,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{vendor.authorize}?{urlencode(parameters)}"


def check_client(vendor: Vendor, client: Mapping[str, str]) -> None:
    """Raise ConnectorError unless whoever runs the platform has registered it with the vendor."""
    if not client.get(CLIENT_ID) or not client.get(CLIENT_SECRET):
        raise ConnectorError(
            f"{vendor.name} cannot be connected yet. Whoever runs the platform has to register it at {vendor.name} and "
            "to enter the client id and secret (OAUTH_CLIENTS).",
            code="bad_setting",
        )


def exchange(
    vendor: Vendor, client: Mapping[str, str], code: str, *, redirect_uri: str, verifier: str
) -> dict[str, str]:
    """The tokens for a code that the vendor's page sent back."""
    check_client(vendor, client)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    return _tokens(
        vendor,
        client,
        form,
        f"{vendor.name} does not accept its own answer any more: it is valid once, for a few minutes. Connect again.",
    )


def refresh(vendor: Vendor, credentials: Mapping[str, str]) -> dict[str, str]:
    """New tokens for the refresh token, which may be void from then on; to be called by renewals only."""
    check_client(vendor, credentials)
    form = {"grant_type": "refresh_token", "refresh_token": credentials.get(REFRESH, "")}
    return _tokens(vendor, credentials, form, disconnected(vendor))


def is_stale(credentials: Mapping[str, str], stale: str) -> bool:
    """Whether the access token is that one, or about to end."""
    ends = credentials.get(ACCESS_ENDS, "")
    return credentials.get(ACCESS, "") in ("", stale) or not ends or _time(ends) - MARGIN <= datetime.now(UTC)


def disconnected(vendor: Vendor) -> str:
    """The sentence about access that has ended."""
    return (
        f"{vendor.name} does not give access any more: it was ended there, or has not been used for too long. "
        "Connect again."
    )


def revoke(vendor: Vendor, credentials: Mapping[str, str], *, as_json: bool = False) -> None:
    """Have the vendor forget the refresh token; one that it does not know any more is no error."""
    form = {"token": credentials.get(REFRESH, "")}
    answer = _post(vendor, vendor.revoke, credentials, form, as_json=as_json)
    if answer.status_code >= 500 or answer.status_code == 429:
        raise _unexpected(vendor, answer)


def _tokens(vendor: Vendor, client: Mapping[str, str], form: dict[str, str], refused: str) -> dict[str, str]:
    answer = _post(vendor, vendor.token, client, form)
    if answer.status_code != 200:
        raise _refusal(vendor, answer, refused)
    found, now = json_of(answer.content, vendor.name), datetime.now(UTC)
    access, fresh = found.text("access_token"), found.text("refresh_token") or form.get("refresh_token")
    if not access or not fresh:
        raise ConnectorError(f"{vendor.name} gave no tokens. Connect again; it has to include access while offline.")
    lasts = float(found.amount("x_refresh_token_expires_in")) or vendor.connection_days * 86400.0
    if at_most := float(found.amount("x_refresh_token_hard_expires_in")):
        lasts = min(lasts, at_most)
    return {
        ACCESS: access,
        REFRESH: fresh,
        ACCESS_ENDS: (now + timedelta(seconds=float(found.amount("expires_in")))).isoformat(),
        CONNECTION_ENDS: (now + timedelta(seconds=lasts)).isoformat(timespec="seconds"),
    }


def _refusal(vendor: Vendor, answer: httpx.Response, refused: str) -> ConnectorError:
    try:
        reason = json_of(answer.content, vendor.name).text("error") or ""
    except ConnectorError:
        reason = ""
    if reason == "invalid_grant":
        return ConnectorError(refused, code=DISCONNECTED)
    if reason in ("invalid_client", "unauthorized_client") or answer.status_code == 401:
        return ConnectorError(
            f"{vendor.name} does not accept the client id and secret of this platform. Whoever runs it has to correct "
            "them (OAUTH_CLIENTS).",
            code="bad_setting",
        )
    return _unexpected(vendor, answer)


def _unexpected(vendor: Vendor, answer: httpx.Response) -> ConnectorError:
    return ConnectorError(
        f"{vendor.name} answered {answer.status_code} when asked for access.",
        transient=answer.status_code == 429 or answer.status_code >= 500,
        retry_after=seconds_in(answer.headers.get("Retry-After", "")),
    )


def _post(
    vendor: Vendor, address: str, client: Mapping[str, str], form: dict[str, str], *, as_json: bool = False
) -> httpx.Response:
    with http_client(seconds=SECONDS, headers={"Accept": "application/json"}) as http:
        request = http.build_request("POST", address, data=None if as_json else form, json=form if as_json else None)
        basic = base64.b64encode(f"{client.get(CLIENT_ID, '')}:{client.get(CLIENT_SECRET, '')}".encode()).decode()
        request.headers["Authorization"] = f"Basic {basic}"
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return body_of(http, request, MOST_BYTES, vendor.name)
            except httpx.TransportError as error:
                if attempt == ATTEMPTS or not isinstance(
                    error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError
                ):
                    raise ConnectorError(
                        f"{vendor.name} cannot be reached: {said_by(error)}.", transient=True
                    ) from None
    raise AssertionError("unreachable")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
