"""A vendor's interface, asked for one enrollment: tokens are renewed, budgets kept, and faults told apart."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

import httpx

from syncs.connectors.addresses.http import client as http_client
from syncs.connectors.addresses.http import said_by
from syncs.connectors.cloud_ledger.answers import MOST_BYTES, body_of, clock_of, seconds_in
from syncs.connectors.cloud_ledger.oauth import ACCESS, Vendor, disconnected, is_stale
from syncs.connectors.protocol import DISCONNECTED, ConnectorError, Source

# How long a vendor may be silent; QuickBooks takes up to 120 seconds for a request.
SECONDS = 125.0
# The pauses before a request that failed (5xx, connection cut) is sent again.
PAUSES = (1.0, 3.0)
# How long a request waits for a limit of a minute, and how often. What takes longer is for the sync to wait for.
LONGEST_WAIT, WAITS = 90.0, 3
# What the connectors call their budget of requests.
REQUESTS = "requests"


@dataclass(frozen=True, slots=True)
class Exhausted:
    """What a vendor says when it was asked too often: which limit, in words, and in how many seconds there is more."""

    limit: str
    seconds: float


class Api:
    """Sends requests. Without a source, as when a connection is tried, tokens are not renewed and no budget is taken.

    `renewed` gets new credentials, as `AuthorizedConnector.renewed` does. `exhausted` reads an answer with status 429.
    """

    def __init__(
        self,
        vendor: Vendor,
        credentials: Mapping[str, str],
        *,
        renewed: Callable[[Mapping[str, str], str], Mapping[str, str]],
        exhausted: Callable[[httpx.Response], Exhausted],
        source: Source | None = None,
    ) -> None:
        self.vendor, self.credentials = vendor, dict(credentials)
        self._renewed, self._exhausted, self._source = renewed, exhausted, source
        self._http = http_client(seconds=SECONDS, headers={"Accept": "application/json"})
        self._first_answer: datetime | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._http.close()

    @property
    def now(self) -> datetime:
        """The vendor's clock at its first answer."""
        return self._first_answer or datetime.now(UTC)

    def get(
        self,
        address: str,
        parameters: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
    ) -> httpx.Response:
        """An answer with status 200, 204 or 304; raises ConnectorError for others, after what may be tried again."""
        waits, failures, was_renewed = 0, 0, False
        while True:
            answer, trouble = self._try(method, address, parameters, headers or {})
            if answer is None or answer.status_code >= 500:
                if failures == len(PAUSES):
                    raise ConnectorError(trouble, transient=True, retry_after=_pause(answer))
                time.sleep(PAUSES[failures])
                failures += 1
            elif answer.status_code == 401 and not was_renewed and self._source:
                self._renew(stale=self.credentials.get(ACCESS, ""))
                was_renewed = True
            elif answer.status_code == 429:
                self._wait(answer, waits)
                waits += 1
            elif answer.status_code in (200, 204, 304):
                return answer
            else:
                raise self._refused(answer, trouble)

    def _try(
        self, method: str, address: str, parameters: Sequence[tuple[str, str]], headers: Mapping[str, str]
    ) -> tuple[httpx.Response | None, str]:
        """The answer, if there is one, and a sentence in case it is none that helps."""
        if self._source:
            if is_stale(self.credentials, ""):
                self._renew()
            self._source.budget.take(REQUESTS)
        bearer = {"Authorization": f"Bearer {self.credentials.get(ACCESS, '')}"}
        request = self._http.build_request(method, address, params=list(parameters), headers={**headers, **bearer})
        try:
            answer = body_of(self._http, request, MOST_BYTES, self.vendor.name)
        except httpx.TransportError as error:
            return None, f"{self.vendor.name} cannot be reached: {said_by(error)}."
        if self._first_answer is None:
            self._first_answer = clock_of(answer)
        return answer, f"{self.vendor.name} answered {answer.status_code} when asked for “{request.url.path}”."

    def _renew(self, stale: str = "") -> None:
        """Have the credentials renewed, or take those that another process has renewed meanwhile."""
        if self._source:
            # The client is not stored with the enrollment's credentials.
            own = self.credentials
            new = self._source.renew_credentials(lambda present: self._renewed({**own, **present}, stale))
            self.credentials = {**own, **new}

    def _wait(self, answer: httpx.Response, waits: int) -> None:
        """Wait for a limit of a minute; raises what makes the sync wait for others."""
        found = self._exhausted(answer)
        if found.seconds > LONGEST_WAIT or waits >= WAITS or not self._source:
            raise ConnectorError(
                f"{self.vendor.name} takes no more requests now ({found.limit}). It is tried again later.",
                code="source_budget",
                transient=True,
                retry_after=found.seconds,
            )
        time.sleep(found.seconds)

    def _refused(self, answer: httpx.Response, trouble: str) -> ConnectorError:
        if answer.status_code in (401, 403):
            return ConnectorError(disconnected(self.vendor), code=DISCONNECTED)
        return ConnectorError(trouble)


def _pause(answer: httpx.Response | None) -> float | None:
    return seconds_in(answer.headers.get("Retry-After", "")) if answer else None
