"""Tryton's REST interface, from series 8.0 on: the user is known by a key that can be cancelled."""

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from syncs.connectors.protocol import ConnectorError
from syncs.connectors.tryton.record import Record
from syncs.connectors.tryton.server import Connection, Context, Domain, records_of


class RestServer:
    """A database that is asked by REST."""

    def __init__(self, connection: Connection, database: str, key: str) -> None:
        self._connection, self._database, self._key = connection, database, key
        self._context: dict[str, object] = {}

    def use_company(self, company: int) -> None:
        self._context["company"] = company

    @property
    def now(self) -> datetime:
        return self._connection.now or datetime.now().astimezone()

    def search(
        self, model: str, domain: Domain, fields: Sequence[str], limit: int, context: Context | None = None
    ) -> list[Record]:
        answer = self._connection.send(
            "GET",
            f"/{quote(self._database, safe='')}/rest/model/{model}",
            parameters=[
                ("d", _packed(domain)),
                ("o", _packed([["id", "ASC"]])),
                ("s", str(limit)),
                *(("f", field) for field in fields),
            ],
            headers={
                "Authorization": f"Bearer {self._key}",
                "X-Tryton-Context": _packed({**self._context, **(context or {})}),
            },
        )
        if answer.status_code in (401, 403):
            raise ConnectorError(
                f"Tryton refuses the key for “{model}”. In Tryton, look in the preferences of the user under "
                "“Applications” whether the key is validated, and whether the user may read the accounts."
            )
        if answer.status_code != 200:
            raise self._connection.refused(answer, f"“{model}”")
        return records_of(model, answer)


def _packed(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()
