"""Programs that call the API, as tests have them."""

import io
import json

from django.test import Client

from adsplatform.accounts.models import Role
from tests.factories import member


class Program:
    """Something with an API key; each method is one call."""

    def __init__(self, role=Role.OWNER, account=None, **user):
        self.membership, self.key = member(role, account, **user)
        self.account, self.user = self.membership.group_key, self.membership.user
        self.headers = {"Api-Key": self.key}
        self.client = Client(raise_request_exception=False)

    def send(self, method, path, body=b"", content_type="", query="", headers=None):
        """One call with exactly these bytes."""
        if not path.startswith(("/", "http")):
            path = f"/api/v1/{path}"
        return self.client.generic(
            method,
            path,
            body,
            CONTENT_TYPE=content_type,
            QUERY_STRING=query,
            headers=self.headers if headers is None else headers,
        )

    def get(self, path, query=""):
        return self.send("GET", path, query=query)

    def post(self, path, body=None, query=""):
        return self.send_json("POST", path, body, query)

    def patch(self, path, body=None, query=""):
        return self.send_json("PATCH", path, body, query)

    def delete(self, path, query=""):
        return self.send("DELETE", path, query=query)

    def send_chunked(self, path, body, content_type="", query=""):
        """A call without Content-Length, as gunicorn hands over a chunked body, which may be a stream."""
        stream = io.BytesIO(body) if isinstance(body, bytes) else body
        return self.client.generic(
            "POST",
            f"/api/v1/{path}",
            b"",
            CONTENT_TYPE=content_type,
            headers={**self.headers, "Transfer-Encoding": "chunked"},
            QUERY_STRING=query,
            **{"wsgi.input": stream, "wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
        )

    def send_json(self, method, path, body, query):
        text = b"" if body is None else json.dumps(body).encode()
        return self.send(method, path, text, "application/json" if text else "", query)


def anonymous() -> Client:
    return Client(raise_request_exception=False)
