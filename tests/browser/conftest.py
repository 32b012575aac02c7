"""A real browser in front of a real server: Chromium, driven by Playwright."""

from urllib.parse import urlsplit

import pytest
from django.core.cache import cache

from adsplatform.accounts.models import Role
from tests.factories import AppEnrollmentFactory, SyncRequestFactory, member

PASSWORD = "correct horse battery"
TIMEOUT = 20_000


@pytest.fixture
def person(chromium, transactional_db):
    """An owner, to sign in as."""
    cache.clear()
    return member(Role.OWNER, email="ana@example.com", name="Ana")[0]


@pytest.fixture
def enrollment(person):
    return AppEnrollmentFactory(group_key=person.group_key)


@pytest.fixture
def make_sync(enrollment):
    return lambda **values: SyncRequestFactory(app_enrollment=enrollment, **values)


@pytest.fixture
def open_browser(chromium, live_server, person, client):
    """A browser window, signed in; at the end no page may have complained or asked another host."""
    complaints, contexts = [], []
    own_host = urlsplit(live_server.url).netloc

    def open_browser(*, signed_in=True, width=1280, height=900, **options):
        context = chromium.new_context(base_url=live_server.url, viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(TIMEOUT)
        contexts.append(context)
        if signed_in:
            client.force_login(person.user)
            cookie = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: urlsplit(request.url).netloc == own_host or complaints.append(request.url),
        )
        return page

    yield open_browser
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(open_browser):
    return open_browser()
