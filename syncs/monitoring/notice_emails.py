"""E-mails about notices: one to each person when a notice is opened, one when it is cured.

They are owed in the transaction that opens or closes the notice, and sent from there: so none is lost, and none
is written twice. Only when a sender dies between the mail server's yes and its own commit is an e-mail sent
again, with the same Message-ID, by which mail programs know the copy.
"""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.template.loader import render_to_string
from django.urls import reverse

from adsplatform.accounts.models import ADMINS, Membership
from syncs.models.notices import Notice, NoticeMail

logger = logging.getLogger(__name__)

MAILS_AT_ONCE = 20
# The server is asked again after 1, 2, 4 … minutes, at most every 6 hours; in all for about two days.
MOST_TRIES, LONGEST_WAIT = 16, timedelta(hours=6)


def owe_opened(notice: Notice, now: datetime):
    """Note that those who want it are to be told of a notice; where no mail server is set, nobody is."""
    if settings.EMAIL_URL:
        _owe(notice, _wanted_by(notice).values_list("user", flat=True), NoticeMail.About.OPENED, now)


def owe_cured(notice: Notice, now: datetime):
    """Note that those who were told of a notice are to be told of its end."""
    told = notice.mails.filter(about=NoticeMail.About.OPENED)
    _owe(notice, told.values_list("user", flat=True), NoticeMail.About.CURED, now)


def send_due(now: datetime) -> bool:
    """Send what is owed; returns whether there may be more of it."""
    return all(send_next(now) for _ in range(MAILS_AT_ONCE))


@transaction.atomic
def send_next(now: datetime) -> bool:
    """Send the e-mail that is owed longest; returns whether there was one."""
    opening = NoticeMail.objects.filter(
        notice=OuterRef("notice"), user=OuterRef("user"), about=NoticeMail.About.OPENED, due__isnull=False
    )
    mail = (
        NoticeMail.objects.filter(~Exists(opening) | Q(about=NoticeMail.About.OPENED), due__lte=now)
        .select_related("notice__app_enrollment__app", "notice__group_key", "user")
        .order_by("due", "pk")
        .select_for_update(skip_locked=True, of=("self",))
        .first()
    )
    if mail is None:
        return False
    if not _wanted_by(mail.notice).filter(user=mail.user).exists():
        # No owner or admin any more, or would rather not be told.
        mail.delete()
        return True
    try:
        message_of(mail).send()
        mail.sent, mail.due, mail.error = now, None, ""
    except (SMTPException, OSError, ValueError) as refused:
        logger.warning("An e-mail about notice %s could not be sent: %s", mail.notice_id, refused)
        mail.failure_count += 1
        wait = min(timedelta(minutes=2 ** (mail.failure_count - 1)), LONGEST_WAIT)
        mail.due = now + wait if mail.failure_count < MOST_TRIES else None
        mail.error = str(refused)
    mail.save()
    return True


def message_of(mail: NoticeMail) -> EmailMessage:
    """The e-mail itself."""
    notice = mail.notice
    is_cured = mail.about == NoticeMail.About.CURED
    subject = f"{notice.get_kind_display()} – {notice.app_enrollment}, {notice.group_key}"
    body = render_to_string(
        "inbox/notice_mail.txt",
        {
            "mail": mail,
            "notice": notice,
            "is_cured": is_cured,
            "enrollment_url": _url("inbox:enrollment", notice.app_enrollment_id),
            "notices_url": _url("inbox:notices"),
        },
    )
    return EmailMessage(
        # A name may hold line breaks, a header may not.
        subject=" ".join(f"{'Cured: ' if is_cured else ''}{subject}".split()),
        body=body,
        to=[mail.user.email],
        headers={
            "Message-ID": f"<notice-mail-{mail.pk}-{mail.notice_id}@{_host()}>",
            "Auto-Submitted": "auto-generated",
        },
    )


def _wanted_by(notice):
    return Membership.objects.filter(
        group_key=notice.group_key_id, role__in=ADMINS, wants_notices=True, user__is_active=True
    )


def _owe(notice, users, about, now):
    NoticeMail.objects.bulk_create(
        NoticeMail(notice=notice, user_id=user, about=about, created=now, due=now) for user in users
    )


def _url(name, *args) -> str:
    return settings.PUBLIC_URL + reverse(name, args=args) if settings.PUBLIC_URL else ""


def _host() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
