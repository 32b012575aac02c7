"""Servers that tests start for themselves."""

import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from tests.product import eventually, free_port


@contextmanager
def redis_server(below: Path | None = None, *, port: int = 0):
    """A Redis that stores nothing on disk; yields its port. Needs the program `redis-server`."""
    import redis

    port = port or free_port()
    folder = tempfile.mkdtemp(prefix="ads-redis-", dir=below)
    server = subprocess.Popen(
        [*f"redis-server --port {port} --bind 127.0.0.1 --dir {folder} --appendonly no --save".split(), ""],
        stdout=subprocess.DEVNULL,
    )
    try:
        client = redis.Redis(port=port)

        def answers():
            try:
                return client.ping()
            except redis.RedisError:
                return False

        assert eventually(answers), "redis-server did not start."
        client.close()
        yield port
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)
