"""Whether the audit trail is as it was sealed: finds entries that were changed, removed or added, and names them."""

from collections.abc import Iterator

from django.conf import settings

from adsplatform.accounts.audit_chain import entries_of, is_as_sealed, removal_seal_of, seal_of
from adsplatform.accounts.audit_entries import AuditEntry, AuditSegment


def findings() -> Iterator[str]:
    """What is wrong with the trail, as sentences; none if it is as it was sealed."""
    before = None
    for segment in AuditSegment.objects.order_by("pk").iterator(chunk_size=100):
        yield from _of_segment(segment, before)
        yield from _of_entries(segment)
        before = segment
    last = before.number if before else 0
    for entry in AuditEntry.objects.filter(segment__gt=last).order_by("pk"):
        yield f"Entry {entry.pk} ({entry}) is said to be in segment {entry.segment}, which does not exist."
    for entry in AuditEntry.objects.order_by("pk").iterator():
        if not entry.is_signed:
            yield (
                f"Entry {entry.pk} ({entry}) names somebody without a valid signature: who made the change is not "
                "known, or it was signed with a key that AUDIT_KEYS does not have."
            )


def has_seal(seal: str) -> bool:
    """Whether a seal that was noted elsewhere is in the chain."""
    return AuditSegment.objects.filter(seal=seal.strip().lower()).exists()


def _of_segment(segment: AuditSegment, before: AuditSegment | None) -> Iterator[str]:
    expected = before.number + 1 if before else 1
    if segment.number != expected:
        missing = (
            f"Segment {expected} is"
            if segment.number == expected + 1
            else f"Segments {expected} to {segment.number - 1} are"
        )
        yield f"{missing} missing, with the entries sealed there."
    elif not any(segment.seal == seal_of(segment, before, key) for key in settings.AUDIT_KEYS):
        yield (
            f"The seal of segment {segment.number} ({segment.sealed:%Y-%m-%d %H:%M}) does not hold: the segment or the "
            "one before was changed, or it was sealed with a key that AUDIT_KEYS does not have."
        )
    if segment.removed and segment.removal_seal not in {removal_seal_of(segment, key) for key in settings.AUDIT_KEYS}:
        yield f"The entries of segment {segment.number} were removed, but not by the platform's retention."


def _of_entries(segment: AuditSegment) -> Iterator[str]:
    if segment.removed:
        return
    sealed, when = entries_of(segment), f"{segment.sealed:%Y-%m-%d %H:%M}"
    found = set()
    for entry in AuditEntry.objects.filter(segment=segment.number).order_by("pk"):
        found.add(entry.pk)
        if entry.pk not in sealed:
            yield f"Entry {entry.pk} ({entry}) was put into segment {segment.number} after that was sealed on {when}."
        elif not is_as_sealed(entry, sealed[entry.pk]):
            yield f"Entry {entry.pk} ({entry}) was changed after it was sealed on {when}, in segment {segment.number}."
    # Unless retention removed them in the meantime.
    missing = sorted(sealed.keys() - found)
    if missing and not AuditSegment.objects.filter(pk=segment.pk, removed__isnull=False).exists():
        for id in missing:
            yield f"Entry {id} is missing: it was sealed on {when}, in segment {segment.number}."
