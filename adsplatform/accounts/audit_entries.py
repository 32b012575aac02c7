"""The entries of the audit trail, and the segments in which they are sealed (see `accounts.audit_chain`)."""

from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Cast

from adsplatform.accounts import audit_signatures
from adsplatform.accounts.tenant_rows import TenantQuerySet


class AuditEntryQuerySet(TenantQuerySet["AuditEntry"]):
    def newest_first(self) -> Self:
        return self.order_by("-pk")

    def with_persons(self) -> Self:
        """Entries with a person's e-mail address, name or network address."""
        return self.filter(NAMES_A_PERSON)

    def erase_persons(self) -> int:
        """Erase e-mail and network addresses and people's names; who made a change is known by `user_id` alone."""
        of_people = models.Q(subject="user")
        return self.update(
            user_email="",
            address="",
            person_proof=None,
            person_salt=None,
            subject_name=models.Case(models.When(of_people, models.Value("")), default="subject_name"),
            before=models.Case(models.When(of_people, _Erased("before", ["email", "name"])), default="before"),
            after=models.Case(models.When(of_people, _Erased("after", ["email", "name"])), default="after"),
        )

    def erase_values(self) -> int:
        """Erase all names, addresses and values; what kind of thing was changed, when and by which `user_id` stays."""
        return self.update(
            user_email="",
            address="",
            subject_name="",
            before=_Erased("before", None),
            after=_Erased("after", None),
            person_proof=None,
            person_salt=None,
            values_salt=None,
        )


class _Erased(models.Func):
    """The values of the named columns, or of all, replaced by a placeholder."""

    function = "audit_erased"
    output_field = models.JSONField()

    def __init__(self, values: str, columns: list[str] | None, **extra: Any) -> None:
        names = models.Value(columns, output_field=ArrayField(models.TextField(), null=True))
        super().__init__(models.F(values), Cast(names, ArrayField(models.TextField())), **extra)


NAMES_A_PERSON = (
    ~models.Q(user_email="") | ~models.Q(address="") | (models.Q(subject="user") & ~models.Q(subject_name=""))
)


# What stands for an erased value (migration 0013).
ERASED = "(erased)"
UNPROVEN = "Not known: the name in this entry is not signed"


class AuditEntry(models.Model):
    """One change of one row: who made it, from where, and the values before and after.

    Refused sign-ins and looks at an account's data by staff have entries too, without values.

    It refers to objects by id and name, not by foreign key, because it outlives them.
    """

    class Action(models.TextChoices):
        ADDED = "added", "Added"
        CHANGED = "changed", "Changed"
        REMOVED = "removed", "Removed"
        REFUSED = "refused", "Sign-in refused"
        SEEN = "seen", "Seen by staff"

    class Interface(models.TextChoices):
        API = "api", "API"
        INBOX = "inbox", "Inbox"
        ADMIN = "admin", "Administration"
        NONE = "", "The platform itself"

    audit_entry_id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    # None for objects that belong to no account.
    group_key = models.UUIDField(null=True)
    user_id = models.UUIDField(null=True)
    user_email = models.CharField(max_length=254, blank=True)
    # The first letters of the API key, if a program made the change.
    key_prefix = models.CharField(max_length=10, blank=True)
    # The interface that the change came through.
    door = models.CharField(max_length=10, blank=True, choices=Interface.choices)
    address = models.CharField("IP address", max_length=255, blank=True)
    request_id = models.CharField(max_length=100, blank=True)
    action = models.CharField(max_length=10, choices=Action.choices)
    # What was changed: the kind of object, its id and its name.
    subject = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=40)
    subject_name = models.CharField(max_length=255, blank=True)
    # By column; only columns that differ. Secrets and the content of lines are replaced by a placeholder.
    before = models.JSONField()
    after = models.JSONField()
    # When the web server signed who makes the request, and digests of its two signatures (see `audit_signatures`).
    # Entries from before there were signatures have None.
    signed_at = models.DateTimeField(null=True)
    actor_proof = models.BinaryField(null=True, default=b"")
    person_proof = models.BinaryField(null=True, default=b"")
    # The segment in which it is sealed, with the digests of what may be erased (see `audit_chain`). What is erased
    # loses its salt, so that nobody can find out what it was by trying.
    segment = models.BigIntegerField(null=True)
    person_salt = models.BinaryField(null=True)
    person_digest = models.BinaryField(null=True)
    values_salt = models.BinaryField(null=True)
    values_digest = models.BinaryField(null=True)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = "change", "changes"
        indexes = [
            models.Index(fields=["group_key", "-audit_entry_id"], name="audit_of_account"),
            # Retention, which erases who it was.
            models.Index(fields=["at"], name="audit_with_person", condition=NAMES_A_PERSON),
            # What is not sealed yet, and the entries of a segment.
            models.Index(fields=["segment", "audit_entry_id"], name="audit_of_segment"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.subject_name or self.subject_id} {self.action}"

    @property
    def is_signed(self) -> bool:
        """Whether it is proven who made the change; otherwise it names nobody, whatever it says."""
        return audit_signatures.is_signed(self)

    @property
    def who(self) -> str:
        """Who made the change, in words."""
        if not self.is_signed:
            return UNPROVEN
        if self.user_id:
            return self.user_email or f"User {self.user_id}"
        return self.user_email or ("Nobody signed in" if self.door else "The platform itself")

    @property
    def differences(self) -> list[tuple[str, str, str]]:
        """The name of each column, and its values before and after, in words."""
        names = sorted({**self.before, **self.after})
        return [
            (
                name.removesuffix("_id").replace("_", " "),
                _in_words(self.before.get(name)),
                _in_words(self.after.get(name)),
            )
            for name in names
        ]


def _in_words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "nothing" if value is None else str(value)


class AuditSegment(models.Model):
    """Some entries of the audit trail, sealed together; each seal covers the seal of the segment before."""

    number = models.BigIntegerField(primary_key=True)
    sealed = models.DateTimeField()
    # Of its latest entry.
    last_at = models.DateTimeField()
    # The id and the digest of each of its entries.
    manifest = models.BinaryField()
    seal = models.CharField(max_length=64)
    # When retention removed its entries, and the platform's signature of that.
    removed = models.DateTimeField(null=True)
    removal_seal = models.CharField(max_length=64, blank=True)

    class Meta:
        # Retention, which removes the oldest segments.
        indexes = [
            models.Index(fields=["last_at"], name="audit_segment_to_remove", condition=models.Q(removed=None)),
        ]

    def __str__(self) -> str:
        return f"segment {self.number} of the audit trail"
