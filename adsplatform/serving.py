"""How gunicorn serves the product: `gunicorn -c python:adsplatform.serving adsplatform.wsgi`."""

import os
from pathlib import Path

from adsplatform.local.processes import end_with_parent
from adsplatform.observability import logs

host = os.environ.get("HOST") or "127.0.0.1"
bind = f"{f'[{host}]' if ':' in host else host}:{os.environ.get('PORT') or '8000'}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
# A worker that gives no sign of life for so long is replaced. A slow upload is no such worker.
timeout = 60
# A filter may be long, and its characters take up to nine bytes of an address; gunicorn allows no more than this.
limit_request_line = 8190
graceful_timeout = 30
keepalive = 5
_level = os.environ.get("WEB_LOG_LEVEL", "warning").upper()
logconfig_dict = logs.configuration(os.environ.get("LOG_FORMAT") or "text", root=_level, **{"gunicorn.error": _level})
control_socket_disable = True
# The workers' signs of life are file times; on a busy disk they could come late.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None


def post_fork(server, worker):
    """A worker whose master was killed must not go on serving."""
    end_with_parent()
