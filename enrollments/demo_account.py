"""The demo account: a company, a person who may do everything, a key and an enrollment, to try things out."""

import json
import secrets
from pathlib import Path

from django.conf import settings
from django.db import transaction

from adsplatform.accounts.models import Account, ApiKey, Membership, Role, User
from adsplatform.local.private_files import write_privately
from enrollments.models import AppEnrollment, Application
from enrollments.services import enroll

EMAIL = "demo@adsplatform.example"
COMPANY = "Demo Company"
KEY_NAME = "Demo"


@transaction.atomic
def ensure_demo_account(url: str) -> dict:
    """Create the demo account, or what is missing of it, and keep its sign-in in var/demo.json.

    What that file says stays valid. Where it does not, or is lost, there is a new password and a new
    key, and the earlier demo key is revoked.
    """
    path = settings.VAR_DIR / "demo.json"
    kept = _read(path)
    user, _ = User.objects.get_or_create(email=EMAIL, defaults={"name": "Demo", "is_staff": True, "is_superuser": True})
    account = _account_of(user)
    demo = {
        "url": url,
        "email": EMAIL,
        "password": _password(user, kept.get("password", "")),
        "apiKey": _api_key(account, user, kept.get("apiKey", "")),
        "appEnrollmentId": str(_enrollment(account, user).pk),
    }
    if demo != kept:
        write_privately(path, json.dumps(demo, indent=2) + "\n")
    return demo


def _account_of(user: User) -> Account:
    membership = Membership.objects.filter(user=user, group_key__name=COMPANY).first()
    if membership:
        return membership.group_key
    account = Account.objects.create(name=COMPANY)
    Membership.objects.create(group_key=account, user=user, role=Role.OWNER)
    return account


def _password(user: User, kept: str) -> str:
    if kept and user.check_password(kept):
        return kept
    password = secrets.token_urlsafe(12)
    user.set_password(password)
    user.save(update_fields=["password"])
    return password


def _api_key(account: Account, user: User, kept: str) -> str:
    keys = ApiKey.objects.of(account).usable().filter(name=KEY_NAME, created_user=user)
    if kept and keys.filter(key_hash=ApiKey.hash(kept)).exists():
        return kept
    for earlier in keys:
        earlier.revoke(user)
    _, key = ApiKey.make(account=account, user=user, name=KEY_NAME)
    return key


def _enrollment(account: Account, user: User) -> AppEnrollment:
    app = Application.objects.get(connector="demo-data")
    found = AppEnrollment.objects.of(account).current().filter(app=app).order_by("created").first()
    return found or enroll(account, app, user)


def _read(path: Path) -> dict:
    try:
        kept = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
