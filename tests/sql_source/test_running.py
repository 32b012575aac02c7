"""The running product: enrolled by forms, read by the worker's confined process, cancelled in a slow SELECT."""

import re
import time

import pytest
import requests

from tests.product import Up, eventually

pytestmark = pytest.mark.django_db

# The first rows come at once, so that it passes the check of the settings.
SLOW = {
    "postgresql": "SELECT CASE WHEN n > 5 THEN pg_sleep(60)::text ELSE 'I1' END AS \"erpKey\" "
    "FROM generate_series(1, 9) s(n)",
    "mysql": "SELECT CASE WHEN seq > 5 THEN sleep(60) ELSE 'I1' END AS \"erpKey\" FROM seq_1_to_9",
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A person who is signed in to a running product."""
    product = Up(tmp_path_factory.mktemp("up") / "var", CONNECTOR_ALLOWED_ADDRESSES="127.0.0.1")
    yield Browser(product.wait())
    product.end()


class Browser:
    """Sends forms as a browser without JavaScript does, and asks the API."""

    def __init__(self, product):
        self.url, self.session = product.url, requests.Session()
        demo = product.demo()
        self.headers = {"Api-Key": demo["apiKey"]}
        self.send("/sign-in/", username=demo["email"], password=demo["password"])

    def get(self, path):
        return self.session.get(self.url + path, timeout=60)

    def send(self, path, to=None, **form):
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(path).text)[1]
        answer = self.session.post(self.url + (to or path), {"csrfmiddlewaretoken": token} | form, timeout=120)
        assert answer.status_code == 200
        return answer

    def api(self, path):
        return requests.get(f"{self.url}/api/v1/{path}", headers=self.headers, timeout=60).json()


def test_a_database_is_enrolled_loaded_and_a_slow_select_cancelled(browser, server):
    form = {f"setting_{name}": value for name, value in server.settings.items()}
    form |= {"setting_encryption": "offered", "name": server.product}
    form |= {f"credential_{name}": value for name, value in server.credentials.items()}
    app = re.search(
        r'href="(/enroll/[\w-]+/)">Enrol<span class="unseen"> in SQL Database', browser.get("/enroll/").text
    )[1]
    page = browser.send(app, **form).url.removeprefix(browser.url)
    assert re.fullmatch(r"/enrollments/[\w-]+/", page)

    first = browser.send(page, f"{page}sync-now/", scope="delta").url.rstrip("/").rpartition("/")[2]
    assert eventually(lambda: browser.api(f"Sync/{first}")["statusCode"] == "Success", seconds=90)

    settings = {name: value for name, value in form.items() if name.startswith("setting_")}
    browser.send(f"{page}source/", **settings | {"setting_selectInvoice": SLOW[server.kind]})
    second = browser.send(page, f"{page}sync-now/", scope="delta").url.rstrip("/").rpartition("/")[2]
    assert eventually(lambda: browser.api(f"Sync/{second}")["statusCode"] == "In Progress", seconds=60)
    time.sleep(1)
    browser.send(f"/syncs/{second}/", f"/syncs/{second}/cancel/")
    assert eventually(lambda: browser.api(f"Sync/{second}")["statusCode"] == "Cancelled", seconds=30)
    assert server.password not in browser.get(page).text
