"""A vendor's server: its page of consent, its tokens, its faults; what it is asked about its books is the dialect's."""

import base64
import hashlib
import html
import json
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

CLIENT = {"clientId": "client-of-the-platform", "clientSecret": "secret-of-the-platform"}


@dataclass
class Asked:
    """A request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    form: dict[str, list[str]]

    @property
    def fields(self) -> dict[str, str]:
        return {name: values[0] for name, values in self.form.items()}


@dataclass
class Answer:
    body: object = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    # How the connection ends: after so many bytes of the body.
    cut_after: int | None = None


@dataclass
class Grant:
    """What a person agreed to: for whose books, with which code and tokens."""

    tenants: list[str]
    code: str = ""
    challenge: str = ""
    redirect_uri: str = ""
    access: str = ""
    access_ends: datetime | None = None
    refresh: str = ""
    # Those that were valid before, and until when they still are.
    former: dict[str, datetime] = field(default_factory=dict)


class Double:
    """A server with books of several tenants. `grace` is for how long a refresh token works that was used."""

    authorize, token, revoke = "/authorize", "/token", "/revoke"

    def __init__(self, tenants: dict[str, str], *, grace: timedelta = timedelta(minutes=30)) -> None:
        self.tenants, self.grace = tenants, grace
        self.access_lasts, self.offset = timedelta(minutes=30), timedelta()
        self.asked: list[Asked] = []
        self.faults: list[tuple[str, Answer]] = []
        self.grants: list[Grant] = []
        # What was asked that no vendor answers.
        self.complaints: list[str] = []
        self.refreshed, self.reused = 0, 0
        self.lock = threading.RLock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def fail(self, path: str, *answers: Answer) -> None:
        """Answer the next requests to a path that contains this so."""
        self.faults += [(path, answer) for answer in answers]

    def grant(self, *tenants: str) -> dict[str, str]:
        """Credentials as after a person has agreed, for the first tenant."""
        chosen = list(tenants or [next(iter(self.tenants))])
        grant = Grant(chosen)
        with self.lock:
            self.grants.append(grant)
            tokens = self._new_tokens(grant)
        return {
            "accessToken": tokens["access_token"],
            "refreshToken": tokens["refresh_token"],
            "accessTokenEnds": grant.access_ends.isoformat(),
            "connectionEnds": (self.now + timedelta(days=60)).isoformat(),
            "tenant": chosen[0],
            "tenantName": self.tenants[chosen[0]],
        }

    def paths(self, part: str = "") -> list[str]:
        """The paths of the requests so far that contain this."""
        return [asked.path for asked in self.asked if part in asked.path]

    # What the dialects say.

    def api(self, asked: Asked, grant: Grant) -> Answer:
        """The answer of the vendor's own interface to somebody with that grant."""
        raise NotImplementedError

    def sent_back(self, grant: Grant) -> dict[str, str]:
        """What comes back from the page of consent besides the code."""
        return {}

    def refusal(self) -> Answer:
        return Answer({"Title": "Unauthorized", "Status": 401, "Detail": "TokenExpired"}, 401)

    # The server.

    def answer(self, asked: Asked) -> Answer:
        with self.lock:
            self.asked.append(asked)
            for fault in self.faults:
                if fault[0] in asked.path:
                    self.faults.remove(fault)
                    # The request is carried out all the same if only its answer is cut off.
                    if fault[1].cut_after is not None:
                        done = self._answer(asked)
                        return Answer(done.body, done.status, done.headers, cut_after=fault[1].cut_after)
                    return fault[1]
            try:
                return self._answer(asked)
            except AssertionError as complaint:
                self.complaints.append(str(complaint))
                return Answer({"complaint": str(complaint)}, 400)

    def _answer(self, asked: Asked) -> Answer:
        if asked.path == "/favicon.ico":
            return Answer("", 204)
        if asked.path == self.authorize:
            return self._consent(asked)
        if asked.path == self.token:
            return self._tokens(asked)
        if asked.path == self.revoke:
            self.grants = [each for each in self.grants if each.refresh not in (asked.fields.get("token"),)]
            return Answer({})
        bearer = asked.headers.get("authorization", "").removeprefix("Bearer ")
        grant = next((each for each in self.grants if each.access == bearer and each.access_ends > self.now), None)
        return self.api(asked, grant) if grant and bearer else self.refusal()

    def _consent(self, asked: Asked) -> Answer:
        given = asked.fields if asked.method == "POST" else asked.query
        wanted = {"client_id": CLIENT["clientId"], "response_type": "code", "code_challenge_method": "S256"}
        wrong = [name for name, value in wanted.items() if given.get(name) != value]
        if wrong or not re.fullmatch(r"[\w-]{43}", given.get("code_challenge", "")) or not given.get("state"):
            return Answer(f"unauthorized_client: {wrong}", 400)
        if asked.method == "GET":
            return self._page(given)
        back = {"state": given["state"]}
        if "allow" in given:
            grant = Grant(
                asked.form.get("tenant", []), secrets.token_urlsafe(16), given["code_challenge"], given["redirect_uri"]
            )
            self.grants.append(grant)
            back |= {"code": grant.code, **self.sent_back(grant)}
        else:
            back["error"] = "access_denied"
        return Answer("", 302, {"Location": f"{given['redirect_uri']}?{urlencode(back)}"})

    def _page(self, given: dict[str, str]) -> Answer:
        hidden = "".join(f'<input type="hidden" name="{n}" value="{html.escape(v)}">' for n, v in given.items())
        boxes = "".join(
            f'<label><input type="checkbox" name="tenant" value="{id}">{html.escape(name)}</label>'
            for id, name in self.tenants.items()
        )
        page = (
            '<!doctype html><html lang="en"><title>Consent</title><h1>May the platform read your books?</h1>'
            f'<form method="post">{hidden}{boxes}<button name="allow" value="1">Allow</button>'
            '<button name="refuse" value="1">Cancel</button></form></html>'
        )
        return Answer(page, headers={"Content-Type": "text/html; charset=utf-8"})

    def _tokens(self, asked: Asked) -> Answer:
        given = asked.fields
        basic = base64.b64encode(f"{CLIENT['clientId']}:{CLIENT['clientSecret']}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {basic}":
            return Answer({"error": "invalid_client"}, 401)
        refused = Answer({"error": "invalid_grant"}, 400)
        if given.get("grant_type") == "authorization_code":
            digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            proof = (given.get("code"), challenge, given.get("redirect_uri"))
            for grant in self.grants:
                if grant.code and proof == (grant.code, grant.challenge, grant.redirect_uri):
                    grant.code = ""
                    return Answer(self._new_tokens(grant))
            return refused
        token = given.get("refresh_token", "")
        for grant in list(self.grants):
            if token == grant.refresh or grant.former.get(token, self.now) > self.now:
                self.refreshed += 1
                return Answer(self._new_tokens(grant))
            if token in grant.former:
                # Used twice: whoever has it is not trusted any more.
                self.reused += 1
                self.grants.remove(grant)
        return refused

    def _new_tokens(self, grant: Grant) -> dict[str, object]:
        if grant.refresh:
            grant.former[grant.refresh] = self.now + self.grace
        grant.access, grant.refresh = (secrets.token_urlsafe(24) for _ in range(2))
        grant.access_ends = self.now + self.access_lasts
        return {
            "access_token": grant.access,
            "refresh_token": grant.refresh,
            "expires_in": int(self.access_lasts.total_seconds()),
            "token_type": "Bearer",
        }

    def _handler(double) -> Callable[..., BaseHTTPRequestHandler]:  # noqa: N805, the double of the handler below
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                is_json = "json" in self.headers.get("Content-Type", "")
                form = {name: [value] for name, value in json.loads(body).items()} if is_json else parse_qs(body)
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.reply(double.answer(Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, form)))

            do_GET = do_POST = do_DELETE = handle_any  # noqa: N815, as the base class calls them

            def reply(self, answer: Answer) -> None:
                is_text = isinstance(answer.body, str)
                body = answer.body.encode() if is_text else json.dumps(answer.body, ensure_ascii=False).encode()
                self.send_response(answer.status)
                headers = {"Content-Type": "application/json", **answer.headers, "Content-Length": str(len(body))}
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if answer.cut_after is not None:
                    self.wfile.write(body[: answer.cut_after])
                    self.wfile.flush()
                    with suppress(OSError):
                        self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return
                with suppress(BrokenPipeError, ConnectionResetError):
                    self.wfile.write(body)

            def date_time_string(self, timestamp: float | None = None) -> str:
                return format_datetime(double.now, usegmt=True)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        return Handler


def silent() -> tuple[str, Callable[[], None]]:
    """The address of a server that takes connections and says nothing, and what ends it."""
    listening = socket.create_server(("127.0.0.1", 0))
    return f"http://127.0.0.1:{listening.getsockname()[1]}", listening.close


def until(holds: Callable[[], bool], seconds: float = 30) -> bool:
    """Whether it holds before the time is over."""
    deadline = time.monotonic() + seconds
    while not (found := holds()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found
