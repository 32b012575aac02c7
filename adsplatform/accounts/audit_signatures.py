"""Signatures of the audit trail, made with keys that the database does not know.

The web server signs who makes a request. Whoever runs SQL of their own can therefore not have the trail name somebody
else, and an entry whose signature does not hold names nobody. An entry has digests of its signatures only, so nobody
can copy a signature from an entry to use it again.

There are two for each entry: one of what stays in it, and one of what may be erased.
"""

import hashlib
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypedDict

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

if TYPE_CHECKING:
    from adsplatform.accounts.audit_entries import AuditEntry

# How far apart the clocks of the web server and the database, and the start and end of a request, may be.
VALID_FOR = timedelta(hours=1)


class Actor(TypedDict):
    """Who makes a change, as the entry names them; an empty text or None where that is not known."""

    user_id: str | None
    user_email: str
    key_prefix: str
    door: str
    address: str
    request_id: str


class Signatures(TypedDict):
    signed_at: str
    signature: str
    person_signature: str


def sign(actor: Actor, now: datetime) -> Signatures:
    """The signatures of an actor, for the trigger that writes the entries."""
    signed_at = now.isoformat()
    signature = mac(settings.AUDIT_KEYS[0], *_lasting(actor, signed_at))
    person = mac(settings.AUDIT_KEYS[0], signature, actor["user_email"], actor["address"])
    return {"signed_at": signed_at, "signature": signature, "person_signature": person}


def is_signed(entry: "AuditEntry") -> bool:
    """Whether what an entry says of who made the change was signed by us, as far as it is not erased."""
    if entry.actor_proof is None:
        return True  # From before there were signatures.
    names_somebody = any([entry.user_id, entry.user_email, entry.key_prefix, entry.door, entry.address])
    if entry.signed_at is None:
        return not names_somebody
    return abs(entry.at - entry.signed_at) < VALID_FOR and any(_holds(entry, key) for key in settings.AUDIT_KEYS)


def proofs(signatures: Signatures) -> dict[str, object]:
    """What an entry has of signatures."""
    return {
        "signed_at": datetime.fromisoformat(signatures["signed_at"]),
        "actor_proof": digest(signatures["signature"]),
        "person_proof": digest(signatures["person_signature"]),
    }


def mac(key: str, *parts: str | None) -> str:
    """An HMAC-SHA-256 of texts, in hexadecimal digits."""
    return salted_hmac("adsplatform.accounts.audit", json.dumps(parts), secret=key, algorithm="sha256").hexdigest()


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _lasting(actor: Actor, signed_at: str) -> tuple[str | None, ...]:
    return signed_at, actor["user_id"], actor["key_prefix"], actor["door"], actor["request_id"]


def _holds(entry: "AuditEntry", key: str) -> bool:
    actor: Actor = {
        "user_id": str(entry.user_id) if entry.user_id else None,
        "user_email": entry.user_email,
        "key_prefix": entry.key_prefix,
        "door": entry.door,
        "address": entry.address,
        "request_id": entry.request_id,
    }
    signed_at = entry.signed_at.isoformat() if entry.signed_at else ""
    signature = mac(key, *_lasting(actor, signed_at))
    if not constant_time_compare(digest(signature), bytes(entry.actor_proof or b"")):
        return False
    is_erased = not entry.user_email and not entry.address
    person = mac(key, signature, entry.user_email, entry.address)
    return is_erased or constant_time_compare(digest(person), bytes(entry.person_proof or b""))
