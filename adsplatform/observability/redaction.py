"""Keeps secrets out of what is told: the log, and sentences that are stored and shown.

What has a secret's form is masked wherever it stands; a connector's credentials are, because whoever holds them in
clear makes them known here first.
"""

import json
import logging
import re
from collections.abc import Iterable, Iterator
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


def remember_secrets(secrets: Iterable[str]) -> None:
    """From now on, mask these in every line of this process's log."""
    with _lock:
        for spelling in _spellings(secrets):
            _known.pop(spelling, None)
            _known[spelling] = None
        while len(_known) > MOST:
            del _known[next(iter(_known))]


def mask_secrets(text: str, secrets: Iterable[str]) -> str:
    """The text with these secrets masked.

    For sentences that people read name only the secrets of theirs: that a word is masked says that it is one.
    """
    # Of two secrets of which one holds the other, the longer goes first, or its rest would stay.
    for spelling in sorted((one for one in _spellings(secrets) if one in text), key=len, reverse=True):
        text = text.replace(spelling, MASK)
    return text


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text with these secrets masked, and what has a secret's form."""
    text = mask_secrets(text, secrets)
    for form, mask in _FORMS:
        text = form.sub(mask, text)
    return text


def redact_for_log(text: str) -> str:
    """The text as a log may hold it: with every known secret masked, and what has a secret's form."""
    with _lock:
        known = list(_known)
    return redact(text, known)


def _spellings(secrets: Iterable[str]) -> Iterator[str]:
    """Each secret long enough to be masked, as it is and as JSON writes it."""
    for secret in secrets:
        if len(secret) >= SHORTEST:
            quoted = json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]
            yield from dict.fromkeys((secret, *quoted))


class RedactingHandler(logging.StreamHandler):
    """Writes log lines, tracebacks and all, with every secret in them masked, whatever their format."""

    def format(self, record):
        return redact_for_log(super().format(record))
