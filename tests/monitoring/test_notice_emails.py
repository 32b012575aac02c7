"""E-mails about notices: one when a problem is opened, one when it is cured, to those who want them."""

import socket
import threading

import pytest
from django.core import mail

from adsplatform.accounts.models import Membership, Role
from adsplatform.mail import parse_url
from syncs.models.notices import NoticeMail
from syncs.monitoring.notice_emails import send_due
from tests.factories import member
from tests.periodic.conftest import at

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def a_mail_server(settings):
    settings.EMAIL_URL = "smtp://localhost"
    settings.PUBLIC_URL = "https://ads.example.com"
    settings.DEFAULT_FROM_EMAIL = "ADS <ads@example.com>"


def sent():
    return [(message.to[0], message.subject) for message in mail.outbox]


def test_one_when_it_opens_and_one_when_it_is_cured(enrollment, loaded, notices):
    for minute in range(3):
        notices(f"7 03:0{minute}")
        send_due(at(f"7 03:0{minute}"))
    assert sent() == [("ann@example.com", "Data are late – Lisbon, Northwind")]
    loaded("7 08:30")
    for minute in range(40, 43):
        notices(f"7 08:{minute}")
        send_due(at(f"7 08:{minute}"))
    assert sent()[1:] == [("ann@example.com", "Cured: Data are late – Lisbon, Northwind")]
    opened, cured = mail.outbox
    assert opened.body.startswith("No data of Lisbon were loaded yet.")
    assert f"https://ads.example.com/enrollments/{enrollment.pk}/" in opened.body
    assert "Noticed: 7 Jan 2026, 04:00 CET" in opened.body
    assert cured.body.startswith("This is cured: A sync has loaded its data.")
    assert "Cured: 7 Jan 2026, 09:40 CET" in cured.body
    assert opened.extra_headers["Message-ID"].endswith("@example.com>")
    assert opened.extra_headers["Message-ID"] != cured.extra_headers["Message-ID"]


def test_owners_and_admins_that_want_them_get_them_and_nobody_else(owner, enrollment, notices):
    account = owner.group_key
    member(Role.ADMIN, account, email="bea@example.com")
    member(Role.MEMBER, account, email="cleo@example.com")
    member(Role.ADMIN, account, email="dan@example.com", is_active=False)
    unwilling, _ = member(Role.OWNER, account, email="eve@example.com")
    Membership.objects.filter(pk=unwilling.pk).update(wants_notices=False)
    member(Role.OWNER, email="stranger@example.com")
    notices("7 03:00")
    send_due(at("7 03:00"))
    assert sorted(to for to, _ in sent()) == ["ann@example.com", "bea@example.com"]


def test_queued_e_mails_are_not_sent_to_people_who_no_longer_want_them(owner, enrollment, notices):
    notices("7 03:00")
    Membership.objects.update(wants_notices=False)
    send_due(at("7 03:00"))
    assert sent() == []
    assert not NoticeMail.objects.exists()


def test_without_a_mail_server_no_e_mail_is_queued(enrollment, notices, settings):
    settings.EMAIL_URL = ""
    assert notices("7 03:00") == ["stale"]
    assert not NoticeMail.objects.exists()


def test_a_name_with_line_breaks_breaks_no_header(enrollment, notices):
    type(enrollment).objects.update(name="Lisbon\r\nBcc: all@example.com")
    notices("7 03:00")
    send_due(at("7 03:00"))
    assert sent() == [("ann@example.com", "Data are late – Lisbon Bcc: all@example.com, Northwind")]


def test_an_unreachable_mail_server_is_tried_again_and_the_cure_is_sent_later(enrollment, loaded, notices, settings):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = nobody.getsockname()
        notices("7 03:00")
        send_due(at("7 03:00"))
    owed = NoticeMail.objects.get()
    assert (owed.sent, owed.due, owed.failure_count) == (None, at("7 03:01"), 1)
    assert "refused" in owed.error
    loaded("7 03:00:10")
    notices("7 03:00:20")
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    send_due(at("7 03:00:30"))
    assert sent() == []
    send_due(at("7 03:01"))
    assert [subject[:5] for _, subject in sent()] == ["Data ", "Cured"]


@pytest.mark.django_db(transaction=True)
def test_two_senders_send_each_once(enrollment, notices, owner):
    for number in range(10):
        member(Role.ADMIN, owner.group_key, email=f"admin{number}@example.com")
    notices("7 03:00")

    def send():
        from django.db import connection

        send_due(at("7 03:00"))
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(to for to, _ in sent()) == sorted({to for to, _ in sent()})
    assert len(sent()) == 11


@pytest.mark.parametrize(
    ("url", "host", "port", "user", "starttls", "tls"),
    [
        ("smtp://mail.example.com", "mail.example.com", 25, "", False, False),
        ("smtp+tls://ann%40x:p%2Fw@mail.example.com:2525", "mail.example.com", 2525, "ann@x", True, False),
        ("smtp+ssl://ann:secret@mail.example.com", "mail.example.com", 465, "ann", False, True),
    ],
)
def test_a_mail_server_is_given_as_an_address(url, host, port, user, starttls, tls):
    found = parse_url(url)
    assert (found.host, found.port, found.user) == (host, port, user)
    assert (found.use_starttls, found.use_tls) == (starttls, tls)


@pytest.mark.parametrize("url", ["mail.example.com", "http://mail.example.com", "smtp://", "smtp://x:secret@y:port"])
def test_an_address_that_is_none_is_refused_without_showing_its_password(url):
    with pytest.raises(Exception, match="EMAIL_URL is not the address of a mail server") as refused:
        parse_url(url)
    assert "secret" not in str(refused.value)
