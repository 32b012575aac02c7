"""Masks secrets in log lines, and in sentences that are stored or displayed.

Anything that looks like a secret is masked. A connector's credentials need not look like one, so code that decrypts
them registers them here first.
"""

import json
import logging
import re
from collections.abc import Iterable, Iterator
from copy import copy
from threading import Lock
from typing import TYPE_CHECKING, TextIO

MASK = "[secret]"
# Shorter secrets are not masked, because they are part of too many words.
SHORTEST = 4
# How much of a message and of a traceback is logged. What outsiders send may be in it, and each form takes time.
LONGEST_MESSAGE, LONGEST_TRACEBACK = 4_000, 32_000
# Only the latest ones are remembered, which bounds the memory of a process that runs for long.
MOST = 1_000

# Our API keys, credentials in URLs and headers, and `password=…` in its various spellings.
_FORMS = (
    (re.compile(r"LSPK-[\w-]{8,}"), MASK),
    (re.compile(r"(://[^\s:/@]*+):[^\s/@]++@"), rf"\1:{MASK}@"),
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
# What `remember_secrets` was given, oldest first.
known_spellings: dict[str, None] = {}
_lock = Lock()


def remember_secrets(secrets: Iterable[str]) -> None:
    """Mask these in every line that this process logs from now on."""
    with _lock:
        for spelling in _spellings(secrets):
            known_spellings.pop(spelling, None)
            known_spellings[spelling] = None
        while len(known_spellings) > MOST:
            del known_spellings[next(iter(known_spellings))]


def mask_secrets(text: str, secrets: Iterable[str]) -> str:
    """The text with these secrets masked.

    For a sentence that a person reads, pass only secrets of that person's account: masking a word reveals that it is a
    secret.
    """
    # The longest first, because a secret may contain another, and the rest of it must not remain.
    for spelling in sorted((found for found in _spellings(secrets) if found in text), key=len, reverse=True):
        text = text.replace(spelling, MASK)
    return text


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text with these secrets masked, and everything that looks like a secret."""
    text = mask_secrets(text, secrets)
    for form, mask in _FORMS:
        text = form.sub(mask, text)
    return text


def redact_for_log(text: str) -> str:
    """The text with every remembered secret masked, and everything that looks like a secret."""
    with _lock:
        secrets = list(known_spellings)
    return redact(text, secrets)


def _spellings(secrets: Iterable[str]) -> Iterator[str]:
    """Each secret that is long enough to be masked, as it is and as JSON writes it."""
    for secret in secrets:
        if len(secret) >= SHORTEST:
            quoted = json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]
            yield from dict.fromkeys((secret, *quoted))


if TYPE_CHECKING:
    StreamHandler = logging.StreamHandler[TextIO]
else:
    StreamHandler = logging.StreamHandler


class RedactingHandler(StreamHandler):
    """Writes log lines and their tracebacks, in any format, of limited length and with every secret masked."""

    def format(self, record: logging.LogRecord) -> str:
        return redact_for_log(super().format(_shortened(record)))


def _shortened(record: logging.LogRecord) -> logging.LogRecord:
    """The record with a message and a traceback of limited length."""
    message = record.getMessage()
    traceback = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
    if len(message) <= LONGEST_MESSAGE and len(traceback) <= LONGEST_TRACEBACK:
        return record
    short = copy(record)
    short.msg, short.args = _cut(message, LONGEST_MESSAGE), None
    # The formatters take this in place of `exc_info`.
    short.exc_text = _cut(traceback, LONGEST_TRACEBACK)
    return short


def _cut(text: str, length: int) -> str:
    """The text without its middle, if it is too long; no part of a remembered secret stays at the cut."""
    if len(text) <= length:
        return text
    with _lock:
        secrets = list(known_spellings)
    masked = mask_secrets(text, secrets)
    return f"{masked[: length // 2]} … {masked[-length // 2 :]}"
