"""The chain of the audit trail: entries are sealed in segments, and each seal covers the one before.

A periodic job seals what is new, so that writing an entry waits for nobody. A seal needs a key that the database does
not know: whoever changes, removes or adds an entry in the database cannot seal the trail again. The newest seal is
logged; somebody who notes it elsewhere also finds out that the end of the trail was cut off.

A segment covers digests. An entry has one of its person and one of its values, each with a salt of its own; erasing
either removes the salt and keeps the digest, so the chain holds.
"""

import hashlib
import json
import logging
import secrets
import struct
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from adsplatform import locks
from adsplatform.accounts.audit_entries import ERASED, AuditEntry, AuditSegment
from adsplatform.accounts.audit_signatures import mac

logger = logging.getLogger(__name__)

ENTRIES_AT_ONCE, SEGMENTS_REMOVED_AT_ONCE = 1_000, 5
SALT_BYTES = 16
# An entry in a manifest: its id, and the beginning of its digest.
MANIFEST_ENTRY = struct.Struct(">q16s")
# What an entry about a person has of them besides the e-mail and the network address.
PERSON_COLUMNS = (" email", " name")

SEAL = """
    UPDATE accounts_auditentry e
       SET segment = %s, person_salt = s.person_salt, person_digest = s.person_digest, values_salt = s.values_salt,
           values_digest = s.values_digest
      FROM unnest(%s::bigint[], %s::bytea[], %s::bytea[], %s::bytea[], %s::bytea[])
           AS s (id, person_salt, person_digest, values_salt, values_digest)
     WHERE e.audit_entry_id = s.id
"""


@transaction.atomic
def seal_some(now: datetime | None = None) -> bool:
    """Seal what is not sealed yet, in one segment; returns whether there may be more."""
    if not locks.try_acquire(locks.AUDIT_TRAIL):
        return False
    # Nobody may erase anything of them meanwhile.
    unsealed = AuditEntry.objects.filter(segment=None).order_by("pk").select_for_update()
    entries = list(unsealed[:ENTRIES_AT_ONCE])
    if not entries:
        return False
    last = AuditSegment.objects.order_by("pk").last()
    segment = AuditSegment(
        number=last.number + 1 if last else 1,
        sealed=now or timezone.now(),
        last_at=max(entry.at for entry in entries),
    )
    for entry in entries:
        entry.person_salt, entry.values_salt = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(SALT_BYTES)
        entry.person_digest = _digest(_person_of(entry), entry.person_salt)
        entry.values_digest = _digest(_values_of(entry), entry.values_salt)
    columns = ("pk", "person_salt", "person_digest", "values_salt", "values_digest")
    with connection.cursor() as cursor:
        cursor.execute(SEAL, [segment.number, *([getattr(entry, name) for entry in entries] for name in columns)])
    segment.manifest = b"".join(MANIFEST_ENTRY.pack(entry.pk, _digest_of(entry)) for entry in entries)
    segment.seal = seal_of(segment, last, settings.AUDIT_KEYS[0])
    segment.save(force_insert=True)
    logger.info(
        "The audit trail is sealed up to entry %d, in segment %d: %s.", entries[-1].pk, segment.number, segment.seal
    )
    return len(entries) == ENTRIES_AT_ONCE


@transaction.atomic
def remove_segments(before: datetime) -> int:
    """Remove the entries of some segments that end before a time; returns of how many.

    The segments stay, so the chain holds, and a new entry says what was removed.
    """
    found = list(expired_segments(before).order_by("pk")[:SEGMENTS_REMOVED_AT_ONCE])
    for segment in found:
        segment.removed = timezone.now()
        segment.removal_seal = removal_seal_of(segment, settings.AUDIT_KEYS[0])
        segment.save(update_fields=["removed", "removal_seal"])
        AuditEntry.objects.filter(segment=segment.number).delete()
        AuditEntry.objects.create(
            at=timezone.now(),
            action=AuditEntry.Action.REMOVED,
            subject="part of the audit trail",
            subject_id=f"segment {segment.number}",
            before={"entries": len(entries_of(segment)), "latest": segment.last_at.isoformat()},
            after={},
        )
    return len(found)


def expired_segments(before: datetime) -> QuerySet[AuditSegment]:
    """Segments whose entries retention is to remove."""
    return AuditSegment.objects.filter(last_at__lt=before, removed=None)


def entries_of(segment: AuditSegment) -> dict[int, bytes]:
    """The digest of each entry that a segment covers, by its id."""
    return dict(MANIFEST_ENTRY.iter_unpack(bytes(segment.manifest)))


def seal_of(segment: AuditSegment, before: AuditSegment | None, key: str) -> str:
    manifest = hashlib.sha256(bytes(segment.manifest)).hexdigest()
    times = (segment.sealed.isoformat(), segment.last_at.isoformat())
    return mac(key, "segment", str(segment.number), *times, manifest, before.seal if before else "")


def removal_seal_of(segment: AuditSegment, key: str) -> str:
    removed = segment.removed.isoformat() if segment.removed else ""
    return mac(key, "removed", str(segment.number), removed, segment.seal)


def is_as_sealed(entry: AuditEntry, sealed: bytes) -> bool:
    """Whether an entry is as it was when it was sealed, but for what was erased."""
    parts = (
        (_person_of(entry), entry.person_salt, entry.person_digest),
        (_values_of(entry), entry.values_salt, entry.values_digest),
    )
    for part, salt, digest in parts:
        if salt is None:
            if not _is_erased(part):
                return False
        elif _digest(part, bytes(salt)) != bytes(digest or b""):
            return False
    return _digest_of(entry) == sealed


def _digest_of(entry: AuditEntry) -> bytes:
    """The digest of all of an entry, which it keeps when something of it is erased."""
    lasting = [
        entry.pk, entry.at, entry.group_key, entry.user_id, entry.key_prefix, entry.door, entry.request_id,
        entry.action, entry.subject, entry.subject_id, entry.signed_at, _hex(entry.actor_proof),
        sorted(_columns_of(entry)), _hex(entry.person_digest), _hex(entry.values_digest),
    ]  # fmt: skip
    return _digest(lasting)[:16]


def _person_of(entry: AuditEntry) -> dict[str, object]:
    """What an entry has of people besides their ids."""
    found: dict[str, object] = {
        "user_email": entry.user_email,
        "address": entry.address,
        "proof": _hex(entry.person_proof),
    }
    if _is_about_person(entry):
        found["subject_name"] = entry.subject_name
        found |= {name: value for name, value in _columns_of(entry).items() if name.endswith(PERSON_COLUMNS)}
    return found


def _values_of(entry: AuditEntry) -> dict[str, object]:
    """The rest of what may be erased from an entry: its values, and the name of what was changed."""
    if _is_about_person(entry):
        return {name: value for name, value in _columns_of(entry).items() if not name.endswith(PERSON_COLUMNS)}
    return _columns_of(entry) | {"subject_name": entry.subject_name}


def _is_about_person(entry: AuditEntry) -> bool:
    return entry.subject == "user"


def _columns_of(entry: AuditEntry) -> dict[str, object]:
    before = {f"before {name}": value for name, value in entry.before.items()}
    return before | {f"after {name}": value for name, value in entry.after.items()}


def _is_erased(part: dict[str, object]) -> bool:
    return all(value in (None, "", ERASED) for value in part.values())


def _digest(part: object, salt: bytes = b"") -> bytes:
    return hashlib.sha256(salt + json.dumps(part, sort_keys=True, default=str).encode()).digest()


def _hex(value: bytes | memoryview | None) -> str | None:
    return None if value is None else bytes(value).hex()
