"""A person says on the page *How is this file written?* that a file holds something else than it was taken for."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from syncs.models import ImportProfileVersion
from tests.inbox.unknown_files import is_off
from tests.loading.uploading import Uploads

# Taken for invoices without a question: they have an invoice's number and a date on which they are due.
TEXT = (
    "Rechnungsnr.;Datum;Fällig am;Kunde;Betrag\nR1;31.01.2025;14.02.2025;K1;10,50\nR2;31.01.2025;14.02.2025;K9;20,50\n"
)
COMPANIES = "erpKey,companyName,companyType,isActive\nOWN,Own,Company,true\nK1,Kunde,Customer,true\n"


@pytest.fixture
def page(inbox, enrollment):
    uploads = Uploads(enrollment)
    uploads.load(COMPANIES, "companies.csv")
    file = SimpleUploadedFile("liste.csv", TEXT.encode())
    return inbox.post("/upload/", {"file": file, "enrollment": enrollment.pk}).url


def sent(html, do="check", **changed):
    """The page's form with everything that is filled in, as a browser sends it."""
    form: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(f0-[^"]+)" value="([^"]*)"', html):
        form.setdefault(name, []).append(value)
    for name, value in re.findall(r'<input type="radio" name="([^"]+)" value="([^"]*)" checked', html):
        form[name] = [value]
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', html, re.DOTALL):
        form[name] = re.findall(r'<option value="([^"]*)" selected>', options)[:1] or [""]
    form = {
        name: [value.replace("&quot;", '"').replace("&#x27;", "'") for value in values] for name, values in form.items()
    }
    return {"do": do, **form, **changed}


def test_what_a_file_holds_can_be_changed_and_is_seen_before_it_is_kept(inbox, page):
    shown = inbox.get(page).text
    assert "It is taken for invoice records. Does it hold something else?" in shown
    assert '<option value="Payment">Payments</option>' in shown
    changed = sent(shown, "confirm", **{"f0-kind": "Payment"})
    seen = inbox.post(page, changed)
    # Its questions and columns are those of payments now, and nothing is kept that was not seen.
    assert (seen.status_code, ImportProfileVersion.objects.exists()) == (200, False)
    assert "Did customers make these payments (AR)" in seen.text
    assert "<code>Payment.paymentAmount</code>" in seen.text
    assert "Invoice.totalAmount" not in seen.text
    assert "The file yields no" not in seen.text
    # What it holds is a question like the others from then on.
    assert "Does it hold something else?" not in seen.text
    assert re.search(r'<option value="&quot;Payment&quot;" selected>', seen.text)


def test_fields_have_words_beside_their_names(inbox, page):
    text = inbox.get(page).text
    assert '<option value="Invoice.paymentDueDate" selected>Payment due date (paymentDueDate)</option>' in text
    assert ">Total (totalAmount)</option>" in text
    assert '<option value="Invoice.customerErpKey"' in text
    assert ">Customer key (customerErpKey)</option>" in text
    assert '<th scope="col" title="Invoice.paymentDueDate">Payment due date</th>' in text


def test_an_answer_that_is_none_is_refused_on_the_page(inbox, page):
    html = inbox.get(page).text
    name = re.search(r'name="(f0-q-column:[^"]+)"', html)[1]
    answer = inbox.post(page, sent(html, **{name: "other", f"{name}-other": "nonsense"}))
    assert "“nonsense” is no field of Invoice." in answer.text
    assert is_off(answer)


@pytest.mark.parametrize(
    ("customer", "label"), [("K1", "Confirm and load"), ("K8", "Confirm, though nothing would be loaded")]
)
def test_confirming_is_not_what_is_advised_if_nothing_would_be_loaded(inbox, enrollment, customer, label):
    Uploads(enrollment).load(COMPANIES, "companies.csv")
    text = TEXT.replace("K1", customer)
    file = SimpleUploadedFile("liste.csv", text.encode())
    page = inbox.post("/upload/", {"file": file, "enrollment": enrollment.pk}).url
    html = inbox.get(page).text
    reference = re.search(r'name="(f0-q-reference:[^"]+)"', html)[1]
    html = inbox.post(page, sent(html, **{reference: '"erpKey"'})).text
    advised = re.findall(r'<button class="primary" name="do" value="(\w+)"', html)
    assert advised == ["confirm" if customer == "K1" else "check"]
    assert f">{label}</button>" in html
