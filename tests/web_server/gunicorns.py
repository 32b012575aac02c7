"""A web server of our own, and its answers byte by byte."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time

import requests

from tests.product import OWN_SETTINGS, PROJECT, eventually, free_port

STALL_SECONDS = 3
# Seconds; far more than it takes, because the machine may be busy with other tests.
LATENCY = 3


class Server:
    """gunicorn with our configuration, one worker and two threads."""

    def __init__(self, var, database_url, **environment):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(OWN_SETTINGS)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "python:adsplatform.serving", "adsplatform.wsgi"],
            cwd=PROJECT,
            env=inherited
            | {
                "ADS_VAR_DIR": str(var),
                "DATABASE_URL": database_url,
                "DJANGO_SETTINGS_MODULE": "adsplatform.settings",
                "HTTPS": "false",
                "PORT": str(self.port),
                "WEB_WORKERS": "1",
                "WEB_THREADS": "2",
                "WEB_STALL_SECONDS": str(STALL_SECONDS),
            }
            | environment,
        )
        if not eventually(self.answers, seconds=60):
            self.process.kill()
            raise AssertionError("The web server did not start.")

    def answers(self):
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"{self.url}/healthz", timeout=5).ok
        return False

    def open(self, *pieces):
        """A connection on which these bytes were sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        for piece in pieces:
            connection.sendall(piece)
        return connection

    def ask(self, sent):
        """The answer to these bytes: its status, headers in lower case, and its problem document."""
        with self.open(sent) as connection:
            return answer_on(connection)

    def latency(self, path, headers):
        began = time.monotonic()
        assert requests.get(f"{self.url}{path}", headers=headers, timeout=20).status_code == 200
        return time.monotonic() - began


def answer_on(connection):
    received = b""
    while piece := connection.recv(65536):
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(line.split()[1]), headers, json.loads(body)
