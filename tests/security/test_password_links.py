"""A one-time link sets one password, of a person who may sign in."""

import threading
import time

import pytest
from django.db import connection, transaction
from django.test import Client

from adsplatform.accounts.models import User
from adsplatform.accounts.password_links import password_path

PASSWORDS = ["bright-stone-582-kiln", "quiet-lamp-931-oven"]
PATIENCE_SECONDS = 30


def opened(path):
    """A browser that has opened the link, and the address of the form that it got."""
    browser = Client()
    return browser, browser.get(path)["Location"]


def post(browser, path, password):
    return browser.post(path, {"new_password1": password, "new_password2": password})


@pytest.fixture
def person(transactional_db):
    return User.objects.create_user("ann@example.com", "old-password-77-brick")


def test_of_two_who_use_a_link_at_the_same_moment_one_sets_the_password(person):
    browsers = [opened(password_path(person)) for _ in PASSWORDS]
    statuses = {}

    def use(password, browser, path):
        try:
            statuses[password] = post(browser, path, password).status_code
        finally:
            connection.close()

    using = [threading.Thread(target=use, args=(PASSWORDS[at], *browsers[at])) for at in range(2)]
    # Nobody can store a password while this transaction has the person's row.
    with transaction.atomic():
        User.objects.select_for_update().get(pk=person.pk)
        for thread in using:
            thread.start()
        until = time.monotonic() + PATIENCE_SECONDS
        while waiting() < 2 and time.monotonic() < until:
            time.sleep(0.05)
    for thread in using:
        thread.join()
    assert sorted(statuses.values()) == [200, 302]
    person.refresh_from_db()
    assert [statuses[password] for password in PASSWORDS if person.check_password(password)] == [302]


def waiting():
    """How many sessions of this database wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0]


def test_a_link_of_somebody_who_is_switched_off_does_nothing(person):
    path = password_path(person)
    browser, form = opened(path)
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert "This link does not work any more" in post(browser, form, PASSWORDS[0]).text
    assert "This link does not work any more" in Client().get(path).text
    person.refresh_from_db()
    assert person.check_password("old-password-77-brick")
