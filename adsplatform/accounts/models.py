"""Accounts (a GroupKey each), the people in them, and the keys programs use."""

import hashlib
import secrets
import uuid
from datetime import timedelta
from typing import Self, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from adsplatform.identifiers import uuid7

_Row = TypeVar("_Row", bound=models.Model, covariant=True)


class Account(models.Model):
    """One customer of the platform; its key, the GroupKey, is on everything the customer owns."""

    group_key = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100)
    # Kept by syncs: the BaseCurrency a connector reports for the whole account.
    base_currency_code = models.CharField(max_length=3, blank=True)
    # The IANA name of the zone in which its schedules are read.
    time_zone = models.CharField(max_length=64, default="UTC", db_default="UTC")
    created = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self):
        return self.name


class UserManager(BaseUserManager):
    def create_user(self, email, password=None, **fields):
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email, password=None, **fields):
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def called(self, email):
        """Users with an e-mail address, whatever its case; the database sees to it that there is one at most."""
        return self.alias(lowered=Lower("email")).filter(lowered=Lower(models.Value(email)))

    def get_by_natural_key(self, email):
        return self.called(email).get()


class User(AbstractBaseUser, PermissionsMixin):
    """A person, signing in with an e-mail address; platform staff have `is_staff`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()
    USERNAME_FIELD = "email"

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_user_per_email")]

    def __str__(self):
        return self.name or self.email


class Role(models.TextChoices):
    """What a member may do, by the texts of the published API."""

    OWNER = "Group Owner"
    ADMIN = "Group Admin"
    MEMBER = "Member"
    READ_ONLY = "Read-Only"


EVERYONE = frozenset(Role)
WRITERS = frozenset({Role.OWNER, Role.ADMIN, Role.MEMBER})
ADMINS = frozenset({Role.OWNER, Role.ADMIN})


class Membership(models.Model):
    """A user's place in an account."""

    group_key = models.ForeignKey(
        Account,
        on_delete=models.CASCADE,
        db_column="group_key",
        related_name="memberships",
        # `one_membership_per_user` begins with it.
        db_index=False,
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.MEMBER)
    # Whether this person is told of notices by e-mail; only owners and admins are.
    wants_notices = models.BooleanField("notices by e-mail", default=True, db_default=True)
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("group_key", "user", name="one_membership_per_user"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self):
        return f"{self.user}, {self.role} of {self.group_key}"


class TenantQuerySet(models.QuerySet[_Row]):
    """Rows that belong to an account: every query of an interface starts with `.of(account)`."""

    def of(self, account: Account | uuid.UUID) -> Self:
        return self.filter(group_key=account)


class ApiKeyQuerySet(TenantQuerySet["ApiKey"]):
    def usable(self):
        now = timezone.now()
        return self.filter(
            models.Q(expires__isnull=True) | models.Q(expires__gt=now),
            revoked__isnull=True,
            created_user__is_active=True,
            created_user__memberships__group_key=models.F("group_key"),
        )


class ApiKey(models.Model):
    """A program's credential: acts as the user who made it, in one account. Only a hash is kept."""

    PREFIX_LENGTH = 10
    # How exactly it is known when a key was last used, so that not every call writes.
    USE_NOTED_EVERY = timedelta(minutes=1)

    api_key_id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    group_key = models.ForeignKey(Account, on_delete=models.CASCADE, db_column="group_key", related_name="+")
    name = models.CharField(max_length=100)
    key_prefix = models.CharField(max_length=PREFIX_LENGTH)
    # SHA-256 suffices: the key has 256 random bits, so there is nothing to guess slowly.
    key_hash = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(default=timezone.now, editable=False)
    created_user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    expires = models.DateTimeField(null=True, blank=True)
    last_used = models.DateTimeField(null=True, editable=False)
    # Whatever its maker may do, a program with the key only looks.
    is_read_only = models.BooleanField(default=False, db_default=False)
    revoked = models.DateTimeField(null=True, blank=True)
    revoked_user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    objects = ApiKeyQuerySet.as_manager()

    def __str__(self):
        return f"{self.name} ({self.key_prefix}…)"

    @staticmethod
    def hash(key: str) -> str:
        return hashlib.sha256(key.encode()).hexdigest()

    @classmethod
    def make(cls, *, account, user, name, expires=None, is_read_only=False) -> tuple["ApiKey", str]:
        """Create a key; the second value is the key itself, which nobody can read again."""
        key = f"LSPK-{secrets.token_urlsafe(32)}"
        api_key = cls.objects.create(
            group_key=account,
            created_user=user,
            name=name,
            expires=expires,
            is_read_only=is_read_only,
            key_prefix=key[: cls.PREFIX_LENGTH],
            key_hash=cls.hash(key),
        )
        return api_key, key

    def note_use(self):
        """Remember that the key is in use, to the minute, so that one that nobody needs can be told and revoked."""
        now = timezone.now()
        is_due = models.Q(last_used=None) | models.Q(last_used__lt=now - self.USE_NOTED_EVERY)
        if self.last_used is None or self.last_used < now - self.USE_NOTED_EVERY:
            ApiKey.objects.filter(is_due, pk=self.pk).update(last_used=now)

    def revoke(self, user):
        """Revoke at once; a revoked key stays revoked, with its first revocation kept."""
        now = timezone.now()
        if ApiKey.objects.filter(pk=self.pk, revoked__isnull=True).update(revoked=now, revoked_user=user):
            self.revoked, self.revoked_user = now, user


class AuditEntryQuerySet(TenantQuerySet["AuditEntry"]):
    def newest_first(self):
        return self.order_by("-pk")


class AuditEntry(models.Model):
    """One change of one row: who made it, from where, and what the row held before and after.

    It names things by their ids and names, not by foreign keys, for it outlives them.
    """

    class Action(models.TextChoices):
        ADDED = "added", "Added"
        CHANGED = "changed", "Changed"
        REMOVED = "removed", "Removed"

    class Door(models.TextChoices):
        API = "api", "API"
        INBOX = "inbox", "Inbox"
        ADMIN = "admin", "Administration"
        NONE = "", "The platform itself"

    audit_entry_id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    # Of things that are no account's own, there is none.
    group_key = models.UUIDField(null=True)
    user_id = models.UUIDField(null=True)
    user_email = models.CharField(max_length=254, blank=True)
    # The key's first letters, where a program with a key did it.
    key_prefix = models.CharField(max_length=10, blank=True)
    door = models.CharField(max_length=10, blank=True, choices=Door.choices)
    address = models.CharField("IP address", max_length=255, blank=True)
    request_id = models.CharField(max_length=100, blank=True)
    action = models.CharField(max_length=10, choices=Action.choices)
    # What kind of thing it was, its id and its name.
    subject = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=40)
    subject_name = models.CharField(max_length=255, blank=True)
    # By column; only those that differ. Of secrets and of lines only that they do.
    before = models.JSONField()
    after = models.JSONField()

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = "change", "changes"
        indexes = [
            models.Index(fields=["group_key", "-audit_entry_id"], name="audit_of_account"),
        ]

    def __str__(self):
        return f"{self.subject} {self.subject_name or self.subject_id} {self.action}"

    @property
    def differences(self) -> list[tuple[str, str, str]]:
        """What each column is called, and what it held before and after, in words."""
        names = sorted({**self.before, **self.after})
        return [(name.removesuffix("_id").replace("_", " "), _said(self.before, name), _said(self.after, name))
                for name in names]  # fmt: skip


def _said(values: dict, name: str) -> str:
    value = values.get(name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "nothing" if value is None else str(value)
