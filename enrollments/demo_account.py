"""The demo account for trying things out: a company, an owner who is also superuser, an API key, an enrollment."""

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
# That of the demo data; a load that names another one changes it.
BASE_CURRENCY = "USD"


@transaction.atomic
def ensure_demo_account(url: str) -> None:
    """Create the demo account, or its missing parts, and write how to sign in to var/demo.json.

    What the file says stays valid. If the file is lost or does not fit the database, there is a new password and a new
    key, and the earlier demo key is revoked.
    """
    path = settings.VAR_DIR / "demo.json"
    known = _read(path)
    user, _ = User.objects.get_or_create(email=EMAIL, defaults={"name": "Demo", "is_staff": True, "is_superuser": True})
    account = _account_of(user)
    demo = {
        "url": url,
        "email": EMAIL,
        "password": _password(user, known.get("password", "")),
        "apiKey": _api_key(account, user, known.get("apiKey", "")),
        "appEnrollmentId": str(_enrollment(account, user).pk),
    }
    if demo != known:
        write_privately(path, json.dumps(demo, indent=2) + "\n")


def _account_of(user: User) -> Account:
    membership = Membership.objects.filter(user=user, group_key__name=COMPANY).first()
    if membership:
        return membership.group_key
    account = Account.objects.create(name=COMPANY, base_currency_code=BASE_CURRENCY)
    Membership.objects.create(group_key=account, user=user, role=Role.OWNER)
    return account


def _password(user: User, known: str) -> str:
    if known and user.check_password(known):
        return known
    password = secrets.token_urlsafe(12)
    user.set_password(password)
    user.save(update_fields=["password"])
    return password


def _api_key(account: Account, user: User, known: str) -> str:
    keys = ApiKey.objects.of(account).usable().filter(name=KEY_NAME, created_user=user)
    if known and keys.filter(key_hash=ApiKey.hash(known)).exists():
        return known
    for earlier in keys:
        earlier.revoke(user)
    _, key = ApiKey.make(account=account, user=user, name=KEY_NAME)
    return key


def _enrollment(account: Account, user: User) -> AppEnrollment:
    app = Application.objects.get(connector="demo-data")
    found = AppEnrollment.objects.of(account).current().filter(app=app).order_by("created").first()
    return found or enroll(account, app, user)


def _read(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
