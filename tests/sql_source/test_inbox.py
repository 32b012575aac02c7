"""Enrolling in a SQL database in the Inbox, as a person does: test, look at what would load, enrol, change a SELECT."""

import pytest

from adsplatform.accounts.models import Role
from enrollments.models import AppEnrollment, Application
from enrollments.services import setting_values
from tests.factories import member
from tests.sql_source.servers import SELECTS

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return member(Role.OWNER)[0]


@pytest.fixture
def inbox(client, account):
    client.force_login(account.user)
    return client


@pytest.fixture
def address():
    return f"/enroll/{Application.objects.get(connector='sql-database').pk}/"


def form(server, **settings):
    given = {"encryption": "offered", "timeZone": "UTC"} | server.settings | settings
    credentials = {f"credential_{name}": value for name, value in server.credentials.items()}
    return {f"setting_{name}": value for name, value in given.items()} | credentials


def test_the_form_has_the_connectors_fields_under_their_headings(inbox, address):
    text = inbox.get(address).text
    for part in (
        "<h2>Database</h2>",
        "<h2>SELECTs</h2>",
        "MariaDB or MySQL",
        "<textarea",
        "InvoiceLine",
        "Test connection</button>",
    ):
        assert part in text


def test_a_test_shows_what_would_load_and_stores_nothing(inbox, address, server):
    faulty = SELECTS["selectInvoice"].replace("total AS", "CASE id WHEN 'I2' THEN 'two' ELSE '5' END AS")
    text = inbox.post(address, form(server, selectInvoice=faulty) | {"try": "1"}).text
    assert f"{server.product} 1" in text
    assert "The 2 SELECTs work." in text
    assert "The first 2 rows would load." in text
    assert "2 of the first 3 rows would load." in text
    assert "totalAmount: “two” is not a number." in text
    assert "Zoë &amp; Söhne" in text
    assert server.password not in text
    assert not AppEnrollment.objects.exists()


def test_a_column_that_is_no_field_is_named(inbox, address, server):
    text = inbox.post(address, form(server, selectInvoice="SELECT id AS \"erpKey\", total AS totl FROM invoice", **{})
                      | {"try": "1"}).text  # fmt: skip
    assert "has a column “totl”; its values were not loaded." in text


@pytest.mark.parametrize("button", [{}, {"try": "1"}], ids=["enrol", "test"])
def test_a_fault_is_told_beside_what_was_typed(inbox, address, server, button):
    answer = inbox.post(address, form(server, selectInvoice='SELECT id AS "erpKey" FROM invoces') | button)
    assert "The SELECT for Invoice fails" in answer.text
    assert "FROM invoces</textarea>" in answer.text
    assert not AppEnrollment.objects.exists()


def test_enrolling_and_changing_a_select(inbox, address, server):
    answer = inbox.post(address, form(server))
    enrollment = AppEnrollment.objects.get()
    assert answer.url == f"/enrollments/{enrollment.pk}/"
    page = f"{answer.url}source/"
    assert "Change, or test" in inbox.get(answer.url).text
    assert "FROM invoice WHERE changed" in inbox.get(page).text
    changed = {name: value for name, value in form(server).items() if name.startswith("setting_")}
    changed["setting_selectInvoice"] = SELECTS["selectInvoice"] + " AND total > 5"
    assert "The first row would load." in inbox.post(page, changed | {"try": "1"}).text.replace("1 row ", "row ")
    assert "total > 5" not in setting_values(enrollment)["selectInvoice"]
    assert "The 2 SELECTs work." in inbox.post(page, changed, follow=True).text
    assert setting_values(enrollment)["selectInvoice"].endswith("total > 5")
    changed["setting_selectInvoice"] = "SELECT nothing"
    assert "The SELECT for Invoice fails" in inbox.post(page, changed).text
    assert setting_values(enrollment)["selectInvoice"].endswith("total > 5")
