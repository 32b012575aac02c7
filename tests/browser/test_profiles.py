"""A German export, uploaded by somebody who has never seen the product: recognised, confirmed, loaded; next month it
loads without a question, and a file in another style is refused with the reason."""

import re

import pytest
from playwright.sync_api import expect

from enrollments.models import Application
from syncs.models import ImportProfileVersion, SyncRequest
from tests.browser.layout import fits
from tests.browser.screenshots import take_screenshot
from tests.factories import AppEnrollmentFactory
from tests.loading.uploading import Uploads

COMPANIES = (
    "erpKey,companyName,companyType,isActive\nOWN,Beispiel GmbH,Company,true\n"
    "10001,Bäckerei Krüger,Customer,true\n10002,Jörg Müller,Customer,true\n"
)
HEADER = "Rechnungsnr.;Rechnungsdatum;Fällig am;Kunden-Nr.;Kunde;Netto;MwSt-Betrag;Brutto;Offen;Währung;Status\n"
DECEMBER = HEADER + (
    "RE-1;31.12.2024;14.01.2025;10001;Bäckerei Krüger;1.038,24;197,27;1.235,51;1.235,51;EUR;offen\n"
    "RE-2;02.12.2024;16.12.2024;10002;Jörg Müller;85,00;16,15;101,15;0,00;EUR;bezahlt\n"
)
# In another order, with a column more.
JANUARY = (
    "Währung;Rechnungsnr.;Rechnungsdatum;Fällig am;Kunden-Nr.;Kunde;Netto;MwSt-Betrag;Brutto;Offen;Status;Bearbeiter\n"
    "EUR;RE-3;08.01.2025;22.01.2025;10001;Bäckerei Krüger;12.500,00;2.375,00;14.875,00;14.875,00;offen;ml\n"
)
# With decimal points and dates as in the US.
FEBRUARY = HEADER + ("RE-4;02/13/2025;02/27/2025;10001;Bäckerei Krüger;1,000.50;190.10;1,190.60;1,190.60;EUR;offen\n")


@pytest.fixture
def uploads(person):
    app = Application.objects.get(connector="file-upload")
    uploads = Uploads(AppEnrollmentFactory(app=app, group_key=person.group_key, name="Buchhaltung"))
    uploads.load(COMPANIES, "companies.csv")
    return uploads


def choose(page, uploads, text, name):
    page.goto(f"/upload/?enrollment={uploads.enrollment.pk}")
    page.get_by_label("File", exact=True).set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
    )
    page.get_by_role("button", name="Upload and load").click()


def run_last(uploads):
    return uploads.run(SyncRequest.objects.latest("created"))


@pytest.mark.parametrize("width", [1280, 400])
def test_a_german_export_is_recognised_confirmed_and_loaded(open_browser, uploads, width):
    page = open_browser(width=width)
    choose(page, uploads, DECEMBER, "Rechnungen Dezember.csv")
    expect(page.get_by_role("heading", name="How is this file written?")).to_be_visible()
    for sentence in ("Semicolons, decimal commas, dates like 31.12.2024", "columns recognised"):
        expect(page.get_by_text(sentence).first).to_be_visible()
    take_screenshot(page, f"how-written-{width}")
    assert fits(page)
    # What is still open is answered; nothing is loaded before.
    assert not SyncRequest.objects.exclude(upload__file_name="companies.csv").exists()
    expect(page.get_by_role("button", name="Confirm and load")).to_be_enabled()
    expect(page.get_by_text("None of 2 lines would be rejected.")).to_be_visible()
    expect(page.get_by_role("cell", name="2024-12-31")).to_be_visible()
    page.get_by_role("button", name="Confirm and load").click()
    page.wait_for_url(re.compile("/syncs/"))
    sync = run_last(uploads)
    assert sync.status_code == "Success"
    assert sync.results.get(entity="Invoice").inserted == 2
    version = ImportProfileVersion.objects.get()
    assert version.created_user.email == "ana@example.com"

    choose(page, uploads, JANUARY, "Rechnungen Januar.csv")
    page.wait_for_url(re.compile("/syncs/"))
    sync = run_last(uploads)
    assert (sync.status_code, sync.results.get(entity="Invoice").inserted) == ("Success", 1)
    page.reload()
    take_screenshot(page, f"next-month-{width}")

    choose(page, uploads, FEBRUARY, "Rechnungen Februar.csv")
    page.wait_for_url(re.compile("/syncs/"))
    sync = run_last(uploads)
    assert sync.status_code == "Failed"
    assert not sync.results.filter(inserted__gt=0).exists()
    page.reload()
    expect(page.get_by_role("heading", name="Failed")).to_be_visible()
    expect(page.get_by_text("Rechnungen Februar.csv").first).to_be_visible()
    take_screenshot(page, f"other-style-{width}")
    banner = page.locator("main .outcome")
    expect(banner).to_contain_text("“1,190.60” is a number, but it is not written with a decimal comma and “.” between")
    expect(banner).to_contain_text(
        "Nothing was loaded. Export the file as it was exported before, or change the profile."
    )
    banner.get_by_role("link", name="See the import profiles").click()

    page.get_by_role("link", name=version.name).click()
    expect(page.get_by_text("version 1")).to_be_visible()
    take_screenshot(page, f"profile-{width}")


ENGLISH = (
    "Invoice No.,Invoice Date,Due,Customer ID,Amount,Currency\n"
    'INV-1,31-Dec-24,15-Jan-25,10001,"1,250.00",EUR\nINV-2,03-Jan-25,02-Feb-25,10002,99.50,EUR\n'
)


def test_a_newcomer_loads_the_own_company_then_customers_then_invoices(open_browser, person):
    """Nothing is in the books: the page says what to load before, and what came of each file."""
    page = open_browser()
    page.goto("/")
    page.get_by_role("link", name="upload a file", exact=True).click()
    expect(page.get_by_text("A file of your own program is fine as it is")).to_be_visible()

    def send(text, name):
        page.goto("/upload/")
        chosen = {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
        page.get_by_label("File", exact=True).set_input_files(chosen)
        page.get_by_role("button", name="Upload and load").click()

    def load_last():
        sync = SyncRequest.objects.latest("created")
        return Uploads(sync.app_enrollment).run(sync).process_result_message

    send(ENGLISH, "invoices export.csv")
    expect(page.get_by_text("The books have no company of the type “Company” yet.")).to_be_visible()
    expect(page.get_by_role("button", name="Confirm and load")).to_be_disabled()
    send("erpKey,companyName,companyType,isActive\nOWN,Beispiel GmbH,Company,true\n", "companies.csv")
    page.wait_for_url(re.compile("/syncs/"))
    assert load_last() == "1 company loaded: 1 added."
    send(
        "Kundennummer;Firma;Straße;PLZ;Ort\n10001;Krüger;Ring 1;50667;Köln\n10002;Müller;Weg 2;20095;Hamburg\n", "K.csv"
    )
    page.get_by_role("button", name="Confirm and load").click()
    page.wait_for_url(re.compile("/syncs/"))
    assert load_last() == "2 companies loaded: 2 added."
    send(ENGLISH, "invoices export.csv")
    expect(page.get_by_text("dates like 31-Dec-24, 6 of 6 columns recognised")).to_be_visible()
    expect(page.get_by_role("cell", name="2024-12-31")).to_be_visible()
    expect(page.get_by_text("None of 2 lines would be rejected.")).to_be_visible()
    take_screenshot(page, "newcomer")
    page.get_by_role("button", name="Confirm and load").click()
    page.wait_for_url(re.compile("/syncs/"))
    assert load_last() == "2 invoices loaded: 2 added."


def test_an_open_question_keeps_the_confirmation_off_with_and_without_a_script(open_browser, uploads):
    text = (
        "Type,Number,Date,Customer ID,Amount\n"
        'Invoice,S-1,03/04/2025,10001,"1,250.00"\n'
        "Invoice,S-2,05/06/2025,10002,75.00\n"
    )
    for script in (True, False):
        page = open_browser(java_script_enabled=script)
        choose(page, uploads, text, f"ledger-{script}.csv")
        confirm = page.get_by_role("button", name="Confirm and load")
        expect(confirm).to_be_disabled()
        take_screenshot(page, f"open-question-{script}")
        open_ones = page.locator("fieldset.is-open")
        while open_ones.count():
            question = open_ones.first
            radios = question.get_by_role("radio")
            if radios.count():
                radios.first.check()
            else:
                for box in question.get_by_role("textbox").all():
                    box.fill("USD")
            page.get_by_role("button", name="Show with these answers").click()
        expect(confirm).to_be_enabled()
        assert not SyncRequest.objects.filter(upload__file_name=f"ledger-{script}.csv").exists()
