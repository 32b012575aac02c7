"""Every page of the admin opens, with data, and costs the same however many rows it shows."""

from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.admin.conftest import fill

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
IDS = [model._meta.label for model in MODELS]


def address(model, page: str, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_everything_the_platform_keeps_is_in_the_admin_and_the_queue_is_not():
    assert IDS == [
        "accounts.Account",
        "accounts.ApiKey",
        "accounts.AuditEntry",
        "accounts.User",
        "auth.Group",
        "enrollments.AppEnrollment",
        "enrollments.Application",
        "records.BaseCurrency",
        "records.Company",
        "records.Contact",
        "records.CreditMemoApplied",
        "records.CustomField",
        "records.FinancialAccount",
        "records.FinancialAccountBalanceHistory",
        "records.FinancialYearSetting",
        "records.Invoice",
        "records.InvoiceLine",
        "records.InvoiceWorkflowStatus",
        "records.JournalEntry",
        "records.JournalEntryLine",
        "records.Payment",
        "records.PaymentApplied",
        "syncs.Notice",
        "syncs.SyncRequest",
        "syncs.SyncResultDetail",
    ]


def test_a_models_pages_open(browser):
    made = fill()
    for model in MODELS:
        listed = browser.get(address(model, "changelist"))
        assert listed.status_code == 200, model
        assert listed.context["cl"].result_count >= 1, model
        assert browser.get(address(model, "changelist"), {"q": "zz-nothing"}).status_code == 200, model
        assert browser.get(address(model, "changelist"), {"o": "1.2.3"}).status_code == 200, model
        page = browser.get(address(model, "change", made[model].pk))
        assert page.status_code == 200, model
        assert browser.get(address(model, "history", made[model].pk)).status_code == 200, model


def test_the_front_page_opens_under_our_name(browser):
    page = browser.get(reverse("admin:index"))
    assert "ADS Platform" in page.text
    assert "Companies" in page.text


def test_a_list_of_many_asks_the_database_no_more_often_than_a_list_of_few(browser):
    def queries_and_rows() -> tuple[dict, dict]:
        queries, rows = {}, {}
        for model in MODELS:
            with CaptureQueriesContext(connection) as captured:
                page = browser.get(address(model, "changelist"))
            queries[model], rows[model] = len(captured), len(page.context["cl"].result_list)
        return queries, rows

    fill(3)
    few, _ = queries_and_rows()
    fill(9)
    many, rows = queries_and_rows()
    assert {model._meta.label for model in MODELS if rows[model] < 12} == {"enrollments.Application"}
    assert many == few


def test_a_visitor_is_sent_to_sign_in_and_an_accounts_owner_too(client, db):
    made = fill()
    for_visitor = client.get("/admin/syncs/syncrequest/")
    assert for_visitor.status_code == 302
    client.force_login(next(value for model, value in made.items() if model.__name__ == "User"))
    assert client.get("/admin/syncs/syncrequest/").status_code == 302
    assert client.get("/admin/syncs/syncresultdetail/groups/").status_code == 302
