"""Accounts, the people in them, and the API keys of programs."""

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from adsplatform.accounts.audit_entries import AuditEntry as AuditEntry
from adsplatform.accounts.audit_entries import AuditSegment as AuditSegment
from adsplatform.accounts.tenant_rows import TenantQuerySet as TenantQuerySet
from adsplatform.identifiers import uuid7

_Rows = TypeVar("_Rows", bound="models.QuerySet[Any]")


class Account(models.Model):
    """One customer of the platform; everything that the customer owns has its key, the GroupKey."""

    group_key = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100)
    # Set by syncs: the BaseCurrency that a connector reports for the whole account.
    base_currency_code = models.CharField(max_length=3, blank=True)
    # The IANA name of the time zone of its schedules.
    time_zone = models.CharField(max_length=64, default="UTC", db_default="UTC")
    created = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.name


if TYPE_CHECKING:
    _UserManager = BaseUserManager["User"]
else:
    _UserManager = BaseUserManager


class UserManager(_UserManager):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def with_email(self, email: str) -> "models.QuerySet[User]":
        """The user with an e-mail address, ignoring case; the database allows at most one."""
        return self.alias(lowered=Lower("email")).filter(lowered=Lower(models.Value(email)))

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.with_email(email or "").get()


class User(AbstractBaseUser, PermissionsMixin):
    """A person, signing in with an e-mail address; platform staff have `is_staff`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    # Bearer tokens from before this time are refused: the person has signed out.
    tokens_ended = models.DateTimeField(null=True, editable=False)
    created = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()
    USERNAME_FIELD = "email"

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_user_per_email")]

    def __str__(self) -> str:
        return self.name or self.email


def with_people(rows: _Rows, *people: str) -> _Rows:
    """Rows with the users that these foreign keys name, but for their password hashes.

    The database does not let requests of an account read those (see `row_security_policies`).
    """
    return rows.select_related(*people).defer(*(f"{person}__password" for person in people))


class Role(models.TextChoices):
    """What a member may do; the values are those of the published API."""

    OWNER = "Group Owner"
    ADMIN = "Group Admin"
    MEMBER = "Member"
    READ_ONLY = "Read-Only"


EVERYONE = frozenset(Role)
WRITERS = frozenset({Role.OWNER, Role.ADMIN, Role.MEMBER})
ADMINS = frozenset({Role.OWNER, Role.ADMIN})


def lower_role(one: str, other: str) -> Role:
    """The one of two roles that may do less."""
    roles = list(Role)
    return max(Role(one), Role(other), key=roles.index)


class Membership(models.Model):
    """A user's place in an account."""

    group_key = models.ForeignKey(
        Account,
        on_delete=models.CASCADE,
        db_column="group_key",
        related_name="memberships",
        # The index of `one_membership_per_user` begins with it.
        db_index=False,
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.MEMBER)
    # Whether notices are sent to this person by e-mail; only owners and admins get them.
    wants_notices = models.BooleanField("notices by e-mail", default=True, db_default=True)
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint("group_key", "user", name="one_membership_per_user"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.role} of {self.group_key}"


class ApiKeyQuerySet(TenantQuerySet["ApiKey"]):
    def usable(self) -> Self:
        """Keys that are valid now."""
        now = timezone.now()
        return self.filter(
            models.Q(expires__isnull=True) | models.Q(expires__gt=now),
            revoked__isnull=True,
            created_user__is_active=True,
            created_user__memberships__group_key=models.F("group_key"),
        )


class ApiKey(models.Model):
    """A program's credential: it acts as the user who created it, in one account. Only its hash is stored.

    Triggers (migration 0011) revoke keys when their person leaves or is switched off, or the key they were made with.
    """

    PREFIX_LENGTH = 10
    # The resolution of `last_used`: not every call writes to the database.
    LAST_USED_RESOLUTION = timedelta(minutes=1)

    api_key_id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    group_key = models.ForeignKey(Account, on_delete=models.CASCADE, db_column="group_key", related_name="+")
    name = models.CharField(max_length=100)
    key_prefix = models.CharField(max_length=PREFIX_LENGTH)
    # A fast hash suffices: a key of 256 random bits cannot be guessed.
    key_hash = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(default=timezone.now, editable=False)
    created_user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    # The key that it was made with, if a program made it.
    made_with = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, editable=False, related_name="+")
    # The role of its user when it was made: it may never do more, even if its user may later.
    role = models.CharField(max_length=20, choices=Role.choices, db_default=Role.READ_ONLY, editable=False)
    # Whether its user was platform staff when it was made; otherwise it never has the rights of staff.
    is_of_staff = models.BooleanField(default=False, db_default=False, editable=False)
    # Keys from before all keys had an end may have none.
    expires = models.DateTimeField(null=True, blank=True)
    last_used = models.DateTimeField(null=True, editable=False)
    # A program with the key can only read, whatever its user may do.
    is_read_only = models.BooleanField(default=False, db_default=False)
    revoked = models.DateTimeField(null=True, blank=True)
    revoked_user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(role__in=Role.values), name="api_key_role_known")]

    def __str__(self) -> str:
        return f"{self.name} ({self.key_prefix}…)"

    @staticmethod
    def hash(key: str) -> str:
        return hashlib.sha256(key.encode()).hexdigest()

    @classmethod
    def make(
        cls,
        *,
        account: Account,
        user: User,
        name: str,
        role: str = Role.OWNER,
        expires: datetime | None = None,
        is_read_only: bool = False,
        is_of_staff: bool = False,
        made_with: "ApiKey | None" = None,
    ) -> tuple["ApiKey", str]:
        """Create a key that never has more rights than `role`; the second value is the key, available only now."""
        key = f"LSPK-{secrets.token_urlsafe(32)}"
        api_key = cls.objects.create(
            group_key=account,
            created_user=user,
            name=name,
            role=role,
            expires=expires,
            is_read_only=is_read_only,
            is_of_staff=is_of_staff,
            made_with=made_with,
            key_prefix=key[: cls.PREFIX_LENGTH],
            key_hash=cls.hash(key),
        )
        return api_key, key

    def note_use(self) -> None:
        """Record the time of use, to the minute, so that people can see which keys are unused."""
        now = timezone.now()
        is_due = models.Q(last_used=None) | models.Q(last_used__lt=now - self.LAST_USED_RESOLUTION)
        if self.last_used is None or self.last_used < now - self.LAST_USED_RESOLUTION:
            ApiKey.objects.filter(is_due, pk=self.pk).update(last_used=now)

    def revoke(self, user: User) -> None:
        """Revoke at once; a key that is revoked already keeps its first revocation."""
        now = timezone.now()
        if ApiKey.objects.filter(pk=self.pk, revoked__isnull=True).update(revoked=now, revoked_user=user):
            self.revoked, self.revoked_user = now, user


class StaffActionQuerySet(TenantQuerySet["StaffAction"]):
    def unseen(self) -> Self:
        return self.filter(seen=None)


class StaffAction(models.Model):
    """Something that platform staff did to an account's people, for its owners and admins to know."""

    class Kind(models.TextChoices):
        PASSWORD_LINK = "password link"  # noqa: S105 - a kind of action, no credential
        ADDRESS = "e-mail address"
        SWITCH = "switched on or off"
        MEMBERSHIP = "membership"

    staff_action_id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # The index of the Inbox begins with it.
    group_key = models.ForeignKey(Account, models.CASCADE, db_column="group_key", related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now, editable=False)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    # Whom it concerns.
    person = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    # None if it was done on the server, by whoever runs it.
    staff = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    # Names people, so it is not in the audit trail.
    message = models.TextField()
    # When an owner or admin of the account said that it is known, and who.
    seen = models.DateTimeField(null=True)
    seen_user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = StaffActionQuerySet.as_manager()

    class Meta:
        # The Inbox: newest first.
        indexes = [models.Index(fields=["group_key", "-at"], name="staff_action_of_account")]

    def __str__(self) -> str:
        return self.message
