"""The configuration of gunicorn: `gunicorn -c python:adsplatform.serving adsplatform.wsgi`."""

import os
import resource
from pathlib import Path

from adsplatform.cluster.resource_limits import lower_limit
from adsplatform.local.processes import end_with_parent
from adsplatform.observability import logs

host = os.environ.get("HOST") or "127.0.0.1"
bind = f"{f'[{host}]' if ':' in host else host}:{os.environ.get('PORT') or '8000'}"
# Threads get a request when all of it has arrived, so senders that stall or are slow occupy none.
worker_class = "adsplatform.web_server.worker.BufferingWorker"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
# Of each worker, with those that stall; no more are accepted meanwhile.
worker_connections = 1000
# Seconds without a heartbeat after which a worker is replaced.
timeout = 60
# The greatest value that gunicorn allows: a filter may be long, and each of its characters may take nine bytes in a
# URL.
limit_request_line = 8190
# Of the address space of each worker (0 for no limit). A request that needs more fails alone, and the worker goes on;
# a watchdog of its memory could only end the worker, with the requests of others.
_MEMORY_MAX_BYTES = int(os.environ.get("WEB_MEMORY_MAX_BYTES") or 4 * 1024**3)
graceful_timeout = 30
keepalive = 5
_level = os.environ.get("WEB_LOG_LEVEL", "warning").upper()
logconfig_dict = logs.configuration(
    os.environ.get("LOG_FORMAT") or "text", root=_level, levels={"gunicorn.error": _level}
)
control_socket_disable = True
# The workers' heartbeats are the times of files, which could be late on a busy disk; this one is in memory.
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn makes its files there by tempfile
worker_tmp_dir = str(_SHARED_MEMORY) if _SHARED_MEMORY.is_dir() else None


def post_fork(server: object, worker: object) -> None:
    """Have a worker end when its master is killed, and limit its memory."""
    end_with_parent()
    if _MEMORY_MAX_BYTES:
        lower_limit(resource.RLIMIT_AS, _MEMORY_MAX_BYTES)
