"""The format of log lines, and the ids of the request and the sync that each line is about."""

import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

# The levels of libraries that would log a line for each task or request.
LIBRARIES = {"django-q": "WARNING", "httpx": "WARNING"}

_ids: ContextVar[Mapping[str, str]] = ContextVar("ids", default=MappingProxyType({}))


@contextmanager
def about(**ids: object) -> Iterator[None]:
    """Add ids to every line that is logged inside: `with about(sync_id=…)`. A new thread starts without any."""
    before = _ids.set({**_ids.get(), **{name: str(value) for name, value in ids.items()}})
    try:
        yield
    finally:
        _ids.reset(before)


class About(logging.Filter):
    """Adds the current ids to each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.about = _ids.get()
        return True


class TextLine(logging.Formatter):
    """A line for people: time, level, logger, ids, message."""

    def format(self, record: logging.LogRecord) -> str:
        # The ids come before the message, because a traceback of many lines may follow it.
        record.ids = "".join(f" [{name} {value}]" for name, value in getattr(record, "about", {}).items())
        return super().format(record)


class JsonLine(logging.Formatter):
    """A line for programs: one JSON object, whatever characters the message has."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
            **getattr(record, "about", {}),
        }
        if record.exc_info:
            line["exception"] = record.exc_text or self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configuration(format: str, *, root: str, levels: Mapping[str, str]) -> dict[str, object]:
    """The setting LOGGING: the format of the lines, the level of each named logger, and that of all others."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"about": {"()": About}},
        "formatters": {
            "text": {"()": TextLine, "format": "{asctime} {levelname} {name}{ids}: {message}", "style": "{"},
            "json": {"()": JsonLine},
        },
        "handlers": {
            "console": {
                "class": "adsplatform.observability.redaction.RedactingHandler",
                "formatter": format,
                "filters": ["about"],
            }
        },
        "root": {"handlers": ["console"], "level": root},
        "loggers": {
            name: {"handlers": ["console"], "level": level, "propagate": False} for name, level in levels.items()
        },
    }
