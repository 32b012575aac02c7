"""The REST API as the command line uses it: reads page by page, and uploads in parts that go on after a break."""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urljoin

import httpx

from adsplatform import __version__

# An object of an answer; amounts are decimals, exactly as they were sent.
Row: TypeAlias = dict[str, Any]
# Told how many bytes are sent.
Told: TypeAlias = Callable[[int], None]

PART_BYTES = 8 * 1024**2
PAGE_SIZE = 250
TIMEOUT = httpx.Timeout(60, connect=10)
# Seconds before each further attempt where the server is not reached or asks to wait.
PAUSES = (1, 2, 5, 10, 20)
MOST_PAUSE = 60
BUSY = frozenset((429, 502, 503, 504))


class Refused(Exception):
    """The server refused a request; the message is its own sentence, `status` that of HTTP."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class NotReached(Exception):
    """The server did not answer, or something else than our API did."""


class Client:
    """The API of one server for the holder of an API key; a context manager.

    Every method raises Refused or NotReached.
    """

    def __init__(self, url: str, key: str, *, pauses: tuple[float, ...] = PAUSES):
        self.url = url
        self._pauses = pauses
        self._http = httpx.Client(
            base_url=urljoin(f"{url.rstrip('/')}/", "api/v1/"),
            headers={"Api-Key": key, "User-Agent": f"ads/{__version__}"},
            timeout=TIMEOUT,
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Any:
        """The answer of one GET."""
        return self._read(self._send("GET", path, params=dict(parameters or {})))

    def rows(self, path: str, parameters: Mapping[str, str], most: int | None = None) -> Iterator[Row]:
        """The records of a query, page by page, at most so many."""
        found, number = 0, 0
        while most is None or found < most:
            size = PAGE_SIZE if most is None else min(PAGE_SIZE, most)
            page = self.get(path, {**parameters, "pageSize": str(size), "pageNumber": str(number)})
            records = page["records"]
            for row in records if most is None else records[: most - found]:
                yield row
                found += 1
            if len(records) < size:
                return
            number += 1

    def upload(self, path: Path, name: str, told: Told) -> str:
        """Send a file in parts, each checked on arrival, and return the address of the upload."""
        with path.open("rb") as content:
            whole = hashlib.file_digest(content, "sha256").hexdigest()
        names = {"filename": name, "sha256": whole}
        metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in names.items())
        size = path.stat().st_size
        begun = self._send("POST", "Sync/Uploads", headers={"Upload-Length": str(size), "Upload-Metadata": metadata})
        place = str(begun.url.join(begun.headers["Location"]))
        with path.open("rb") as content:
            offset = 0
            while offset < size:
                content.seek(offset)
                offset = self._send_part(place, content.read(PART_BYTES), offset)
                told(offset)
        return place

    def load(self, place: str, parameters: Mapping[str, str]) -> Row:
        """Request the sync that loads an upload; asked again, the same sync."""
        row: Row = self._read(self._send("POST", f"{place}/finish", params=dict(parameters)))
        return row

    def forget(self, place: str) -> None:
        """Remove an upload that will not be loaded."""
        self._send("DELETE", place)

    def _send_part(self, place: str, part: bytes, offset: int) -> int:
        """The new offset; that of a part whose answer was lost, too."""
        headers = {
            "Upload-Offset": str(offset),
            "Upload-Checksum": f"sha256 {base64.b64encode(hashlib.sha256(part).digest()).decode()}",
            "Content-Type": "application/offset+octet-stream",
        }
        try:
            return int(self._send("PATCH", place, content=part, headers=headers).headers["Upload-Offset"])
        except Refused:
            reached = int(self._send("HEAD", place).headers["Upload-Offset"])
            if reached != offset + len(part):
                raise
            return reached

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """The answer, if need be after further attempts.

        Every request of ours may be repeated: a second upload that was begun and not used is removed by the server.
        """
        for pause in (*self._pauses, None):
            try:
                response = self._http.request(method, path, **request)
            except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
                raise NotReached(f"“{self.url}” is no address of a server: {error}") from error
            except httpx.TransportError as error:
                if pause is None:
                    raise NotReached(f"{self.url} does not answer: {error}") from error
                time.sleep(pause)
                continue
            if response.status_code in BUSY and pause is not None:
                time.sleep(_asked_pause(response, pause))
                continue
            if response.is_success:
                return response
            raise self._refusal(response)
        raise NotReached(f"{self.url} does not answer.")

    def _refusal(self, response: httpx.Response) -> Refused | NotReached:
        what = f"{self.url} answers {response.status_code} {response.reason_phrase}"
        if response.request.method == "HEAD":
            return Refused(f"{what}.", response.status_code)
        if not response.headers.get("Content-Type", "").startswith("application/problem+json"):
            return NotReached(f"{what}, and not as ADS Platform does: check ADS_URL.")
        problem = response.json()
        told = [problem.get("detail") or problem.get("title") or ""]
        for name, texts in (problem.get("errors") or {}).items():
            told += [text if name in text else f"{name}: {text}" for text in texts if text not in told[0]]
        return Refused("\n".join(dict.fromkeys(told)), response.status_code)

    def _read(self, response: httpx.Response) -> Any:
        try:
            return json.loads(response.text, parse_float=Decimal)
        except ValueError as error:
            raise NotReached(f"{self.url} answers something else than ADS Platform does: check ADS_URL.") from error


def _asked_pause(response: httpx.Response, usual: float) -> float:
    asked = response.headers.get("Retry-After", "")
    return min(float(asked), MOST_PAUSE) if asked.isdecimal() else usual
