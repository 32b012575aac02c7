"""Tryton's JSON-RPC interface, which all series have: the user signs in by a password, and has a session."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

import httpx

from syncs.connectors.protocol import ConnectorError
from syncs.connectors.tryton.record import Record
from syncs.connectors.tryton.server import Connection, Context, Domain, dictionaries, read_json


class JsonRpcServer:
    """A database that is asked by JSON-RPC. A session that has expired is renewed once."""

    def __init__(self, connection: Connection, database: str, user: str, password: str) -> None:
        self._connection, self._user, self._password = connection, user, password
        self._path = f"/{quote(database, safe='')}/rpc/"
        self._session = ""
        # That of the user, such as the language, and the company.
        self._context: dict[str, object] = {}
        self._company: dict[str, object] = {}
        # The fields that each model has, because earlier series have fewer.
        self._known: dict[str, set[str]] = {}

    def use_company(self, company: int) -> None:
        self._company["company"] = company

    @property
    def now(self) -> datetime:
        return self._connection.now or datetime.now().astimezone()

    def search(
        self, model: str, domain: Domain, fields: Sequence[str], limit: int, context: Context | None = None
    ) -> list[Record]:
        known = self._fields_of(model, fields)
        asked = [field for field in fields if field.partition(".")[0] in known]
        answer = self._call(
            f"model.{model}.search_read",
            [domain, 0, limit, [["id", "ASC"]], asked, {**self._context, **self._company, **(context or {})}],
            f"“{model}”",
        )
        unknown = {field.partition(".")[0]: None for field in fields if field not in asked}
        return [Record(model, {**unknown, **_without_points(values)}) for values in dictionaries(answer)]

    def _fields_of(self, model: str, fields: Sequence[str]) -> set[str]:
        known = self._known.setdefault(model, {"id"})
        asked = sorted({field.partition(".")[0] for field in fields} - known)
        if asked:
            self._sign_in()
            found = self._call(f"model.{model}.fields_get", [asked, self._context], f"“{model}”")
            known.update(found if isinstance(found, dict) else ())
        return known

    def _sign_in(self) -> None:
        if self._session:
            return
        signing_in: list[object] = [self._user, {"password": self._password}, "en"]
        answer = self._post("common.db.login", signing_in, headers={})
        if answer.status_code in (404, 405) and self._path.endswith("/rpc/"):
            # Earlier series are asked at the database itself.
            self._path = self._path.removesuffix("rpc/")
            answer = self._post("common.db.login", signing_in, headers={})
        if answer.status_code in (401, 403):
            raise ConnectorError(f"Tryton refuses the user “{self._user}” with this password. Check both.")
        session = self._result(answer, "the sign-in")
        if not isinstance(session, list) or len(session) < 2:
            raise ConnectorError("Tryton asks for more than a password to sign in, which this connector cannot give.")
        self._session = base64.b64encode(f"{self._user}:{session[0]}:{session[1]}".encode()).decode()
        answer = self._post("model.res.user.get_preferences", [True, {}], self._authorization)
        preferences = self._result(answer, "the user’s preferences")
        self._context = preferences if isinstance(preferences, dict) else {}

    @property
    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Session {self._session}"}

    def _call(self, method: str, parameters: list[object], what: str) -> object:
        """The result; raises ConnectorError. A session may end while a long sync reads, by time or by a restart."""
        self._sign_in()
        answer = self._post(method, parameters, self._authorization)
        if answer.status_code == 401:
            self._session = ""
            self._sign_in()
            answer = self._post(method, parameters, self._authorization)
        return self._result(answer, what)

    def _post(self, method: str, parameters: list[object], headers: Mapping[str, str]) -> httpx.Response:
        return self._connection.send(
            "POST",
            self._path,
            headers={"Content-Type": "application/json", **headers},
            content=json.dumps({"id": 1, "method": method, "params": parameters}).encode(),
        )

    def _result(self, answer: httpx.Response, what: str) -> object:
        if answer.status_code != 200:
            raise self._connection.refused(answer, what)
        members = read_json(answer.content)
        if not isinstance(members, dict) or not {"result", "error"} & members.keys():
            raise ConnectorError("What answers is no Tryton server. Check address and database.")
        if error := members.get("error"):
            said = " ".join(str(part) for part in error if part)[:300] if isinstance(error, list) else str(error)[:300]
            raise ConnectorError(f"Tryton refuses to answer {what}: {said.rstrip('.')}.")
        return members["result"]


def _without_points(values: dict[str, object]) -> dict[str, object]:
    """The values as the REST interface has them: what the fields of another record are under stands without a point."""
    plain: dict[str, object] = {}
    for name, value in values.items():
        nested = value
        if name.endswith("."):
            if isinstance(value, dict):
                nested = _without_points(value)
            elif isinstance(value, list):
                nested = [_without_points(each) for each in value]
        if name.endswith(".") or f"{name}." not in values:
            plain[name.removesuffix(".")] = nested
    return plain
