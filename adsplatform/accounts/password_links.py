"""One-time links by which people set their own password, so that nobody else has to know it."""

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from adsplatform.accounts.models import StaffAction, User
from adsplatform.accounts.staff_actions import record_action
from adsplatform.errors import PlatformError


def password_path(user: User) -> str:
    """The path of a link that works once, for PASSWORD_LINK_HOURS, and not after a sign-in or with another address."""
    uid = urlsafe_base64_encode(force_bytes(str(user.pk)))
    return reverse("inbox:set-password", args=[uid, default_token_generator.make_token(user)])


def send_password_link(user: User, staff: User, *, site: str) -> None:
    """E-mail a link to the person, and let the owners of the person's accounts know.

    The link goes to nobody else: whoever has it can sign in as that person.
    """
    if not settings.EMAIL_URL:
        raise PlatformError(
            "No mail server is set up here (EMAIL_URL). Whoever runs the server can make a link with "
            f"`manage.py password_link {user.email}` and hand it over."
        )
    if not user.is_active:
        raise PlatformError(f"{user.email} is switched off. Switch the person on first.")
    record_action(
        user, staff, StaffAction.Kind.PASSWORD_LINK, f"A link to set a new password was sent to {user.email}."
    )
    context = {
        "user": user,
        "url": (settings.PUBLIC_URL or site) + password_path(user),
        "hours": settings.PASSWORD_LINK_HOURS,
    }
    text = render_to_string("inbox/password_link_mail.txt", context)
    EmailMessage("Set your password", text, to=[user.email]).send()
