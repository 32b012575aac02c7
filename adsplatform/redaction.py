"""Keeps secrets out of what is told: the log, and sentences that are stored and shown.

What has a secret's form is masked wherever it stands; a connector's credentials are, because whoever holds them in
clear makes them known here first.
"""

import json
import logging
import re
from collections.abc import Iterable
from threading import Lock

MASK = "[secret]"
# Shorter texts stand in too many words to be masked there.
SHORTEST = 4
# So many are remembered, the latest, that a process which lives long does not collect them for ever.
MOST = 1_000

# Our API keys; credentials in addresses and headers; and `password=…` in any of its spellings.
_FORMS = (
    (re.compile(r"LSPK-[\w-]{8,}"), MASK),
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s/@]+@", re.IGNORECASE), rf"\1:{MASK}@"),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=:-]{8,}", re.IGNORECASE), rf"\1 {MASK}"),
    (
        re.compile(
            r"""((?:password|passwd|pwd|secret|token|api[_-]?key|authorization|cookie|sessionid)["']?\s*[:=]\s*["']?)"""
            r"""(?!\[secret\]|bearer\b|basic\b)[^\s"',;&]+""",
            re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
)
_known: dict[str, None] = {}
_lock = Lock()


def learn(secrets: Iterable[str]) -> None:
    """From now on, mask these wherever this process tells something."""
    with _lock:
        for secret in secrets:
            if len(secret) < SHORTEST:
                continue
            # In JSON, as one log line has it, some characters are written otherwise.
            for spelling in {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}:
                _known.pop(spelling, None)
                _known[spelling] = None
        while len(_known) > MOST:
            del _known[next(iter(_known))]


def without_known_secrets(text: str) -> str:
    """The text with every secret masked that was made known here."""
    with _lock:
        # Of two secrets of which one holds the other, the longer goes first, or its rest would stay.
        found = sorted((secret for secret in _known if secret in text), key=len, reverse=True)
    for secret in found:
        text = text.replace(secret, MASK)
    return text


def redacted(text: str) -> str:
    """The text with every known secret masked, and what has a secret's form."""
    text = without_known_secrets(text)
    for form, mask in _FORMS:
        text = form.sub(mask, text)
    return text


class RedactingHandler(logging.StreamHandler):
    """Writes log lines, tracebacks and all, with every secret in them masked, whatever their format."""

    def format(self, record):
        return redacted(super().format(record))
