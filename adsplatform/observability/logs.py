"""What a line of the log looks like, and which request and which sync it is about."""

import json
import logging
import time
from collections.abc import Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_told: ContextVar[Mapping] = ContextVar("about", default=MappingProxyType({}))


@contextmanager
def about(**ids):
    """Every line that is logged inside names these: `with about(sync_id=…)`. A thread of its own begins without."""
    before = _told.set({**_told.get(), **{name: str(value) for name, value in ids.items()}})
    try:
        yield
    finally:
        _told.reset(before)


class About(logging.Filter):
    """Gives each record what it is about."""

    def filter(self, record):
        record.about = _told.get()
        return True


class TextLine(logging.Formatter):
    """A line for people: time, level, logger, message, and what it is about."""

    def format(self, record):
        # Before the message's end, which may be a traceback of many lines.
        record.ids = "".join(f" [{name} {value}]" for name, value in getattr(record, "about", {}).items())
        return super().format(record)


class JsonLine(logging.Formatter):
    """A line for programs: one JSON object, whatever the message holds."""

    converter = time.gmtime

    def format(self, record):
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
            **getattr(record, "about", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configuration(format: str, **levels: str) -> dict:
    """How to log: the lines' format, and the level of each logger; `root` is all others'."""
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
        "root": {"handlers": ["console"], "level": levels.pop("root")},
        "loggers": {
            name: {"handlers": ["console"], "level": level, "propagate": False} for name, level in levels.items()
        },
    }
