"""The audit trail is sealed: what the database's owner changes, removes or adds is found and named."""

import io
import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, connection, transaction
from django.utils import timezone

from adsplatform import database
from adsplatform.accounts import audit_chain, audit_check
from adsplatform.accounts.models import AuditEntry, AuditSegment
from syncs.periodic import retention
from syncs.periodic.loop import PERIODIC_JOBS
from tests.callers import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return Program()


@pytest.fixture
def sealed(owner):
    """A segment with the making of an account, and two with three API keys each; the entries of those, oldest first."""
    audit_chain.seal_some()
    for _ in range(2):
        for _ in range(3):
            assert owner.post("ApiKeys", {"name": "Another"}).status_code == 201
        audit_chain.seal_some()
    entries = list(AuditEntry.objects.filter(segment__gt=1).order_by("pk"))
    assert [(entry.segment, entry.subject) for entry in entries] == [(2, "API key")] * 3 + [(3, "API key")] * 3
    return entries


def as_owner_of_the_tables(statement, *params):
    """Run a statement as somebody who may switch off the triggers that keep entries as they are."""
    with connection.cursor() as cursor:
        for table in ("accounts_auditentry", "accounts_auditsegment"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, params)
        for table in ("accounts_auditentry", "accounts_auditsegment"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def found():
    return list(audit_check.findings())


def checked(**options):
    out = io.StringIO()
    call_command("check_audit_trail", stdout=out, **options)
    return out.getvalue()


def test_an_untouched_trail_is_as_it_was_sealed(sealed):
    said = checked()
    newest = AuditSegment.objects.latest("pk")
    count = AuditEntry.objects.count()
    assert (
        f"The audit trail is as it was sealed: {count} entries in segments up to 3. Newest seal: {newest.seal}" in said
    )
    assert "Not sealed yet: 0 entries" in said


def test_what_is_new_is_sealed_once(owner, monkeypatch):
    monkeypatch.setattr(audit_chain, "ENTRIES_AT_ONCE", 2)
    while audit_chain.seal_some():
        pass
    segments = AuditSegment.objects.count()
    assert segments == (AuditEntry.objects.count() + 1) // 2 > 1
    assert not audit_chain.seal_some()
    assert AuditSegment.objects.count() == segments
    assert found() == []


def test_the_workers_seal_every_minute():
    (job,) = [job for job in PERIODIC_JOBS if job.work == audit_chain.seal_some]
    assert job.seconds == 60


@pytest.mark.parametrize(
    "change",
    [
        "user_id = '00000000-0000-4000-8000-000000000007'",
        "user_email = 'ana@example.com'",
        "address = '203.0.113.7'",
        "at = at + interval '1 second'",
        "group_key = NULL",
        "action = 'removed'",
        "subject_id = 'x'",
        "subject_name = 'x'",
        'after = after || \'{"name": "x"}\'',
        "after = after - 'name'",
        "person_salt = NULL",
        "values_salt = NULL, after = '{}'",
        "values_digest = sha256('x')",
        "person_salt = '', person_digest = sha256('[]')",
    ],
)
def test_a_changed_entry_is_named(sealed, change):
    entry = sealed[1]
    as_owner_of_the_tables(f"UPDATE accounts_auditentry SET {change} WHERE audit_entry_id = %s", entry.pk)
    first, *others = found()
    assert re.match(rf"Entry {entry.pk} \(API key .+\) was changed after it was sealed on .+, in segment 2\.", first)
    # Besides, the signature of who it was may not hold any more.
    assert all(other.startswith(f"Entry {entry.pk} (") for other in others)
    with pytest.raises(CommandError, match="The audit trail is not as it was sealed: "):
        checked()


def test_an_entry_removed_from_the_middle_is_named(sealed):
    as_owner_of_the_tables("DELETE FROM accounts_auditentry WHERE audit_entry_id = %s", sealed[1].pk)
    (finding,) = found()
    assert re.match(rf"Entry {sealed[1].pk} is missing: it was sealed on .+, in segment 2\.", finding)


def test_an_entry_added_to_a_sealed_segment_is_named(sealed):
    as_owner_of_the_tables("UPDATE accounts_auditentry SET segment = 1 WHERE audit_entry_id = %s", sealed[1].pk)
    assert re.match(rf"Entry {sealed[1].pk} \(.+\) was put into segment 1 after that was sealed on ", found()[0])
    as_owner_of_the_tables("UPDATE accounts_auditentry SET segment = 99 WHERE audit_entry_id = %s", sealed[1].pk)
    assert found()[-1].endswith("is said to be in segment 99, which does not exist.")


def test_an_entry_that_is_sealed_again_is_missing_where_it_was(sealed):
    entry = sealed[1]
    as_owner_of_the_tables(
        "UPDATE accounts_auditentry SET segment = NULL, subject_id = 'x' WHERE audit_entry_id = %s", entry.pk
    )
    audit_chain.seal_some()
    assert f"Entry {entry.pk} is missing: it was sealed on " in found()[0]


def test_a_removed_or_changed_segment_is_named(sealed):
    with transaction.atomic():
        as_owner_of_the_tables("DELETE FROM accounts_auditsegment WHERE number = 2")
        assert found()[0] == "Segment 2 is missing, with the entries sealed there."
        transaction.set_rollback(True)
    # With an entry that nobody can tell from one that was never there.
    as_owner_of_the_tables("DELETE FROM accounts_auditentry WHERE audit_entry_id = %s", sealed[0].pk)
    as_owner_of_the_tables("UPDATE accounts_auditsegment SET manifest = substr(manifest, 25) WHERE number = 2")
    (finding,) = found()
    assert re.match(r"The seal of segment 2 \(.+\) does not hold: ", finding)


def test_a_seal_noted_elsewhere_shows_that_the_end_was_cut_off(sealed):
    newest = AuditSegment.objects.latest("pk").seal
    assert "is as it was sealed" in checked(seal=newest)
    as_owner_of_the_tables("DELETE FROM accounts_auditentry WHERE segment = 3 OR segment IS NULL")
    as_owner_of_the_tables("DELETE FROM accounts_auditsegment WHERE number = 3")
    assert found() == []
    with pytest.raises(CommandError, match="The audit trail is not as it was sealed: 1 finding."):
        checked(seal=newest)


def test_the_newest_seal_is_logged(owner, caplog):
    caplog.set_level("INFO")
    audit_chain.seal_some()
    assert AuditSegment.objects.get().seal in caplog.text


def test_without_the_key_nobody_can_seal_again(sealed, settings):
    former = settings.AUDIT_KEYS
    settings.AUDIT_KEYS = ["of somebody else"]
    assert len([finding for finding in found() if finding.startswith("The seal of segment")]) == 3
    settings.AUDIT_KEYS = ["new", *former]
    assert found() == []


def test_erasing_people_and_values_keeps_the_chain(sealed, owner):
    AuditEntry.objects.filter(pk__lte=sealed[1].pk).erase_persons()
    assert found() == []
    # What stays of an erased entry is still sealed.
    changed = "UPDATE accounts_auditentry SET after = after || %s WHERE audit_entry_id = %s"
    with transaction.atomic():
        as_owner_of_the_tables(changed, '{"name": "x"}', sealed[1].pk)
        assert f"Entry {sealed[1].pk} " in found()[0]
        transaction.set_rollback(True)
    AuditEntry.objects.filter(group_key=owner.account.pk).erase_values()
    assert found() == []
    entry = AuditEntry.objects.get(pk=sealed[1].pk)
    assert ({*entry.after.values()}, entry.person_salt, entry.values_salt) == ({"(erased)"}, None, None)


def test_erased_entries_can_be_sealed_afterwards(owner):
    AuditEntry.objects.filter(group_key=owner.account.pk).erase_values()
    audit_chain.seal_some()
    assert found() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditsegment SET seal = 'x'",
        "UPDATE accounts_auditsegment SET removed = now(), manifest = ''",
        "DELETE FROM accounts_auditsegment",
        "UPDATE accounts_auditentry SET segment = NULL WHERE segment = 1",
        "UPDATE accounts_auditentry SET segment = 4, subject_id = 'x' WHERE segment IS NULL",
        "UPDATE accounts_auditentry SET person_salt = 'x' WHERE segment = 1",
        "DELETE FROM accounts_auditentry WHERE segment = 1",
    ],
)
def test_what_is_sealed_cannot_be_changed_or_removed(sealed, owner, statement):
    owner.post("ApiKeys", {"name": "Another"})
    with (
        pytest.raises(Error, match="What the audit trail says stands"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_retention_removes_whole_segments_and_says_so(sealed, owner, settings):
    settings.KEEP_AUDIT_DAYS = 10
    limit = timezone.now() - timedelta(days=10)
    assert audit_chain.remove_segments(limit) == 0
    (rule,) = [rule for rule in retention.RULES if rule.name == "old parts of the audit trail"]
    # The third segment ends later.
    before = AuditSegment.objects.get(pk=3).last_at
    assert rule.expired(before).count() == 2
    assert rule.remove_some(before) == 2
    assert list(AuditEntry.objects.exclude(segment=None)) == sealed[3:]
    entry = AuditEntry.objects.newest_first().first()
    assert (entry.action, entry.subject, entry.subject_id, entry.before["entries"]) == (
        "removed", "part of the audit trail", "segment 2", 3,
    )  # fmt: skip
    assert found() == []
    audit_chain.seal_some()
    assert found() == []
    assert rule.remove_some(before) == 0


def test_entries_removed_under_the_name_of_retention_are_found(sealed):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_auditsegment SET removed = now() WHERE number = 2")
        cursor.execute("DELETE FROM accounts_auditentry WHERE segment = 2")
    assert found() == ["The entries of segment 2 were removed, but not by the platform's retention."]


def test_one_cluster_at_a_time_seals(transactional_db):
    Program().post("ApiKeys", {"name": "Another"})
    with database.connected() as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended('accounts.audit_trail', 0))")
        assert not audit_chain.seal_some()
        assert not AuditSegment.objects.exists()
    audit_chain.seal_some()
    assert AuditSegment.objects.count() == 1
