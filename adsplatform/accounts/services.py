"""Services of accounts: API keys, tokens, and who a credential belongs to."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import update_last_login
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from adsplatform.accounts import row_security
from adsplatform.accounts.models import ADMINS, Account, ApiKey, ApiKeyQuerySet, Membership, Role, User, lower_role
from adsplatform.errors import NotAllowed, PlatformError, QuotaExceeded
from adsplatform.visible_text import first_invisible, numbered

KEY_PREFIX = "LSPK-"
SIGNING_SALT = "adsplatform.accounts.token"
TOKEN_LIFETIME = timedelta(hours=1)


class NotSignedIn(PlatformError):
    """A credential that is not accepted; the sentence says why."""

    status = 401
    title = "Unauthorized"


@dataclass(frozen=True)
class Caller:
    """A person acting in an account, with the API key used, if any."""

    membership: Membership
    api_key: ApiKey | None = None

    @property
    def user(self) -> User:
        return self.membership.user

    @property
    def account(self) -> Account:
        return self.membership.group_key

    @property
    def role(self) -> str:
        if self.api_key is None:
            return self.membership.role
        return Role.READ_ONLY if self.uses_read_only_key else lower_role(self.api_key.role, self.membership.role)

    @property
    def is_staff(self) -> bool:
        """Whether the caller may act as platform staff."""
        return self.user.is_staff and (self.api_key is None or self.api_key.is_of_staff)

    def has_staff_permission(self, permission: str) -> bool:
        """Whether the caller may, as platform staff, do what the permission of the admin is for."""
        return self.is_staff and self.user.has_perm(permission)

    @property
    def uses_read_only_key(self) -> bool:
        return self.api_key is not None and self.api_key.is_read_only


def caller_of_key(key: str) -> Caller:
    """The caller with an API key; looked up at every call, so that a revocation works at once."""
    api_key = ApiKey.objects.filter(key_hash=ApiKey.hash(key)).first()
    if api_key is None:
        raise NotSignedIn("No API key is like this one. Check that all of it was copied, or make a new one.")
    # First, because a key that is revoked with its person is better explained by that.
    caller = Caller(_membership(api_key.group_key_id, api_key.created_user_id), api_key)
    if api_key.revoked:
        raise NotSignedIn(f"The API key {api_key} was revoked {_on(api_key.revoked)}. Make a new one.")
    if api_key.expires and api_key.expires <= timezone.now():
        raise NotSignedIn(f"The API key {api_key} expired {_on(api_key.expires)}. Make a new one.")
    api_key.note_use()
    return caller


def caller_of_token(token: str) -> Caller:
    """The caller with a token from sign-in, which is valid until it expires or the password changes."""
    try:
        claims = Signer(salt=SIGNING_SALT).unsign_object(token)
    except BadSignature as error:
        raise NotSignedIn(
            "The bearer token is none of ours or is damaged. Sign in again for a new one, or send an API key."
        ) from error
    expires = datetime.fromtimestamp(claims["expires"], UTC)
    if expires <= timezone.now():
        raise NotSignedIn(f"The token expired {_on(expires)}. Sign in again for a new one.")
    membership = _membership(UUID(claims["account"]), UUID(claims["user"]))
    fingerprints = _password_fingerprints(membership.user)
    if not any(constant_time_compare(claims["password"], fingerprint) for fingerprint in fingerprints):
        raise NotSignedIn("The password has been changed since this token was made. Sign in again for a new one.")
    ended = membership.user.tokens_ended
    if ended and claims.get("issued", 0) <= ended.timestamp():
        raise NotSignedIn(f"The token was ended by signing out {_on(ended)}. Sign in again for a new one.")
    return Caller(membership)


def sign_in(email: str, password: str, group_key: UUID | None = None) -> Membership:
    """Check a password; returns the membership in the named account, or else the person's first one."""
    user = authenticate(email=email, password=password)
    if user is None:
        raise NotSignedIn("This e-mail address and this password do not go together.")
    memberships = user.memberships.select_related("group_key", "user").order_by("created", "pk")
    if group_key:
        memberships = memberships.filter(group_key=group_key)
    membership = memberships.first()
    if membership is None:
        which = f"the account {group_key}" if group_key else "any account"
        raise NotAllowed(f"You are not a member of {which}. Ask its owner to invite you.", field="groupKey")
    update_last_login(User, user)
    return membership


def issue_token(membership: Membership) -> tuple[str, datetime]:
    """A signed token for a member, and when it expires."""
    expires = (timezone.now() + TOKEN_LIFETIME).replace(microsecond=0)
    claims = {
        "user": str(membership.user_id),
        "account": str(membership.group_key_id),
        "password": _password_fingerprints(membership.user)[0],
        "issued": timezone.now().timestamp(),
        "expires": int(expires.timestamp()),
    }
    return Signer(salt=SIGNING_SALT).sign_object(claims), expires


def sign_out(caller: Caller) -> list[str]:
    """End all bearer tokens of the caller; returns what was done."""
    if caller.api_key:
        raise PlatformError(
            "This call was made with an API key, and signing out ends bearer tokens. To end the key, revoke it with "
            f"DELETE /api/v1/ApiKeys/{caller.api_key.pk}."
        )
    with row_security.as_login_role():
        User.objects.filter(pk=caller.user.pk).update(tokens_ended=timezone.now())
    return ["Ended all bearer tokens that you had"]


def api_keys_for(caller: Caller) -> ApiKeyQuerySet:
    """The keys that a caller may see and revoke: all of the account for owners and admins, else only their own."""
    keys = ApiKey.objects.of(caller.account)
    return keys if caller.role in ADMINS else keys.filter(created_user=caller.user)


@transaction.atomic
def make_api_key(
    caller: Caller, *, name: str, expires: datetime | None = None, is_read_only: bool = False
) -> tuple[ApiKey, str]:
    """Create a key that acts as the caller, or only reads; the second value is the key, available only now.

    It has the caller's present rights, and an end. Made with another key, it ends with that key.
    """
    _check_right_to_make_keys(caller)
    at = first_invisible(name)
    if at is not None:
        raise PlatformError(
            f"Character {at + 1} of the key's name is {numbered(name[at])}, which cannot be seen. Leave it out.",
            field="name",
        )
    latest = latest_end_of_keys()
    if expires and expires <= timezone.now():
        raise PlatformError("A key must expire in the future.", field="expires")
    if expires and expires > latest:
        raise PlatformError(
            f"A key works for at most {settings.API_KEY_DAYS} days, now until {latest:%Y-%m-%d %H:%M} UTC. Choose an "
            "earlier end, or leave it out.",
            field="expires",
        )
    ends = [expires or latest]
    if caller.api_key and caller.api_key.expires:
        ends.append(caller.api_key.expires)
    with row_security.as_login_role():
        return ApiKey.make(
            account=caller.account,
            user=caller.user,
            name=name,
            role=caller.role,
            expires=min(ends),
            is_read_only=is_read_only,
            is_of_staff=caller.is_staff,
            made_with=caller.api_key,
        )


def latest_end_of_keys() -> datetime:
    """Until when a key can work that is made now; the end of those that name none."""
    return timezone.now() + timedelta(days=settings.API_KEY_DAYS)


def _is_still_usable(api_key: ApiKey) -> bool:
    """Whether a key has not been revoked; it cannot be until the transaction ends."""
    return ApiKey.objects.select_for_update(no_key=True).filter(pk=api_key.pk, revoked=None).exists()


def _check_right_to_make_keys(caller: Caller) -> None:
    """Lock what the right to make keys depends on, so that it cannot end meanwhile, and count the keys there are."""
    Account.objects.select_for_update(no_key=True).get(pk=caller.account.pk)
    if not Membership.objects.select_for_update(no_key=True).filter(pk=caller.membership.pk).exists():
        raise NotSignedIn("The person this credential belongs to is no longer a member of the account.")
    if caller.api_key and not _is_still_usable(caller.api_key):
        raise NotSignedIn(f"The API key {caller.api_key} has been revoked. Make a new one.")
    usable = ApiKey.objects.of(caller.account).usable()
    for keys, most, whose in (
        (usable.filter(created_user=caller.user), settings.API_KEYS_PER_PERSON, "You have"),
        (usable, settings.API_KEYS_PER_ACCOUNT, f"{caller.account} has"),
    ):
        if keys.count() >= most:
            raise QuotaExceeded(
                f"{whose} {most:,} API keys that work, which is the most there may be. Revoke one that is not needed."
            )


def revoke_keys_of(user: User) -> int:
    """Revoke all keys of a person, in every account; returns how many."""
    with row_security.as_login_role():
        return ApiKey.objects.filter(created_user=user, revoked=None).update(revoked=timezone.now(), revoked_user=user)


def revoke_api_key(api_key: ApiKey, user: User) -> list[str]:
    """Revoke a key at once; returns what was done."""
    if api_key.revoked:
        return [f"API key {api_key.pk} had been revoked {_on(api_key.revoked)}"]
    api_key.revoke(user)
    return [f"Revoked API key {api_key.pk}"]


def choose_notices(membership: Membership, wants: bool) -> Membership:
    """Choose whether a member gets notices by e-mail."""
    membership.wants_notices = wants
    membership.save(update_fields=["wants_notices"])
    return membership


def _membership(account_id: UUID, user_id: UUID) -> Membership:
    membership = (
        Membership.objects.filter(group_key=account_id, user=user_id).select_related("group_key", "user").first()
    )
    if membership is None:
        raise NotSignedIn("The person this credential belongs to is no longer a member of the account.")
    if not membership.user.is_active:
        raise NotSignedIn("The person this credential belongs to can no longer sign in.")
    return membership


def _password_fingerprints(user: User) -> list[str]:
    """By the present secret key first, then by earlier ones.

    Like a session, a token ends when the password changes; but it does not contain the session's own hash.
    """
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [
        salted_hmac(SIGNING_SALT, of_password, secret=key).hexdigest()[:32]
        for of_password, key in zip(hashes, keys, strict=True)
    ]


def _on(moment: datetime) -> str:
    return f"on {moment.astimezone(UTC):%Y-%m-%d at %H:%M} UTC"
