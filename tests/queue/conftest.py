"""Each way in which a wake-up can reach a worker."""

import os
import shutil
import signal
import subprocess
import sys

import pytest
from django_q.brokers import get_broker
from django_q.conf import Conf

from tests.product import PROJECT
from tests.servers import redis_server

BROKERS = {
    "listening": {"QUEUE_LISTENS": "true"},
    "looking": {"QUEUE_LISTENS": "false"},
    "redis": {},
}
CLASSES = {
    "listening": "adsplatform.cluster.brokers.ListeningBroker",
    "redis": "adsplatform.cluster.brokers.RedisBroker",
}


@pytest.fixture(scope="session")
def redis_port():
    if not shutil.which("redis-server"):
        pytest.skip("There is no program redis-server here; Debian's package of that name has it.")
    with redis_server() as port:
        yield port


@pytest.fixture(params=BROKERS)
def broker(request, monkeypatch, transactional_db):
    """The broker of this process, emptied; `environment` makes a cluster use it too."""
    monkeypatch.setattr(Conf, "BROKER_CLASS", CLASSES.get(request.param))
    monkeypatch.setattr(Conf, "POLL", 0.2)
    environment = dict(BROKERS[request.param])
    if request.param == "redis":
        environment["REDIS_URL"] = f"redis://127.0.0.1:{request.getfixturevalue('redis_port')}/0"
        monkeypatch.setattr(Conf, "REDIS", environment["REDIS_URL"])
    found = get_broker()
    found.purge_queue()
    found.environment = environment
    return found


@pytest.fixture
def cluster(database_url, tmp_path, settings):
    """Start a cluster of workers on the test database: `cluster(REDIS_URL=…)`."""
    started = []

    def start(**environment):
        kept = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "QUEUE_LISTENS")}
        own = {
            # As in production: tests have syncs carried out in their own process.
            "DJANGO_SETTINGS_MODULE": "adsplatform.settings",
            "DATABASE_URL": database_url,
            "ADS_VAR_DIR": str(tmp_path / "var"),
            "SECRET_KEY": settings.SECRET_KEY,
            "CREDENTIALS_KEYS": ",".join(settings.CREDENTIALS_KEYS),
            "UPLOAD_STORAGE_OPTIONS": f'{{"location": "{tmp_path / "uploads"}"}}',
        }
        process = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"],
            cwd=PROJECT,
            env=kept | own | environment,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        process.stderr.close()
