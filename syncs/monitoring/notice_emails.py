"""E-mails about notices: one to each person when a notice is opened, one when it is cured.

They are queued in the transaction that opens or closes the notice, and sent later: so none is lost, and none is queued
twice. An e-mail is sent twice only if the sender dies between the mail server's acceptance and its own commit; the copy
has the same Message-ID, by which mail programs recognise it.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from smtplib import SMTPException
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse

from adsplatform.accounts.models import ADMINS, Membership
from syncs.models.notices import Notice, NoticeMail

logger = logging.getLogger(__name__)

MAILS_AT_ONCE = 20
# After a refusal an e-mail is sent again after 1, 2, 4 … minutes, at most 6 hours, for about two days in all.
MOST_TRIES, LONGEST_WAIT = 16, timedelta(hours=6)


def queue_opened(notice: Notice, now: datetime) -> None:
    """Queue e-mails to those who want them, if a mail server is set."""
    if settings.EMAIL_URL:
        _queue(notice, _recipients(notice).values_list("user", flat=True), NoticeMail.About.OPENED, now)


def queue_cured(notice: Notice, now: datetime) -> None:
    """Queue e-mails to those who have one about the opening of the notice."""
    opening = notice.mails.filter(about=NoticeMail.About.OPENED)
    _queue(notice, opening.values_list("user", flat=True), NoticeMail.About.CURED, now)


def send_due(now: datetime) -> bool:
    """Send e-mails that are due; returns whether there may be more of them."""
    return all(send_next(now) for _ in range(MAILS_AT_ONCE))


@transaction.atomic
def send_next(now: datetime) -> bool:
    """Send the e-mail that has been due longest; returns whether there was one."""
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
    if not _recipients(mail.notice).filter(user=mail.user).exists():
        # No longer an owner or admin, or no longer wants these e-mails.
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
    """The e-mail as it is sent."""
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


def _recipients(notice: Notice) -> QuerySet[Membership]:
    return Membership.objects.filter(
        group_key=notice.group_key_id, role__in=ADMINS, wants_notices=True, user__is_active=True
    )


def _queue(notice: Notice, users: Iterable[UUID], about: NoticeMail.About, now: datetime) -> None:
    NoticeMail.objects.bulk_create(
        NoticeMail(notice=notice, user_id=user, about=about, created=now, due=now) for user in users
    )


def _url(name: str, *args: UUID) -> str:
    return settings.PUBLIC_URL + reverse(name, args=args) if settings.PUBLIC_URL else ""


def _host() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"
